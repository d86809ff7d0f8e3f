"""Reading pages ahead: several readers side by side, each a few pages before its consumer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

PAGES_AHEAD = 2
Page = Any


class _Reader(threading.Thread):
    """Reads one part's pages into a queue until its end, an error, or until it is told to stop."""

    def __init__(self, part: str, pages: Iterator[Page], arrived: queue.Queue[Any],
                 is_over: threading.Event) -> None:  # fmt: skip
        super().__init__(daemon=True)
        self._part, self._pages = part, pages
        self._arrived, self._is_over = arrived, is_over

    def run(self) -> None:
        """Read."""
        try:
            for page in self._pages:
                self._hand_over(page, None)
                if self._is_over.is_set():
                    return
            self._hand_over(None, None)
        except BaseException as error:  # handed to the consumer, who raises it
            self._hand_over(None, error)

    def _hand_over(self, page: Page, error: BaseException | None) -> None:
        while not self._is_over.is_set():
            try:
                self._arrived.put((self._part, page, error), timeout=0.1)
                return
            except queue.Full:
                continue


def read_ahead(readers: dict[str, Iterator[Page]]) -> Iterator[tuple[str, Page]]:
    """(part, page) of several readers as they come.

    Raises:
        BaseException: whatever a reader raised, as soon as its turn comes.
    """
    arrived: queue.Queue[Any] = queue.Queue(PAGES_AHEAD)
    is_over = threading.Event()
    threads = [_Reader(part, pages, arrived, is_over) for part, pages in readers.items()]
    for thread in threads:
        thread.start()
    running = len(threads)
    try:
        while running:
            part, page, error = arrived.get()
            if error is not None:
                raise error
            if page is None:
                running -= 1
            else:
                yield part, page
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
