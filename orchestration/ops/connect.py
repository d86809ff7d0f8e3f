"""``hub connect``: how an owner lets the hub read a source, looks at it, and takes it back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import typer
from pydantic import SecretStr

from ingestion.auth import TITLES, Connection, ConnectionStore, Credentials, SourceSystem, obtain
from ingestion.auth.consent import Consent, ask_consent, query_of, wait_for_redirect
from ingestion.auth.grants import Grant, examine_credentials, examine_grant
from ingestion.auth.providers import endpoints
from warehouse.business import Business, add_source_settings
from warehouse.database import Warehouse
from warehouse.errors import HubError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Choices:
    """What the owner chose on the command line.

    ``settings`` go into ``business.toml``. ``use_token`` asks for a token to paste;
    ``use_browser`` is None where the source's usual way is wanted. ``answers`` (``client_id``,
    ``client_secret``, ``token``) are not asked for.
    """

    settings: dict[str, str]
    client_id: str | None
    use_token: bool
    use_browser: bool | None
    open_page: Callable[[str], object]
    redirect_url: str
    wait_seconds: float
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def answer(self, source: SourceSystem, name: str) -> str | None:
        """What is known already, or was put into the environment."""
        return self.answers.get(name) or os.environ.get(f"HUB_{source}_{name}".upper()) or None


def connect(warehouse: Warehouse, source: SourceSystem, choices: Choices, say: Say) -> Grant:
    """Get tokens, keep them sealed, and ask the source what they allow.

    Raises:
        HubError: the source gave no tokens, or does not let them read.
    """
    settings = _tidy(source, choices.settings)
    if source == "shopify" and not (warehouse.business.sources.shopify or "shop" in settings):
        raise HubError("Which shop is it?", fix="Add --shop MY-SHOP.myshopify.com")
    business = add_source_settings(warehouse.business, source, settings, save=False)
    warehouse = replace(warehouse, business=business)
    endpoints(business, source)  # says what is missing before anything secret is asked for
    store = ConnectionStore(warehouse)
    if choices.use_token and source != "quickbooks":
        fixed = Credentials(
            flow="fixed",
            account_id=_account(business, source),
            access_token=_secret(choices, source, "token", "Access token"),
        )
        grant = examine_credentials(business, source, fixed)
        store.connect(source, fixed)
    else:
        _get_tokens(business, source, choices, lambda granted: store.connect(source, granted), say)
        grant = examine_grant(Connection(warehouse, source))
    add_source_settings(business, source, settings, save=True)
    return grant


def status_of(warehouse: Warehouse, source: SourceSystem) -> dict[str, Any]:
    """What may be told of a connection; asks the source what may be read, if it is connected.

    Raises:
        HubError: the source cannot be reached.
    """
    found = [s for s in ConnectionStore(warehouse).statuses() if s.source_system == source]
    if not found:
        return {"source": source, "state": "not connected"}
    status = found[0]
    told: dict[str, Any] = {
        "source": source,
        "state": status.state,
        "reason": status.state_reason,
        "connected_at": _text(status.connected_at),
        "renewed_at": _text(status.rotated_at),
        "renewals_count": status.version - 1,
        "access_token_expires_at": _text(status.access_expires_at),
    }
    if status.state == "connected":
        grant = examine_grant(Connection(warehouse, source))
        told |= {"account": grant.account, "reads": grant.reads, "missing": grant.missing}
    return told


def forget(warehouse: Warehouse, source: SourceSystem) -> str:
    """Delete a connection; a sentence on what became of it."""
    title = TITLES[source]
    store = ConnectionStore(warehouse)
    if not any(status.source_system == source for status in store.statuses()):
        return f"{title} was not connected."
    try:
        is_revoked = Connection(warehouse, source).forget()
    except HubError:  # its settings or its key are gone; that must not keep the tokens here
        is_revoked = False
        store.forget(source)
    if is_revoked:
        return f"Forgot {title}, and told it so: its tokens work nowhere any more."
    return f"Forgot {title}. Remove the app or the token there too, so that it ends everywhere."


def describe(source: SourceSystem, grant: Grant) -> list[str]:
    """What the hub will read and what is missing, in plain words."""
    lines = [f"Connected to {TITLES[source]}: {grant.account}"]
    if grant.reads:
        lines.append(f"It will read: {', '.join(grant.reads)}.")
    lines += [f"Missing permission: {missing}." for missing in grant.missing]
    if grant.missing:
        lines.append(f"Allow it at {TITLES[source]} and run again: hub connect {source}")
    return lines


def _get_tokens(
    business: Business,
    source: SourceSystem,
    choices: Choices,
    keep: Callable[[Credentials], None],
    say: Say,
) -> None:
    credentials = Credentials(
        flow="refresh_token",
        account_id=_account(business, source),
        client_id=choices.client_id or _ask(choices, source, "client_id", "Client id of your app"),
        client_secret=_client_secret(choices, source),
    )
    if choices.use_token:  # QuickBooks: a refresh token, as its OAuth playground shows it
        if credentials.account_id is None:
            raise HubError("A pasted token needs its company.", fix="Add --company-id NUMBER.")
        refresh_token = _secret(choices, source, "token", "Refresh token")
        pasted = credentials.model_copy(update={"refresh_token": refresh_token})
        obtain(business, source, pasted, keep)
    elif source == "shopify" and choices.use_browser is None:
        own_app = credentials.model_copy(update={"flow": "client_credentials"})
        obtain(business, source, own_app, keep)
    else:
        addresses = endpoints(business, source)
        consent = ask_consent(source, addresses, credentials, choices.redirect_url)
        is_live = "sandbox" not in addresses.api_url and addresses.api_url.startswith("https://")
        consent.accept(_redirect(consent, choices, say, is_live=is_live), keep)


def _redirect(consent: Consent, choices: Choices, say: Say, *, is_live: bool) -> dict[str, str]:
    title = TITLES[consent.source]
    if choices.use_browser is not False and choices.redirect_url.startswith("http://"):
        if is_live and consent.source != "shopify":
            say(
                f"{title} may insist on an https redirect address for a live app. Then add: "
                "--redirect-url https://A-PAGE-OF-YOURS, and paste the address you are sent to."
            )
        say(f"Allow the hub to read in the browser. If no page opens, open:\n{consent.url}")
        say(f"The app at {title} must list this redirect address: {choices.redirect_url}")
        return wait_for_redirect(consent, choices.open_page, choices.wait_seconds)
    say(f"Open this page in any browser and allow the hub to read:\n{consent.url}")
    say(
        f"Afterwards the browser goes to {choices.redirect_url}, where it may well show an "
        "error. Copy that whole address."
    )
    return query_of(_read_hidden("The address you were sent to").get_secret_value())


def _tidy(source: SourceSystem, settings: dict[str, str]) -> dict[str, str]:
    if source == "shopify" and "shop" in settings:
        shop = settings["shop"].lower().removeprefix("https://").rstrip("/")
        return {**settings, "shop": shop if "." in shop else f"{shop}.myshopify.com"}
    return settings


def _account(business: Business, source: SourceSystem) -> str | None:
    sources = business.sources
    if source == "shopify":
        return sources.shopify.shop if sources.shopify else None
    if source == "quickbooks":
        return sources.quickbooks.company_id if sources.quickbooks else None
    return None


def _ask(choices: Choices, source: SourceSystem, name: str, question: str) -> str:
    answer = choices.answer(source, name)
    return answer or (typer.prompt(question, err=True) if sys.stdin.isatty() else _line(question))


def _secret(choices: Choices, source: SourceSystem, name: str, question: str) -> SecretStr:
    answer = choices.answer(source, name)
    return SecretStr(answer) if answer else _read_hidden(question)


def _client_secret(choices: Choices, source: SourceSystem) -> SecretStr | None:
    if source == "square":  # without one, Square takes PKCE
        answer = choices.answer(source, "client_secret") or (
            typer.prompt("Application secret (empty: none)", "", True, show_default=False, err=True)
            if sys.stdin.isatty()
            else ""
        )
        return SecretStr(answer) if answer else None
    return _secret(choices, source, "client_secret", "Client secret of your app")


def _read_hidden(question: str) -> SecretStr:
    if sys.stdin.isatty():
        return SecretStr(typer.prompt(question, hide_input=True, err=True))
    return SecretStr(_line(question))


def _line(question: str) -> str:
    line = sys.stdin.readline().strip()
    if not line:
        raise HubError(f"Nothing was given for: {question}.", fix="See hub connect --help.")
    return line


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
