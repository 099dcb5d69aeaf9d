"""Making a project ready for Assay: what is there, what is written, what is left to a person."""
