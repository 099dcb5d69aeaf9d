"""A stream: a dbt model whose compiled SQL runs on each micro-batch of a Kafka topic.

Reading order: `contract` (what the model says) → `loop` (take, land, ask, send, commit) →
`decoding`, `statement`, `routing` (what becomes of a message) → `intake`, `outlet` (Kafka).
"""
