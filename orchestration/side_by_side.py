"""Work that mostly waits for others, done in several threads at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from ingestion.transport import requests_stopped

Name = TypeVar("Name")
Result = TypeVar("Result")


def side_by_side(tasks: Mapping[Name, Callable[[], Result]]) -> Iterator[tuple[Name, Result]]:
    """Do all tasks at once; (name, result) of each as soon as it ends.

    Whatever interrupts the caller ends each task before its next request to a source, and is passed
    on when all have ended: who is about to write a new refresh token down must not be cut off.

    Raises:
        BaseException: the first that a task raised, when the others have ended.
    """
    ended: queue.SimpleQueue[tuple[Name, Result | None, BaseException | None]] = queue.SimpleQueue()

    def do(name: Name, task: Callable[[], Result]) -> None:
        try:
            ended.put((name, task(), None))
        except BaseException as error:  # handed to the caller's thread
            ended.put((name, None, error))

    threads = [threading.Thread(target=do, args=each, daemon=True) for each in tasks.items()]
    for thread in threads:
        thread.start()
    raised: list[BaseException] = []
    try:
        for _ in threads:
            name, result, error = ended.get()
            if error is None:
                yield name, result  # type: ignore[misc]
            else:
                raised.append(error)
    except BaseException:
        with requests_stopped():
            for thread in threads:
                thread.join()
        raise
    if raised:
        raise raised[0]
