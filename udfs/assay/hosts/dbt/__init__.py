"""Running dbt, and reading what it leaves: manifest, results, profile."""
