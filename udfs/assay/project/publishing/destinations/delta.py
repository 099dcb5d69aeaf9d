"""Tables of Delta Lake, `FOLDER/TABLE` each: a table changes in one commit of its log.

One merge on the key writes what is new or differs and deletes what is gone; files with other rows
are not touched. Every version before it can be read and restored. The folder may be in a bucket.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assay.core.errors import PublishError
from assay.core.extras import extra
from assay.project.publishing.destinations.contract import MARK, Replacement, Shipment, not_ours
from assay.project.publishing.destinations.held import adapted, changed, everything, gone, held

_GONE = "assay_gone"


class DeltaFolder:
    """A `Destination`: the tables of Delta Lake in a folder or a bucket, `s3://BUCKET/PATH`.

    A bucket's keys, region and endpoint are what `AWS_...` of the environment says.
    """

    errors: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, folder: str) -> None:
        self._folder = folder.rstrip("/")
        self._before: dict[str, int | None] = {}

    def __enter__(self) -> Self:
        with extra("delta", "Publishing to Delta Lake"):
            import deltalake
            from deltalake.exceptions import DeltaError
        self._deltalake = deltalake
        self.errors = (OSError, ValueError, DeltaError)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, version in self._before.items():
            if version is not None:
                self._table(name).restore(version)
            elif "://" in self._folder:
                self._table(name).delete()
            else:
                shutil.rmtree(Path(self._folder) / name)

    def replace(self, shipment: Shipment) -> Replacement:
        """Merge what is new, differs or is gone, in one commit; none where nothing does."""
        shipment = adapted(shipment, {})
        place = f"{self._folder}/{shipment.name}"
        table = self._found(shipment.name)
        if table is None:
            return self._create(place, shipment)
        if table.metadata().description != MARK:
            raise PublishError(not_ours(shipment.name))
        with held(shipment, table.to_pyarrow_table()):
            new, old = changed(shipment), gone(shipment)
        if new.num_rows or old.num_rows:
            self._before[shipment.name] = table.version()
            _merge(table, shipment, new, old)
        return Replacement(new.num_rows, old.num_rows)

    def count(self, name: str) -> int:
        """Return how many rows a table has, by its files."""
        return int(self._table(name).count())

    def keep(self) -> None:
        """Let it stay."""
        self._before.clear()

    def _create(self, place: str, shipment: Shipment) -> Replacement:
        if "://" not in place and Path(place).exists():
            raise PublishError(not_ours(shipment.name))
        self._deltalake.write_deltalake(
            place, everything(shipment), name=shipment.name, description=MARK
        )
        self._before[shipment.name] = None
        return Replacement(shipment.rows, 0)

    def _found(self, name: str) -> Any:
        """Return a table, None where there is none."""
        try:
            return self._table(name)
        except self._deltalake.exceptions.TableNotFoundError:
            return None

    def _table(self, name: str) -> Any:
        return self._deltalake.DeltaTable(f"{self._folder}/{name}")


def _merge(table: Any, shipment: Shipment, new: Any, old: Any) -> None:
    import pyarrow

    rows = pyarrow.concat_tables(
        [
            part.append_column(_GONE, pyarrow.array([flag] * part.num_rows, pyarrow.bool_()))
            for part, flag in ((new, False), (old.cast(new.schema), True))
        ]
    )
    same = " and ".join(f"held.{_name(one)} = given.{_name(one)}" for one in shipment.key)
    values = {_name(one.name): f"given.{_name(one.name)}" for one in shipment.columns}
    merge = table.merge(rows, same, source_alias="given", target_alias="held")
    merge = merge.when_matched_delete(f"given.{_GONE}").when_matched_update(values)
    merge.when_not_matched_insert(values).execute()


def _name(column: str) -> str:
    """Return a column as the SQL of Delta Lake names it: blanks and capitals stay."""
    return "`" + column.replace("`", "``") + "`"
