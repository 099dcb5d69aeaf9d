"""Repairs: what is found wrong in a table and can be mended, proposed, decided and on record.

Read in this order: `rows` (which table, key, columns), `majority` (what the rows that agree say),
`forms` and `spellings` (what a value should be), `slips` (the values that rules do not accept),
`assessed` (what `ai_assess` said), `stated` (what the project states), `proposing` (one proposal
a cell), `deciding` (accepted, rejected, undone), `terminal` (a person's look), `erasing` (whose
rows they are).
"""
