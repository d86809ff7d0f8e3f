"""The business of ``hub demo``: generated, served by a local sandbox, connected like a real one.

Its folder lies in the hub's home. The hub sees of it what it sees of any business: settings, an
inbox and three addresses.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from ingestion.auth import ConnectionStore, SourceSystem
from orchestration.ops import connect, services
from warehouse.business import Business, load_business
from warehouse.database import Warehouse, drop_warehouse, open_warehouse
from warehouse.home import PROJECT_ROOT, hub_home

SAMPLES = PROJECT_ROOT / "sandbox" / "samples"
RESTAURANT = SAMPLES / "pizza"
SETTINGS = SAMPLES / "harbour" / "business.toml"
# In the order in which the sandbox begins to serve them.
SYSTEMS: tuple[SourceSystem, ...] = ("square", "shopify", "quickbooks")
PREFERRED_PORT, REDIRECT_PORT = 8770, 8765
SHOP, APP, SECRET, TOKEN = "hub-sandbox.myshopify.com", "hub-client", "hub-secret", "sandbox"
HISTORY_DAYS, FUTURE_DAYS, ORDERS_PER_DAY = 456, 60, 25

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What the sandbox serves, and where; kept beside the world.

    Attributes:
        last_day: the generated business ends here; its first day never changes.
        today: the day at whose beginning its clock stands; None for a clock that goes with the
            real one.
        ports: of each system.
    """

    last_day: date
    today: date | None
    ports: dict[str, int] = field(default_factory=dict)

    def command(self) -> list[str]:
        """The sandbox with its options."""
        options = {
            "--years": f"{(HISTORY_DAYS + FUTURE_DAYS) / 365:.4f}",
            "--orders-per-day": str(ORDERS_PER_DAY),
            "--last-day": self.last_day.isoformat(),
            "--shopify-plan": "plus",
            "--inbox": str(folder() / "inbox"),
            **{f"--{system}-port": str(port) for system, port in self.ports.items()},
        }
        if self.today:
            begins = datetime.combine(self.today, time(), load_business(SETTINGS.parent).zone)
            clock = ["--now", begins.isoformat(), "--resume"]
        else:
            clock = ["--live", "--speed", "1"]
        pairs = [part for pair in options.items() for part in pair]
        return [sys.executable, "-m", "sandbox", str(_world()), *pairs, *clock]


def folder() -> Path:
    """The folder of the generated business."""
    return hub_home() / "demo"


def open_demo(progress: Progress, *, today: date | None = None, fresh: bool = False) -> Warehouse:
    """The generated business, with its systems served and connected.

    Args:
        progress: receives a line before each step that takes a while.
        today: the day that it takes for today, for a business that stands still; by default its
            sales go on with the real clock.
        fresh: throw away what there is and begin with another one.

    Raises:
        HubError: the sandbox did not start, or a system could not be connected.
    """
    plan = _kept_plan()
    if fresh or plan is None or plan.today != today:
        plan = _begun_anew(today)
    elif plan.today is None and date.today() > plan.last_day:  # noqa: DTZ011 - as its owner's clock
        progress(f"The generated business ended on {plan.last_day}; hub demo --fresh makes another")
    return _served(plan, progress)


def ensure_served(business: Business, progress: Progress) -> None:
    """Start the systems of the generated business, if it is that one and they do not run."""
    plan = _kept_plan()
    if plan and business.folder == folder().resolve():
        _served(plan, progress)


def _served(plan: Plan, progress: Progress) -> Warehouse:
    is_running = any(one.name == "sandbox" and one.is_running for one in services.started())
    if not is_running:
        progress("Starting the sandbox: a generated business with a Shopify, a Square and a "
                 "QuickBooks of its own")  # fmt: skip
        plan = _with_free_ports(plan)
        _plan_file().write_text(json.dumps(asdict(plan), default=str), encoding="utf-8")
        _write_folder(plan)
        services.start_sandbox(folder(), plan.command(), plan.ports[SYSTEMS[-1]])
    warehouse = open_warehouse(load_business(folder()))
    connected = {
        status.source_system
        for status in ConnectionStore(warehouse).statuses()
        if status.state == "connected"
    }
    for system in SYSTEMS:
        # The sandbox forgets its sign-ins when it ends.
        if not is_running or system not in connected:
            _connect(warehouse, system, progress)
    return warehouse


def _connect(warehouse: Warehouse, system: SourceSystem, progress: Progress) -> None:
    """What an owner does with ``hub connect``, saying yes on the page that opens."""

    def visit(address: str) -> None:
        with urllib.request.urlopen(address, timeout=30) as page:  # noqa: S310 - the sandbox's
            page.read()

    choices = connect.Choices(
        settings={"shop": SHOP} if system == "shopify" else {},
        client_id=APP,
        use_token=system == "square",
        use_browser=None,
        open_page=visit,
        redirect_url=f"http://localhost:{services.free_port(REDIRECT_PORT)}/callback",
        wait_seconds=30,
        answers={"client_secret": SECRET, "token": TOKEN},
    )
    grant = connect.connect(warehouse, system, choices, lambda _: None)
    progress(connect.describe(system, grant)[0])


def _write_folder(plan: Plan) -> None:
    """The settings, with the addresses of this start."""
    (folder() / "inbox").mkdir(parents=True, exist_ok=True)
    sections = "".join(
        f'\n[sources.{system}]\napi_url = "http://127.0.0.1:{plan.ports[system]}"\n'
        + (f'shop = "{SHOP}"\n' if system == "shopify" else "")
        for system in SYSTEMS
    )
    text = SETTINGS.read_text(encoding="utf-8") + sections
    (folder() / "business.toml").write_text(text, encoding="utf-8")


def _begun_anew(today: date | None) -> Plan:
    """A plan for another world; the warehouse of the former one would not fit it."""
    services.stop("sandbox")
    drop_warehouse(load_business(SETTINGS.parent))
    (_world() / "clock").unlink(missing_ok=True)  # where the former one stood
    start = today or load_business(SETTINGS.parent).today()
    return Plan(start + timedelta(days=FUTURE_DAYS), today)


def _with_free_ports(plan: Plan) -> Plan:
    taken: dict[str, int] = {}
    for number, system in enumerate(SYSTEMS):
        wanted = plan.ports.get(system) or PREFERRED_PORT + number
        # Nothing listens yet, so a port that another of them was given still looks free.
        while (port := services.free_port(wanted)) in taken.values():
            wanted = 0
        taken[system] = port
    return Plan(plan.last_day, plan.today, taken)


def _kept_plan() -> Plan | None:
    if not _plan_file().exists():
        return None
    kept = json.loads(_plan_file().read_text(encoding="utf-8"))
    today = date.fromisoformat(kept["today"]) if kept["today"] else None
    return Plan(date.fromisoformat(kept["last_day"]), today, kept["ports"])


def _world() -> Path:
    return hub_home() / "sandbox"


def _plan_file() -> Path:
    _world().mkdir(parents=True, exist_ok=True)
    return _world() / "plan.json"
