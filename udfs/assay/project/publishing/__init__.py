"""Gold as a read-only snapshot after a green build."""
