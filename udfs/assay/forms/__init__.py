"""Forms: how a pack is put to a model, and how its reply is read. A task names its form."""

from __future__ import annotations

from assay.core.values import Pack
from assay.forms import chat_reply, chat_request, evidence_request
from assay.forms.form import Form

FORMS = {
    "chat": Form(chat_request.compose, chat_request.expected_output_tokens, chat_reply.judge),
    "evidence": Form(
        evidence_request.compose, chat_request.expected_output_tokens, chat_reply.judge
    ),
}
"""The forms by the names that tasks give them."""


def form_of(pack: Pack) -> Form:
    """Return the one form of all questions of a pack."""
    return FORMS[pack.questions[0].task.form]


__all__ = ["FORMS", "Form", "form_of"]
