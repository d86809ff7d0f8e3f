"""The sign-in side of the three sources: consent, tokens, renewal and revocation over HTTP.

Paths, bodies and errors are those of Shopify, Square and Intuit. One ``OAuthServer`` plays all
three (their paths differ) and answers the sandbox's other servers whether a token is good. Who
visits a consent page has already said yes, unless ``approves`` is off.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

Source = Literal["shopify", "square", "quickbooks"]
Rotation = Literal["grace", "single_use"]
CODE_SECONDS = 300
REFRESH_SECONDS = {"shopify": 7_776_000, "square": 7_776_000, "quickbooks": 8_726_400}
SCOPES: dict[Source, str] = {
    "shopify": "read_all_orders,read_customers,read_draft_orders,read_fulfillments,read_inventory,"
    "read_locations,"
    "read_orders,read_products,read_reports,read_returns,read_shopify_payments_accounts,"
    "read_shopify_payments_payouts",
    "square": "CUSTOMERS_READ EMPLOYEES_READ INVENTORY_READ ITEMS_READ MERCHANT_PROFILE_READ "
    "ORDERS_READ PAYMENTS_READ PAYOUTS_READ REPORTING_READ TIMECARDS_READ",
    "quickbooks": "com.intuit.quickbooks.accounting",
}


@dataclass
class Grant:
    """What one owner allowed one app."""

    source: Source
    account_id: str
    scopes: str
    client_id: str
    rotates: bool = True
    is_revoked: bool = False
    refresh_token: str = ""
    used_refresh_token: str = ""  # the one that the present one replaced


@dataclass(frozen=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    expires_at: float


@dataclass
class OAuthServer:
    """Issues tokens and remembers them; all state is in memory.

    Args:
        rotation: what becomes of a refresh token that was used. ``single_use``: it is dead at
            once. ``grace``: it works again until its replacement has been used, as Shopify does.
        access_seconds: how long access tokens last, except client-credentials ones (24 h).
        approves: whether owners say yes.
        delay_seconds: how long a token endpoint takes before it decides, and again before its
            answer leaves.
        clients: secret by client id, of the apps it knows.
    """

    rotation: Rotation = "single_use"
    access_seconds: int = 3600
    approves: bool = True
    delay_seconds: float = 0.0
    clients: dict[str, str] = field(default_factory=lambda: {"hub-client": "hub-secret"})
    accounts: dict[Source, str] = field(
        default_factory=lambda: {
            "shopify": "hub-sandbox.myshopify.com",
            "square": "MLHUBSANDBOX1",
            "quickbooks": "9341453000000001",
        }
    )
    scopes: dict[Source, str] = field(default_factory=lambda: dict(SCOPES))
    counts: Counter[str] = field(default_factory=Counter)
    faults: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    _grants: list[Grant] = field(default_factory=list)
    _codes: dict[str, _Code] = field(default_factory=dict)
    _access: dict[str, tuple[Grant, float]] = field(default_factory=dict)

    def app(self, api: ASGIApp | None = None) -> Starlette:
        """The server, in front of the API that its tokens open."""
        return Starlette(routes=[*self.routes(), *([Mount("/", api)] if api else [])])

    def routes(self) -> list[Route]:
        """Every path of the three sources."""
        return [
            Route("/.well-known/openid_configuration", self._discovery),
            Route("/connect/oauth2", self._consent("quickbooks")),
            Route("/oauth2/v1/tokens/bearer", self._counted(self._intuit_token), methods=["POST"]),
            Route("/v2/oauth2/tokens/revoke", self._intuit_revoke, methods=["POST"]),
            Route("/oauth2/authorize", self._consent("square")),
            Route("/oauth2/token", self._counted(self._square_token), methods=["POST"]),
            Route("/oauth2/token/status", self._square_status, methods=["POST"]),
            Route("/oauth2/revoke", self._square_revoke, methods=["POST"]),
            Route("/admin/oauth/authorize", self._consent("shopify")),
            Route(
                "/admin/oauth/access_token", self._counted(self._shopify_token), methods=["POST"]
            ),
            Route("/admin/oauth/access_scopes.json", self._shopify_scopes),
        ]

    # -- for tests and for the sandbox's other servers ------------------------------------

    def grant(
        self, source: Source, client_id: str = "hub-client", *, rotates: bool = True
    ) -> Grant:
        """A consent given without a browser; its refresh token works at once."""
        granted = Grant(
            source, self.accounts[source], self.scopes[source], client_id, rotates=rotates
        )
        granted.refresh_token = _token("refresh")
        self._grants.append(granted)
        return granted

    def personal_token(self, source: Source, token: str | None = None) -> str:
        """An access token that never expires, as an owner copies it from a settings page."""
        token = token or _token("personal")
        self._access[token] = (self.grant(source), float("inf"))
        return token

    def holder(self, access_token: str) -> Grant | None:
        """Whose access token this is, if it is still good."""
        grant, expires_at = self._access.get(access_token, (None, 0.0))
        is_good = grant is not None and not grant.is_revoked and time.time() < expires_at
        return grant if is_good else None

    def revoke(self, grant: Grant) -> None:
        """End a grant, as an owner who removes the app does."""
        grant.is_revoked = True

    def expire_access_tokens(self) -> None:
        """Let all access tokens end now."""
        self._access.clear()

    # -- consent --------------------------------------------------------------------------

    def _consent(self, source: Source) -> Callable[[Request], Awaitable[Response]]:
        async def page(request: Request) -> Response:
            asked = dict(request.query_params)
            if asked.get("client_id") not in self.clients:
                return Response("unknown client", 400)
            answer = {"state": asked.get("state", "")}
            if not self.approves:
                answer |= {"error": "access_denied"}
            else:
                code = _token("code")
                grant = self.grant(source, asked["client_id"])
                requested = set(asked.get("scope", "").replace(",", " ").split())
                kept = [s for s in grant.scopes.replace(",", " ").split() if s in requested]
                grant.scopes = ("," if source == "shopify" else " ").join(kept)
                challenge = asked.get("code_challenge")
                if source == "square":
                    grant.rotates = challenge is not None
                self._codes[code] = _Code(
                    grant, asked["redirect_uri"], challenge, time.time() + CODE_SECONDS
                )
                answer |= {"code": code}
            if source == "quickbooks":
                answer |= {"realmId": self.accounts[source]}
            if source == "shopify":
                answer |= {"shop": self.accounts[source], "timestamp": str(int(time.time()))}
                signed = "&".join(f"{name}={answer[name]}" for name in sorted(answer))
                secret = self.clients[asked["client_id"]].encode()
                answer |= {"hmac": hmac.digest(secret, signed.encode(), "sha256").hex()}
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

        return page

    # -- tokens ---------------------------------------------------------------------------

    def _counted(
        self, endpoint: Callable[[Mapping[str, str], Request], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            fields = await _fields(request)
            self.counts[fields.get("grant_type", "authorization_code")] += 1
            if self.faults:
                status, headers = self.faults.popleft()
                return Response("a fault was ordered", status, headers)
            await asyncio.sleep(self.delay_seconds)
            response = endpoint(fields, request)
            self.counts["issued" if response.status_code == 200 else "refused"] += 1
            await asyncio.sleep(self.delay_seconds)
            return response

        return answer

    def _intuit_token(self, fields: Mapping[str, str], request: Request) -> Response:
        client_id = self._basic_client(request)
        if client_id is None:
            return JSONResponse({"error": "invalid_client"}, 401)
        if fields.get("grant_type") == "authorization_code":
            grant = self._redeem(fields, client_id)
        else:
            grant = self._renew("quickbooks", fields, client_id)
        if grant is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(
            {
                "token_type": "bearer",
                "access_token": self._issue(grant, self.access_seconds),
                "expires_in": self.access_seconds,
                "refresh_token": grant.refresh_token,
                "x_refresh_token_expires_in": REFRESH_SECONDS["quickbooks"],
            }
        )

    def _square_token(self, fields: Mapping[str, str], _request: Request) -> Response:
        client_id = fields.get("client_id", "")
        secret = fields.get("client_secret")
        has_secret = secret is not None and secret == self.clients.get(client_id)
        if client_id not in self.clients or (secret is not None and not has_secret):
            return _square_error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        if fields.get("grant_type") == "authorization_code":
            grant = self._redeem(fields, client_id, has_secret=has_secret)
        else:
            grant = self._renew("square", fields, client_id)
            if grant is not None and not grant.rotates and not has_secret:
                grant = None
        if grant is None:
            return _square_error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        answer: dict[str, Any] = {
            "access_token": self._issue(grant, self.access_seconds),
            "token_type": "bearer",
            "expires_at": _rfc3339(time.time() + self.access_seconds),
            "merchant_id": grant.account_id,
            "refresh_token": grant.refresh_token,
            "short_lived": False,
        }
        if grant.rotates:
            answer["refresh_token_expires_at"] = _rfc3339(time.time() + REFRESH_SECONDS["square"])
        return JSONResponse(answer)

    def _shopify_token(self, fields: Mapping[str, str], _request: Request) -> Response:
        client_id = fields.get("client_id", "")
        if client_id not in self.clients or fields.get("client_secret") != self.clients[client_id]:
            return JSONResponse({"error": "invalid_client"}, 400)
        grant_type = fields.get("grant_type", "authorization_code")
        if grant_type == "client_credentials":
            grant = self.grant("shopify", client_id)
            token = self._issue(grant, 86_399)
            return JSONResponse(
                {"access_token": token, "scope": grant.scopes, "expires_in": 86_399}
            )
        if grant_type == "refresh_token":
            renewed = self._renew("shopify", fields, client_id)
        else:
            renewed = self._redeem(fields, client_id)
        if renewed is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(
            {
                "access_token": self._issue(renewed, self.access_seconds),
                "scope": renewed.scopes,
                "expires_in": self.access_seconds,
                "refresh_token": renewed.refresh_token,
                "refresh_token_expires_in": REFRESH_SECONDS["shopify"],
            }
        )

    def _issue(self, grant: Grant, seconds: int) -> str:
        token = _token("access")
        self._access[token] = (grant, time.time() + seconds)
        return token

    def _redeem(
        self, fields: Mapping[str, str], client_id: str, *, has_secret: bool = True
    ) -> Grant | None:
        code = self._codes.pop(fields.get("code", ""), None)
        if code is None or code.grant.client_id != client_id or time.time() > code.expires_at:
            return None
        if "redirect_uri" in fields and fields["redirect_uri"] != code.redirect_uri:
            return None
        if code.challenge is None:
            return code.grant if has_secret else None
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return code.grant if hmac.compare_digest(challenge, code.challenge) else None

    def _renew(self, source: Source, fields: Mapping[str, str], client_id: str) -> Grant | None:
        token = fields.get("refresh_token", "")
        for grant in self._grants:
            accepted = [grant.refresh_token]
            if self.rotation == "grace" and grant.used_refresh_token:
                accepted.append(grant.used_refresh_token)
            is_theirs = grant.source == source and grant.client_id == client_id
            if token in accepted and is_theirs and not grant.is_revoked:
                if grant.rotates:
                    grant.used_refresh_token = token
                    grant.refresh_token = _token("refresh")
                return grant
        return None

    # -- looking and revoking -------------------------------------------------------------

    async def _discovery(self, request: Request) -> Response:
        base = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": "https://oauth.platform.intuit.com/op/v1",
                "authorization_endpoint": f"{base}/connect/oauth2",
                "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
                "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
                "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
                "jwks_uri": f"{base}/op/v1/jwks",
            }
        )

    async def _intuit_revoke(self, request: Request) -> Response:
        fields = await _fields(request)
        if self._basic_client(request) is None:
            return JSONResponse({"error": "invalid_client"}, 401)
        token = fields.get("token", "")
        for grant in self._grants:
            if token == grant.refresh_token or self.holder(token) is grant:
                self.revoke(grant)
                return Response(status_code=200)
        return JSONResponse({"error": "invalid_request"}, 400)

    async def _square_status(self, request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        grant = self.holder(token)
        if grant is None:
            return _square_error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        expires_at = self._access[token][1]
        answer: dict[str, Any] = {
            "scopes": grant.scopes.split(),
            "client_id": grant.client_id,
            "merchant_id": grant.account_id,
        }
        if expires_at != float("inf"):
            answer["expires_at"] = _rfc3339(expires_at)
        return JSONResponse(answer)

    async def _square_revoke(self, request: Request) -> Response:
        fields = await _fields(request)
        secret = request.headers.get("Authorization", "").removeprefix("Client ")
        if not secret or self.clients.get(fields.get("client_id", "")) != secret:
            return _square_error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        holder = self.holder(fields.get("access_token", ""))
        if holder is None:
            return _square_error(404, "INVALID_REQUEST_ERROR", "NOT_FOUND")
        self.revoke(holder)
        return JSONResponse({"success": True})

    async def _shopify_scopes(self, request: Request) -> Response:
        grant = self.holder(request.headers.get("X-Shopify-Access-Token", ""))
        if grant is None:
            text = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return JSONResponse({"errors": text}, 401)
        handles = [{"handle": scope} for scope in grant.scopes.split(",") if scope]
        return JSONResponse({"access_scopes": handles})

    def _basic_client(self, request: Request) -> str | None:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return None
        is_known = scheme == "Basic" and secret and self.clients.get(client_id) == secret
        return client_id if is_known else None


async def _fields(request: Request) -> dict[str, str]:
    body = (await request.body()).decode()
    if request.headers.get("Content-Type", "").startswith("application/json"):
        parsed = json.loads(body or "{}")
        return {name: str(value) for name, value in parsed.items() if value is not None}
    return dict(parse_qsl(body))


def _square_error(status: int, category: str, code: str) -> Response:
    return JSONResponse({"errors": [{"category": category, "code": code}]}, status)


def _rfc3339(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _token(kind: str) -> str:
    return f"{kind}-{secrets.token_urlsafe(24)}"
