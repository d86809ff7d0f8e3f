"""Connections to sources: sealed at rest, renewed once, honest when they end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from ingestion.auth import Connection, ConnectionStore, Credentials, SourceSystem, obtain
from ingestion.auth.grants import examine_grant
from ingestion.auth.providers import renewal_request
from ingestion.auth.token_requests import PATIENCE_SECONDS
from sandbox.oauth import OAuthServer
from tests.oauth_stand_in import at, connected, credentials, serve
from warehouse.business import QuickBooksSource, Sources
from warehouse.database import Role, Warehouse
from warehouse.errors import HubError
from warehouse.vault import open_vault

Served = tuple[OAuthServer, str]


@pytest.fixture
def warehouse(warehouse_factory: Callable[..., Warehouse]) -> Warehouse:
    return warehouse_factory()


@pytest.fixture
def served() -> Iterator[Served]:
    server = OAuthServer()
    with serve(server) as url:
        yield server, url


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between attempts, which are not made."""
    taken: list[float] = []
    monkeypatch.setattr("ingestion.auth.token_requests.time.sleep", taken.append)
    return taken


def state_of(warehouse: Warehouse) -> tuple[str, str | None, int]:
    (status,) = ConnectionStore(warehouse).statuses()
    return status.state, status.state_reason, status.version


# -- at rest -----------------------------------------------------------------------------


