"""The owner's consent in the browser: the page to open, and the redirect that comes back.

The redirect arrives at a small server on this computer (RFC 8252, 7.3), or, where a source
insists on ``https``, the owner pastes the address they were sent to.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from ingestion.auth.credentials import TITLES, Credentials, SourceSystem
from ingestion.auth.providers import (
    Endpoints,
    authorization_url,
    code_challenge,
    code_request,
    is_genuine_redirect,
    read_tokens,
)
from ingestion.auth.token_requests import RefusedError, exchange
from warehouse.errors import HubError

DEFAULT_PORT = 8765
CALLBACK_PATH = "/callback"
PAGE = """<!doctype html><meta charset="utf-8"><title>Business hub</title>
<body style="font-family: sans-serif; margin: 4em">
<h1>{title}</h1><p>You can close this page and go back to the terminal.</p>"""


@dataclass(frozen=True)
class Consent:
    """One question to the owner, with what proves that an answer belongs to it."""

    source: SourceSystem
    endpoints: Endpoints
    credentials: Credentials
    redirect_url: str
    state: SecretStr
    verifier: SecretStr | None

    @property
    def url(self) -> str:
        """The page on which the owner allows the hub to read."""
        return authorization_url(
            self.source,
            self.endpoints.authorize_url,
            self.credentials.client_id or "",
            self.redirect_url,
            self.state.get_secret_value(),
            code_challenge(self.verifier) if self.verifier else None,
        )

    def accept(self, query: Mapping[str, str], keep: Callable[[Credentials], None]) -> None:
        """Exchange what a redirect brought for tokens.

        Args:
            query: the redirect's parameters.
            keep: stores the credentials with their tokens, before anything can interrupt.

        Raises:
            HubError: the redirect is not the answer to this question, the owner said no, or
                the source did not give tokens.
        """
        title = TITLES[self.source]
        again = f"Run again: hub connect {self.source}"
        if not secrets.compare_digest(
            query.get("state", "").encode(), self.state.get_secret_value().encode()
        ) or not is_genuine_redirect(self.source, query, self.credentials.client_secret):
            raise HubError(f"The answer is not from the page opened at {title}.", fix=again)
        if "error" in query or "code" not in query:
            raise HubError(f"{title} was not allowed to be read.", fix=again)
        realm = query.get("realmId")
        if realm and self.credentials.account_id not in (None, realm):
            raise HubError(
                f"The company chosen at {title} is not the one in business.toml.",
                fix=f"Choose that one, or change company_id there. {again}",
            )
        request = code_request(
            self.source,
            self.endpoints.token_url,
            self.credentials,
            SecretStr(query["code"]),
            self.redirect_url,
            self.verifier,
        )

        def read(answer: Mapping[str, Any], asked_at: datetime) -> None:
            granted = read_tokens(self.source, self.credentials, answer, asked_at)
            keep(granted.model_copy(update={"account_id": granted.account_id or realm}))

        try:
            exchange(self.source, request, read)
        except RefusedError as error:
            raise HubError(
                f"{title} refused the app's id, secret or code ({error.code or 'no reason'}).",
                fix=f"Check the client id and secret. {again}",
            ) from None


def ask_consent(
    source: SourceSystem, endpoints: Endpoints, credentials: Credentials, redirect_url: str
) -> Consent:
    """A new question, with a random state and, where the source offers it, PKCE.

    Args:
        source: which.
        endpoints: of the source.
        credentials: the app's id and secret; without a secret only Square goes on (PKCE).
        redirect_url: as registered with the app.
    """
    # Square takes either the secret or PKCE; Intuit and Shopify offer no PKCE to such apps.
    has_pkce = source == "square" and credentials.client_secret is None
    verifier = SecretStr(secrets.token_urlsafe(64)) if has_pkce else None
    state = SecretStr(secrets.token_urlsafe(32))
    return Consent(source, endpoints, credentials, redirect_url, state, verifier)


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address the owner pasted."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def wait_for_redirect(
    consent: Consent, open_page: Callable[[str], object], seconds: float
) -> dict[str, str]:
    """Listen on this computer, open the page, and wait for the redirect.

    Args:
        consent: its redirect must lead to this computer.
        open_page: shows the page to the owner.
        seconds: how long to wait.

    Returns:
        The redirect's parameters.

    Raises:
        HubError: the port is taken, or nobody came back in time.
    """
    expected = urlsplit(consent.redirect_url)
    received: list[dict[str, str]] = []
    arrived = threading.Event()

    class Redirect(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            if urlsplit(self.path).path != expected.path:
                self.send_error(404)
                return
            query = query_of(self.path)
            is_ours = secrets.compare_digest(
                query.get("state", "").encode(), consent.state.get_secret_value().encode()
            )
            # A stranger's page must neither answer for the owner nor end the waiting.
            title = "Thank you" if is_ours else "This page was not opened by the hub"
            self.send_response(200 if is_ours else 400)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(PAGE.format(title=title).encode())
            if is_ours and not arrived.is_set():
                received.append(query)
                arrived.set()

        def log_message(self, *_: object) -> None:
            """Say nothing: the address holds the code."""

    port = expected.port or 80
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Redirect)
    except OSError:
        raise HubError(
            f"Port {port} on this computer is taken.",
            fix="Choose another with --port, and register it with the app.",
        ) from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        open_page(consent.url)
        if not arrived.wait(seconds):
            raise HubError(
                f"Nobody came back from {TITLES[consent.source]} within {seconds:.0f} s.",
                fix=f"Run again: hub connect {consent.source}. Without a browser on this computer "
                "add --no-browser, and paste the address you are sent to.",
            )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    return received[0]
