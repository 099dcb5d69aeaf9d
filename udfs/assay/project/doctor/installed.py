"""What is installed: versions, extras, and extensions of DuckDB that need no network."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import duckdb

from assay.hosts.duckdb.extensions import has_extension
from assay.project.doctor.finding import Finding
from assay.providers import PROVIDERS

PACKAGES = ("assay", "dbt-core", "dbt-duckdb", "duckdb")

EXTRAS = {
    "gates": "great-expectations",
    "report": "altair",
    "telemetry": "opentelemetry-sdk",
    **{name: traits.package for name, traits in PROVIDERS.items() if traits.package},
}
"""The extras beside `dbt`, and the package by which each is known."""

EXTENSIONS = ("delta", "ducklake", "fts", "httpfs", "iceberg", "postgres", "vss")
"""Extensions of DuckDB that come as wheels, each made for one version of it."""

LAST_WITH_WHEELS = (1, 5)


def installed_findings() -> Iterator[Finding]:
    """Yield versions, which extras there are, and which extensions of DuckDB can be loaded."""
    yield _versions()
    yield _extras()
    there = [name for name in EXTENSIONS if has_extension(name)]
    yield extensions_finding(duckdb.__version__, there)


def _versions() -> Finding:
    found = {name: _version(name) for name in PACKAGES}
    if missing := [name for name, number in found.items() if number is None]:
        return Finding(
            "versions", f"{', '.join(missing)} is not installed.", "Run ./scripts/setup."
        )
    named = [f"{name} {number}" for name, number in found.items()]
    return Finding("versions", ", ".join([f"Python {platform.python_version()}", *named]) + ".")


def _extras() -> Finding:
    found = {name: _version(package) for name, package in EXTRAS.items()}
    there = [f"{name} ({EXTRAS[name]} {number})" for name, number in found.items() if number]
    missing = [name for name, number in found.items() if number is None]
    text = f"Installed: {', '.join(there) or 'none'}."
    if not missing:
        return Finding("extras", text)
    wanted = f'Run `pip install "assay[{",".join(missing)}]"` where you want what they do.'
    return Finding("extras", f"{text} Not: {', '.join(missing)}.", wanted, may_stay=True)


def extensions_finding(number: str, there: list[str]) -> Finding:
    """Return which extensions a DuckDB of version `number` can load from the wheels `there`."""
    others = ", ".join(name for name in EXTENSIONS if name not in there)
    if tuple(map(int, number.split(".")[:2])) > LAST_WITH_WHEELS:
        lacks = f"DuckDB {number} has no wheels of {', '.join(EXTENSIONS)}; DuckDB 1.5 has."
        return Finding("extensions", lacks)
    text = f"Wheels of extensions: {', '.join(there) or 'none'}."
    if not others:
        return Finding("extensions", text)
    come = f"come with `pip install duckdb-extension-NAME=={number}`"
    return Finding("extensions", f"{text} The others ({others}) {come}.")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
