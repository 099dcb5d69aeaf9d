"""Assay: AI columns for dbt on DuckDB that are batched, cached, budgeted and checked.

The words of the code:

task      what is asked about a text: kind, labels or fields, instructions, examples; frozen.
question  a task put to one model at one host.
ask       a question about one text; its key is the hash of everything the answer depends on.
record    a text with all that is asked about it in one request.
pack      the records that travel in one request.
request   a pack as a model reads it: system, user, schema, output limit.
attempt   one sending of a request: a row of the ledger.
reply     what came back, before it is judged.
outcome   an answer or a failure, as SQL sees it in an envelope.
failure   an ask without an answer, its status and when it may be tried again.
run       one invocation: a budget, a meter, an end.
store     what is remembered over runs: answers, ledger, failures, leases.
lease     a key that one process has taken on; gone with the process.
journal   the file of a process: what it sent and got before the store has it.

`docs/architecture.md` has the rooms and the six jumps from a SQL model to the provider.
"""
