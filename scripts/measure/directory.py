"""The cheap steps of a directory on real registers: a denylist of brands, and cuisines by name.

The denylist is the rule of `examples/directory`, its macro and its join, on the register of
`nowservingto` and two lists of brands; cuisines are those of `nyc_restaurant_cuisine`, asked by
`assay evaluate` of the embedded models. Prints the tables of docs/quality.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from assay.core.settings import Settings
from assay.engine.session import open_session

ROOT = Path(__file__).parents[2]
MACRO = ROOT / "examples" / "directory" / "macros" / "name_words.sql"
LEAST_ROWS = 20
"""Cuisines of fewer names are left out: nothing can be said of them."""

MODELS = ((None, "WordLlama"), ("minilm", "MiniLM"))
EXAMPLES = (0, 5)
HEAD = "| model | examples a label | names | accuracy | right among judged | not judged | ECE |"
SCORES = (0.0, 0.3, 0.5, 0.7, 0.9)
LISTS = (
    ("nowservingto/chain_brands.csv", "name_upper", "brands of the city, two places and more"),
    ("restaurant_chains/brands.csv", "name", "brands of the whole world"),
)


def name_words(column: str) -> str:
    """The SQL that the macro of the example gives for a column."""
    module = jinja2.Environment(autoescape=False).from_string(MACRO.read_text("utf-8")).module  # noqa: S701
    return str(vars(module)["name_words"](column)).strip()


def denied(data: Path, brands: str, column: str) -> tuple[int, int, int, int]:
    """Rows of the register, rows out; published rows, and those of them that are out."""
    sql = f"""
        with brands as (
            select {name_words(column)} as words
            from read_csv('{data / brands}', all_varchar = true)
        ),
        names as (
            select published = 'True' as published, {name_words("operating_name")} as words
            from read_csv('{data / "nowservingto/businesses.csv"}', all_varchar = true)
        ),
        judged as (
            select
                published,
                exists (
                    select 1 from brands
                    where trim(brands.words) <> '' and contains(names.words, brands.words)
                ) as is_out
            from names
        )
        select
            count(*),
            count(*) filter (where is_out),
            count(*) filter (where published),
            count(*) filter (where published and is_out)
        from judged
    """  # noqa: S608 - files of ours
    found = duckdb.sql(sql).fetchone()
    return found or (0, 0, 0, 0)


def named(data: Path, folder: Path) -> Path:
    """The names with the cuisine that an authority gave, as a file of two columns."""
    path = folder / "names.csv"
    source = data / "nyc_restaurant_cuisine/restaurants.csv"
    sql = f"""
        copy (
            select distinct name, cuisine from read_csv('{source}', all_varchar = true)
            where cuisine is not null and cuisine <> 'Other'
            qualify count(*) over (partition by cuisine) >= {LEAST_ROWS}
                and count(distinct cuisine) over (partition by name) = 1
            order by all
        ) to '{path}' (header)
    """  # noqa: S608 - files of ours
    duckdb.sql(sql)
    return path


def evaluated(file: Path, model: str | None, examples: int) -> dict[str, Any]:
    """What `assay evaluate` says of a model."""
    command = [sys.executable, "-m", "assay", "evaluate", "--fresh", "--json", "--data", str(file)]
    command += ["--text", "name", "--label", "cuisine", "--task", "classify"]
    command += ["--examples", str(examples), *(["--model", model] if model else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def scored(file: Path, model: str | None) -> list[tuple[str, str | None, float]]:
    """For each name its cuisine, the one that is answered (None: not judged), and its score."""
    rows = duckdb.read_csv(str(file), all_varchar=True).fetchall()
    cuisines = sorted({cuisine for _, cuisine in rows})
    task = {"kind": "classify", "labels": dict.fromkeys(cuisines)}
    with tempfile.TemporaryDirectory(prefix="assay-directory-") as folder:
        settings = Settings(store=Path(folder) / "store.sqlite", model=model)
        with open_session(settings) as session:
            run = session.begin("measure")
            handle = run.resolver.register(json.dumps(task))
            found = run.resolver.ask(handle, [name for name, _ in rows])
            run.close()
    return [
        (cuisine, one.value and json.loads(one.value), one.confidence or 0.0)
        for (_, cuisine), one in zip(rows, found, strict=True)
    ]


def sure(verdicts: list[tuple[str, str | None, float]], least: float) -> tuple[int, int]:
    """How many verdicts have at least this score, and how many of them are right."""
    kept = [(true, said) for true, said, score in verdicts if said is not None and score >= least]
    return len(kept), sum(true == said for true, said in kept)


def main() -> None:
    """Measure both on the data in the folder that is named."""
    data = Path(sys.argv[1]).resolve()
    print("| denylist | rows out | published rows out |\n|---|---:|---:|")
    for brands, column, about in LISTS:
        rows, out, published, lost = denied(data, brands, column)
        print(f"| {about} | {out} of {rows:,} | {lost} of {published} |")
    with tempfile.TemporaryDirectory(prefix="assay-directory-") as folder:
        file = named(data, Path(folder))
        print(f"\n{HEAD}")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for model, about in MODELS:
            for examples in EXAMPLES:
                print(_line(about, examples, evaluated(file, model, examples)))
        print("\n| model | score at least | names | right of them |\n|---|---:|---:|---:|")
        for model, about in MODELS:
            verdicts = scored(file, model)
            for least in SCORES:
                kept, right = sure(verdicts, least)
                share = kept / len(verdicts)
                print(f"| {about} | {least} | {share:.0%} | {right / max(kept, 1):.2f} |")


def _line(about: str, examples: int, found: dict[str, Any]) -> str:
    low, high = found["accuracy_interval"]
    return (
        f"| {about} | {examples} | {found['rows']:,} | **{found['accuracy']:.3f}** ({low:.3f} to "
        f"{high:.3f}) | {found['accuracy_judged']:.3f} | {found['unknown_share']:.0%} | "
        f"{found['calibration_error']:.3f} |"
    )


if __name__ == "__main__":
    main()
