"""The contract of a stream: what its model says of topic, columns, routes and budget, checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assay.core.errors import ConfigError
from assay.core.program import program
from assay.hosts.dbt.manifest import Manifest, Node
from assay.hosts.stream.window import seconds_of

PAGE = "docs/how-to/stream-from-kafka.md"

POSITION = {
    "_topic": "VARCHAR",
    "_partition": "INTEGER",
    "_offset": "BIGINT",
    "_at": "TIMESTAMP",
    "_key": "VARCHAR",
    "_raw": "VARCHAR",
}
"""The columns that each landed message has beside its own: where it came from, and as it came."""

ROUTE = "route"
"""The column of the model that names the topic a row goes to."""

_LEGAL = re.compile(r"[a-zA-Z0-9._-]{1,249}")
"""What Kafka takes as the name of a topic; `.` and `..` alone it does not."""


def _topic(name: object) -> object:
    if not isinstance(name, str) or not _LEGAL.fullmatch(name) or name in {".", ".."}:
        message = (
            f"{name!r} is no name of a topic; use letters of ASCII, digits, `.`, `_` and `-`, at "
            "most 249"
        )
        raise ValueError(message)
    return name


Topic = Annotated[str, BeforeValidator(_topic)]


class StreamOptions(BaseModel):
    """What stands under `config: meta: stream:` of a model; docs/how-to/stream-from-kafka.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: Topic
    routes: tuple[Topic, ...] = Field(min_length=1)
    reads: str | None = None
    key: str | None = None
    required: tuple[str, ...] = ()
    dead: Topic | None = None
    unanswered: Topic | None = None
    group: str | None = None
    landing: str = "data/streams"
    max_records: int = Field(default=500, ge=1, le=100_000)
    linger_seconds: float = Field(default=0.5, ge=0, le=60)
    max_bytes: int = Field(default=1_000_000, ge=1, le=100_000_000)
    window: Annotated[float, BeforeValidator(seconds_of)] = 3600.0
    max_cost_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    max_requests: int | None = Field(default=None, ge=1)
    over_budget: Literal["park", "pass"] = "park"
    transactions: bool = False


@dataclass(frozen=True)
class StreamContract:
    """All that a stream needs of its project.

    `relation` are database, schema and name of what the model reads, whose place each batch
    takes; `columns` maps what a message may hold to types of DuckDB, `required` are those of them
    that it must hold.
    """

    model: str
    sql: str
    relation: tuple[str, str, str]
    columns: Mapping[str, str]
    options: StreamOptions

    @property
    def dead(self) -> str:
        """The topic of messages that cannot be processed."""
        return self.options.dead or f"{self.options.topic}.dead"

    @property
    def unanswered(self) -> str:
        """The topic of messages whose questions have no answer."""
        return self.options.unanswered or f"{self.options.topic}.unanswered"

    @property
    def topics(self) -> tuple[str, ...]:
        """All topics that it may produce to."""
        return tuple(dict.fromkeys((*self.options.routes, self.dead, self.unanswered)))

    @property
    def group(self) -> str:
        """The consumer group, which shares the topic among its members."""
        return self.options.group or f"assay-{self.model}"

    def written(self) -> str:
        """Return the contract as JSON, for `read_contract`."""
        plain = asdict(self) | {"options": self.options.model_dump(mode="json")}
        return json.dumps(plain, indent=1)


