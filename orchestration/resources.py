"""What steps are handed: the business a run is for, and how it is to be done.

The business is opened only when a step asks for it, so definitions load anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import field_validator

from warehouse.business import Business, load_business
from warehouse.database import Warehouse, open_warehouse, prepared_warehouse
from warehouse.errors import HubError
from warehouse.turns import running
from warehouse.vault import Vault, open_vault

BUSINESS_VARIABLE = "HUB_BUSINESS"
HUB_RUN = "hub_run"  # the job that takes a turn for all its runs
WHOLE_HUB = "whole_hub"  # the job of which these are parts
# Tags of runs. In whose database it was; the daemon serves one business and needs none.
BUSINESS_TAG = "hub/business"
# What the Dagster runs of one `hub run` have in common.
INVOCATION_TAG = "hub/invocation"
# Which part of the hub a `hub run` was asked for.
STAGE_TAG = "hub/stage"
EVERYTHING = "everything"
# The hub runs each morning; what each run makes anew is late after a day, and stale after two.
FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=50), warn_window=timedelta(hours=26)
)
WAITING = "Another run of this business is under way; this one starts when it ends"


class BusinessResource(dg.ConfigurableResource[Any]):
    """Opens the business of ``HUB_BUSINESS``; whoever launches a run cannot choose another."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:
        """One run of a business at a time; those of one `hub run` have its turn already."""
        run = context.run
        if run is None or run.job_name == HUB_RUN or INVOCATION_TAG in run.tags:
            yield self
            return
        log = context.log or dg.get_dagster_logger()
        with running(self._opened(), lambda: log.info(WAITING)):
            yield self

    def _opened(self) -> Warehouse:
        try:
            return self.warehouse()
        except HubError as error:
            raise user_failure(error) from None

    def path(self) -> Path:
        """The folder of the business.

        Raises:
            HubError: the variable is not set.
        """
        chosen = os.environ.get(BUSINESS_VARIABLE)
        if not chosen:
            raise HubError(
                "Which business is it?",
                fix=f"Set {BUSINESS_VARIABLE} to its folder, or use hub up.",
            )
        return Path(chosen)

    def business(self) -> Business:
        """The settings of the business."""
        return load_business(self.path())

    def warehouse(self) -> Warehouse:
        """The business's warehouse, prepared if it is new."""
        return open_warehouse(self.business())

    def prepared_warehouse(self) -> Warehouse:
        """The warehouse as a run has prepared it: preparing costs more than a look at it does."""
        return prepared_warehouse(self.business())

    def vault(self, warehouse: Warehouse) -> Vault:
        """The vault of personal data."""
        return open_vault(warehouse)


class RunOptions(dg.ConfigurableResource[None]):
    """Options of a run.

    Attributes:
        only_sales: load what was sold and build what follows from it, instead of everything.
        everything: also do what is up to date.
        full_refresh: build every table anew instead of only what changed.
        as_of_date: the day to look from, as YYYY-MM-DD; empty means the last complete day.
        accepts_shrinking: believe a source whose list is much shorter than it was.
    """

    only_sales: bool = False
    everything: bool = False
    full_refresh: bool = False
    as_of_date: str = ""
    accepts_shrinking: bool = False

    @field_validator("as_of_date")
    @classmethod
    def _is_a_day(cls, value: str) -> str:
        if value:
            date.fromisoformat(value)
        return value

    @property
    def as_of(self) -> date | None:
        """The day to look from, None for the last complete day."""
        return date.fromisoformat(self.as_of_date) if self.as_of_date else None


def run_resources() -> dict[str, object]:
    """What every step may be handed; of it only :class:`RunOptions` can be chosen at a launch.

    Steps keep their answers in the warehouse. Dagster's usual manager would write files, into
    whatever folder a launch names.
    """
    return {
        "business": BusinessResource(),
        "options": RunOptions(),
        "io_manager": dg.IOManagerDefinition(dg.mem_io_manager.resource_fn, config_schema={}),
    }


def user_failure(error: HubError) -> dg.Failure:
    """An error the user can mend, as Dagster shows it: in words, without a stack trace."""
    return dg.Failure(description=str(error), allow_retries=False)
