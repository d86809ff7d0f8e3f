"""The sandbox's sign-in server on a real port, and connections that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.auth import Connection, ConnectionStore, Credentials, SourceSystem
from sandbox.oauth import Grant, OAuthServer
from sandbox.serving import serving
from warehouse.business import add_source_settings
from warehouse.database import Warehouse


@contextmanager
def serve(server: OAuthServer) -> Iterator[str]:
    """The address at which the server answers until the block ends."""
    with serving(server.app(Starlette(routes=_company(server)))) as address:
        yield address


def settings(source: SourceSystem, url: str) -> dict[str, str]:
    """What ``business.toml`` says of a source that answers at this address."""
    shop = {"shop": "hub-sandbox.myshopify.com"} if source == "shopify" else {}
    return {**shop, "api_url": url}


def at(warehouse: Warehouse, source: SourceSystem, url: str) -> Warehouse:
    """The same business, with the source at this address."""
    business = add_source_settings(warehouse.business, source, settings(source, url), save=True)
    return replace(warehouse, business=business)


def credentials(grant: Grant, *, expires_in: timedelta = timedelta(0)) -> Credentials:
    """What an owner's consent left behind some time ago."""
    now = datetime.now(UTC)
    return Credentials(
        flow="refresh_token",
        account_id=grant.account_id,
        client_id="hub-client",
        client_secret=SecretStr("hub-secret"),
        access_token=SecretStr("access-of-long-ago"),
        access_issued_at=now - timedelta(hours=1),
        access_expires_at=now + expires_in,
        refresh_token=SecretStr(grant.refresh_token),
    )


def connected(
    warehouse: Warehouse,
    server: OAuthServer,
    source: SourceSystem,
    url: str,
    *,
    rotates: bool = True,
) -> tuple[Connection, Grant]:
    """A connection whose access token has run out."""
    here = at(warehouse, source, url)
    grant = server.grant(source, rotates=rotates)
    ConnectionStore(here).connect(source, credentials(grant))
    return Connection(here, source), grant


def _company(server: OAuthServer) -> list[Route]:
    async def company_info(request: Request) -> Response:
        grant = server.holder(request.headers.get("Authorization", "").removeprefix("Bearer "))
        server.counts["company_info"] += 1
        if grant is None or grant.account_id != request.path_params["company"]:
            return JSONResponse({"fault": {"type": "AUTHENTICATION"}}, 401)
        return JSONResponse({"CompanyInfo": {"CompanyName": "Sandbox Company"}})

    return [Route("/v3/company/{company}/companyinfo/{again}", company_info)]
