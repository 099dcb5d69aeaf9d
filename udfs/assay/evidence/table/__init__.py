"""Evidence from a relation of the warehouse."""
