"""Suggested expectations: what a table looks like, what may be wrong in it, and a suite of it.

Read in this order: `relations` (which table), `profiles` (what DuckDB counts), `dependencies` (which
column follows from which), `rules` (what an expectation says, in SQL and in Great Expectations'
words), `detectors` (what the profile gives reason to expect), `documents` (what leaves: no value),
`suites` (what a person reads and accepts), `cells` (which rows a rule meets), `suggest` (all of it).
"""
