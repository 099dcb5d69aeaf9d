"""What `assay doctor` looks at: a module for each part; each yields findings, changes nothing."""

from assay.project.doctor.alerts import alert_findings
from assay.project.doctor.endpoint import endpoint_findings
from assay.project.doctor.environment import environment_findings
from assay.project.doctor.finding import Finding, Verdict
from assay.project.doctor.installed import installed_findings
from assay.project.doctor.published import published_findings
from assay.project.doctor.settings import settings_findings
from assay.project.doctor.setup import setup_findings
from assay.project.doctor.sources import source_findings
from assay.project.doctor.store_file import store_findings
from assay.project.doctor.store_server import server_findings
from assay.project.doctor.warehouse import disk_findings, warehouse_findings

__all__ = [
    "Finding",
    "Verdict",
    "alert_findings",
    "disk_findings",
    "endpoint_findings",
    "environment_findings",
    "installed_findings",
    "published_findings",
    "server_findings",
    "settings_findings",
    "setup_findings",
    "source_findings",
    "store_findings",
    "warehouse_findings",
]
