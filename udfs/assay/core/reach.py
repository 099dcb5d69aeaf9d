"""What is read and written and what SQL may reach: settings that need no provider and no key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from assay.core.project import Project, place
from assay.core.store_place import StoreAddress, StorePlace, store_place

_REMOTE = re.compile("[a-zA-Z][a-zA-Z0-9+.-]+:/")
"""How a bucket or a URL begins, also where a path has lost one of its slashes."""


def _listed(value: object) -> object:
    """Folders as an environment variable spells them: with commas between; no buckets."""
    if isinstance(value, str):
        value = tuple(name for name in value.split(",") if name.strip())
    names = value if isinstance(value, list | tuple) else ()
    if remote := next((name for name in names if _REMOTE.match(str(name).strip())), None):
        message = (
            f"{remote} is no folder of this machine, and nothing here reaches another; fetch "
            "its files into a folder before the build and name that, or see "
            "docs/how-to/your-own-files.md"
        )
        raise ValueError(message)
    return tuple(place(name) for name in names)


Folders = Annotated[tuple[Path, ...], BeforeValidator(_listed)]
Place = Annotated[Path, BeforeValidator(lambda value: place(value) if value else value)]


class Reach(BaseModel):
    """What SQL may reach outside the warehouse."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    data_directories: Folders = Field(
        default=(Path("data"),),
        description="The folders whose files SQL may read and write, with commas between; the "
        "folders of the seeds are always among them.",
    )
    external_access: bool = Field(
        default=False,
        description="Whether SQL may reach every file and host that this process may; every run "
        "warns while it is on.",
    )

    def within(self, project: Project) -> Self:
        """Return the same with every path as it is from any folder."""
        return self.model_copy(update=dict(self._placed(project)))

    def _placed(self, project: Project) -> Iterator[tuple[str, object]]:
        for name, value in self:
            if isinstance(value, Path):
                yield name, project.path(value)
            elif isinstance(value, StoreAddress):
                yield name, value.within(project)
            elif isinstance(value, tuple) and all(isinstance(each, Path) for each in value):
                yield name, tuple(map(project.path, value))


class Places(Reach):
    """What is read and written, and what SQL may reach; no provider and no key is needed."""

    store: Annotated[StorePlace, BeforeValidator(store_place)] = Field(
        default=Path(".assay/store.sqlite"),
        description="The file of answers, ledger and dead letters; keep it, it is what you paid "
        "for. Or `postgresql://USER@HOST/DATABASE`, a store that several machines share.",
    )
    publish: Place = Field(
        default=Path("published"),
        description="The folder in which gold is published once a build is green.",
    )
    documents: Folders = Field(
        default=(),
        description="The folders whose documents a build brings into bronze before it starts, "
        "with commas between; unset means none.",
    )
    sources: Place = Field(
        default=Path("sources"),
        description="The folder of the project's sources, files of Python that a build loads into "
        "bronze before it starts.",
    )
    source_seconds: float = Field(
        default=3600,
        gt=0,
        description="How long one source may take, in seconds; then it is ended, and its rows are "
        "as they were.",
    )

    @property
    def indexes(self) -> Path:
        """The folder of the indexes that searches ask for; they can be made again."""
        return self.store.parent / "indexes"
