"""What a connection may read, in the owner's words; asks the source itself."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from ingestion.auth.connection import Connection
from ingestion.auth.credentials import TITLES, Credentials, SourceSystem
from ingestion.auth.providers import access_headers, endpoints
from ingestion.auth.token_requests import TIMEOUT, tls_context
from warehouse.business import Business
from warehouse.errors import HubError

# (scopes of which one is enough, what they let the hub read, what is missing without them)
Readable = tuple[tuple[str, ...], str, str]
READABLE: dict[SourceSystem, tuple[Readable, ...]] = {
    "shopify": (
        (("read_orders", "write_orders"), "orders, refunds and payments", "no orders at all"),
        (
            ("read_all_orders",),
            "the whole history of orders",
            "only the last 60 days of orders are seen",
        ),
        (("read_products", "write_products"), "products and prices", "no product names or costs"),
        (("read_customers", "write_customers"), "customers", "no customers and segments"),
        (("read_inventory", "write_inventory"), "stock and unit costs", "no stock and no costs"),
        (("read_locations",), "locations", "no names of locations"),
        (("read_fulfillments", "write_fulfillments"), "fulfilments", "no deliveries"),
        (("read_returns", "write_returns"), "returns", "no reasons of returns"),
        (("read_draft_orders", "write_draft_orders"), "draft orders", "no draft orders"),
        (
            ("read_shopify_payments_accounts", "read_shopify_payments"),
            "the payments account",
            "no payouts and fees",
        ),
        (
            ("read_shopify_payments_payouts", "read_shopify_payments"),
            "payouts and fees",
            "no payouts and fees",
        ),
        (("read_reports",), "Shopify's own sales report", "sales are not compared with Shopify's"),
    ),
    "square": (
        (("ORDERS_READ",), "orders and returns", "no orders at all"),
        (("PAYMENTS_READ",), "payments, refunds and fees", "no payments and fees"),
        (("ITEMS_READ",), "the catalogue", "no product names and categories"),
        (("MERCHANT_PROFILE_READ",), "the business and its locations", "no locations"),
        (("CUSTOMERS_READ",), "customers", "no customers and segments"),
        (("INVENTORY_READ",), "stock", "no stock"),
        (("EMPLOYEES_READ",), "team members", "no names of team members"),
        (("TIMECARDS_READ",), "hours worked", "no staffing plan"),
        (("PAYOUTS_READ",), "payouts", "no payouts"),
        (("REPORTING_READ",), "Square's own sales report", "sales are not compared with Square's"),
    ),
    "quickbooks": (
        (
            ("com.intuit.quickbooks.accounting",),
            "accounts, documents, customers, vendors, items and reports",
            "nothing can be read",
        ),
    ),
}


@dataclass(frozen=True)
class Grant:
    """What a connection may read, and what it lacks."""

    account: str
    reads: tuple[str, ...]
    missing: tuple[str, ...]


class _Signed(httpx.Auth):
    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update(self._headers)
        yield request


def examine_grant(connection: Connection) -> Grant:
    """Ask the source who answers and what may be read.

    Raises:
        HubError: the source refuses the token, or cannot be reached.
    """
    account_id = connection.account_id or ""
    return _examine(connection.source, connection.api_url, account_id, connection.auth())


def examine_credentials(
    business: Business, source: SourceSystem, credentials: Credentials
) -> Grant:
    """The same for credentials that are not kept yet, such as a pasted token.

    Raises:
        HubError: the source refuses the token, or cannot be reached.
    """
    token = credentials.access_token or SecretStr("")
    auth = _Signed(access_headers(source, token))
    return _examine(source, endpoints(business, source).api_url, credentials.account_id or "", auth)


def _examine(source: SourceSystem, api_url: str, account_id: str, auth: httpx.Auth) -> Grant:
    try:
        with httpx.Client(
            base_url=api_url, auth=auth, timeout=TIMEOUT, verify=tls_context()
        ) as client:
            account, scopes = _ASK[source](client, account_id)
    except httpx.HTTPError as error:
        raise HubError(
            f"{TITLES[source]} cannot be reached ({type(error).__name__}).",
            fix=f"Check the network, then run: hub connect {source} --status",
        ) from None
    granted = set(scopes)
    table = READABLE[source]
    return Grant(
        account,
        tuple(reads for names, reads, _ in table if granted.intersection(names)),
        tuple(lack for names, _, lack in table if not granted.intersection(names)),
    )


def _shopify(client: httpx.Client, shop: str) -> tuple[str, list[str]]:
    answer = _ask(client, "shopify", "GET", "/admin/oauth/access_scopes.json")
    scopes = answer.get("access_scopes")
    found = scopes if isinstance(scopes, list) else []
    return shop, [str(scope["handle"]) for scope in found]


def _square(client: httpx.Client, _merchant: str) -> tuple[str, list[str]]:
    answer = _ask(client, "square", "POST", "/oauth2/token/status")
    scopes = answer.get("scopes")
    found = scopes if isinstance(scopes, list) else []
    return f"merchant {answer.get('merchant_id')}", [str(scope) for scope in found]


def _quickbooks(client: httpx.Client, company: str) -> tuple[str, list[str]]:
    path = f"/v3/company/{company}/companyinfo/{company}?minorversion=75"
    answer = _ask(client, "quickbooks", "GET", path)
    info = answer.get("CompanyInfo")
    name = info.get("CompanyName") if isinstance(info, dict) else None
    return f"{name or 'company'} ({company})", ["com.intuit.quickbooks.accounting"]


_ASK = {"shopify": _shopify, "square": _square, "quickbooks": _quickbooks}


def _ask(
    client: httpx.Client, source: SourceSystem, method: str, path: str
) -> Mapping[str, object]:
    response = client.request(method, path, headers={"Accept": "application/json"})
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not response.is_success or not isinstance(answer, dict):
        raise HubError(
            f"{TITLES[source]} does not let the hub read (HTTP {response.status_code}).",
            fix="Check that the app is installed and may read; then run: "
            f"hub connect {source} --status",
        )
    return answer
