"""Dagster's own history, kept true and to a bound: it never ends or forgets a run by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg
import psycopg

from orchestration.resources import BUSINESS_TAG, INVOCATION_TAG, STAGE_TAG
from warehouse.database import service_database_url

KEPT = timedelta(days=30)
# A run for each sale makes hundreds a day, all alike.
SALES_KEPT = timedelta(days=3)
MOST_AT_ONCE = 200  # so that a long neglected history does not hold up one run

# What became of a check last stays, whenever it was.
_OLD_CHECKS = """
delete from asset_check_executions as old
where old.create_timestamp < %(before)s and exists (
    select from asset_check_executions as newer
    where newer.asset_key = old.asset_key and newer.check_name = old.check_name
        and newer.id > old.id
)
"""


def end_killed_runs(instance: dg.DagsterInstance, business_id: str) -> int:
    """Mark as failed what a killed `hub run` left under way; how many runs.

    Dagster would wait for them for ever, and start nothing else. To be called in the business's
    turn: then none of them has a process any more.
    """
    unfinished = instance.get_runs(
        dg.RunsFilter(
            tags={BUSINESS_TAG: business_id},
            statuses=[
                dg.DagsterRunStatus.NOT_STARTED,
                dg.DagsterRunStatus.STARTING,
                dg.DagsterRunStatus.STARTED,
            ],
        )
    )
    killed = [run for run in unfinished if INVOCATION_TAG in run.tags]
    for run in killed:
        instance.report_run_failed(run, "Its process was killed; what it had done before stays.")
    return len(killed)


def forget_old_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Delete runs that nobody looks at any more, with their events; how many.

    What an asset's last materialization was stays known.

    Args:
        instance: Dagster's; its storage is the hub's own database of it.
        now: runs are old by this clock, as they are stamped by the computer's.
    """
    old = instance.get_run_records(
        dg.RunsFilter(created_before=now - KEPT), limit=MOST_AT_ONCE, ascending=True
    )
    sales = instance.get_run_records(
        dg.RunsFilter(tags={STAGE_TAG: "sales"}, created_before=now - SALES_KEPT),
        limit=MOST_AT_ONCE,
        ascending=True,
    )
    run_ids = {record.dagster_run.run_id for record in (*old, *sales)}
    for run_id in run_ids:
        instance.delete_run(run_id)
    with psycopg.connect(service_database_url("dagster"), autocommit=True) as connection:
        connection.execute(_OLD_CHECKS, {"before": now - SALES_KEPT})
    return len(run_ids)
