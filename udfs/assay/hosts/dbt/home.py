"""Where dbt is at work: its project, the files of its profile, and whose code this is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.errors import ConfigError
from assay.core.project import Project, project_at
from assay.core.settings import Settings
from assay.core.store_place import StoreAddress, StorePlace
from assay.engine.prices import check_cap
from assay.hosts.dbt.project_folder import FILE, project_here
from assay.hosts.duckdb import fence
from assay.hosts.duckdb.quoting import literal
from assay.hosts.duckdb.warehouse import check_database, check_writable

if TYPE_CHECKING:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.config import RuntimeConfig

CODE = Path(__file__).parents[2]
"""The folder of the code that runs."""

OWN = Path("udfs") / "assay"
"""Where a project keeps the code, if it has its own."""


def project_of_dbt() -> Project:
    """Return the project of the running dbt; the one of this folder where none runs."""
    from dbt.adapters.factory import FACTORY
    from dbt.flags import get_flags

    adapter = FACTORY.adapters.get("duckdb")
    config: Any = None if adapter is None else adapter.config
    if not hasattr(config, "project_root"):  # `dbt debug` has a profile alone
        said = getattr(get_flags(), "PROJECT_DIR", None)
        return project_here({**os.environ, **({"DBT_PROJECT_DIR": str(said)} if said else {})})
    return project_at(Path(config.project_root), config.target_path, _seed_folders(config))


def _seed_folders(config: RuntimeConfig) -> list[str]:
    """Return the folders of the seeds of a project and of its packages, which dbt copies alike."""
    packages = (config.load_dependencies() or {}).values()
    return [
        *config.seed_paths,
        *(
            str(Path(one.project_root).absolute() / name)
            for one in packages
            for name in one.seed_paths
        ),
    ]


def place_files(credentials: DuckDBCredentials, project: Project) -> Path | None:
    """Give every file of a profile its place in the project; return the warehouse, if it is one.

    DuckDB would look for them in the folder that dbt was started in.
    """
    credentials.path = project.database(credentials.path)
    if Path.cwd() != project.root:  # or models spell it with the folder's name for no reason
        credentials.external_root = project.database(credentials.external_root)
    for attachment in credentials.attach or []:
        attachment.path = project.database(attachment.path)
    return warehouse_file(credentials.path, project)


def warehouse_file(given: str, project: Project) -> Path | None:
    """Return the file that the `path` of a profile names; None where it names none."""
    path = Path(project.database(given))
    return path if path.is_absolute() else None


def check_store(given: StorePlace, project: Project) -> None:
    """Raise `ConfigError` where a second store would be made beside the one that is known here.

    Runs that were started in another folder once kept their answers there. A folder that is a
    project itself has one of its own.
    """
    if isinstance(given, StoreAddress):
        return
    here, there = Path.cwd() / given, project.path(given)
    if here.exists() and not there.exists() and not (Path.cwd() / FILE).exists():
        message = (
            f"`ASSAY_STORE` is {given}, which is {there} in this project and is not there, but "
            f"{here} is. Move it there with all that is beside it, or set `ASSAY_STORE` to "
            f"{here}; then nothing is bought again."
        )
        raise ConfigError(message)


def check_here(settings: Settings, project: Project, database: Path | None) -> None:
    """Raise `ConfigError` for what a run would trip over: the store, the prices, the paths.

    `database` is the file of the warehouse, None where it is no file.
    """
    check_store(settings.store, project)
    check_cap(settings)
    if database is not None:
        check_database(database)
        check_writable(database)
    fence.check_files(settings.within(project))


def seed_file(config: RuntimeConfig, seed: Mapping[str, Any]) -> str:
    """Return the file of a seed, where its project or package is now, for a literal of SQL."""
    owner = (config.load_dependencies() or {}).get(seed["package_name"])
    root = seed["root_path"] if owner is None else owner.project_root
    return literal(Path(root).absolute() / seed["original_file_path"])[1:-1]


def other_code(project: Path) -> str | None:
    """Return that the code which runs is not the project's own, and what to do; None if it is."""
    own = project / OWN
    if not (own / "plugin.py").exists() or own.samefile(CODE):
        return None
    return (
        f"The code that runs is {CODE}, but the project has its own in {own}. Run ./scripts/setup "
        "there, then `source .venv/bin/activate` anew."
    )
