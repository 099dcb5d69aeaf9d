"""Who calls the engine: DuckDB's functions and dbt."""
