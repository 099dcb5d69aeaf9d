"""What a project needs for Assay, step by step: what a file says, what it will say. Pure text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Literal

from assay.hosts.dbt.layers import GATE_PREFIX
from assay.hosts.dbt.package import NAME
from assay.hosts.dbt.profiles import PLUGIN
from assay.hosts.dbt.project_folder import FILE
from assay.hosts.dbt.rendering import read_yaml
from assay.project.gates.inventory import SUITES, Inventory
from assay.project.gates.lock import LOCK, lock_text
from assay.project.starting.folder import ProjectFolder, clashes, layer_of, read
from assay.project.starting.package_source import FOLDER
from assay.project.starting.yaml_text import append, lines, put, said
from assay.project.thin_macros import BARE, thin_macros

TEMPLATES = Path(__file__).with_name("templates")
GATHER = "{{ assay.assay_gather() }}"
IGNORED = (".assay/", "target/", "published/")

_HOOKS = ("+pre-hook", "pre-hook", "+pre_hook", "pre_hook")
_THIN = "assay.sql"
_LABELS = "ai_labels"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a project needs, and the file that says it.

    `before` is None where there is no such file, `after` where nothing is to be written; `by_hand`
    is what is left to a person, lines to paste or a remedy.
    """

    what: str
    file: Path
    before: str | None
    after: str | None
    by_hand: str = ""

    @property
    def state(self) -> Literal["there", "write", "change", "by hand"]:
        """What becomes of the file; one that is changed in part may leave something by hand."""
        if self.after is None:
            return "by hand" if self.by_hand else "there"
        return "write" if self.before is None else "change"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted: where the package is, a gate, ops, thin macros.

    `reads` is the model that the gate reads, None for one that we choose; `gates_run` says whether
    what runs a gate is installed.
    """

    source: Mapping[str, str]
    gate: bool = True
    ops: bool = True
    macros: bool = False
    reads: str | None = None
    gates_run: bool = True


@dataclass(frozen=True, slots=True)
class _Entry:
    """A value that a YAML file shall have at a path: of its own, or as one of a list."""

    path: Sequence[str]
    value: Any
    listed: bool = False


def steps(folder: ProjectFolder, wishes: Wishes) -> list[Step]:
    """Return what the project needs, in the order in which a reader meets it."""
    return [
        _plugin(folder),
        _package(folder, wishes.source),
        _settings(folder, ops=wishes.ops),
        _labels(folder),
        *(_thin(folder) if wishes.macros else ()),
        *(_gate(folder, wishes) if wishes.gate else ()),
        _ignored(folder),
    ]


def template(name: str, **names: str) -> str:
    """Return the text of a file that is written, with its names filled in."""
    return Template((TEMPLATES / f"{name}.tmpl").read_text(encoding="utf-8")).substitute(names)


def _plugin(folder: ProjectFolder) -> Step:
    file = folder.profile.file
    if PLUGIN in folder.profile.modules:
        return Step("the plugin", file, read(file), None)
    profile, _, target = folder.profile.name.rpartition(".")
    plugin = {"module": PLUGIN, "alias": NAME}
    path = (profile, "outputs", target, "plugins")
    return _edited("the plugin", file, [_Entry(path, plugin, listed=True)])


def _package(folder: ProjectFolder, source: Mapping[str, str]) -> Step:
    file = folder.packages
    named = (said(read(file)) or {}).get("packages")
    found = [one for one in named if isinstance(one, dict)] if isinstance(named, list) else []
    if any(_is_ours(folder.root, one) for one in found):
        return Step("the dbt package", file, read(file), None)
    entry = _Entry(["packages"], dict(source), listed=True)
    return _edited("the dbt package", file, [entry])


def _is_ours(root: Path, entry: Mapping[str, Any]) -> bool:
    """Whether an entry of packages.yml is Assay: by the project it leads to, or by its name."""
    if local := entry.get(FOLDER):
        return bool((read_yaml(root / local / FILE) or {}).get("name") == NAME)
    address = str(entry.get("git") or entry.get("package") or "")
    return address.removesuffix(".git").rpartition("/")[2] == NAME


def _settings(folder: ProjectFolder, *, ops: bool) -> Step:
    """Return the hook that queues whole tables, and what switches ops on."""
    models, seeds = (folder.settings.get(kind) or {} for kind in ("models", "seeds"))
    entries = []
    if "assay_gather" not in str(models):
        own = models.get(folder.name) or {}
        hook = next((name for name in _HOOKS if name in own), _HOOKS[0])
        entries.append(_Entry(["models", folder.name, hook], GATHER, listed=hook in own))
    for kind, there in (("models", models), ("seeds", seeds)):
        if ops and NAME not in there:
            entries.append(_Entry([kind, NAME, "+enabled"], value=True))
    what = "the hook that queues whole tables" + (", and the tables for operators" if ops else "")
    return _edited(what, folder.root / FILE, entries)


def _labels(folder: ProjectFolder) -> Step:
    """Return the macro of the label sets; sets that a project has in `vars:` are as good."""
    what, file = "your label sets", folder.folder("macro") / f"{_LABELS}.sql"
    if there := folder.macro(_LABELS):
        return Step(what, there, read(there), None)
    if _LABELS in str(folder.settings.get("vars")):
        return Step(what, folder.root / FILE, read(folder.root / FILE), None)
    return _new(what, file, template(f"{_LABELS}.sql"), f"move it, or add a macro `{_LABELS}`")


def _thin(folder: ProjectFolder) -> Iterator[Step]:
    """Yield the macros with bare names, unless some are taken."""
    what, file = "Assay's functions by their bare names", folder.folder("macro") / _THIN
    if read(file) == thin_macros():
        yield Step(what, file, thin_macros(), None)
    elif taken := list(clashes(folder, BARE)):
        told = f"taken: {', '.join(taken)}; rename these, or write `{NAME}.` before ours"
        yield Step(what, file, None, None, told)
    else:
        yield _new(what, file, thin_macros(), "rename it")


def _gate(folder: ProjectFolder, wishes: Wishes) -> Iterator[Step]:
    """Yield a gate over one model, its suite, and the lock that promises nothing yet."""
    what, place = "a gate", folder.folder("model")
    if there := folder.gate():
        yield Step(what, there, read(there), None)
    elif not wishes.gates_run:
        told = f"`pip install '{NAME}[gates]'` and come again, or take `--no-gate`"
        yield Step(what, place, None, None, told)
        return
    elif (model := wishes.reads or next(iter(folder.models()), None)) is None:
        yield Step(what, place, None, None, "write a model and come again, or take `--no-gate`")
        return
    else:
        yield from _new_gate(folder, model)
    if not (lock := folder.root / LOCK).exists():
        yield Step("what is promised to be checked", lock, None, lock_text(Inventory()))


def _new_gate(folder: ProjectFolder, model: str) -> Iterator[Step]:
    path = folder.models()[model]
    models = next(one for one in folder.folders("model") if path.is_relative_to(one))
    layer = layer_of(path, models)
    names = {"layer": layer, "model": model}
    gate = models / ("" if layer == models.name else layer) / f"{GATE_PREFIX}{layer}.py"
    yield _new(f"a gate over `{model}`", gate, template("gate.py", **names), "rename it")
    yield _new("what it holds", gate.with_suffix(".yml"), template("gate.yml", **names), "move it")
    suite = folder.root / SUITES / layer / f"{model}.json"
    if suite.exists():
        yield Step("its suite", suite, read(suite), None)
    else:
        yield Step("its suite", suite, None, template("suite.json", **names))


def _ignored(folder: ProjectFolder) -> Step:
    what, file = "what git leaves out", folder.root / ".gitignore"
    text = read(file)
    there = {line.strip().strip("/") for line in text.splitlines()}
    missing = [line for line in IGNORED if line.strip("/") not in there]
    if not missing:
        return Step(what, file, text, None)
    end = "\r\n" if "\r\n" in text else "\n"
    glue = end if text and not text.endswith("\n") else ""
    after = text + glue + "".join(line + end for line in missing)
    return Step(what, file, text if file.exists() else None, after)


def _new(what: str, file: Path, text: str, remedy: str) -> Step:
    """Return the step that writes a file, unless something else stands there."""
    if not file.exists():
        return Step(what, file, None, text)
    if file.is_file() and read(file) == text:
        return Step(what, file, text, None)
    return Step(what, file, None, None, f"another file is there and stays; {remedy}, come again")


def _edited(what: str, file: Path, entries: Sequence[_Entry]) -> Step:
    """Return the step that adds entries to a YAML file; what is not safe is left to a person."""
    before = read(file) if file.exists() else None
    text, left = before or "", []
    for entry in entries:
        if (edited := _added(text, entry)) is None:
            left.append(lines(entry.path, [entry.value] if entry.listed else entry.value))
        else:
            text = edited
    after = None if text == (before or "") else text
    told = "it is written in a way that is left alone; add\n" + "".join(left) if left else ""
    return Step(what, file, before, after, told)


def _added(text: str, entry: _Entry) -> str | None:
    if not entry.listed:
        return put(text, entry.path, entry.value)
    place: Any = said(text)
    for key in entry.path:
        place = place.get(key) if isinstance(place, dict) else None
    if place is None:
        return put(text, entry.path, [entry.value])
    return append(text, entry.path, entry.value)
