"""The official clients work against the sandbox's sign-in server unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from square import Square
from square.core.api_error import ApiError

from sandbox.oauth import OAuthServer
from tests.oauth_stand_in import serve

Served = tuple[OAuthServer, str]
REDIRECT = "http://localhost:8765/callback"


@pytest.fixture
def served() -> Iterator[Served]:
    server = OAuthServer()
    with serve(server) as url:
        yield server, url


def intuit(url: str) -> AuthClient:
    discovery = f"{url}/.well-known/openid_configuration"
    return AuthClient("hub-client", "hub-secret", REDIRECT, discovery)


def consented(address: str) -> dict[str, str]:
    answer = httpx.get(address)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def test_intuits_client_signs_in_renews_and_revokes(served: Served) -> None:
    server, url = served
    client = intuit(url)
    answer = consented(client.get_authorization_url([Scopes.ACCOUNTING], state_token="xyz"))
    assert answer["state"] == "xyz"
    client.get_bearer_token(answer["code"], realm_id=answer["realmId"])
    first = client.refresh_token
    assert (client.expires_in, client.x_refresh_token_expires_in) == (3600, 8726400)
    assert server.holder(client.access_token) is not None
    client.refresh()
    assert client.refresh_token != first
    assert client.revoke()
    assert server.holder(client.access_token) is None
    with pytest.raises(AuthClientError) as caught:
        client.refresh()
    assert caught.value.status_code == 400
    assert json.loads(caught.value.content) == {"error": "invalid_grant"}


def test_a_used_refresh_token_is_dead_at_once_with_single_use(served: Served) -> None:
    server, url = served
    first = server.grant("quickbooks").refresh_token
    intuit(url).refresh(refresh_token=first)
    with pytest.raises(AuthClientError):
        intuit(url).refresh(refresh_token=first)


def test_with_grace_it_works_until_its_replacement_was_used(served: Served) -> None:
    server, url = served
    server.rotation = "grace"
    first = server.grant("quickbooks").refresh_token
    client = intuit(url)
    client.refresh(refresh_token=first)
    client.refresh(refresh_token=first)
    client.refresh()
    with pytest.raises(AuthClientError):
        intuit(url).refresh(refresh_token=first)


def test_squares_client_renews_and_looks_and_revokes(served: Served) -> None:
    server, url = served
    grant = server.grant("square", rotates=False)
    client = Square(base_url=url, token="unused")
    answer = client.o_auth.obtain_token(
        client_id="hub-client",
        client_secret="hub-secret",
        grant_type="refresh_token",
        refresh_token=grant.refresh_token,
    )
    assert answer.refresh_token == grant.refresh_token
    assert answer.merchant_id == "MLHUBSANDBOX1"
    status = Square(base_url=url, token=answer.access_token).o_auth.retrieve_token_status()
    assert status.scopes is not None
    assert "ORDERS_READ" in status.scopes
    server.revoke(grant)
    with pytest.raises(ApiError) as caught:
        client.o_auth.obtain_token(
            client_id="hub-client",
            client_secret="hub-secret",
            grant_type="refresh_token",
            refresh_token=grant.refresh_token,
        )
    assert caught.value.status_code == 401


def test_a_code_works_once_and_only_with_its_verifier(served: Served) -> None:
    _, url = served
    page = f"{url}/oauth2/authorize?client_id=hub-client&redirect_uri={REDIRECT}&scope=ORDERS_READ"
    code = consented(f"{page}&code_challenge=abc&code_challenge_method=S256")["code"]
    body = {"client_id": "hub-client", "grant_type": "authorization_code", "code": code}
    for verifier in ("wrong", "wrong again"):
        answer = httpx.post(f"{url}/oauth2/token", json={**body, "code_verifier": verifier})
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["category"] == "AUTHENTICATION_ERROR"
