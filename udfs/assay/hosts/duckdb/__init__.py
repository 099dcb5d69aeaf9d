"""The functions that DuckDB calls, the fence around SQL, the warehouse file."""
