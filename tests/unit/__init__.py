"""Unit tests of the pure modules: no network, no database, no clock."""
