"""What the three sources ask for and answer when tokens are made: addresses, requests, replies.

Facts and where they are from (all read in November 2026):

- **QuickBooks**: an access token lasts 3600 s, a refresh token 100 days from its last use and
  five years at most (blogs.intuit.com, "Important changes to refresh token policy"). Its value
  changes about every 24 h. Whether the previous one then lives on is told in two ways: the
  support article says it ends at once (``invalid_grant``), oauth-jsclient's README that it lasts
  another 24 h. So it counts as single use here. No PKCE; redirects must be ``https`` except for
  development keys (developer.intuit.com, Authorization FAQ).
- **Shopify**: an app in an own store takes the client-credentials grant, whose token lasts
  24 h. Else the code grant with ``expiring=1``: 60 minutes and a refresh token of 90 days; the
  previous refresh token can be tried again until its replacement is used, for 30 days at most
  (shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens). An answer
  may lack ``expires_in`` (shopify-app-js#3400); 60 minutes are assumed then.
- **Square**: an access token lasts 30 days and should be renewed within 7. With the code flow
  the refresh token stays the same and does not expire; with PKCE it is single use and lasts
  90 days (developer.squareup.com, ObtainToken). A personal token never expires.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from ingestion.auth.credentials import TITLES, Credentials, SourceSystem
from warehouse.business import Business
from warehouse.errors import HubError

SHOPIFY_SCOPES = (
    "read_all_orders",
    "read_customers",
    "read_draft_orders",
    "read_fulfillments",
    "read_inventory",
    "read_locations",
    "read_orders",
    "read_products",
    "read_reports",
    "read_returns",
    "read_shopify_payments_accounts",
    "read_shopify_payments_payouts",
)
SQUARE_SCOPES = (
    "CUSTOMERS_READ",
    "EMPLOYEES_READ",
    "INVENTORY_READ",
    "ITEMS_READ",
    "MERCHANT_PROFILE_READ",
    "ORDERS_READ",
    "PAYMENTS_READ",
    "PAYOUTS_READ",
    "REPORTING_READ",
    "TIMECARDS_READ",
)
QUICKBOOKS_SCOPES = ("com.intuit.quickbooks.accounting",)
SCOPES: dict[SourceSystem, tuple[str, ...]] = {
    "shopify": SHOPIFY_SCOPES,
    "square": SQUARE_SCOPES,
    "quickbooks": QUICKBOOKS_SCOPES,
}
SQUARE_VERSION = "2026-09-16"
FINAL_REFUSALS = {
    "access_denied",
    "app_not_installed",
    "application_cannot_be_found",
    "invalid_client",
    "invalid_grant",
    "shop_not_permitted",
    "unauthorized_client",
}
ASSUMED_LIFETIME = timedelta(minutes=60)


@dataclass(frozen=True)
class Endpoints:
    """Addresses of one source for one business."""

    authorize_url: str
    token_url: str
    revoke_url: str | None
    api_url: str


@dataclass(frozen=True)
class TokenRequest:
    """A request to a token endpoint; its secrets are kept out of ``repr``."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, str]
    is_json: bool

    def __repr__(self) -> str:
        return f"TokenRequest({self.url!r}, fields={sorted(self.body)})"


def endpoints(business: Business, source: SourceSystem) -> Endpoints:
    """Where a source answers, by the settings in ``business.toml``.

    Raises:
        HubError: ``business.toml`` lacks the source's section.
    """
    sources = business.sources
    if source == "shopify" and sources.shopify:
        base = sources.shopify.api_url or f"https://{sources.shopify.shop}"
        return Endpoints(
            f"{base}/admin/oauth/authorize", f"{base}/admin/oauth/access_token", None, base
        )
    if source == "square" and sources.square:
        host = "squareup" if sources.square.environment == "production" else "squareupsandbox"
        base = sources.square.api_url or f"https://connect.{host}.com"
        return Endpoints(
            f"{base}/oauth2/authorize", f"{base}/oauth2/token", f"{base}/oauth2/revoke", base
        )
    if source == "quickbooks" and sources.quickbooks:
        prefix = "" if sources.quickbooks.environment == "production" else "sandbox-"
        local = sources.quickbooks.api_url
        return Endpoints(
            f"{local or 'https://appcenter.intuit.com'}/connect/oauth2",
            f"{local or 'https://oauth.platform.intuit.com'}/oauth2/v1/tokens/bearer",
            f"{local or 'https://developer.api.intuit.com'}/v2/oauth2/tokens/revoke",
            local or f"https://{prefix}quickbooks.api.intuit.com",
        )
    raise HubError(
        f"{business.folder / 'business.toml'} has no section [sources.{source}].",
        fix=f"Connect it with: hub connect {source}",
    )


