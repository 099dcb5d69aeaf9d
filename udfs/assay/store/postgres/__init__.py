"""The store in Postgres: many hosts on one, with the SQL that SQLite has, put into its words."""
