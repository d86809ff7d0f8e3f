"""How one run is to be done; set by `hub run` or in Dagster's launchpad."""

from __future__ import annotations

from datetime import date

import dagster as dg


class RunOptions(dg.ConfigurableResource[None]):
    """Options of a run.

    Attributes:
        full_refresh: build every table anew instead of only what changed.
        as_of_date: the day to look from, as YYYY-MM-DD; empty means the last complete day.
        accepts_shrinking: believe a source whose list is much shorter than it was.
    """

    full_refresh: bool = False
    as_of_date: str = ""
    accepts_shrinking: bool = False

    @property
    def as_of(self) -> date | None:
        """The day to look from, None for the last complete day."""
        return date.fromisoformat(self.as_of_date) if self.as_of_date else None
