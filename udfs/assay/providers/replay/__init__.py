"""The `replay` provider: the answers of the store, and nobody is asked."""
