"""How one run is to be done; set by `hub run` or in Dagster's launchpad."""

from __future__ import annotations

from datetime import date

import dagster as dg


class RunOptions(dg.ConfigurableResource[None]):
    """Options of a run.

    Attributes:
        full_refresh: build every table anew instead of only what changed.
        as_of_date: the day to look from, as YYYY-MM-DD; empty means the last day of the data.
    """

    full_refresh: bool = False
    as_of_date: str = ""

    @property
    def as_of(self) -> date | None:
        """The day to look from, None for the last day of the data."""
        return date.fromisoformat(self.as_of_date) if self.as_of_date else None
