"""`assay load`: the files of `sources/` are run by dlt, in a child, into bronze before dbt."""
