"""Requests to a source that are paced, repeated and explained.

What passes by itself (a limit reached, a server in trouble, a broken line, an answer cut off) is
tried again with growing pauses; what does not is told with the source, the request and what to do.
"""

from __future__ import annotations

import email.utils
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import httpx

from warehouse.errors import HubError

Json = dict[str, Any]
ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_IS_STOPPED = threading.Event()


@contextmanager
def requests_stopped() -> Iterator[None]:
    """All loads of this process end before their next request while the block runs."""
    _IS_STOPPED.set()
    try:
        yield
    finally:
        _IS_STOPPED.clear()


def rest(seconds: float) -> None:
    """Sleep, but not when nobody waits for the answer any more.

    Raises:
        HubError: requests were stopped.
    """
    if _IS_STOPPED.wait(seconds):
        raise HubError("The load was stopped.", fix="Nothing is lost: run again to go on.")


class AccessDeniedError(HubError):
    """The source lets this connection not read what was asked for."""


class Pace:
    """The pause between requests that all threads of a source share.

    A reply that the limit was reached doubles it, each hundred good replies halve it: the source's
    own limit is found, wherever it lies, and not passed again soon.
    """

    def __init__(self, least_seconds: float = 0.0) -> None:
        """``least_seconds``: the pause that the source's documented limit asks for."""
        self._least, self._pause = least_seconds, least_seconds
        self._next, self._good = 0.0, 0
        self._lock = threading.Lock()

    @property
    def pause_seconds(self) -> float:
        """The pause at present."""
        return self._pause

    def wait(self) -> None:
        """Wait for this request's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._pause
        rest(turn - now)

    def was_good(self) -> None:
        """A request went through."""
        with self._lock:
            self._good += 1
            if self._good % 100 == 0:
                half = self._pause / 2
                self._pause = max(self._least, half if half > 0.005 else 0.0)

    def was_limited(self, retry_after: float) -> None:
        """The source said that it was too much; nobody asks before that many seconds."""
        with self._lock:
            self._good = 0
            self._pause = min(max(2 * self._pause, 0.05), 10.0)
            self._next = max(self._next, time.monotonic() + retry_after)


class Transport:
    """One source's HTTP, with its sign-in.

    Args:
        title: the source as its owner calls it.
        auth: signs requests; after a 401 it asks once more with a new token.
        pause_when_limited: seconds that a reply "too many requests" without a time of its own
            asks for.
        on_retry: told in words before each repetition.
        sleep: waits that many seconds.
    """

    def __init__(self, title: str, base_url: str, auth: httpx.Auth | None, *,
                 headers: dict[str, str] | None = None, pace: Pace | None = None,
                 pause_when_limited: float = 0.0,
                 on_retry: Callable[[str], None] | None = None,
                 sleep: Callable[[float], None] = rest) -> None:  # fmt: skip
        self.title, self.pace = title, pace or Pace()
        self._on_retry, self._sleep = on_retry, sleep
        self._pause_when_limited = pause_when_limited
        self._answered_at = ""
        self._client = httpx.Client(
            base_url=base_url, auth=auth, headers=headers, timeout=TIMEOUT, verify=_trusted(),
            limits=httpx.Limits(max_connections=8),
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def today(self) -> date:
        """Today's date in UTC, from the ``Date`` header of the source's last answer.

        This computer's clock may be behind; a report requested by it would end too early.
        """
        try:
            return email.utils.parsedate_to_datetime(self._answered_at).astimezone(UTC).date()
        except ValueError:
            return datetime.now(UTC).date()

    def json(self, method: str, path: str, *, params: Json | None = None,
             body: Json | None = None) -> Json:  # fmt: skip
        """The JSON object that a request is answered with.

        Raises:
            HubError: the source refused, or did not answer in ATTEMPTS attempts.
        """
        what = f"{method} {path}"
        trouble = ""
        for attempt in range(1, ATTEMPTS + 1):
            self.pace.wait()
            try:
                response = self._client.request(method, path, params=params, json=body)
            except httpx.TransportError as error:
                trouble, pause = _words(error), pause_before_retry(attempt, None)
            else:
                self._answered_at = response.headers.get("Date", "")
                answer, trouble = self._read(response, what)
                if answer is not None:
                    self.pace.was_good()
                    return answer
                pause = pause_before_retry(attempt, response.headers.get("Retry-After"))
                pause = min(pause, LONGEST_PAUSE_SECONDS)
                if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    if "Retry-After" not in response.headers:
                        pause = max(pause, self._pause_when_limited)
                    self.pace.was_limited(pause)
            if attempt < ATTEMPTS:
                if self._on_retry:
                    self._on_retry(f"{self.title}: {what}: {trouble}; again in {pause:.1f} s")
                self._sleep(pause)
        raise HubError(
            f"{self.title} did not answer {what}: {trouble} ({ATTEMPTS} attempts).",
            fix="Nothing is lost: run again later, and the load goes on where it stopped. If it "
            f"stays so, look at {self.title}'s status page.",
        )

    def lines(self, url: str, what: str, size: int) -> Iterator[str]:
        """The lines of a file at another address, which is told no token; a download that breaks
        off, or ends early, goes on where it stopped.

        Args:
            size: how many bytes the file has.

        Raises:
            HubError: it was refused, or broke off ATTEMPTS times in a row.
        """
        rest = b""
        for block in self._blocks(url, what, size):
            *whole, rest = (rest + block).split(b"\n")
            yield from (storable(line).decode() for line in whole if line)
        if rest:
            yield storable(rest).decode()

    def _blocks(self, url: str, what: str, size: int) -> Iterator[bytes]:
        read, attempt, trouble = 0, 0, ""
        with httpx.Client(timeout=TIMEOUT) as client:
            while attempt < ATTEMPTS:
                trouble = ""
                headers = {"Accept-Encoding": "identity"}
                if read:
                    headers["Range"] = f"bytes={read}-"
                try:
                    with client.stream("GET", url, headers=headers) as answer:
                        if answer.status_code != (206 if read else 200):
                            trouble = f"HTTP {answer.status_code}"
                            raise httpx.ReadError(trouble)
                        for block in answer.iter_raw():
                            attempt, read = 0, read + len(block)
                            yield block
                    if read >= size:
                        return
                    trouble = f"{read:,} of {size:,} bytes came"
                    raise httpx.ReadError(trouble)
                except httpx.TransportError as error:
                    trouble = trouble or _words(error)
                    attempt += 1
                    pause = pause_before_retry(attempt, None)
                    if self._on_retry:
                        self._on_retry(f"{self.title}: {what}: {trouble}; again in {pause:.1f} s")
                    self._sleep(pause)
        raise HubError(
            f"{self.title} did not give {what}: {trouble}.",
            fix="Nothing is lost: run again later, and the load goes on where it stopped.",
        )

    def _read(self, response: httpx.Response, what: str) -> tuple[Json | None, str]:
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            return None, f"HTTP {status}"
        try:
            answer = json.loads(storable(response.content))
        except ValueError:
            answer = None
        if status in (401, 403):
            raise AccessDeniedError(
                f"{self.title} refused {what} (HTTP {status}{_codes(answer)}): the connection may "
                "not read this, or is no longer valid.",
                fix=f"Connect again with all permissions: hub connect {self.title.lower()}",
            )
        if status >= 400:
            raise HubError(
                f"{self.title} refused {what} (HTTP {status}{_codes(answer)}).",
                fix="This is a fault of the hub or a change of the API: please report it with "
                "this line.",
            )
        if not isinstance(answer, dict):
            return None, "the answer is cut off or no JSON object"
        return answer, ""


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust, read once: a look for new sales every few seconds makes a client each time."""
    return httpx.create_ssl_context()


def storable(text: bytes) -> bytes:
    """JSON without the one character that PostgreSQL cannot store."""
    return text.replace(b"\\u0000", b"\\ufffd") if b"\\u0000" in text else text


def pause_before_retry(attempt: int, retry_after: str | None) -> float:
    """Seconds to wait: what the source asks for, else twice as long each time, never in step.

    Args:
        attempt: how many attempts were made, from 1.
        retry_after: the header ``Retry-After``: seconds or an HTTP date.
    """
    asked = (retry_after or "").strip()
    if asked.isdigit():
        return float(asked)
    if asked:
        try:
            moment = email.utils.parsedate_to_datetime(asked)
            return max(moment.timestamp() - time.time(), 0.0)
        except (TypeError, ValueError):
            pass  # neither seconds nor a date: our own pause
    spread = 0.75 + random.random() / 2  # noqa: S311 - spreads attempts, guards nothing
    return FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1) * spread


def _words(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    return "the connection broke"


def _codes(answer: Any) -> str:
    """The error codes of an answer; its texts may quote values, so they are left out."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    codes = [str(error.get("code")) for error in errors or [] if isinstance(error, dict)]
    return f", {', '.join(dict.fromkeys(codes))}" if codes else ""
