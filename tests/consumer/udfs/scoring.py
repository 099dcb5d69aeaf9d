"""A folder of acme's own that is called as one of ours was once."""
