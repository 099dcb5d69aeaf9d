"""Which share of the true matches of public data sets is among the pairs of `ai_candidates`.

Each set is a folder with `table_a.csv`, `table_b.csv` and `matches.csv` (`id_a`, `id_b`).
The pairs are built by dbt, in a project of this repository's macros and one model.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from assay.project.evaluation.pairs import PairsSource, evaluate_pairs

ROOT = Path(__file__).parents[2]
SETS = (("abt_buy", "name"), ("amazon_google", "title"))
NEAREST = (5, 10, 20)
PARTS = ("macros", "dbt_project.yml", "profiles.yml")


def model(column: str, k: int) -> str:
    """A model of pairs of the two tables, so many of each row."""
    tables = (f"(from read_csv('data/table_{side}.csv', all_varchar = true))" for side in "ab")
    sides = ", ".join(f'"{table}"' for table in tables)
    call = f"ai_candidates({sides}, '{column}', k={k})"
    return f"{{{{ config(materialized='table') }}}}\n{{{{ {call} }}}}"


def project(folder: Path, data: Path, column: str) -> Path:
    """A dbt project with a model for each number of candidates; return its warehouse."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    shutil.copytree(data, folder / "data")
    (folder / "models/silver").mkdir(parents=True)
    for k in NEAREST:
        (folder / f"models/silver/pairs_{k}.sql").write_text(model(column, k), encoding="utf-8")
    return folder / "warehouse.duckdb"


def build(folder: Path) -> None:
    """Build the project; what dbt says is shown where it fails."""
    dbt = Path(sys.executable).with_name("dbt")
    env = {**os.environ, "ASSAY_DATABASE": "warehouse.duckdb", "DBT_PROFILES_DIR": str(folder)}
    done = subprocess.run(
        [dbt, "run", "--threads", "1"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout)


def labelled(folder: Path) -> Path:
    """The true matches, under the names that `assay evaluate --pairs` reads."""
    path = folder / "labelled.csv"
    lines = (folder / "data/matches.csv").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(["key_a,key_b", *lines[1:]]), encoding="utf-8")
    return path


def measured(data: Path, column: str) -> None:
    """Print a line for each number of candidates of a set."""
    with tempfile.TemporaryDirectory(prefix="assay-candidates-") as name:
        folder = Path(name)
        warehouse = project(folder, data, column)
        build(folder)
        for k in NEAREST:
            source = PairsSource(f"silver.pairs_{k}", labelled(folder))
            found = evaluate_pairs(source, warehouse)
            print(
                f"| {data.name}, {column} | {k} | {found['matches']:,} | {found['candidates']:,} "
                f"| {found['found']:.3f} |"
            )


def main() -> None:
    """Measure all sets in the folder that is named."""
    data = Path(sys.argv[1]).resolve() / "entity_matching"
    print("| data | k | matches | pairs | found |\n|---|---:|---:|---:|---:|")
    for name, column in SETS:
        measured(data / name, column)


if __name__ == "__main__":
    main()
