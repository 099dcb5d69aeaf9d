"""dbt as the child of `assay`: as the command `dbt`, but it forgets no Ctrl-C."""

from __future__ import annotations

from udfs.interrupts import interrupts


def main() -> None:
    """Run dbt with the arguments of this process; SIGINT is heard from the first import on."""
    interrupts.remember()  # before the import: it takes a second
    from dbt.cli.main import cli

    cli(prog_name="dbt")


if __name__ == "__main__":
    main()
