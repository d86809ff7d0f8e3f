"""Processes that renew tokens are killed at random, and run against each other: none is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingestion.auth import ConnectionStore
from sandbox.oauth import OAuthServer
from tests.oauth_stand_in import connected, credentials, serve
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.home import PROJECT_ROOT

KILLS = 200
DELAY_SECONDS = 0.01


class Nursery:
    """Starts processes that renew tokens in a loop."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._program = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("refreshing.py")), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
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
        """End the program."""
        self._program.communicate()


@pytest.fixture
def warehouse(warehouse_factory: Callable[..., Warehouse]) -> Warehouse:
    return warehouse_factory()


@pytest.fixture
def chance() -> random.Random:
    return random.Random(20261124)


class Renewing:
    """A connection, its source, and processes that renew it."""

    def __init__(self, warehouse: Warehouse, server: OAuthServer, url: str, log: Path) -> None:
        self.server = server
        self.connection, self.grant = connected(warehouse, server, "quickbooks", url)
        self.store = ConnectionStore(warehouse)
        self.nursery = Nursery(warehouse.business.folder, log)

    def interrupt(self, seconds: float, how: signal.Signals) -> None:
        """Let a process renew for a while, and stop it."""
        process = self.nursery.start("loop")
        time.sleep(seconds)
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


@pytest.fixture
def renewing(warehouse: Warehouse, tmp_path: Path) -> Iterator[Callable[[OAuthServer], Renewing]]:
    started: list[Renewing] = []
    contexts = []

    def start(server: OAuthServer) -> Renewing:
        context = serve(server)
        contexts.append(context)
        url = context.__enter__()
        started.append(Renewing(warehouse, server, url, tmp_path / "children.log"))
        return started[-1]

    yield start
    for each in started:
        each.nursery.close()
    for context in contexts:
        context.__exit__(None, None, None)


def test_with_a_grace_period_two_hundred_kills_lose_no_connection(
    renewing: Callable[[OAuthServer], Renewing], chance: random.Random
) -> None:
    server = OAuthServer(rotation="grace", access_seconds=1, delay_seconds=DELAY_SECONDS)
    shop = renewing(server)
    behind = 0
    for _ in range(KILLS):
        shop.interrupt(chance.uniform(0.03, 0.11), signal.SIGKILL)
        behind += shop.is_behind()
        assert shop.store.statuses()[0].state == "connected"
    assert behind > 0, "no kill fell between the answer and the commit: the test proves nothing"
    assert shop.connection.access_token()
    assert server.counts["refused"] == 0


def test_with_single_use_only_the_unavoidable_instant_loses_and_then_nothing_is_sent(
    renewing: Callable[[OAuthServer], Renewing], chance: random.Random
) -> None:
    server = OAuthServer(rotation="single_use", access_seconds=1, delay_seconds=DELAY_SECONDS)
    shop = renewing(server)
    ended = survived = 0
    for _ in range(KILLS):
        shop.interrupt(chance.uniform(0.03, 0.11), signal.SIGKILL)
        if not shop.is_behind():
            survived += 1
            assert shop.store.statuses()[0].state == "connected"
            continue
        ended += 1
        with pytest.raises(HubError, match="QuickBooks ended the connection") as caught:
            shop.connection.access_token()
        assert caught.value.fix == "Reconnect with: hub connect quickbooks"
        before = server.counts.copy()
        with pytest.raises(HubError, match="QuickBooks ended the connection"):
            shop.connection.access_token()
        assert server.counts == before
        shop.reconnect()
    assert survived > 0
    assert ended == server.counts["refused"] > 0


def test_ctrl_c_and_sigterm_lose_nothing_even_with_single_use(
    renewing: Callable[[OAuthServer], Renewing], chance: random.Random
) -> None:
    server = OAuthServer(rotation="single_use", access_seconds=1, delay_seconds=DELAY_SECONDS)
    shop = renewing(server)
    for turn in range(60):
        how = signal.SIGTERM if turn % 2 else signal.SIGINT
        shop.interrupt(chance.uniform(0.03, 0.11), how)
        assert not shop.is_behind()
    assert server.counts["issued"] > 30
    assert server.counts["refused"] == 0


def test_twenty_processes_at_once_renew_once_and_share_the_token(
    renewing: Callable[[OAuthServer], Renewing], tmp_path: Path
) -> None:
    server = OAuthServer(delay_seconds=0.1)
    shop = renewing(server)
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
