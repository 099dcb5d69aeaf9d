"""Calibrations of cascades: one row for each column, question and pair of models."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, fields

from assay.store.queries import CalibrationOf, Calibrations
from assay.store.records import LearntCascade

_NAMES = [field.name for field in fields(LearntCascade)]
_COLUMNS = ", ".join(_NAMES)


def put_calibration(connection: sqlite3.Connection, calibration: LearntCascade) -> None:
    """Record a calibration; the first one of a cascade stays."""
    marks = ", ".join("?" * len(_NAMES))
    statement = f"insert or ignore into cascades ({_COLUMNS}) values ({marks})"  # noqa: S608
    connection.execute(statement, astuple(calibration))


def calibration_of(connection: sqlite3.Connection, query: CalibrationOf) -> LearntCascade | None:
    """Return the calibration of a cascade."""
    statement = f"select {_COLUMNS} from cascades where cascade = ?"  # noqa: S608
    row = connection.execute(statement, [query.cascade]).fetchone()
    return None if row is None else LearntCascade(*row)


def calibrations(connection: sqlite3.Connection, _: Calibrations) -> list[LearntCascade]:
    """Return all calibrations, the oldest first."""
    statement = f"select {_COLUMNS} from cascades order by calibrated_at, cascade"  # noqa: S608
    return [LearntCascade(*row) for row in connection.execute(statement)]
