"""The judge of a run: the UDF behind the hook `assay_judge_run`, with the run that it judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.errors import FailedRowsError
from assay.engine.run import Run
from assay.hosts.dbt.lineage import last_code
from assay.project.counting import uses_in
from assay.project.gates.failed_share import too_many_failed
from assay.project.waiting import waiting


@dataclass(frozen=True, slots=True)
class Judge:
    """Ends a run in which the rows of a column fail too often; `project` is dbt's folder.

    What waits for batches is handed over first, and `say` told of it.
    """

    asking: Run
    most: float
    project: Path
    say: Callable[[str], object]

    def run(self, invocations: Any) -> Any:
        """Return the ids of runs, an Arrow column, if all is well.

        Raises `FailedRowsError` with a line for each column of which too much has failed. A run
        that was stopped is red already, and says why.
        """
        if self.asking.stopped is not None:
            return invocations
        self.asking.hand_over()
        self.asking.note_served()
        for invocation_id in invocations.to_pylist():
            if lines := self.lines(str(invocation_id)):
                raise FailedRowsError("\n".join(lines))
            uses = uses_in(self.asking.store, str(invocation_id))
            if (said := waiting(self.asking.store, uses)) is not None:
                self.say(said)
        return invocations

    def lines(self, invocation_id: str) -> list[str]:
        """Return a line for each column of which too much has failed."""
        uses = uses_in(self.asking.store, invocation_id)
        columns = last_code(self.asking.store, self.project).columns
        return list(too_many_failed(uses, self.most, columns))
