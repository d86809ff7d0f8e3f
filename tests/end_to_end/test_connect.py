"""``hub connect`` as an owner uses it, with a browser that says yes to everything."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.oauth import OAuthServer
from tests.conftest import HUB, run_hub_command
from tests.oauth_stand_in import connected, serve
from warehouse.business import load_business
from warehouse.database import Warehouse
from warehouse.errors import HubError

BROWSER = """\
import sys, httpx
answer = httpx.get(sys.argv[1], follow_redirects=True)
sys.exit(0 if answer.status_code == 200 else 1)
"""
APP = {"CLIENT_ID": "hub-client", "CLIENT_SECRET": "hub-secret"}
Served = tuple[OAuthServer, str]
Hub = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shop(warehouse_factory: Callable[..., Warehouse]) -> Warehouse:
    return warehouse_factory()


@pytest.fixture
def served() -> Iterator[Served]:
    server = OAuthServer()
    with serve(server) as url:
        yield server, url


@pytest.fixture
def browser(tmp_path: Path) -> str:
    script = tmp_path / "browser.py"
    script.write_text(BROWSER)
    return f"{sys.executable} {script} %s"


@pytest.fixture
def hub(shop: Warehouse, browser: str) -> Hub:
    def run(*arguments: str, given: str = "", **secrets: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(HUB), "connect", *arguments, "--business", str(shop.business.folder)],
            capture_output=True,
            text=True,
            check=False,
            input=given,
            env={**os.environ, "COLUMNS": "200", "BROWSER": browser, **secrets},
        )
        for secret in ("hub-secret", "access-", "refresh-", "personal-", "code-"):
            assert secret not in done.stdout + done.stderr
        return done

    return run


def app_of(source: str) -> dict[str, str]:
    return {f"HUB_{source}_{name}".upper(): value for name, value in APP.items()}


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_quickbooks_is_connected_in_the_browser_looked_at_and_forgotten(
    hub: Hub, shop: Warehouse, served: Served
) -> None:
    server, url = served
    done = hub("quickbooks", "--api-url", url, "--port", free_port(), **app_of("quickbooks"))
    assert done.returncode == 0, done.stderr
    assert "Connected to QuickBooks: Sandbox Company (9341453000000001)" in done.stdout
    assert "It will read: accounts, documents" in done.stdout
    assert load_business(shop.business.folder).sources.quickbooks is not None
    told = json.loads(hub("quickbooks", "--status", "--json").stdout)
    assert told["state"] == "connected"
    assert told["missing"] == []
    gone = hub("quickbooks", "--forget", "--yes")
    assert "its tokens work nowhere any more" in gone.stdout
    assert all(grant.is_revoked for grant in server._grants)
    assert json.loads(hub("quickbooks", "--status", "--json").stdout)["state"] == "not connected"
    with shop.connect("privacy") as connection:
        rows = connection.execute("select action, details from audit.events order by event_id")
        actions = [(action, details["source_system"]) for action, details in rows]
    assert actions == [("connect", "quickbooks"), ("forget_connection", "quickbooks")]


def test_shopify_is_connected_with_its_own_app_and_says_what_is_missing(
    hub: Hub, shop: Warehouse, served: Served
) -> None:
    server, url = served
    server.scopes["shopify"] = "read_orders,read_products"
    done = hub("shopify", "--shop", "hub-sandbox", "--api-url", url, **app_of("shopify"))
    assert done.returncode == 0, done.stderr
    assert "Connected to Shopify: hub-sandbox.myshopify.com" in done.stdout
    assert "only the last 60 days of orders are seen" in done.stdout
    shopify = load_business(shop.business.folder).sources.shopify
    assert shopify is not None
    assert shopify.shop == "hub-sandbox.myshopify.com"
    assert server.counts["client_credentials"] == 1


def test_shopify_in_the_browser_gets_a_token_that_expires(hub: Hub, served: Served) -> None:
    server, url = served
    done = hub(
        *("shopify", "--shop", "hub-sandbox", "--api-url", url, "--browser"),
        *("--port", free_port()),
        **app_of("shopify"),
    )
    assert done.returncode == 0, done.stderr
    assert "the whole history of orders" in done.stdout
    assert server.counts["authorization_code"] == 1


def test_square_without_a_secret_is_connected_by_pkce(hub: Hub, served: Served) -> None:
    server, url = served
    done = hub(
        *("square", "--api-url", url, "--client-id", "hub-client", "--port", free_port()),
    )
    assert done.returncode == 0, done.stderr
    assert "Connected to Square: merchant MLHUBSANDBOX1" in done.stdout
    assert server.counts["authorization_code"] == 1
    assert server._grants[0].rotates


def test_squares_personal_token_is_pasted_and_a_wrong_one_is_not_kept(
    hub: Hub, served: Served
) -> None:
    server, url = served
    token = server.personal_token("square")
    assert hub("square", "--api-url", url, "--token", given=f"{token}\n").returncode == 0
    wrong = hub("square", "--token", given="not-a-token\n")
    assert wrong.returncode == 1
    assert "Square does not let the hub read (HTTP 401)" in wrong.stderr
    assert json.loads(hub("square", "--status", "--json").stdout)["state"] == "connected"


def test_without_a_browser_the_address_is_pasted(
    shop: Warehouse, served: Served, tmp_path: Path
) -> None:
    server, url = served
    redirect = "https://example.org/back"
    log = tmp_path / "stderr"
    with log.open("w") as errors:
        hub = subprocess.Popen(
            [
                *(str(HUB), "connect", "quickbooks", "--business", str(shop.business.folder)),
                *("--api-url", url, "--no-browser", "--redirect-url", redirect),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "COLUMNS": "200", **app_of("quickbooks")},
        )
        deadline = time.monotonic() + 30
        while "Copy that whole address" not in log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        page = next(line for line in log.read_text().splitlines() if line.startswith(url))
        answer = httpx.get(page)
        shown, _ = hub.communicate(f"{answer.headers['Location']}\n", timeout=30)
    assert hub.returncode == 0, log.read_text()
    assert "Connected to QuickBooks: Sandbox Company" in shown
    assert server.counts["authorization_code"] == 1


def test_a_pasted_address_of_another_page_is_refused(hub: Hub, served: Served) -> None:
    server, url = served
    done = hub(
        *("quickbooks", "--api-url", url, "--no-browser"),
        given="http://localhost:8765/callback?code=stolen&state=guessed\n",
        **app_of("quickbooks"),
    )
    assert done.returncode == 1
    assert f"{url}/connect/oauth2?client_id=hub-client" in done.stderr
    assert "is not from the page opened at QuickBooks" in done.stderr
    assert server.counts.total() == 0


def test_who_says_no_is_not_connected(hub: Hub, served: Served) -> None:
    server, url = served
    server.approves = False
    done = hub("quickbooks", "--api-url", url, "--port", free_port(), **app_of("quickbooks"))
    assert done.returncode == 1
    assert "QuickBooks was not allowed to be read" in done.stderr


def test_nobody_coming_back_is_said(hub: Hub, shop: Warehouse, served: Served) -> None:
    before = (shop.business.folder / "business.toml").read_text()
    done = hub(
        *("quickbooks", "--api-url", served[1], "--port", free_port(), "--wait", "0.5"),
        BROWSER=f"{sys.executable} --version",
        **app_of("quickbooks"),
    )
    assert done.returncode == 1
    assert "Nobody came back from QuickBooks" in done.stderr
    assert (shop.business.folder / "business.toml").read_text() == before


def test_a_strangers_redirect_is_turned_away(hub: Hub, served: Served, tmp_path: Path) -> None:
    server, url = served
    port = free_port()
    script = tmp_path / "stranger.py"
    script.write_text(
        "import httpx\n"
        f"answer = httpx.get('http://127.0.0.1:{port}/callback?code=theirs&state=guessed')\n"
        "assert answer.status_code == 400\n"
    )
    done = hub(
        *("quickbooks", "--api-url", url, "--port", port, "--wait", "2"),
        BROWSER=f"{sys.executable} {script} %s",
        **app_of("quickbooks"),
    )
    assert done.returncode == 1
    assert "Nobody came back" in done.stderr
    assert server.counts.total() == 0


def test_the_help_shows_examples() -> None:
    shown = run_hub_command("connect", "--help").stdout
    assert "hub connect square --token" in shown
    assert "HUB_SQUARE_TOKEN" in shown


def test_an_address_without_tls_is_refused(hub: Hub) -> None:
    done = hub("square", "--api-url", "http://example.org", "--token", given="x\n")
    assert done.returncode == 1
    assert "neither https:// nor http:// on this computer" in done.stderr


def test_the_doctor_names_a_connection_that_ended(shop: Warehouse, served: Served) -> None:
    server, url = served
    connection, grant = connected(shop, server, "quickbooks", url)
    server.revoke(grant)
    with pytest.raises(HubError):
        connection.access_token()
    done = run_hub_command("doctor", HUB_BUSINESS=str(shop.business.folder))
    assert "QuickBooks ended the connection: it answered invalid_grant" in done.stdout
    assert "Reconnect with: hub connect quickbooks" in done.stdout
    assert done.returncode == 1
