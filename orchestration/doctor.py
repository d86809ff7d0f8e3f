"""Looks for the usual set-up problems and says the fix."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass

from ingestion.auth import SOURCE_SYSTEMS, TITLES, ConnectionStore
from ingestion.auth.connection import ended
from orchestration import services
from orchestration.location_managers import unknown_locations
from orchestration.reporting.secrets import mail_server, slack_webhook
from warehouse.business import Business
from warehouse.database import open_warehouse
from warehouse.errors import HubError
from warehouse.home import hub_home
from warehouse.server import MINIMUM_FREE_BYTES, ensure_server


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    text: str
    is_fine: bool
    fix: str | None = None


def examine(business: Business | None) -> list[Finding]:
    """Look at Python, disk, database, Superset, services, connections, mail and managers.

    Args:
        business: whose connections to look at, if there is one; their sources are not asked.
    """
    connections = _connections(business) if business else []
    messages = _messages(business) if business else []
    managers = _managers(business) if business else []
    return [
        _python(), _disk(), _server(), _superset(),
        *_services(), *connections, *messages, *managers,
    ]  # fmt: skip


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = (3, 11) <= sys.version_info < (3, 13)
    return Finding(f"Python {version}", fine, None if fine else "Use Python 3.11 or 3.12.")


def _disk() -> Finding:
    free = shutil.disk_usage(hub_home()).free
    fine = free >= MINIMUM_FREE_BYTES
    text = f"{free / 2**30:.1f} GB free where the hub keeps its data"
    return Finding(text, fine, None if fine else "Free some space or set HUB_HOME.")


def _server() -> Finding:
    try:
        server = ensure_server()
    except HubError as error:
        return Finding(error.message, is_fine=False, fix=error.fix)
    kind = "embedded" if server.is_embedded else "given by HUB_DATABASE_URL"
    return Finding(f"PostgreSQL answers at {server.host}:{server.port} ({kind})", is_fine=True)


def _superset() -> Finding:
    fine = services.SUPERSET_PYTHON.exists()
    text = "Superset's environment is there" if fine else "Superset's environment is missing"
    return Finding(text, fine, None if fine else "Run: make setup")


def _services() -> list[Finding]:
    return [
        Finding(
            f"{service.name} runs" if service.is_running else f"{service.name} has stopped",
            service.is_running,
            None if service.is_running else "Run: hub up",
        )
        for service in services.started()
    ]


def _connections(business: Business) -> list[Finding]:
    used = [source for source in SOURCE_SYSTEMS if getattr(business.sources, source)]
    if not used:
        return []
    try:
        statuses = ConnectionStore(open_warehouse(business)).statuses()
    except HubError as error:
        return [Finding(error.message, is_fine=False, fix=error.fix)]
    found = {status.source_system: status for status in statuses}
    findings = []
    for source in used:
        status, connect = found.get(source), f"Connect it with: hub connect {source}"
        if status is None:
            findings.append(Finding(f"{TITLES[source]} is not connected", False, connect))
        elif status.state == "needs_reconnect":
            lost = ended(source, status.state_reason)
            findings.append(Finding(lost.message, False, lost.fix))
        else:
            findings.append(Finding(f"{TITLES[source]} is connected", True))
    return findings


def _managers(business: Business) -> list[Finding]:
    """Whether every location manager has locations that exist."""
    if not business.location_managers:
        return []
    try:
        problems = unknown_locations(open_warehouse(business))
    except HubError as error:
        problems = [error]
    findings = [Finding(each.message, is_fine=False, fix=each.fix) for each in problems]
    return findings or [Finding("Every location manager has a location", is_fine=True)]


def _messages(business: Business) -> list[Finding]:
    """Whether there is a way to whoever is to be told; nothing is sent."""
    alerts = business.alerts
    wanted = [
        (bool(business.report_recipients or (alerts and alerts.recipients)), "Mail", mail_server),
        (bool(alerts and alerts.slack), "The webhook", slack_webhook),
    ]
    findings = []
    for is_wanted, name, read in wanted:
        if not is_wanted:
            continue
        try:
            read(business)
        except HubError as error:
            findings.append(Finding(error.message, is_fine=False, fix=error.fix))
        else:
            findings.append(Finding(f"{name} is set up (hub alerts test tries it)", True))
    return findings
