"""Looks for the usual set-up problems and says the fix."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.auth import SOURCE_SYSTEMS, TITLES, ConnectionStore
from ingestion.auth.connection import ended
from ingestion.sources.spreadsheets.kinds import KINDS
from orchestration.ops import services
from orchestration.ops.location_managers import unknown_locations
from orchestration.reporting.secrets import mail_server, slack_webhook
from warehouse.business import Business, load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT, hub_home
from warehouse.server import MINIMUM_FREE_BYTES, ensure_server
from warehouse.vault import open_vault

MINIMUM_GIGABYTES = 3.5
STALE_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    text: str
    is_fine: bool
    fix: str | None = None


def examine(folder: Path | None) -> list[Finding]:
    """Look at the computer, what is installed, the services, and one business.

    Args:
        folder: of the business, if there is one; its sources are not asked, and nothing is sent.
    """
    server = _server()
    findings = [
        _python(), _memory(), _disk(), *_environments(), *_ports(), server, *_services()
    ]  # fmt: skip
    if folder is None:
        return findings
    try:
        business = load_business(folder)
        findings += [Finding(f"{folder / 'business.toml'} can be read", is_fine=True)]
        findings += _inbox(business)
        if server.is_fine:
            warehouse = open_warehouse(business)
            findings += [_vault(warehouse), *_loads(warehouse), *_checks(warehouse)]
            findings += [*_connections(warehouse), *_managers(warehouse)]
        return findings + _messages(business)
    except HubError as error:
        return [*findings, Finding(error.message, is_fine=False, fix=error.fix)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = (3, 11) <= sys.version_info < (3, 13)
    return Finding(f"Python {version}", fine, None if fine else "Use Python 3.11 or 3.12.")


def _memory() -> Finding:
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    fine = gigabytes >= MINIMUM_GIGABYTES
    fix = None if fine else "Close other programs; runs may be killed for want of memory."
    return Finding(f"{gigabytes:.0f} GB of memory", fine, fix)


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


def _environments() -> list[Finding]:
    """Whether what is installed is there, and what the lock files ask for."""
    if not services.SUPERSET_PYTHON.exists():
        return [Finding("Superset's environment is missing", False, "Run: make setup")]
    findings = []
    for name, room in (("The hub", PROJECT_ROOT), ("Superset", services.SUPERSET_ROOM)):
        ready, lock = room / ".venv" / ".ready", room / "uv.lock"
        # Where make has not installed it, as in a container, there is nothing to compare.
        fine = not ready.exists() or ready.stat().st_mtime >= lock.stat().st_mtime
        state = "is installed" if fine else "is installed in an older version than the code wants"
        findings.append(Finding(f"{name} {state}", fine, None if fine else "Run: make setup"))
    return findings


def _ports() -> list[Finding]:
    """Usual addresses that other programs have; the hub takes other ones then."""
    running = {one.name for one in services.started() if one.is_running}
    return [
        Finding(f"Port {port} is another program's, so {name} will answer at another one", True)
        for name, port in services.PREFERRED_PORTS.items()
        if name not in running and services.free_port(port) != port
    ]


def _services() -> list[Finding]:
    return [
        Finding(
            f"{service.name} runs" if service.is_running else f"{service.name} has stopped",
            service.is_running,
            None if service.is_running else "Run: hub up",
        )
        for service in services.started()
    ]


def _inbox(business: Business) -> list[Finding]:
    """Files that nobody will read where they lie."""
    inbox = business.inbox
    lost = [
        path
        for path in (inbox.iterdir() if inbox.is_dir() else ())
        if not path.name.startswith((".", "~$"))
        and (path.is_file() or (path.name not in KINDS and any(path.iterdir())))
    ]
    if not lost:
        return [Finding("Every file of the inbox lies in a folder that is read", is_fine=True)]
    names = ", ".join(sorted(path.name for path in lost))
    fix = f"Move them into one of: {', '.join(f'inbox/{kind}/' for kind in KINDS)}"
    return [Finding(f"Nobody reads these in the inbox: {names}", is_fine=False, fix=fix)]


def _vault(warehouse: Warehouse) -> Finding:
    try:
        open_vault(warehouse)
    except HubError as error:
        return Finding(error.message, is_fine=False, fix=error.fix)
    return Finding("The key of personal data is there (keep a copy of it)", is_fine=True)


def _loads(warehouse: Warehouse) -> list[Finding]:
    """What the last load of each table or file said, and how long ago that was."""
    with warehouse.connect("quality") as connection:
        last = connection.execute(
            "select distinct on (source_system, table_name, file_name) source_system, "
            "coalesce(file_name, table_name), status, message, coalesce(finished_at, started_at) "
            "from quality.load_log order by source_system, table_name, file_name, started_at desc"
        ).fetchall()
    if not last:
        fix = "Put files into inbox/<kind>/ or use hub connect, then: hub run"
        return [Finding("Nothing has been loaded yet", is_fine=False, fix=fix)]
    findings = [
        Finding(
            f"{source}: {name} could not be loaded ({message})", False, "Mend it, then: hub run"
        )
        for source, name, status, message, _ in last
        if status == "failed"
    ]
    newest = max(row[4] for row in last)
    fresh = datetime.now(UTC) - newest < STALE_AFTER
    told = f"The last load was on {newest:%d %b %Y %H:%M}"
    again = "Run: hub run; and hub up, whose daemon runs every morning"
    return [*findings, Finding(told, fresh, None if fresh else again)]


def _checks(warehouse: Warehouse) -> list[Finding]:
    """Checks of the last run that failed."""
    with warehouse.connect("quality") as connection:
        failed = connection.execute(
            "select check_name from quality.check_results where severity = 'error' "
            "and status in ('fail', 'error') and run_id = (select run_id "
            "from quality.check_results order by checked_at desc limit 1) order by 1"
        ).fetchall()
    if not failed:
        return []
    names = ", ".join(row[0] for row in failed)
    return [Finding(f"Checks failed in the last run: {names}", False,
                    "The dashboard Data health says what each found.")]  # fmt: skip


def _connections(warehouse: Warehouse) -> list[Finding]:
    sources = warehouse.business.sources
    found = {status.source_system: status for status in ConnectionStore(warehouse).statuses()}
    findings = []
    for source in SOURCE_SYSTEMS:
        if not getattr(sources, source):
            continue
        status, connect = found.get(source), f"Connect it with: hub connect {source}"
        if status is None:
            findings.append(Finding(f"{TITLES[source]} is not connected", False, connect))
        elif status.state == "needs_reconnect":
            lost = ended(source, status.state_reason)
            findings.append(Finding(lost.message, False, lost.fix))
        else:
            findings.append(Finding(f"{TITLES[source]} is connected", True))
    return findings


def _managers(warehouse: Warehouse) -> list[Finding]:
    """Whether every location manager has locations that exist."""
    if not warehouse.business.location_managers:
        return []
    problems = unknown_locations(warehouse)
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