def read_contract(path: Path, model: str) -> StreamContract:
    """Return what an earlier start has written; raises `ConfigError` where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        options = StreamOptions(**found.pop("options"))
        relation = tuple(found.pop("relation"))
        return StreamContract(**found, relation=relation, options=options)
    except (OSError, ValueError, TypeError) as error:
        message = (
            f"{path} is not there or cannot be read, and so nothing is compiled; run "
            f"`{program(f'stream {model} --check')}`, which writes it."
        )
        raise ConfigError(message) from error


def contract_of(manifest: Manifest, name: str) -> StreamContract:
    """Return the contract of a model, as dbt has compiled it.

    Raises `ConfigError` for a model that is not there, is no stream, or says what cannot be.
    """
    node = _model(manifest, name)
    options = _options(node)
    parent = _parent(manifest, node, options)
    columns = _columns(parent)
    _check_names(options, columns)
    relation = (
        str(parent["database"]),
        str(parent["schema"]),
        str(parent.get("alias") or parent.get("identifier") or parent["name"]),
    )
    sql = str(node.get("compiled_code") or "").strip().rstrip(";")
    if not sql:
        message = f"{name} is no model of SQL; a stream runs SQL ({PAGE})."
        raise ConfigError(message)
    return StreamContract(name, sql, relation, columns, options)


def _model(manifest: Manifest, name: str) -> Node:
    nodes: Mapping[str, Node] = manifest["nodes"]
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    found = [node for node in models if node["name"] == name]
    if not found:
        streams = sorted(str(node["name"]) for node in models if _says(node) is not None)
        known = ", ".join(streams) or "none"
        message = f"There is no model {name!r} in this project; models that stream: {known}."
        raise ConfigError(message)
    return found[0]


def _says(node: Node) -> Any:
    return (node.get("config", {}).get("meta") or {}).get("stream")


def _options(node: Node) -> StreamOptions:
    said = _says(node)
    if not isinstance(said, dict):
        message = (
            f"{node['name']} is no stream; give it `config: meta: stream:` with `topic` and "
            f"`routes` ({PAGE})."
        )
        raise ConfigError(message)
    try:
        return StreamOptions(**said)
    except (ValidationError, TypeError) as error:
        message = f"`stream` of {node['name']}: {_in_a_line(error)} ({PAGE})."
        raise ConfigError(message) from None


def _in_a_line(error: Exception) -> str:
    """Return what is wrong with options, each by its name."""
    if not isinstance(error, ValidationError):
        return "its keys are to be text"
    told = []
    for one in error.errors():
        place = ".".join(map(str, one["loc"]))
        known = ", ".join(StreamOptions.model_fields)
        unknown = one["type"] == "extra_forbidden"
        said = f"is unknown; there are {known}" if unknown else one["msg"]
        told.append(f"`{place}` {said.removeprefix('Value error, ')}")
    return "; ".join(told)


def _parent(manifest: Manifest, node: Node, options: StreamOptions) -> Node:
    """Return the one relation that the model reads; ephemeral models are part of the statement."""
    parents = {str(one["name"]): one for one in _relations(manifest, node)}
    others = [name for name in parents if name != options.reads]
    if options.reads is None and len(parents) == 1:
        return parents[others[0]]
    if options.reads in parents and not others:
        return parents[options.reads]
    read = ", ".join(sorted(parents)) or "nothing"
    message = (
        f"{node['name']} reads {read}, and a stream reads one relation, whose place each batch "
        f"takes; let it read the model over `assay_landed('{options.topic}')` alone ({PAGE})."
    )
    raise ConfigError(message)


def _relations(manifest: Manifest, node: Node) -> Iterator[Node]:
    for key in node.get("depends_on", {}).get("nodes", ()):
        parent = manifest["nodes"].get(key) or manifest.get("sources", {}).get(key)
        if parent is None:
            continue
        if parent.get("config", {}).get("materialized") == "ephemeral":
            yield from _relations(manifest, parent)
        else:
            yield parent


def _columns(parent: Node) -> dict[str, str]:
    """Return the columns that a message may hold, with their types."""
    columns: Mapping[str, Node] = parent.get("columns") or {}
    typed = {
        str(one["name"]): str(one["data_type"])
        for one in columns.values()
        if one.get("data_type") and one["name"] not in POSITION
    }
    if not typed:
        message = (
            f"{parent['name']} has no column with a `data_type`; say in its YAML what a message "
            f"holds, each with its type ({PAGE})."
        )
        raise ConfigError(message)
    return typed


def _check_names(options: StreamOptions, columns: Sequence[str] | Mapping[str, str]) -> None:
    unknown = sorted({*options.required} - {*columns})
    if unknown:
        message = f"`required` names {', '.join(unknown)}, which is no column; see {PAGE}."
        raise ConfigError(message)
