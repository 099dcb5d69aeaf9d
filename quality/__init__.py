"""Great Expectations suites and the small modules that run them.

Read in this order: `records` (what travels), `suites` (files in), `frames` (rows in), `checks`
(Great Expectations), `verdict` (what is red and why), `data_docs` (a page to read).
Nothing here knows dbt or the store; `udfs/gates.py` puts the parts together.
"""
