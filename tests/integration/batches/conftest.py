"""What is asked by the file: the engine against a server that plays the Batch API."""
