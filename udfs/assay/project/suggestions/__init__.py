"""Suggested expectations: what a table looks like, what may be wrong in it, and a suite of it.

Read in this order: `relations` (which table), `profiles` (what DuckDB counts), `dependencies`
(which column follows from which), `rules` (what an expectation says, in SQL and in the words of
Great Expectations), `meanings` and `spelling` (what is a slip of the pen), `detectors`,
`comparisons` and `references` (what there is reason to expect),
`candidates` (how often it is not met), `documents` (what leaves: no value), `suggest` (the ask),
`suites` (what a person accepts), `cells` (which rows), `measure` (how good all of it is).
"""
