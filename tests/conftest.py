"""Fixtures every room's tests share: a real PostgreSQL server and throw-away businesses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

import warehouse.database
from ingestion.sources.news import ask_for_news
from orchestration.ops.demo import folder
from orchestration.ops.services import dashboard_passwords
from orchestration.planning.hub import plan_for
from orchestration.resources import STAGE_TAG
from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.server import SERVER_SETTINGS, EmbeddedServer, ensure_server

WarehouseFactory = Callable[..., Warehouse]
SYSTEM_TESTS = (
    "tests/browser/",
    "tests/end_to_end/test_demo.py",
    "tests/end_to_end/test_messages.py",
    "tests/end_to_end/test_analysts_desk.py",
    "tests/end_to_end/test_services.py",
    "tests/superset/test_attacks.py",
)
# These show another business or stop the hub: they come when nobody needs the demo any more.
LAST_OF_THE_SYSTEM = ("tests/browser/test_restaurant.py", "tests/end_to_end/test_services.py")
HUB = Path(sys.executable).with_name("hub")


def run_hub_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would."""
    return subprocess.run(
        [str(HUB), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
        env={**os.environ, "COLUMNS": "200", **environment},
    )


class _OneSystem(LoadScopeScheduling):  # type: ignore[misc]
    """Shares tests among workers by file, but all that need the running hub go to one."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return "system" if path.startswith(SYSTEM_TESTS) else path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what ends the demo behind what looks at it; all else stays in its order."""
    items.sort(key=lambda item: item.nodeid.startswith(LAST_OF_THE_SYSTEM))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _OneSystem:
    """Use the scheduler above."""
    return _OneSystem(config, log)


@dataclass
class RunningHub:
    """The demo, started once for all tests of the whole system."""

    output: str
    superset_url: str = ""
    dagster_url: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    shows_demo: bool = True

    def find(self) -> None:
        """Note where everything answers now, and who signs in with which password."""
        services = json.loads(run_hub_command("status", "--json").stdout)
        address = {service["name"]: service["address"] for service in services}
        self.superset_url, self.dagster_url = address["superset"], address["dagster"]
        self.passwords = dashboard_passwords(self.warehouse)

    def bring_back(self) -> None:
        """Show the demo again, if a test showed another business or stopped the hub."""
        if self.shows_demo:
            return
        done = run_hub_command("up", "--business", str(folder()))
        assert done.returncode == 0, done.stdout + done.stderr
        self.find()
        self.shows_demo = True

    def wait_until_done(self) -> None:
        """Let the daemon do what sales and files that tests put down have made due.

        A run that follows the sales goes on, waiting for the next one.
        """
        query = (
            "{runsOrError(filter: {statuses: [QUEUED, STARTING, STARTED]}) "
            "{... on Runs {results {tags {key value}}}}}"
        )
        follows = {"key": STAGE_TAG, "value": "sales"}
        deadline = time.monotonic() + 900
        while True:
            runs = self.graphql(query)["runsOrError"]["results"]
            others = [run for run in runs if follows not in run["tags"]]
            news = ask_for_news(self.warehouse).sources
            due = dict(plan_for(self.warehouse, "sales").reasons)
            if not others and not news and not due:
                return
            assert time.monotonic() < deadline, f"No end: {others}, news of {news}, due {due}"
            time.sleep(2)

    def graphql(self, query: str) -> Any:
        """What Dagster's webserver answers."""
        request = urllib.request.Request(
            f"{self.dagster_url}/graphql",
            data=json.dumps({"query": query}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    @property
    def warehouse(self) -> Warehouse:
        """The demo's warehouse."""
        return open_warehouse(load_business(folder()))

    def sql(self, query: str, business: str | None = None) -> list[str]:
        """Rows of a query through ``hub sql``, columns separated by ``|``."""
        chosen = business or str(folder())
        done = run_hub_command("sql", "--business", chosen, "--", "-At", "-c", query)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()


@pytest.fixture(scope="session")
def running_hub(hub_home: Path) -> Iterator[RunningHub]:
    """``hub demo`` with everything it starts; stopped again at the end."""
    assert hub_home.exists()
    ensure_server()  # with this session's settings
    done = run_hub_command("demo", "--today", "2026-09-30")
    assert done.returncode == 0, done.stdout + done.stderr
    hub = RunningHub(done.stdout)
    hub.find()
    hub.wait_until_done()  # nothing is left to do, not even to publish
    yield hub
    run_hub_command("down", "--all")


@pytest.fixture(scope="session", autouse=True)
def hub_home(pytestconfig: pytest.Config) -> Iterator[Path]:
    """State of the whole test session: an own server that ends with it."""
    home = Path(tempfile.mkdtemp(prefix="hub-tests-"))
    home.chmod(0o755)
    before = {name: os.environ.get(name) for name in ("HUB_HOME", "HUB_CONFIG_HOME")}
    os.environ["HUB_HOME"] = str(home)
    os.environ["HUB_CONFIG_HOME"] = str(home / "config")
    # A server that is thrown away need not survive a crash of the computer.
    SERVER_SETTINGS["fsync"] = "off"
    # Nor need its databases be in the log that it would recover from, which takes ten times longer.
    warehouse.database.DATABASE_OPTIONS = "strategy file_copy"
    shared = pytestconfig.cache.mkdir("dbt")
    _copy_parsed_project(shared, home / "dbt")
    try:
        yield home
    finally:
        _copy_parsed_project(home / "dbt", shared)
        EmbeddedServer(home).stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        shutil.rmtree(home, ignore_errors=True)


def _copy_parsed_project(source: Path, target: Path) -> None:
    """Parsing the dbt project takes 15 seconds; a test session starts from the last one's result.

    The stamp says for which files it holds; a stale or half-copied result is parsed again.
    """
    names = ("manifest.json", "semantic_manifest.json", "project.pickle", "manifest.stamp")
    if not all((source / name).exists() for name in names):
        return
    target.mkdir(parents=True, exist_ok=True)
    (target / "manifest.stamp").unlink(missing_ok=True)
    for name in names:  # the stamp last
        shutil.copy2(source / name, target / name)


@pytest.fixture
def warehouse_factory(tmp_path: Path) -> WarehouseFactory:
    """Make a business with its own folder and database; settings override the defaults."""

    def make(**settings: str) -> Warehouse:
        unique = f"shop_{uuid.uuid4().hex[:10]}"
        folder = tmp_path / unique
        (folder / "inbox").mkdir(parents=True)
        lines = {
            "id": unique,
            "name": "Corner Shop",
            "time_zone": "America/New_York",
            "currency_code": "USD",
            "country_code": "US",
            **settings,
        }
        (folder / "business.toml").write_text(
            "".join(f'{key} = "{value}"\n' for key, value in lines.items()), encoding="utf-8"
        )
        return open_warehouse(load_business(folder))

    return make
