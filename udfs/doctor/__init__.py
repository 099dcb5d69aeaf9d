"""What `assay doctor` looks at: a module for each part; each yields findings, changes nothing."""

from udfs.doctor.endpoint import endpoint_findings
from udfs.doctor.environment import environment_findings
from udfs.doctor.finding import Finding, Verdict
from udfs.doctor.settings import settings_findings
from udfs.doctor.setup import setup_findings
from udfs.doctor.store_file import store_findings
from udfs.doctor.warehouse import disk_findings, warehouse_findings

__all__ = [
    "Finding",
    "Verdict",
    "disk_findings",
    "endpoint_findings",
    "environment_findings",
    "settings_findings",
    "setup_findings",
    "store_findings",
    "warehouse_findings",
]