def access_headers(source: SourceSystem, token: SecretStr) -> dict[str, str]:
    """How a request to the source's API carries the access token."""
    if source == "shopify":
        return {"X-Shopify-Access-Token": token.get_secret_value()}
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    return {**headers, "Square-Version": SQUARE_VERSION} if source == "square" else headers


def authorization_url(
    source: SourceSystem,
    address: str,
    client_id: str,
    redirect_url: str,
    state: str,
    code_challenge: str | None,
) -> str:
    """The page on which the owner allows the hub to read.

    Args:
        source: which.
        address: ``authorize_url`` of the source.
        client_id: of the owner's app there.
        redirect_url: where the source sends the owner afterwards; registered with the app.
        state: random; must come back unchanged.
        code_challenge: for PKCE (S256), where the source offers it.
    """
    separator = "," if source == "shopify" else " "
    fields = {
        "client_id": client_id,
        "scope": separator.join(SCOPES[source]),
        "redirect_uri": redirect_url,
        "state": state,
        "response_type": "code",
    }
    if source == "square":
        fields["session"] = "false"  # shows which account is about to be connected
    if code_challenge:
        fields |= {"code_challenge": code_challenge, "code_challenge_method": "S256"}
    return f"{address}?{urlencode(fields)}"


def code_challenge(verifier: SecretStr) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.get_secret_value().encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_genuine_redirect(
    source: SourceSystem, query: Mapping[str, str], client_secret: SecretStr | None
) -> bool:
    """Whether a redirect carries the source's signature; only Shopify signs (``hmac``)."""
    if source != "shopify" or client_secret is None:
        return True
    signed = "&".join(f"{name}={query[name]}" for name in sorted(query) if name != "hmac")
    expected = hmac.digest(client_secret.get_secret_value().encode(), signed.encode(), "sha256")
    return hmac.compare_digest(expected.hex(), query.get("hmac", ""))


def code_request(
    source: SourceSystem,
    url: str,
    credentials: Credentials,
    code: SecretStr,
    redirect_url: str,
    verifier: SecretStr | None,
) -> TokenRequest:
    """The exchange of an authorisation code for tokens."""
    fields = {
        "grant_type": "authorization_code",
        "code": code.get_secret_value(),
        "redirect_uri": redirect_url,
    }
    if verifier is not None:
        fields["code_verifier"] = verifier.get_secret_value()
    if source == "shopify":
        # Not part of Shopify's exchange, except that it asks for a token that expires.
        fields = {"code": fields["code"], "expiring": "1"}
    return _request(source, url, credentials, fields)


def renewal_request(source: SourceSystem, url: str, credentials: Credentials) -> TokenRequest:
    """The request for a new access token, by the flow of the credentials."""
    if credentials.flow == "client_credentials":
        return _request(source, url, credentials, {"grant_type": "client_credentials"})
    if credentials.flow == "fixed" or credentials.refresh_token is None:
        raise ValueError("a personal token cannot be renewed")
    refresh_token = credentials.refresh_token.get_secret_value()
    return _request(
        source, url, credentials, {"grant_type": "refresh_token", "refresh_token": refresh_token}
    )


