"""Documents become rows of bronze: folders are walked, files read in a child, texts cut."""