def test_no_secret_is_in_the_database_in_clear(warehouse: Warehouse, served: Served) -> None:
    connection, grant = connected(warehouse, served[0], "quickbooks", served[1])
    token = connection.access_token().get_secret_value()
    with warehouse.connect("loader") as loader:
        rows = loader.execute("select c::text from vault.connections as c").fetchall()
    assert len(rows) == 1
    for secret in (token, grant.refresh_token, "hub-secret"):
        assert secret not in rows[0][0]
        assert secret.encode().hex() not in rows[0][0]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("transformer", "select * from vault.connections"),
        ("ml", "select * from vault.connections"),
        ("quality", "select state from vault.connections"),
        ("analyst", "select state from vault.connections"),
        ("bi_reader", "select state from vault.connections"),
        ("loader", "delete from vault.connections"),
        ("privacy", "insert into vault.connections (source_system) values ('square')"),
        ("privacy", "update vault.connections set state = 'connected'"),
    ],
)
def test_other_roles_may_not_touch_connections(
    warehouse: Warehouse, role: Role, statement: str
) -> None:
    with (
        warehouse.connect(role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_a_value_moved_to_another_source_does_not_open(
    warehouse: Warehouse, served: Served
) -> None:
    connected(warehouse, served[0], "quickbooks", served[1])
    connected(warehouse, served[0], "square", served[1])
    with warehouse.connect("loader") as loader:
        loader.execute(
            "update vault.connections as mine set sealed_value = other.sealed_value "
            "from vault.connections as other "
            "where mine.source_system = 'square' and other.source_system = 'quickbooks'"
        )
    with pytest.raises(HubError, match="damaged"):
        ConnectionStore(warehouse).read("square")


def test_rotating_the_vaults_key_seals_connections_anew(
    warehouse: Warehouse, served: Served
) -> None:
    connection, _ = connected(warehouse, served[0], "quickbooks", served[1])
    token = connection.access_token()
    new_key = open_vault(warehouse).rotate_key()
    with warehouse.connect("privacy") as privacy:
        keys = privacy.execute("select key_id from vault.connections").fetchall()
        known = privacy.execute("select key_id from vault.keys").fetchall()
    assert keys == known == [(new_key,)]
    assert Connection(at(warehouse, "quickbooks", served[1]), "quickbooks").access_token() == token


def test_a_rotation_waits_for_a_renewal_under_the_old_key(
    warehouse: Warehouse, served: Served
) -> None:
    server, _ = served
    connection, grant = connected(warehouse, server, "quickbooks", served[1])
    server.delay_seconds = 0.5
    with ThreadPoolExecutor(2) as pool:
        renewing = pool.submit(connection.access_token)
        while not server.counts["refresh_token"]:
            time.sleep(0.01)
        rotating = pool.submit(open_vault(warehouse).rotate_key)
        token = renewing.result(timeout=20)
        new_key = rotating.result(timeout=20)
    with warehouse.connect("privacy") as privacy:
        assert privacy.execute("select key_id from vault.keys").fetchall() == [(new_key,)]
    stored = ConnectionStore(warehouse).read("quickbooks")
    assert stored is not None
    assert stored.credentials.access_token == token
    assert stored.credentials.refresh_token == SecretStr(grant.refresh_token)


# -- renewal -----------------------------------------------------------------------------


def test_a_token_with_time_left_costs_no_request(warehouse: Warehouse, served: Served) -> None:
    server, url = served
    here = at(warehouse, "quickbooks", url)
    kept = credentials(server.grant("quickbooks"), expires_in=timedelta(minutes=30))
    ConnectionStore(here).connect("quickbooks", kept)
    assert Connection(here, "quickbooks").access_token() == kept.access_token
    assert server.counts.total() == 0


def test_a_renewed_token_is_on_disk_and_good(warehouse: Warehouse, served: Served) -> None:
    server, url = served
    connection, grant = connected(warehouse, server, "quickbooks", url)
    token = connection.access_token()
    stored = ConnectionStore(warehouse).read("quickbooks")
    assert stored is not None
    assert stored.credentials.access_token == token
    assert stored.credentials.refresh_token == SecretStr(grant.refresh_token)
    assert server.holder(token.get_secret_value()) is grant
    assert connection.access_token() == token
    assert server.counts["refresh_token"] == 1
    assert state_of(warehouse) == ("connected", None, 2)


@pytest.mark.parametrize(
    ("source", "header"),
    [("shopify", "X-Shopify-Access-Token"), ("square", "Authorization")],
)
@pytest.mark.parametrize("rotates", [True, False])
def test_every_source_renews_with_a_refresh_token_again_and_again(
    warehouse: Warehouse, served: Served, source: SourceSystem, header: str, rotates: bool
) -> None:
    server, url = served
    server.access_seconds = 60  # due again at once
    connection, grant = connected(warehouse, server, source, url, rotates=rotates)
    tokens = {connection.access_token().get_secret_value() for _ in range(3)}
    assert len(tokens) == 3
    assert server.counts["refused"] == 0
    assert connection.headers()[header].endswith(
        tuple(token for token in server._access if server.holder(token) is grant)
    )


def test_shopifys_own_app_gets_tokens_with_its_id_and_secret(
    warehouse: Warehouse, served: Served
) -> None:
    server, url = served
    here = at(warehouse, "shopify", url)
    store = ConnectionStore(here)
    app = Credentials(
        flow="client_credentials",
        account_id="hub-sandbox.myshopify.com",
        client_id="hub-client",
        client_secret=SecretStr("hub-secret"),
    )
    obtain(here.business, "shopify", app, lambda granted: store.connect("shopify", granted))
    connection = Connection(here, "shopify")
    first = connection.access_token()
    server.expire_access_tokens()
    with httpx.Client(base_url=url, auth=connection.auth()) as client:
        response = client.get("/admin/oauth/access_scopes.json")
    assert response.status_code == 200
    assert connection.access_token() != first
    assert server.counts["client_credentials"] == 2
    (status,) = store.statuses()
    assert status.access_expires_at is not None
    left = status.access_expires_at - datetime.now(UTC)
    assert timedelta(hours=23) < left < timedelta(hours=24)


def test_a_401_renews_the_token_once_and_repeats_the_request(
    warehouse: Warehouse, served: Served
) -> None:
    server, url = served
    connection, _ = connected(warehouse, server, "quickbooks", url)
    connection.access_token()
    server.expire_access_tokens()
    path = f"/v3/company/{connection.account_id}/companyinfo/{connection.account_id}"
    with httpx.Client(base_url=url, auth=connection.auth()) as client:
        assert client.get(path).status_code == 200
        assert client.get("/v3/company/1/companyinfo/1").status_code == 401
    assert server.counts["company_info"] == 4
    assert server.counts["refresh_token"] == 3


def test_twenty_threads_share_one_renewal(warehouse: Warehouse, served: Served) -> None:
    server, url = served
    connection, _ = connected(warehouse, server, "quickbooks", url)
    together = threading.Barrier(20)

    def renew() -> SecretStr:
        together.wait()
        return connection.access_token()

    with ThreadPoolExecutor(20) as pool:
        tokens = [each.result() for each in [pool.submit(renew) for _ in range(20)]]
    assert len({token.get_secret_value() for token in tokens}) == 1
    assert server.counts["refresh_token"] == 1


def test_tokens_survive_a_database_connection_lost_after_the_answer(
    warehouse: Warehouse, served: Served
) -> None:
    server, url = served
    connection, grant = connected(warehouse, server, "quickbooks", url)
    server.delay_seconds = 0.3
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(connection.access_token)
        while not server.counts["refresh_token"]:
            time.sleep(0.01)
        with psycopg.connect(warehouse.server.admin_url(), autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s",
                (warehouse.role_name("loader"),),
            )
        token = renewing.result(timeout=20)
    stored = ConnectionStore(warehouse).read("quickbooks")
    assert stored is not None
    assert stored.credentials.access_token == token
    assert stored.credentials.refresh_token == SecretStr(grant.refresh_token)


# -- what can go wrong -------------------------------------------------------------------


def test_an_ended_grant_is_said_once_and_never_asked_for_again(
    warehouse: Warehouse, served: Served
) -> None:
    server, url = served
    connection, grant = connected(warehouse, server, "quickbooks", url)
    server.revoke(grant)
    for _ in range(3):
        with pytest.raises(HubError) as caught:
            connection.access_token()
        assert caught.value.message == (
            "QuickBooks ended the connection: it answered invalid_grant to a renewal."
        )
        assert caught.value.fix == "Reconnect with: hub connect quickbooks"
    assert server.counts["refresh_token"] == 1
    assert state_of(warehouse)[0] == "needs_reconnect"
    with warehouse.connect("privacy") as privacy:
        actions = privacy.execute("select action from audit.events order by event_id").fetchall()
    assert actions == [("connect",), ("connection_ended",)]


def test_an_ended_square_grant_is_recognised_by_its_own_form(
    warehouse: Warehouse, served: Served
) -> None:
    server, url = served
    connection, grant = connected(warehouse, server, "square", url)
    server.revoke(grant)
    with pytest.raises(HubError, match="Square ended the connection"):
        connection.access_token()


def test_a_refused_pasted_token_ends_the_connection(warehouse: Warehouse, served: Served) -> None:
    server, url = served
    here = at(warehouse, "square", url)
    pasted = Credentials(flow="fixed", access_token=SecretStr(server.personal_token("square")))
    ConnectionStore(here).connect("square", pasted)
    connection = Connection(here, "square")
    assert examine_grant(connection).missing == ()
    server.expire_access_tokens()
    with pytest.raises(HubError, match="Square ended the connection"):
        examine_grant(connection)
    assert server.counts.total() == 0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_failures_are_tried_again_with_growing_pauses(
    warehouse: Warehouse, served: Served, naps: list[float], status: int
) -> None:
    server, url = served
    connection, _ = connected(warehouse, server, "quickbooks", url)
    server.faults.extend([(status, {})] * 3)
    assert connection.access_token()
    assert server.counts["refresh_token"] == 4
    assert len(naps) == 3
    assert naps[0] < 0.8 < naps[2] < 3.1


@pytest.mark.parametrize("as_date", [False, True])
def test_the_pause_is_the_one_the_source_asks_for(
    warehouse: Warehouse, served: Served, naps: list[float], as_date: bool
) -> None:
    server, url = served
    connection, _ = connected(warehouse, server, "quickbooks", url)
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=18), usegmt=True)
    server.faults.append((429, {"Retry-After": until if as_date else "17"}))
    assert connection.access_token()
    assert len(naps) == 1
    assert 15 < naps[0] < 18.1


