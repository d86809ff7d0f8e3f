"""A connection to a source: always a valid access token, and never a lost one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import httpx
from pydantic import SecretStr

from ingestion.auth.credentials import TITLES, Credentials, SourceSystem
from ingestion.auth.providers import (
    access_headers,
    endpoints,
    read_tokens,
    renewal_request,
    revocation_request,
)
from ingestion.auth.store import ConnectionStore, LockedConnection, Stored, not_connected
from ingestion.auth.token_requests import RefusedError, UnavailableError, exchange
from warehouse.business import Business
from warehouse.database import Warehouse
from warehouse.errors import HubError

# An access token is renewed this long before its end, so that a long page still ends in time,
# and used until this much is left when the source cannot renew it just now.
RENEWAL_MARGIN = timedelta(minutes=5)
SHORTEST_USE = timedelta(seconds=30)
# Square wants a token renewed within 7 of its 30 days.
LONGEST_AGE = timedelta(days=7)
FAILURE_PAUSE = timedelta(minutes=1)


class Connection:
    """A source's connection. Safe in many threads and processes at once.

    Example:
        ``httpx.Client(base_url=connection.api_url, auth=connection.auth())`` signs every request
        and renews the token when the source says 401.
    """

    def __init__(self, warehouse: Warehouse, source: SourceSystem) -> None:
        self.source: SourceSystem = source
        self._endpoints = endpoints(warehouse.business, source)
        self._store = ConnectionStore(warehouse)
        self._known: Stored | None = None
        self._paused_until = datetime.min.replace(tzinfo=UTC)

    def __repr__(self) -> str:
        return f"Connection({self.source!r})"

    @property
    def api_url(self) -> str:
        """Where the source's API answers, without a path."""
        return self._endpoints.api_url

    @property
    def account_id(self) -> str | None:
        """The shop's domain, Square's merchant or QuickBooks' company."""
        return self._read().credentials.account_id

    def access_token(self, refused: SecretStr | None = None) -> SecretStr:
        """A valid access token; a new one is on disk before it is returned.

        Args:
            refused: a token that the source just answered 401 to; another one is wanted even if
                it seemed to have time left.

        Raises:
            HubError: there is no connection, the source ended it (then it is not asked again
                until the owner reconnects), or it cannot be reached.
        """
        known = self._known
        if known is None:
            known = self._read()
        if self._is_due(known.credentials, refused):
            known = self._renew(refused)
        self._known = known
        token = known.credentials.access_token
        if token is None:
            raise AssertionError("a usable connection has a token")
        return token

    def headers(self, refused: SecretStr | None = None) -> dict[str, str]:
        """Headers that sign one request; they hold the token, never log them."""
        return access_headers(self.source, self.access_token(refused))

    def auth(self) -> httpx.Auth:
        """Signs the requests of an httpx client; after a 401 once more, with a new token."""
        return _Auth(self)

    def forget(self) -> bool:
        """End the grant at the source where it can be ended, and delete the credentials here.

        Returns:
            Whether the source took the grant back; if not, the owner removes the app there.
        """
        stored = self._store.read(self.source)
        request = stored and revocation_request(
            self.source, self._endpoints.revoke_url, stored.credentials
        )
        is_revoked = False
        if request:
            try:
                exchange(self.source, request, lambda *_: None)
                is_revoked = True
            except (RefusedError, UnavailableError):
                is_revoked = False
        self._store.forget(self.source)
        return is_revoked

    def _read(self) -> Stored:
        stored = self._store.read(self.source)
        if stored is None:
            raise not_connected(self.source)
        if stored.state == "needs_reconnect":
            raise ended(self.source, stored.state_reason)
        return stored

    def _is_due(self, credentials: Credentials, refused: SecretStr | None) -> bool:
        """Whether a new token is wanted; the old one may still do when there is none."""
        now = datetime.now(UTC)
        if not _is_usable(credentials, refused, now):
            return True
        if credentials.access_expires_at is None or now < self._paused_until:
            return False
        issued_at = credentials.access_issued_at
        is_old = issued_at is not None and now > issued_at + LONGEST_AGE
        return is_old or now > credentials.access_expires_at - RENEWAL_MARGIN

    def _renew(self, refused: SecretStr | None) -> Stored:
        with self._store.locked(self.source) as locked:
            # Whoever held the lock before us may have renewed the token already.
            stored = locked.stored
            if stored.state == "needs_reconnect":
                raise ended(self.source, stored.state_reason)
            if not self._is_due(stored.credentials, refused):
                return stored
            if stored.credentials.flow == "fixed":
                self._end(locked, "it refused the token that was pasted")
            try:
                return self._ask(locked)
            except UnavailableError:
                if not _is_usable(stored.credentials, refused, datetime.now(UTC)):
                    raise
                self._paused_until = datetime.now(UTC) + FAILURE_PAUSE
                return stored

    def _ask(self, locked: LockedConnection) -> Stored:
        credentials = locked.stored.credentials

        def keep(answer: Mapping[str, Any], asked_at: datetime) -> Credentials:
            renewed = read_tokens(self.source, credentials, answer, asked_at)
            locked.keep(renewed)
            return renewed

        request = renewal_request(self.source, self._endpoints.token_url, credentials)
        try:
            renewed = exchange(self.source, request, keep)
        except RefusedError as error:
            self._end(locked, f"it answered {error.code or 'no'} to a renewal")
        return Stored(renewed, "connected", None, locked.stored.version + 1)

    def _end(self, locked: LockedConnection, reason: str) -> NoReturn:
        locked.needs_reconnect(reason)
        raise ended(self.source, reason) from None


class _Auth(httpx.Auth):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._connection.access_token()
        request.headers.update(access_headers(self._connection.source, token))
        response = yield request
        if response.status_code == 401:
            token = self._connection.access_token(refused=token)
            request.headers.update(access_headers(self._connection.source, token))
            yield request


def open_connection(warehouse: Warehouse, source: SourceSystem) -> Connection:
    """The connection of a business to a source; reads and asks nothing yet.

    Raises:
        HubError: ``business.toml`` lacks the source's section.
    """
    return Connection(warehouse, source)


def obtain(
    business: Business,
    source: SourceSystem,
    credentials: Credentials,
    keep: Callable[[Credentials], None],
) -> None:
    """First tokens for an app's own id and secret, or for a pasted refresh token.

    Args:
        business: whose settings say where the source answers.
        source: which.
        credentials: without an access token.
        keep: stores the credentials with their tokens, before anything can interrupt.

    Raises:
        HubError: the source refuses them, or cannot be reached.
    """
    url = endpoints(business, source).token_url

    def read(answer: Mapping[str, Any], asked_at: datetime) -> None:
        keep(read_tokens(source, credentials, answer, asked_at))

    try:
        exchange(source, renewal_request(source, url, credentials), read)
    except RefusedError as error:
        raise HubError(
            f"{TITLES[source]} refused these credentials ({error.code or 'no reason'}).",
            fix="Check that they are complete, of the same environment, and that the app is "
            f"installed; then run again: hub connect {source}",
        ) from None


def ended(source: SourceSystem, reason: str | None) -> HubError:
    """The error of a connection that the source ended."""
    because = f": {reason}" if reason else ""
    return HubError(
        f"{TITLES[source]} ended the connection{because}.",
        fix=f"Reconnect with: hub connect {source}",
    )


def _is_usable(credentials: Credentials, refused: SecretStr | None, now: datetime) -> bool:
    if credentials.access_token is None or credentials.access_token == refused:
        return False
    expires_at = credentials.access_expires_at
    return expires_at is None or now < expires_at - SHORTEST_USE
