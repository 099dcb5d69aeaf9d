"""The store as one SQLite file: answers, ledger, leases, repair."""
