"""The day that is going on: looks for new sales every few seconds, and puts them on *Today*.

A look costs each source a request or two. Only where a sale changed are orders loaded, through the
same streams into the same raw tables as by a run, and only the marts of today are built from
them. All other marts stay as the last run built and checked them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.sources.registry import API_SOURCES, ApiSource
from orchestration import dbt as hub_dbt
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.vault import Vault

# So often without news, too: what is usual by now moves on.
AT_LEAST_EVERY = timedelta(minutes=10)
LIVE_MARTS = ("rpt_today_sales", "rpt_today_hours", "rpt_today")


@dataclass(frozen=True)
class Look:
    """What a look found.

    Attributes:
        newest: when a sale changed last, by source; hand it to the next look.
        orders: how many new or changed orders came, by source where one changed.
        built_at: when the marts of today were built last.
        problems: what could not be asked or loaded, in words, by source.
    """

    newest: dict[str, datetime]
    orders: dict[str, int] = field(default_factory=dict)
    built_at: datetime | None = None
    problems: dict[str, str] = field(default_factory=dict)


def live_sources(warehouse: Warehouse) -> list[ApiSource]:
    """The sources of a business that can be asked for new sales, and were loaded before."""
    with warehouse.connect("quality") as connection:
        loaded = {
            row[0]
            for row in connection.execute(
                "select distinct source_system from quality.load_log "
                "where status <> 'failed' and table_name = 'orders'"
            )
        }
    return [source for source in API_SOURCES
            if source.newest_sale and source.name in loaded
            and source.is_used(warehouse)]  # fmt: skip


def look(
    warehouse: Warehouse, vault: Vault, newest: Mapping[str, datetime], built_at: datetime | None
) -> Look:
    """Ask all sources for sales since the last look; load them and build the marts of today.

    Args:
        warehouse: the business's.
        vault: seals what is personal in the orders.
        newest: what the last look found; empty at first.
        built_at: when the marts of today were built last.

    Raises:
        HubError: the marts could not be built.
    """
    sources = live_sources(warehouse)
    found = Look(dict(newest), built_at=built_at)
    is_due = built_at is None or datetime.now(UTC) - built_at >= AT_LEAST_EVERY
    for source in sources:
        try:
            _load(warehouse, vault, source, found, even_without_news=is_due)
        except HubError as error:
            found.problems[source.name] = str(error)
    if not sources or not (found.orders or is_due):
        return found
    _build(warehouse)
    return Look(found.newest, found.orders, datetime.now(UTC), found.problems)


def _load(
    warehouse: Warehouse, vault: Vault, source: ApiSource, found: Look, *, even_without_news: bool
) -> None:
    """Load a source's orders if one changed since the last look, and note it as found.

    Sources tell times in whole seconds: a second sale in the second of the newest one looks like no
    news, which is why it is loaded now and then all the same.
    """
    assert source.newest_sale
    since = found.newest.get(source.name) or _newest_known(warehouse, source)
    newest = max(since, source.newest_sale(warehouse, since) or since)
    if newest > since or even_without_news:
        report = source.load(warehouse, vault, only=source.sale_streams)
        (orders,) = (table for table in report.tables if table.name == "orders")
        if newest > since or orders.rows_read:
            found.orders[source.name] = orders.rows_read
    found.newest[source.name] = newest


def _newest_known(warehouse: Warehouse, source: ApiSource) -> datetime:
    """When the newest of the orders in the warehouse changed."""
    with warehouse.connect("quality") as connection:
        row = connection.execute(f"select max(updated_at) from raw_{source.name}.orders").fetchone()
    return row[0] if row and row[0] else datetime.fromtimestamp(0, UTC)


def _build(warehouse: Warehouse) -> None:
    from dbt.cli.main import dbtRunner

    command = ["--quiet", "--no-write-json", "run", "--select", *LIVE_MARTS]
    with hub_dbt.building(warehouse):
        manifest = _manifest(hub_dbt.project_digest(), warehouse.database)
        done = dbtRunner(manifest=manifest).invoke(command)
    if not done.success:
        failed = [f"{one.node.name}: {one.message}" for one in getattr(done.result, "results", [])
                  if one.status == "error"]  # fmt: skip
        raise HubError(
            f"The marts of today could not be built: {'; '.join(failed) or done.exception}",
            fix="Run: hub run",
        )


@functools.lru_cache(maxsize=1)
def _manifest(digest: str, database: str) -> Any:  # noqa: ARG001 - another one for others
    """The parsed dbt project; parsing takes longer than building three small marts."""
    from dbt.cli.main import dbtRunner

    done = dbtRunner().invoke(["--quiet", "parse"])
    if not done.success:
        raise HubError(f"dbt cannot read its project: {done.exception}", fix="Run: hub run")
    return done.result
