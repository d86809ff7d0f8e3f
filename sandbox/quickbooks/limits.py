"""QuickBooks' limits: so many requests a minute and a second for one company."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable


class Limits:
    """Counts requests.

    Args:
        per_minute: most requests in sixty seconds; None for no limit.
        per_second: most requests in one second; None for no limit.
        clock: seconds that only grow.
    """

    def __init__(self, per_minute: int | None, per_second: int | None,
                 clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self._limits = [(limit, seconds) for limit, seconds in (
            (per_minute, 60.0), (per_second, 1.0)) if limit is not None]  # fmt: skip
        self._clock = clock
        self._asked: deque[float] = deque()
        self._lock = threading.Lock()

    def allows(self) -> bool:
        """Whether one more request may be answered now; then it counts."""
        if not self._limits:
            return True
        with self._lock:
            now = self._clock()
            while self._asked and now - self._asked[0] >= 60:
                self._asked.popleft()
            for limit, seconds in self._limits:
                if sum(now - each < seconds for each in self._asked) >= limit:
                    return False
            self._asked.append(now)
            return True
