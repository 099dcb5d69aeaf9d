"""Where gold goes beside its folder: stores that hold, by key, the rows that it has."""
