"""All scenarios by name, and how a name with parameters is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import combined, completions, content, limits, transport, values, vectors
from .scenario import Scenario, scenarios_in
from .transport import status_scenario

LISTED_STATUSES = (
    *(f"s{code}" for code in (400, 401, 402, 403, 404, 408, 409, 413, 422)),
    *(f"s{code}" for code in (429, 500, 501, 502, 503, 504, 529)),
    *("s500xsF", "s429xsF", "s400xsT"),
)

COMMON = {"p": "1", "by": "counter", "skip": "0", "first": "", "times": "", "wait": "0"}
"""Parameters of every scenario: the share of requests that it hits (drawn by `counter` or by
`content`), requests spared at the start, requests hit at most, hits for each distinct text, and
seconds to wait before the reply."""


class UnknownScenarioError(ValueError):
    """No scenario has this name, or it does not take this parameter."""


@dataclass(frozen=True, slots=True)
class Cast:
    """A scenario with its parameters: its own, complete, and those common to all."""

    scenario: Scenario
    params: Mapping[str, str]
    common: Mapping[str, str]


def _found(name: str) -> Scenario:
    made = status_scenario(name)
    if made is None:
        raise UnknownScenarioError(name)
    return made


def _all() -> dict[str, Scenario]:
    modules = (transport, limits, content, values, completions, vectors, combined)
    listed = [item for module in modules for item in scenarios_in(module)]
    listed += [_found(name) for name in LISTED_STATUSES]
    return {item.name: item for item in listed}


SCENARIOS: Mapping[str, Scenario] = _all()


def group(name: str) -> Sequence[Scenario]:
    """The scenarios of a group of the matrix (A, B, C), or `survivable`: those of A and C after
    which a client must carry on and must not have accepted a wrong answer."""
    if name in {"A", "B", "C"}:
        return [item for item in SCENARIOS.values() if item.rows.startswith(name)]
    if name != "survivable":
        return ()
    stops = {"A14", "A15"}
    ours = [item for item in SCENARIOS.values() if item.rows[0] in "AC"]
    unseen = {"swapped", "poison", "random"}
    return [item for item in ours if item.rows not in stops and item.name not in unseen]


def find(name: str) -> Scenario:
    """The scenario of this name; any s<status> is one."""
    known = SCENARIOS.get(name) or status_scenario(name)
    if known is None:
        message = f"Unknown scenario {name!r}; `faultd --list` shows all of them."
        raise UnknownScenarioError(message)
    return known


def cast(spec: str) -> Cast:
    """Read `name,key=value,key=value`; raises UnknownScenarioError."""
    name, *pairs = [part.strip() for part in spec.split(",") if part.strip()] or [""]
    given = dict(map(_pair, pairs))
    scenario = find(name)
    common = {key: given.pop(key, default) for key, default in COMMON.items()}
    for key in ("p", "skip", "first", "times", "wait"):
        number(common[key] or "0")
    unknown = set() if scenario.open_ended else set(given) - set(scenario.defaults)
    if unknown:
        takes = ", ".join([*scenario.defaults, *COMMON])
        message = f"Scenario {name!r} does not take {sorted(unknown)!r}; it takes {takes}."
        raise UnknownScenarioError(message)
    return Cast(scenario, {**scenario.defaults, **given}, common)


def written(name: str, params: Mapping[str, str]) -> str:
    """The spec that `cast` reads as this name with these parameters."""
    return ",".join([name, *(f"{key}={said}" for key, said in params.items())])


def accepted(name: str, params: Mapping[str, str]) -> dict[str, str]:
    """Those of the parameters that a scenario takes."""
    takes = {*find(name).defaults, *COMMON}
    return {key: said for key, said in params.items() if key in takes}


def number(said: str) -> float:
    """A parameter as a number; raises UnknownScenarioError."""
    try:
        return float(said)
    except ValueError:
        message = f"A scenario's parameter is to be a number, got {said!r}."
        raise UnknownScenarioError(message) from None


def _pair(part: str) -> tuple[str, str]:
    key, equals, said = part.partition("=")
    return (key.strip(), said.strip()) if equals else (key.strip(), "yes")
