"""The commands of `assay`, a file each; `commands.py` has them all, `main.py` runs them."""
