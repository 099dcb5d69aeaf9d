"""What a gate model imports: `from assay.gates import run_gate`."""

from assay.plugin import run_gate as run_gate
