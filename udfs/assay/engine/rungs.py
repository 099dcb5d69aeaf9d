"""Rungs: in which mode each model was found to stand, remembered in the store for some days."""

from __future__ import annotations

import datetime
from importlib.metadata import version

from assay.core.canonical import digest
from assay.core.clock import iso, now_utc
from assay.core.settings import Settings
from assay.core.values import Mode
from assay.store import Ledger, Rung
from assay.store.queries import RungsOf

KEPT_DAYS = 7
"""A server may be another one by then, and to find out anew costs one refused request."""


def remembered(settings: Settings, store: Ledger) -> dict[str, Rung]:
    """Return what is remembered of the endpoint of the settings, by model.

    Not what is old, or was found under settings or by an Assay that may have asked otherwise.
    """
    oldest = iso(datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=KEPT_DAYS))
    return {
        rung.model: rung
        for rung in store.read(RungsOf(settings.host))
        if rung.found_at >= oldest and rung.under == _under(settings, rung.model)
    }


def found(settings: Settings, model: str, mode: Mode) -> Rung:
    """Return what is to be remembered of a model that was found to stand in a mode now."""
    return Rung(settings.host, model, mode, _under(settings, model), now_utc())


def _under(settings: Settings, model: str) -> str:
    """Return the name of all by which a model may stand elsewhere: Assay, endpoint, profile."""
    modes = settings.manner_of(model).modes
    return digest([version("assay"), settings.endpoint, settings.profile, list(modes)])
