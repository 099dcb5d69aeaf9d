"""The commands of `./scripts/assay` that stand for themselves, a file each; `cli` has them all."""
