"""Calibrations of cascades: one row for each column, question and pair of models."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, fields

from assay.store.queries import CalibrationOf, Calibrations
from assay.store.records import Calibration

_NAMES = [field.name for field in fields(Calibration)]
_COLUMNS = ", ".join(_NAMES)


def put_calibration(connection: sqlite3.Connection, calibration: Calibration) -> None:
    """Record a calibration; the first one of a cascade stays."""
    marks = ", ".join("?" * len(_NAMES))
    statement = f"insert or ignore into cascades ({_COLUMNS}) values ({marks})"  # noqa: S608
    connection.execute(statement, astuple(calibration))


def calibration_of(connection: sqlite3.Connection, query: CalibrationOf) -> Calibration | None:
    """Return the calibration of a cascade."""
    statement = f"select {_COLUMNS} from cascades where cascade = ?"  # noqa: S608
    row = connection.execute(statement, [query.cascade]).fetchone()
    return None if row is None else Calibration(*row)


def calibrations(connection: sqlite3.Connection, _: Calibrations) -> list[Calibration]:
    """Return all calibrations, the oldest first."""
    statement = f"select {_COLUMNS} from cascades order by calibrated_at, cascade"  # noqa: S608
    return [Calibration(*row) for row in connection.execute(statement)]
