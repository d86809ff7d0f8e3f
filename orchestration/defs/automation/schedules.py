"""When runs start by the clock of the shop."""

import os

import dagster as dg

from orchestration.defs.automation.jobs import hub_run
from orchestration.resources import BUSINESS_VARIABLE, BusinessResource


def build_schedules() -> list[dg.ScheduleDefinition]:
    """Every morning at five, before the shop opens, where the business is.

    Definitions also load without a business; then the clock is that of UTC.
    """
    has_business = bool(os.environ.get(BUSINESS_VARIABLE))
    return [
        dg.ScheduleDefinition(
            name="every_morning",
            job=hub_run,
            cron_schedule="0 5 * * *",
            execution_timezone=BusinessResource().business().time_zone if has_business else "UTC",
            description="Every morning at five by the clock of the business.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ]
