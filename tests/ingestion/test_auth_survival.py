"""Processes that renew tokens are killed at random, and run against each other: none is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from ingestion.auth import ConnectionStore
from sandbox.oauth import OAuthServer, Rotation
from tests.oauth_stand_in import connected, credentials, serve
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT

KILLS = 200
LANES = 4
DELAY_SECONDS = 0.01


class Nursery:
    """Starts processes that renew tokens in a loop."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._program = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("refreshing.py")), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("a"),
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        )
        assert self._answer() == "ready"

    def start(self, command: str) -> int:
        """A new process; its id."""
        assert self._program.stdin
        self._program.stdin.write(f"{command}\n")
        self._program.stdin.flush()
        return int(self._answer())

    def _answer(self) -> str:
        assert self._program.stdout
        return self._program.stdout.readline().strip()

    def close(self) -> None:
        """End the program; one that does not end is a failure, not a test that never ends."""
        self._program.communicate(timeout=60)


class Renewing:
    """A connection, its source, and processes that renew it."""

    def __init__(self, warehouse: Warehouse, server: OAuthServer, url: str, log: Path) -> None:
        self.server = server
        self.connection, self.grant = connected(warehouse, server, "quickbooks", url)
        self.store = ConnectionStore(warehouse)
        self.nursery = Nursery(warehouse.business.folder, log)
        self._chance = random.Random(20261124)

    def interrupt(self, how: signal.Signals) -> None:
        """Stop a process at a random instant: mostly around a renewal, sometimes before any."""
        before = self.server.counts["refresh_token"]
        process = self.nursery.start("loop")
        deadline = time.monotonic() + (10 if self._chance.random() < 0.8 else 0)
        while self.server.counts["refresh_token"] == before and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(self._chance.uniform(0, 0.06))
        os.kill(process, how)

    def is_behind(self) -> bool:
        """Whether the source gave a token that never became durable."""
        time.sleep(self.server.delay_seconds)  # what is under way comes to its end
        counts = self.server.counts
        while counts["refresh_token"] > counts["issued"] + counts["refused"]:
            time.sleep(self.server.delay_seconds)
        with self.store.locked("quickbooks") as locked:
            kept = locked.stored.credentials.refresh_token
        return kept is None or kept.get_secret_value() != self.grant.refresh_token

    def reconnect(self) -> None:
        """The owner consents anew."""
        self.grant = self.server.grant("quickbooks")
        self.store.connect("quickbooks", credentials(self.grant))


Start = Callable[[OAuthServer], Renewing]


@pytest.fixture
def start(warehouse_factory: Callable[..., Warehouse], tmp_path: Path) -> Iterator[Start]:
    started: list[Renewing] = []
    log = tmp_path / "children.log"
    with ExitStack() as stack:

        def begin(server: OAuthServer) -> Renewing:
            url = stack.enter_context(serve(server))
            started.append(Renewing(warehouse_factory(), server, url, log))
            return started[-1]

        yield begin
        for each in started:
            each.nursery.close()
    for secret in ("access-", "refresh-", "hub-secret"):
        assert secret not in log.read_text()


def side_by_side(
    start: Start, rotation: Rotation, turns: int, turn: Callable[[Renewing, int], bool]
) -> tuple[int, Counter[str]]:
    """Do many turns in several businesses at once.

    Returns:
        In how many a token never became durable, and what the sources counted.
    """
    shops = [
        start(OAuthServer(rotation=rotation, access_seconds=1, delay_seconds=DELAY_SECONDS))
        for _ in range(LANES)
    ]

    def run(shop: Renewing) -> int:
        return sum(turn(shop, number) for number in range(turns // LANES))

    with ThreadPoolExecutor(LANES) as pool:
        behind = sum(pool.map(run, shops))
    return behind, sum((shop.server.counts for shop in shops), Counter[str]())


def test_with_a_grace_period_two_hundred_kills_lose_no_connection(start: Start) -> None:
    def turn(shop: Renewing, _number: int) -> bool:
        shop.interrupt(signal.SIGKILL)
        is_behind = shop.is_behind()
        assert shop.connection.access_token()
        assert shop.store.statuses()[0].state == "connected"
        return is_behind

    behind, counts = side_by_side(start, "grace", KILLS, turn)
    assert behind > 0, "no kill fell between the answer and the commit: the test proves nothing"
    assert counts["refused"] == 0


def test_with_single_use_only_the_unavoidable_instant_loses_and_then_nothing_is_sent(
    start: Start,
) -> None:
    def turn(shop: Renewing, _number: int) -> bool:
        shop.interrupt(signal.SIGKILL)
        if not shop.is_behind():
            assert shop.connection.access_token()
            return False
        with pytest.raises(HubError, match="QuickBooks ended the connection") as caught:
            shop.connection.access_token()
        assert caught.value.fix == "Reconnect with: hub connect quickbooks"
        before = shop.server.counts.copy()
        with pytest.raises(HubError, match="QuickBooks ended the connection"):
            shop.connection.access_token()
        assert shop.server.counts == before
        shop.reconnect()
        return True

    behind, counts = side_by_side(start, "single_use", KILLS, turn)
    assert 0 < behind < KILLS
    assert counts["refused"] == behind


def test_ctrl_c_and_sigterm_lose_nothing_even_with_single_use(start: Start) -> None:
    def turn(shop: Renewing, number: int) -> bool:
        shop.interrupt(signal.SIGTERM if number % 2 else signal.SIGINT)
        return shop.is_behind()

    behind, counts = side_by_side(start, "single_use", 60, turn)
    assert behind == 0
    assert counts["issued"] > 30
    assert counts["refused"] == 0


def test_twenty_processes_at_once_renew_once_and_share_the_token(
    start: Start, tmp_path: Path
) -> None:
    server = OAuthServer(delay_seconds=0.1)
    shop = start(server)
    together = time.time() + 0.5
    files = [tmp_path / f"token-{number}" for number in range(20)]
    for file in files:
        shop.nursery.start(f"once {together} {file}")
    deadline = time.time() + 30
    while not all(file.exists() and file.read_text() for file in files):
        assert time.time() < deadline
        time.sleep(0.05)
    assert server.counts["refresh_token"] == 1
    assert len({file.read_text() for file in files}) == 1
    assert shop.store.statuses()[0].version == 2
