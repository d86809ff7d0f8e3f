"""Answers that several readers need, asked for once."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

Asked = TypeVarTuple("Asked")
Answer = TypeVar("Answer")


def shared(ask: Callable[[*Asked], Answer]) -> Callable[[*Asked], Answer]:
    """A function that asks once for the same arguments; other threads wait for that answer."""
    known: dict[tuple[object, ...], Answer] = {}
    lock = threading.RLock()

    @functools.wraps(ask)
    def answer(*args: *Asked) -> Answer:
        with lock:
            if args not in known:
                known[args] = ask(*args)
            return known[args]

    return answer