def revocation_request(
    source: SourceSystem, url: str | None, credentials: Credentials
) -> TokenRequest | None:
    """The request that ends a grant at the source; None where there is nothing to end."""
    secret = credentials.client_secret
    if url is None or secret is None or credentials.flow == "fixed":
        return None
    if source == "quickbooks" and credentials.refresh_token:
        token = credentials.refresh_token.get_secret_value()
        signed = _request(source, url, credentials, {"token": token})
        return TokenRequest(url, signed.headers, signed.body, is_json=True)
    if source == "square" and credentials.access_token:
        token = credentials.access_token.get_secret_value()
        headers = {
            "Authorization": f"Client {secret.get_secret_value()}",
            "Square-Version": SQUARE_VERSION,
        }
        fields = {"client_id": credentials.client_id or "", "access_token": token}
        return TokenRequest(url, headers, fields, is_json=True)
    return None


def _request(
    source: SourceSystem, url: str, credentials: Credentials, fields: dict[str, str]
) -> TokenRequest:
    client_id = credentials.client_id or ""
    secret = credentials.client_secret.get_secret_value() if credentials.client_secret else ""
    headers = {"Accept": "application/json"}
    if source == "quickbooks":
        basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        return TokenRequest(url, {**headers, "Authorization": f"Basic {basic}"}, fields, False)
    fields = {**fields, "client_id": client_id}
    if secret:  # Square's PKCE flow has none
        fields["client_secret"] = secret
    if source == "square":
        return TokenRequest(url, {**headers, "Square-Version": SQUARE_VERSION}, fields, True)
    return TokenRequest(url, headers, fields, False)


def read_tokens(
    source: SourceSystem, credentials: Credentials, answer: Mapping[str, Any], asked_at: datetime
) -> Credentials:
    """The credentials with what a token endpoint answered.

    Lifetimes count from before the question, so that a slow answer never makes a token look
    younger than it is.

    Raises:
        HubError: the answer holds no access token.
    """
    if not isinstance(answer.get("access_token"), str):
        raise HubError(
            f"{TITLES[source]} answered without an access token.",
            fix=f"Try again; if it persists, reconnect with: hub connect {source}",
        )
    refresh_token = answer.get("refresh_token")
    scope = answer.get("scope")
    return credentials.model_copy(
        update={
            "access_token": SecretStr(answer["access_token"]),
            "access_issued_at": asked_at,
            "access_expires_at": _access_expiry(answer, asked_at),
            "refresh_token": SecretStr(refresh_token)
            if isinstance(refresh_token, str)
            else credentials.refresh_token,
            "refresh_expires_at": _refresh_expiry(answer, asked_at)
            or credentials.refresh_expires_at,
            "account_id": credentials.account_id or answer.get("merchant_id"),
            "scopes": tuple(scope.replace(",", " ").split())
            if isinstance(scope, str)
            else credentials.scopes,
        }
    )


def _access_expiry(answer: Mapping[str, Any], asked_at: datetime) -> datetime:
    if isinstance(answer.get("expires_in"), int):
        return asked_at + timedelta(seconds=answer["expires_in"])
    if isinstance(answer.get("expires_at"), str):
        return datetime.fromisoformat(answer["expires_at"]).astimezone(UTC)
    return asked_at + ASSUMED_LIFETIME


def _refresh_expiry(answer: Mapping[str, Any], asked_at: datetime) -> datetime | None:
    for name in ("x_refresh_token_expires_in", "refresh_token_expires_in"):
        if isinstance(answer.get(name), int):
            return asked_at + timedelta(seconds=answer[name])
    expires_at = answer.get("refresh_token_expires_at")
    return datetime.fromisoformat(expires_at).astimezone(UTC) if expires_at else None


def is_final_refusal(status: int, answer: Mapping[str, Any]) -> bool:
    """Whether a token endpoint's answer says that asking again is useless.

    ``invalid_grant`` and ``invalid_client`` are of RFC 6749, 5.2; the others are Shopify's for
    an app that is no longer in the store. Square answers 401 with errors of its own form.
    """
    if status == 401 and answer:
        return True
    return status in (400, 403) and answer.get("error") in FINAL_REFUSALS
