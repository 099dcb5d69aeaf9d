"""The scenarios, one small function each; begin with registry.py."""
