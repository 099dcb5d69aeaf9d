"""Evidence from any search server that answers a GET with JSON."""
