"""The report of a run: one HTML page that loads nothing, runs nothing and shows no row text.

Reading order: `facts` (what there is to say) → `ledger` (read from the store), `columns` (from the
warehouse), `notes` (what dbt said of each build) → `drift` (the formula) → `charts`, `svg` →
`page` (facts to HTML) → `making` (one run to one file) → `serving` (look at it).
"""