def test_a_longer_pause_than_our_patience_ends_the_try_and_changes_nothing(
    warehouse: Warehouse, served: Served, naps: list[float]
) -> None:
    server, url = served
    connection, _ = connected(warehouse, server, "quickbooks", url)
    server.faults.append((503, {"Retry-After": str(int(PATIENCE_SECONDS) * 10)}))
    with pytest.raises(HubError, match="HTTP 503") as caught:
        connection.access_token()
    assert "in 10 min" in str(caught.value.fix)
    assert naps == []
    assert state_of(warehouse) == ("connected", None, 1)
    assert connection.access_token()


def test_an_unreachable_source_changes_nothing(
    warehouse: Warehouse, served: Served, naps: list[float]
) -> None:
    server, url = served
    connection, _ = connected(warehouse, server, "quickbooks", url)
    gone = Connection(at_nowhere(warehouse), "quickbooks")
    with pytest.raises(HubError, match="ConnectError"):
        gone.access_token()
    assert len(naps) == 4
    assert state_of(warehouse) == ("connected", None, 1)
    assert connection.access_token()


def test_a_token_that_is_still_good_bridges_a_failing_renewal(
    warehouse: Warehouse, served: Served, naps: list[float]
) -> None:
    server, url = served
    here = at(warehouse, "quickbooks", url)
    kept = credentials(server.grant("quickbooks"), expires_in=timedelta(minutes=3))
    ConnectionStore(here).connect("quickbooks", kept)
    server.faults.extend([(503, {})] * 5)
    connection = Connection(here, "quickbooks")
    assert connection.access_token() == kept.access_token
    assert connection.access_token() == kept.access_token
    assert server.counts["refresh_token"] == 5


