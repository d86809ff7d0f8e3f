"""A run that follows the sales: it loads and brings up to date until nothing new was sold."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

import dagster as dg

from ingestion.sources.news import ask_for_news
from orchestration.defs.ingest.loads import load_job
from orchestration.planning.hub import Stage
from warehouse.business import load_business
from warehouse.database import Warehouse
from warehouse.settings_tables import store_settings

# It ends after so many seconds without a sale, and altogether.
QUIET, LONGEST_FOLLOWING = 3_600.0, 5_400.0
# It looks every few seconds; less often when there was no sale for some minutes.
LOOK_SECONDS, SLOW_LOOK_SECONDS, BUSY_SECONDS = 3.0, 10.0, 180.0
# In a rush, what hangs on a sale less directly may be put off for so many seconds, and is done in
# parts of so many models and tests: until the end of one, a new sale waits.
PATIENCE, MOST_AT_ONCE = 600.0, 40


class Runs(Protocol):
    """The Dagster runs of one `hub run`, as :mod:`orchestration.runner` makes them."""

    @property
    def has_failed(self) -> bool: ...

    def execute(self, job: dg.JobDefinition) -> None: ...

    def bring_up_to_date(
        self, only: Stage | None, *, most: int | None = None, is_urgent: Callable[[], bool]
    ) -> bool: ...

    def is_awaited(self) -> bool: ...


def follow_sales(runs: Runs, warehouse: Warehouse, *, stays: bool) -> None:
    """Load what was sold and bring up to date what follows, until nothing new was sold.

    *Today* and the ledger come first. What else follows from a sale is left for the next one, but
    not for longer than ``PATIENCE``; it is done in one go, unless sales came in while the last ones
    were being processed.

    Who asked for it may know of a sale that looks like no news; then all sources are loaded.

    Args:
        stays: look for the next sale for a while, as starting again takes longer than a look;
            another run that waits ends that, and other settings.
    """
    follower = _Follower(runs, warehouse, stays=stays)
    while not runs.has_failed:
        follower.catch_up()
        if follower.is_over():
            return


class _Follower:
    def __init__(self, runs: Runs, warehouse: Warehouse, *, stays: bool) -> None:
        self._runs, self._warehouse, self._stays = runs, warehouse, stays
        news = ask_for_news(warehouse)
        self._sources, self._seen = news.sources or list(news.newest), news.newest
        self._began = time.monotonic()
        self._last_sale_at = self._began if news.sources else self._began - QUIET
        self._left_at: float | None = None  # since when something is left undone
        self._is_rush = False  # sales came in during the last round

    def catch_up(self) -> None:
        """Load what was sold, and do what follows from it, or as much as has time."""
        if self._sources:
            self._runs.execute(load_job([f"raw_{name}" for name in self._sources]))
        if store_settings(self._warehouse) or self._sources:
            self._left_at = self._left_at or time.monotonic()
        if self._left_at is not None:
            end = self._left_at + PATIENCE
            most = MOST_AT_ONCE if self._is_rush and time.monotonic() < end else None
            is_urgent = partial(self._has_news_until, end)
            if self._runs.bring_up_to_date("sales", most=most, is_urgent=is_urgent):
                self._left_at = None

    def is_over(self) -> bool:
        """Whether nothing is left to do; waits for the next sale, if it is to stay."""
        seen = self._seen
        self._is_rush = self._has_news()
        if self._is_rush and self._seen == seen:
            time.sleep(SLOW_LOOK_SECONDS)  # a source reports a sale that it does not deliver yet
        if self._left_at is not None:
            return False
        is_ended = time.monotonic() > self._began + LONGEST_FOLLOWING or self._runs.is_awaited()
        return is_ended or not (self._sources or (self._stays and self._waited()))

    def _waited(self) -> bool:
        """Wait for a sale, or for the end of the hour, which moves on what is usual by now.

        Returns:
            Whether either came; not when there is nothing to wait for any more.
        """
        business = self._warehouse.business
        hour = business.now().hour
        end = min(self._last_sale_at + QUIET, self._began + LONGEST_FOLLOWING)
        try:
            while time.monotonic() < end:
                if self._runs.is_awaited() or load_business(business.folder) != business:
                    return False
                if self._has_news() or business.now().hour != hour:
                    return True
                is_busy = time.monotonic() < self._last_sale_at + BUSY_SECONDS
                time.sleep(LOOK_SECONDS if is_busy else SLOW_LOOK_SECONDS)
        except dg.DagsterExecutionInterruptedError:
            pass  # the hub is stopped, and nothing is left undone
        return False

    def _has_news(self) -> bool:
        """Ask the sources for new sales, and remember the answer."""
        news = ask_for_news(self._warehouse)
        self._sources, self._seen = news.sources, news.newest
        if self._sources:
            self._last_sale_at = time.monotonic()
        return bool(self._sources)

    def _has_news_until(self, end: float) -> bool:
        return time.monotonic() < end and bool(ask_for_news(self._warehouse).sources)
