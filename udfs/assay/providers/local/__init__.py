"""The embedded provider: answers without a key or a network."""
