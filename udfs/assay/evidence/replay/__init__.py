"""Evidence that is in the store already: nothing is searched."""
