"""What the store holds of texts by one prompt and model, under whatever redaction."""

from __future__ import annotations

from collections.abc import Mapping

from assay.core.clock import now_utc
from assay.core.redaction import redactions
from assay.core.values import Outcome, key_of, key_seed
from assay.store import Ledger

Asker = tuple[str, str, str]
"""Prompt hash, model and host."""


def answers_to(store: Ledger, asker: Asker, texts: Mapping[str, str]) -> dict[str, Outcome]:
    """Return the answers to texts, by their names, with the values of the texts in them."""
    seed = key_seed(*asker)
    asked = {
        name: {key_of(seed, one.text(text)): one for one in redactions(text) if one.text(text)}
        for name, text in texts.items()
    }
    held = store.fetch([key for keys in asked.values() for key in keys], now_utc())
    return {
        name: held[key]._replace(value=redaction.restored(held[key].value or "null", texts[name]))
        for name, keys in asked.items()
        for key, redaction in keys.items()
        if key in held and held[key].status == "ok"
    }
