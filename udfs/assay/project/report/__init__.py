"""The report of a run: one HTML page that loads nothing, runs nothing and shows no row text.

Reading order: `facts` (what there is to say) → `ledger` (read from the store), `columns` (from the
warehouse), `notes` (what became of each build) → `drift` (the formula), `todo`, `golden`,
`history` (what leads, and what is seen over time) → `charts`, `svg`, `bars` → `page` (facts to
HTML, by the templates `*.html.j2`) → `making` (one run to one file) → `serving` (look at it).
"""
