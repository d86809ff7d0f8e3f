"""Runs an ASGI application on a real socket of this machine, in the background."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import orjson
import uvicorn
from starlette.responses import JSONResponse


class FastJSONResponse(JSONResponse):
    """JSON from orjson: with the standard library, encoding was a fifth of the sandbox's work."""

    def render(self, content: Any) -> bytes:
        """As UTF-8."""
        return orjson.dumps(content)


@contextmanager
def serving(app: Any, port: int = 0) -> Iterator[str]:
    """Serve an application on the loopback interface while the block runs.

    Args:
        app: An ASGI application.
        port: Where to listen; a free one when 0.

    Yields:
        The address, such as ``http://127.0.0.1:43210``.

    Raises:
        RuntimeError: The server did not start within ten seconds.
    """
    listener = socket.create_server(("127.0.0.1", port))
    # The date of an answer is that of the world, see `dated`.
    config = uvicorn.Config(
        app, date_header=False, log_level="critical", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            if time.monotonic() > deadline or not thread.is_alive():
                raise RuntimeError("The sandbox server did not start.")
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def dated(app: Any, present: Callable[[], datetime]) -> Any:
    """The application, whose answers bear the date by another clock than this computer's."""

    async def with_date(scope: Any, receive: Any, send: Any) -> None:
        async def send_dated(message: Any) -> None:
            if message["type"] == "http.response.start":
                now = format_datetime(present().astimezone(UTC), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", now)]}
            await send(message)

        await app(scope, receive, send_dated)

    return with_date
