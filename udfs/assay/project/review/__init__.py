"""Looking at answers: rows are chosen, a person judges them, and what is right becomes gold.

Reading order: `column` (what is looked at) → `rows` (which of them) → `others` (what was answered
otherwise) → `golden_file` (where judgements go) → `desk` (a person's judgements, one by one) →
`terminal`, or `serving` with `page.html`, `page.css` and `page.js`.
"""
