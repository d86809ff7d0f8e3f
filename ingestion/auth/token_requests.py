"""Sends one request to a token endpoint, patiently, and never shows what it carries."""

from __future__ import annotations

import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from types import FrameType
from typing import Any, TypeVar

import httpx

from ingestion.auth.credentials import TITLES, SourceSystem
from ingestion.auth.providers import TokenRequest, is_final_refusal
from ingestion.transport import pause_before_retry
from warehouse.errors import HubError

Result = TypeVar("Result")
TIMEOUT = httpx.Timeout(30, connect=10)
PATIENCE_SECONDS = 60.0
MAX_ATTEMPTS = 5


@cache
def tls_context() -> ssl.SSLContext:
    """The certificates to trust; reading them takes longer than a request."""
    return httpx.create_ssl_context()


class RefusedError(Exception):
    """The source will not give tokens for these credentials any more."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnavailableError(HubError):
    """The source gave no tokens this time; what is stored stays as it is."""


def exchange(
    source: SourceSystem,
    request: TokenRequest,
    then: Callable[[Mapping[str, Any], datetime], Result],
) -> Result:
    """Ask for tokens, and hand the answer to ``then`` before anything can interrupt.

    Network errors, 429 and 5xx are tried again with growing delays, or after the time the source
    asks for (``Retry-After``), for a minute at most. Ctrl-C and SIGTERM wait for the end of one
    attempt: between the source's answer and the commit they would cost the connection.

    Args:
        source: which, for messages.
        request: what to send.
        then: gets the answer and the time of the question; keeps the tokens.

    Raises:
        RefusedError: the source ended the grant.
        UnavailableError: the source could not be reached, or answered something else.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with _uninterrupted():
            asked_at = datetime.now(UTC)
            response, problem = _send(request)
            if response is not None and response.is_success:
                return then(_json(response), asked_at)
        if response is not None and is_final_refusal(response.status_code, _json(response)):
            raise RefusedError(_error_code(response))
        is_passing = response is None or response.status_code == 429 or response.status_code >= 500
        asked = response.headers.get("Retry-After") if response is not None else None
        delay = pause_before_retry(attempt, asked)
        if not is_passing or attempt == MAX_ATTEMPTS or time.monotonic() + delay > deadline:
            raise _unavailable(source, problem, delay if is_passing else None)
        time.sleep(delay)
    raise AssertionError("unreachable")


def _send(request: TokenRequest) -> tuple[httpx.Response | None, str]:
    """The response, if any, and what to say of it; a cause could hold the request's secrets."""
    try:
        with httpx.Client(timeout=TIMEOUT, verify=tls_context()) as client:
            response = client.post(
                request.url,
                headers=dict(request.headers),
                **({"json": request.body} if request.is_json else {"data": request.body}),  # type: ignore[arg-type]
            )
    except httpx.HTTPError as error:
        return None, type(error).__name__
    return response, f"HTTP {response.status_code} {_error_code(response)}".strip()


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _error_code(response: httpx.Response) -> str:
    """The source's own word for an error; never free text, which may quote a token."""
    answer = _json(response)
    errors = answer.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    code = answer.get("error") or (first.get("code") if isinstance(first, dict) else None)
    is_word = isinstance(code, str) and len(code) <= 40 and code.replace("_", "").isalpha()
    return str(code) if is_word else ""


def _unavailable(source: SourceSystem, problem: str, delay: float | None) -> UnavailableError:
    wait = "in a minute" if not delay or delay <= PATIENCE_SECONDS else f"in {delay / 60:.0f} min"
    return UnavailableError(
        f"{TITLES[source]} did not give an access token ({problem}).",
        fix=f"Nothing is lost; run the command again {wait}."
        if delay is not None
        else "Check the app's settings at the source; nothing is lost.",
    )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block ends (other threads never receive them)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = {each: signal.signal(each, hold) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)
        for number in held:
            signal.raise_signal(number)
