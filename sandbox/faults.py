"""Faults on demand: an ASGI middleware that makes a server behave as badly as real ones do.

A plan is a list of faults; each names the requests it strikes (by path, by body, by which match it
is, by chance with a seed) and what happens to them. It knows nothing of any particular API.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Kind = Literal[
    "status",  # answer with `status` (429, 500, 502, 401 …) and `body`, the request goes nowhere
    "hang",  # accept the request and stay silent for `seconds`
    "reset",  # break the connection in the middle of the answer's body
    "truncate",  # a complete HTTP answer whose JSON ends in the middle
    "add_field",  # put `value` at `target` in the JSON answer
    "remove_field",  # take `target` out of the JSON answer
    "change_field",  # replace what is at `target` by `value`
    "drip",  # send the answer in small pieces over `seconds`
]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: What happens.
        path: Regular expression that the path must contain.
        body: Regular expression that the request's body must contain.
        nth: Which matching requests are struck, counted from 1; all when empty.
        probability: Chance that a matching request is struck.
        status: Status of the answer, for ``status``.
        answer: Body of the answer, for ``status``.
        retry_after: Value of ``Retry-After``, for ``status``; no header when None.
        seconds: How long ``hang`` and ``drip`` take.
        target: Dotted path into a JSON answer; ``*`` stands for every item of a list.
        value: What ``add_field`` and ``change_field`` put there.
    """

    kind: Kind
    path: str = ""
    body: str = ""
    nth: tuple[int, ...] = ()
    probability: float = 1.0
    status: int = 500
    answer: str = '{"errors": "Internal Server Error"}'
    retry_after: str | None = None
    seconds: float = 60.0
    target: str = ""
    value: Any = None


@dataclass
class FaultPlan:
    """Faults, how often each was met, and the dice.

    The first fault that strikes a request wins. ``faults`` may be changed while a server runs.

    Args:
        faults: What may go wrong.
        seed: Seed of the dice.
    """

    faults: list[Fault] = field(default_factory=list)
    seed: int = 0
    struck: list[tuple[Kind, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311
        self._matches: dict[int, int] = {}
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Add faults."""
        self.faults.extend(faults)

    def clear(self) -> None:
        """Forget all faults and counts."""
        with self._lock:
            self.faults.clear()
            self._matches.clear()
            self.struck.clear()

    def choose(self, path: str, body: bytes) -> Fault | None:
        """The fault that strikes a request, if any; counts the request for every fault it fits."""
        text = body.decode("utf-8", "replace")
        chosen = None
        with self._lock:
            for fault in self.faults:
                if not re.search(fault.path, path) or not re.search(fault.body, text):
                    continue
                count = self._matches[id(fault)] = self._matches.get(id(fault), 0) + 1
                is_due = not fault.nth or count in fault.nth
                if chosen is None and is_due and self._dice.random() < fault.probability:
                    chosen = fault
                    self.struck.append((fault.kind, path))
        return chosen


class FaultyApp:
    """An application with faults in front of it.

    It has to be the outermost one, because ``reset`` reaches for the server's connection.

    Args:
        app: The application.
        plan: What goes wrong.
    """

    def __init__(self, app: App, plan: FaultPlan) -> None:
        self._app = app
        self.plan = plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event, as ASGI says."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        fault = self.plan.choose(scope["path"], body)
        replayed = _replay(body, receive)
        if fault is None:
            await self._app(scope, replayed, send)
        elif fault.kind == "status":
            await _answer(send, fault)
        elif fault.kind == "hang":
            await _hang(send, receive, fault.seconds)
        else:
            recorded = _Recorded()
            await self._app(scope, replayed, recorded.send)
            await _distort(fault, recorded, send)


@dataclass
class _Recorded:
    """An answer held back until it is known what becomes of it."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def start(self, length: int) -> Message:
        kept = [pair for pair in self.headers if pair[0].lower() != b"content-length"]
        headers = [*kept, (b"content-length", str(length).encode())]
        return {"type": "http.response.start", "status": self.status, "headers": headers}


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    is_sent = False

    async def replayed() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _answer(send: Send, fault: Fault) -> None:
    body = fault.answer.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if fault.retry_after is not None:
        headers.append((b"retry-after", fault.retry_after.encode()))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _hang(send: Send, receive: Receive, seconds: float) -> None:
    """Say nothing, until the time is over or the client has gone."""
    waiting = asyncio.ensure_future(receive())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
    await _break_connection(send)


async def _distort(fault: Fault, recorded: _Recorded, send: Send) -> None:
    if fault.kind == "drip":
        await _drip(fault.seconds, recorded, send)
        return
    body = recorded.body
    if fault.kind == "reset":
        await send(recorded.start(len(body)))
        await send(
            {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        )
        await asyncio.sleep(0.05)  # the half that was sent should arrive before the reset does
        await _break_connection(send)
        return
    body = body[: len(body) // 2] if fault.kind == "truncate" else _edited(fault, body)
    await send(recorded.start(len(body)))
    await send({"type": "http.response.body", "body": body})


async def _drip(seconds: float, recorded: _Recorded, send: Send) -> None:
    pieces = min(20, max(1, len(recorded.body)))
    size = -(-len(recorded.body) // pieces)
    await send(recorded.start(len(recorded.body)))
    for at in range(0, len(recorded.body), size or 1):
        await asyncio.sleep(seconds / pieces)
        piece = recorded.body[at : at + size]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _break_connection(send: Send) -> None:
    """Reset the TCP connection; ASGI has no message for it, so this goes to uvicorn's transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("a fault broke the connection")
    connection = transport.get_extra_info("socket")
    if connection is not None:  # no lingering: the client sees a reset, not an orderly end
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0.01)


def _edited(fault: Fault, body: bytes) -> bytes:
    content = json.loads(body)
    *way, last = fault.target.split(".")
    holders = [content]
    for step in way:
        holders = [inner for holder in holders for inner in _inside(holder, step)]
    for holder in holders:
        _edit(fault, holder, last)
    return json.dumps(content).encode()


def _inside(holder: Any, step: str) -> list[Any]:
    if step == "*" and isinstance(holder, list):
        return holder
    if isinstance(holder, dict) and step in holder:
        return [holder[step]]
    if isinstance(holder, list) and step.isdigit() and int(step) < len(holder):
        return [holder[int(step)]]
    return []


def _edit(fault: Fault, holder: Any, name: str) -> None:
    if not isinstance(holder, dict):
        return
    if fault.kind == "remove_field":
        holder.pop(name, None)
    elif fault.kind == "add_field" or name in holder:
        holder[name] = fault.value
