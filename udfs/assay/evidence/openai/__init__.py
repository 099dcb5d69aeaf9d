"""Evidence from a hosted search: a model of the endpoint that searches the web by itself."""
