"""Assay's Python. Reading order, from a SQL model to the provider in six jumps:

`plugin` (puts the parts together) → `arrow` (the UDFs) → `resolver` (keys, what is known) →
`engine` (the loop) → `prompts` (pack to request) → `providers`. The stages between are pure:
`packer`, `validator`, `policy`, `limiter`. `functions/` has one file for each AI function.
"""
