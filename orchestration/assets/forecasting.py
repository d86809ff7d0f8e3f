"""Runs the sales forecast and keeps its results and evidence in the schema ``ml``."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version

import dagster as dg
import pandas as pd
import psycopg

from ml.sales_forecast import SalesForecast, forecast_sales
from orchestration.business_resource import BusinessResource, user_failure
from orchestration.ml_tables import ensure_ml_tables
from orchestration.ownership import DATA_SCIENCE
from orchestration.previews import table_metadata
from orchestration.run_options import RunOptions
from warehouse.business import Business
from warehouse.database import Warehouse
from warehouse.errors import HubError

GROUP = "forecasting"
TASK = "sales_forecast"
LIBRARIES = ("prophet", "statsforecast", "numpy", "pandas", "holidays")
# Raise it when a change of the method must show in unchanged data.
METHOD_VERSION = 1


def build_forecasting_assets() -> list[dg.AssetsDefinition]:
    """The forecast with its evidence; one step, three tables."""
    return [sales_forecast]


_UPSTREAM = [dg.AssetKey(["marts", "rpt_margin_daily"]), dg.AssetKey(["marts", "rpt_sales_daily"])]
_DESCRIPTIONS = {
    "sales_forecast": "Daily net sales 7, 30 and 90 days ahead with intervals.",
    "backtests": "How every candidate method did on past data, per series and horizon.",
    "model_runs": "When a model ran, on which data, and why it refused where it did.",
}


@dg.multi_asset(
    name="forecast_sales",
    specs=[
        dg.AssetSpec(
            ["ml", name],
            deps=_UPSTREAM,
            group_name=GROUP,
            description=description,
            owners=[DATA_SCIENCE],
            kinds={"python", "prophet", "postgres"},
        )
        for name, description in _DESCRIPTIONS.items()
    ],
)
def sales_forecast(
    context: dg.AssetExecutionContext, business: BusinessResource, options: RunOptions
) -> Iterator[dg.MaterializeResult[object]]:
    """Forecast daily net sales; unchanged data keep their forecast."""
    try:
        warehouse = business.warehouse()
    except HubError as error:
        raise user_failure(error) from None
    ensure_ml_tables(warehouse)
    task = _read_task(warehouse, options.as_of)
    if _is_known(warehouse, task.fingerprint):
        context.log.info("Sales have not changed since the last forecast, which stays.")
        outcome = "unchanged"
    else:
        context.log.info(f"Forecasting from {len(task.sales):,} rows up to {task.as_of_date}.")
        outcome = _forecast_and_store(warehouse, task, context.run_id)
    for name in _DESCRIPTIONS:
        yield dg.MaterializeResult(
            asset_key=["ml", name],
            metadata={**table_metadata(warehouse, "ml", ["ml", name]), "outcome": outcome},
        )


@dataclass(frozen=True)
class _Task:
    sales: pd.DataFrame
    as_of_date: date | None
    business: Business

    @property
    def fingerprint(self) -> str:
        """Equal for equal data, settings, method and libraries."""
        digest = hashlib.sha256()
        digest.update(pd.util.hash_pandas_object(self.sales, index=False).to_numpy().tobytes())
        closures = [str(day) for day in _closed_days(self.business)]
        settings = [
            str(self.as_of_date),
            self.business.country_code,
            closures,
            METHOD_VERSION,
            _versions(),
        ]
        digest.update(json.dumps(settings, sort_keys=True).encode())
        return digest.hexdigest()


def _read_task(warehouse: Warehouse, as_of_date: date | None) -> _Task:
    with warehouse.connect("ml") as connection:
        cursor = connection.execute(
            "select sale_date, location_name, category_name, net_amount::float8 "
            "from marts.rpt_margin_daily order by sale_date, location_name, category_name"
        )
        sales = pd.DataFrame(
            cursor.fetchall(), columns=["sale_date", "location_name", "category_name", "net_amount"]
        )
    # A day that is not over yet would look like a bad one.
    over = sales[sales["sale_date"] < warehouse.business.today()]
    last = None if over.empty else as_of_date or over["sale_date"].max()
    return _Task(over, last, warehouse.business)


def _is_known(warehouse: Warehouse, fingerprint: str) -> bool:
    with warehouse.connect("ml") as connection:
        row = connection.execute(
            "select input_fingerprint from ml.model_runs where task = %s "
            "order by created_at desc limit 1",
            (TASK,),
        ).fetchone()
    return row is not None and row[0] == fingerprint


def _closed_days(business: Business) -> list[date]:
    return [
        closure.first_date + timedelta(days=offset)
        for closure in business.closures
        if closure.location is None
        for offset in range(closure.days)
    ]


def _versions() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


def _forecast_and_store(warehouse: Warehouse, task: _Task, run_id: str) -> str:
    if task.as_of_date is None:
        result = SalesForecast(pd.DataFrame(), pd.DataFrame(), pd.DataFrame())
        reason: str | None = "Not enough data: there are no counted sales yet."
    else:
        result = forecast_sales(
            task.sales,
            task.as_of_date,
            country_code=task.business.country_code,
            closures=_closed_days(task.business),
        )
        reason = " ".join(result.refusals["reason"]) or None
    refused = result.forecasts.empty
    with warehouse.connect("ml") as connection:
        _insert_run(connection, task, run_id, reason, refused=refused)
        connection.execute("truncate ml.sales_forecast")
        _copy(connection, "sales_forecast", result.forecasts.assign(run_id=run_id))
        _copy(connection, "backtests", result.backtests.assign(run_id=run_id))
    return f"refused: {reason}" if refused else "forecast made"


def _insert_run(
    connection: psycopg.Connection, task: _Task, run_id: str, reason: str | None, *, refused: bool
) -> None:
    dates = task.sales["sale_date"]
    connection.execute(
        "insert into ml.model_runs (run_id, task, as_of_date, window_start_date, "
        "window_end_date, observations_count, status, reason, input_fingerprint, versions) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            run_id,
            TASK,
            task.as_of_date,
            None if dates.empty else dates.min(),
            task.as_of_date,
            len(task.sales),
            "refused" if refused else "done",
            reason,
            task.fingerprint,
            json.dumps(_versions()),
        ),
    )


def _copy(connection: psycopg.Connection, table: str, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    with connection.cursor().copy(
        f"copy ml.{table} ({', '.join(rows.columns)}) from stdin"
    ) as copy:
        for row in rows.itertuples(index=False):
            copy.write_row([None if pd.isna(value) else value for value in row])
