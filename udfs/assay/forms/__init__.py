"""Forms: how a pack is put to a model, and how its reply is read. A task names its form."""

from __future__ import annotations

from assay.core.settings import Settings
from assay.core.values import Pack
from assay.forms import chat_reply, chat_request, embedding, evidence_request
from assay.forms.form import Form

FORMS = {
    "chat": Form(chat_request.compose, chat_request.expected_output_tokens, chat_reply.judge),
    "embedding": Form(embedding.compose, embedding.expected_output_tokens, embedding.judge),
    "evidence": Form(
        evidence_request.compose, chat_request.expected_output_tokens, chat_reply.judge
    ),
}
"""The forms by the names that tasks give them."""


def bounds_of(settings: Settings) -> dict[str, tuple[int, int]]:
    """Return by form how many records and estimated tokens a request may hold."""
    return {
        "chat": (settings.pack_records, settings.pack_tokens),
        "embedding": (settings.embedding_records, embedding.MOST_TOKENS),
        "evidence": (1, settings.pack_tokens),
    }


def form_of(pack: Pack) -> Form:
    """Return the one form of all questions of a pack."""
    return FORMS[pack.questions[0].task.form]


__all__ = ["FORMS", "Form", "bounds_of", "form_of"]
