"""The benchmark: a workload through a real `dbt build` against faultd, judged by what faultd saw.

Reading order: `workload` (texts, models, the throw-away project), `server` (faultd in a process of
its own), `cases` (what is measured and what is required), `table`, `__main__` (the command line).
`docs/performance.md` has the figures.
"""
