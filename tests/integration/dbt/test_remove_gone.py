"""`ai_remove_gone`: rows leave with their source, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .project import Project, Run, table

KEPT = """\
{{ config(unique_key=KEY, post_hook="{{ ai_remove_gone(KEY, ref('notes')) }}") }}
{%- set topic = ai_classify('body', ['glad', 'cross'], detail=true) -%}
select id, lang, body, {{ topic }} as topic from {{ ref('notes') }}
where {{ ai_due(KEY, {'topic': topic}) }}
"""
ROWS = ((1, "de", "ein Zelt"), (1, "en", "a tent"), (2, "de", None), (3, "en", "a rope"))


class Story:
    """A source, and a model that keeps step with it, told run by run."""

    def __init__(self, project: Project) -> None:
        self.project = project
        project.write("silver/kept.sql", KEPT.replace("KEY", "['id', 'lang']"))

    def run(self, *rows: tuple[object, ...], flags: tuple[str, ...] = ()) -> Run:
        """Run dbt over these rows."""
        columns = "id, lang, body"
        none = f"select * from ({table(columns, ROWS[0])}) where false"
        source = table(columns, *rows) if rows else none
        self.project.write("bronze/notes.sql", "{{ config(materialized='table') }}\n" + source)
        return self.project.dbt("run", *flags)

    @property
    def kept(self) -> list[tuple[object, ...]]:
        """What the table holds."""
        return self.project.rows("select id, lang, body from silver.kept order by 1, 2")


@pytest.fixture
def story(new_project: Callable[..., Project]) -> Story:
    """A story whose table holds `ROWS`."""
    begun = Story(new_project())
    run = begun.run(*ROWS)
    assert run.code == 0, run.output
    assert "ai_remove_gone" not in run.output
    return begun


def test_what_is_gone_leaves_and_comes_back_for_nothing(story: Story) -> None:
    """By its whole key; the run says how many, and later ones are silent."""
    calls = story.project.calls()
    shorter = (ROWS[1], ROWS[2])
    run = story.run(*shorter)
    assert (run.code, story.kept) == (0, list(shorter)), run.output
    assert "ai_remove_gone: 2 of 4 rows of kept are not in notes any more" in run.output
    assert "ai_remove_gone" not in story.run(*shorter).output
    assert story.run(*ROWS).code == 0
    assert (story.kept, story.project.calls()) == (list(ROWS), calls)


def test_a_part_of_the_source_removes_nothing(story: Story) -> None:
    """dbt cuts it down for a dry run; an empty source stops the model, unless it is meant."""
    assert story.run(*ROWS, flags=("--empty", "--select", "kept")).code == 0
    assert story.kept == list(ROWS)

    run = story.run()
    assert "it has the key of no row, so that all would be removed: 4 of 4" in run.message("kept")
    assert story.kept == list(ROWS)

    assert story.run(flags=("--full-refresh",)).code == 0
    assert story.kept == []
