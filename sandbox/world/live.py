"""A world whose clock runs, and the address at which the clock is read and moved on."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.world.world import Happening, World

Listener = Callable[[Sequence[Happening]], None]
TICK_SECONDS = 1.0
LONGEST_WAIT = timedelta(seconds=15)


def kept_clock(file: Path, start: datetime) -> datetime:
    """Where a world goes on that was moved on before: who saw it then knows of what happened."""
    if not file.exists():
        return start
    return max(start, datetime.fromisoformat(file.read_text(encoding="utf-8").strip()))


class LiveWorld:
    """Moves a world on and tells listeners what happened, in the order of time.

    Args:
        world: whose clock it is.
        listeners: each gets what happened in one step; none is called when nothing did.
        clock_file: where it is written down how late it is, for :func:`kept_clock`.
    """

    def __init__(self, world: World, *listeners: Listener, clock_file: Path | None = None) -> None:
        """The clock stands until it is moved."""
        self.world = world
        self._listeners = listeners
        self._clock_file = clock_file
        self._moving = threading.Lock()
        self._next: tuple[datetime, datetime] | None = None  # after when, and at

    def advance(self, step: timedelta) -> list[Happening]:
        """Move the clock on by a step.

        Raises:
            ValueError: the step is negative.
        """
        with self._moving:
            happened = self.world.advance(self.world.now + step)
            if self._clock_file:
                written = self._clock_file.with_suffix(".new")
                written.write_text(self.world.now.isoformat(), encoding="utf-8")
                written.replace(self._clock_file)  # whole, also when this is killed
            for listener in self._listeners if happened else ():
                listener(happened)
        return happened

    def run(self, speed: float, stop: threading.Event) -> None:
        """Let the clock run ``speed`` times as fast as a real one, until it is stopped or the
        world has ended."""
        waited = timedelta()
        while not stop.wait(TICK_SECONDS) and self.world.now < self.world.ends_at:
            waited += timedelta(seconds=speed * TICK_SECONDS)
            # Moving the clock on is work, and most seconds see nothing happen.
            if waited >= LONGEST_WAIT or self.world.now + waited >= self._next_happening():
                self.advance(waited)
                waited = timedelta()

    def _next_happening(self) -> datetime:
        """When the next event of the world is, asked for again once it has moved on."""
        now = self.world.now
        if not self._next or self._next[0] != now:
            self._next = now, self.world.next_event_at() or self.world.ends_at
        return self._next[1]

    def routes(self) -> list[Route]:
        """``GET /sandbox/clock`` and ``POST /sandbox/advance`` with ``{"seconds": 3600}`` or
        ``{"to": "2026-09-30T12:00:00Z"}``."""
        return [
            Route("/sandbox/clock", self._clock),
            Route("/sandbox/advance", self._advance, methods=["POST"]),
        ]

    def _described(self) -> dict[str, Any]:
        return {"now": self.world.now.isoformat(), "ends_at": self.world.ends_at.isoformat()}

    async def _clock(self, _: Request) -> Response:
        return JSONResponse(self._described())

    async def _advance(self, request: Request) -> Response:
        try:
            asked = await request.json()
            if "to" in asked:
                step = datetime.fromisoformat(asked["to"]) - self.world.now
            else:
                step = timedelta(seconds=float(asked["seconds"]))
            happened = await run_in_threadpool(self.advance, step)
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        counts = Counter(one.kind for one in happened)
        return JSONResponse({**self._described(), "happened": dict(counts)})


def told(happened: Sequence[Happening], currency: str) -> list[str]:
    """A line for each event, to be read by people."""
    words = {"sale": "sold", "cancellation": "cancelled", "refund": "refunded",
             "goodwill": "gave back", "edit": "edited", "exchange": "exchanged"}  # fmt: skip
    return [
        f"{one.happened_at:%a %d %b %H:%M:%S}  {one.place:<14} {words[one.kind]:<10} "
        f"{one.amount_cents / 100:>10,.2f} {currency}  (order {one.order_id})"
        for one in happened
    ]