def test_a_source_that_was_never_connected_says_how(warehouse: Warehouse, served: Served) -> None:
    here = at(warehouse, "quickbooks", served[1])
    with pytest.raises(HubError, match="not connected") as caught:
        Connection(here, "quickbooks").access_token()
    assert caught.value.fix == "Connect it with: hub connect quickbooks"
    with pytest.raises(HubError, match=r"no section \[sources.square\]"):
        Connection(here, "square")


def test_secrets_are_in_no_log_error_or_repr(
    warehouse: Warehouse, served: Served, caplog: pytest.LogCaptureFixture, naps: list[float]
) -> None:
    server, url = served
    caplog.set_level(logging.DEBUG)
    connection, grant = connected(warehouse, server, "quickbooks", url)
    refresh_tokens = [grant.refresh_token]
    token = connection.access_token()
    refresh_tokens.append(grant.refresh_token)
    server.faults.extend([(500, {})] * 5)
    server.expire_access_tokens()
    kept = credentials(grant)
    shown = [
        repr(connection) + repr(renewal_request("quickbooks", url, kept)) + repr(kept),
        repr(ConnectionStore(warehouse).read("quickbooks")),
    ]
    for _ in range(2):  # first unavailable, then ended
        with pytest.raises(HubError) as caught:
            connection.access_token(refused=token)
        shown.append("".join(map(str, traced(caught.value))))
        server.revoke(grant)
    shown.append(caplog.text)
    assert "QuickBooks ended the connection" in shown[3]
    assert "HTTP Request: POST" in caplog.text  # the libraries did log
    for secret in (token.get_secret_value(), *refresh_tokens, "hub-secret", "aHViLWNsaWVud"):
        assert not [text for text in shown if secret in text]


# -- shared steps ------------------------------------------------------------------------


def traced(error: BaseException) -> Iterator[str]:
    """All that a report of an error could show of it and of what led to it."""
    seen: BaseException | None = error
    while seen is not None:
        yield f"{seen!r} {seen} {seen.args}"
        seen = seen.__cause__ or seen.__context__


def at_nowhere(warehouse: Warehouse) -> Warehouse:
    nowhere = Sources(quickbooks=QuickBooksSource(api_url="http://127.0.0.1:9"))
    return replace(warehouse, business=warehouse.business.model_copy(update={"sources": nowhere}))
