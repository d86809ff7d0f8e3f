"""What people look at: dashboards brought up to date, Data Docs built, messages sent."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.defs.check.expectations import build_data_docs
from orchestration.defs.check.suites import SUITES
from orchestration.ops import services
from orchestration.ownership import ANALYTICS
from orchestration.planning.dashboards import DASHBOARDS, dashboards_digest, dashboards_noted
from orchestration.planning.items import Item
from orchestration.planning.work import noted
from orchestration.resources import BusinessResource, RunOptions, user_failure
from warehouse.database import Warehouse
from warehouse.errors import HubError

GROUP = "publishing"
Messages = Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]
# Fails as a warning: a mail that did not go out makes no number wrong.
DELIVERED = "every_message_was_delivered"
_PUBLISHED_MARTS = [
    dg.AssetKey(["marts", name])
    for name in (
        "rpt_sales_daily",
        "rpt_sales_hourly",
        "rpt_product_performance",
        "rpt_menu",
        "rpt_margin_daily",
        "rpt_profit_steps_daily",
        "rpt_rfm_segments",
        "rpt_customer_cohorts",
        "rpt_customers_monthly",
        "rpt_sales_forecast",
        "rpt_forecast_accuracy",
        "rpt_reconciliation",
        "rpt_check_results",
        "rpt_data_freshness",
        "rpt_load_log",
        "rpt_quarantine",
    )
]


_MESSAGES = {
    "alerts": ("rpt_insights", "rpt_sales_daily"),
    "reports": ("rpt_insights", "rpt_sales_daily", "rpt_margin_daily", "rpt_sales_forecast"),
}
MESSAGE_KEYS = tuple(dg.AssetKey([GROUP, name]) for name in _MESSAGES)


def publication_items(warehouse: Warehouse, made_by: Mapping[str, str]) -> Iterator[Item]:
    """What of it a run may have to do again, for :mod:`orchestration.planning`.

    Args:
        made_by: the item that makes a table, by ``schema.table``.
    """
    suites = tuple(suite.item for suite in SUITES)
    if services.superset_is_installed():
        # Also to drop what Superset has cached of a mart that was built since.
        marts = tuple(name for table, name in made_by.items() if table.startswith("marts."))
        yield Item(DASHBOARDS, "publication", dashboards_digest(warehouse), marts)
    yield Item("publication.data_docs", "publication", "", suites)
    for name, marts in _MESSAGES.items():
        read = tuple(made_by[f"marts.{mart}"] for mart in marts)
        yield Item(f"publication.{name}", "publication", "", read)


@dg.asset(
    key=["publishing", "dashboards"],
    deps=_PUBLISHED_MARTS,
    group_name=GROUP,
    owners=[ANALYTICS],
    kinds={"superset"},
)
def dashboards(
    context: dg.AssetExecutionContext, business: BusinessResource
) -> dg.MaterializeResult[object]:
    """Superset's dashboards, datasets, roles and users, as the code describes them."""
    if not services.superset_is_installed():
        context.log.info("Superset is not set up here (`hub up` does that); nothing to publish.")
        return dg.MaterializeResult(metadata={"outcome": "Superset is not set up"})
    try:
        warehouse = business.warehouse()
        with dashboards_noted(warehouse):
            output = services.synchronise_superset(warehouse)
    except HubError as error:
        raise user_failure(error) from None
    return dg.MaterializeResult(metadata={"outcome": "published", "log": output[-2000:]})


@dg.asset(
    key=["publishing", "data_docs"],
    deps=[dg.AssetKey(["ml", "sales_forecast"]), *_PUBLISHED_MARTS[:2]],
    group_name=GROUP,
    owners=[ANALYTICS],
    kinds={"greatexpectations"},
)
def data_docs(business: BusinessResource) -> dg.MaterializeResult[object]:
    """Great Expectations' Data Docs: every rule and what was found, as web pages."""
    warehouse = business.warehouse()
    with noted(warehouse, "publication.data_docs", ""):
        index = build_data_docs(warehouse.business)
    return dg.MaterializeResult(metadata={"first_page": dg.MetadataValue.path(index)})


def _messages(name: str, description: str, marts: tuple[str, ...]) -> dict[str, Any]:
    """What an asset that sends messages is made of."""
    key = ["publishing", name]
    spec = dg.AssetSpec(
        key,
        deps=[dg.AssetKey(["marts", mart]) for mart in marts],
        group_name=GROUP,
        description=description,
        owners=[ANALYTICS],
        kinds={"python"},
    )
    told = "What should have been told was told."
    check = dg.AssetCheckSpec(DELIVERED, asset=key, description=told)
    return {"name": f"send_{name}", "specs": [spec], "check_specs": [check]}


@dg.multi_asset(
    **_messages(
        "alerts",
        "News by mail, webhook and console; nothing without [alerts].",
        _MESSAGES["alerts"],
    )
)
def alerts(business: BusinessResource, options: RunOptions) -> Messages:
    """Tell whoever asked for it what is news; what was news on another day is not."""
    if options.as_of:
        yield from _told("alerts", [], [], [])
        return
    from orchestration.reporting.alerts import send_alerts  # with the libraries of the models

    try:
        warehouse = business.warehouse()
        with noted(warehouse, "publication.alerts", ""):
            done = send_alerts(warehouse)
    except HubError as error:
        raise user_failure(error) from None
    yield from _told("alerts", done.sent, done.errors, done.lines)


@dg.multi_asset(
    **_messages(
        "reports",
        "The weekly and the monthly report by mail, when they are due; nothing without [reports].",
        _MESSAGES["reports"],
    )
)
def reports(business: BusinessResource, options: RunOptions) -> Messages:
    """Send the reports whose time has come, unless the run looks from another day."""
    if options.as_of:
        yield from _told("reports", [], [], [])
        return
    from orchestration.reporting.reports import send_due_reports  # takes a second to import

    try:
        warehouse = business.warehouse()
        with noted(warehouse, "publication.reports", ""):
            done = send_due_reports(warehouse)
    except HubError as error:
        raise user_failure(error) from None
    yield from _told("reports", done.sent, done.errors, done.sent)


def _told(name: str, sent: list[str], errors: list[HubError], lines: list[str]) -> Messages:
    outcome = ", ".join(sent) or "nothing to tell"
    told = dg.MetadataValue.text("\n".join(lines))
    yield dg.MaterializeResult(
        asset_key=["publishing", name], metadata={"outcome": outcome, "messages": told}
    )
    yield dg.AssetCheckResult(
        asset_key=["publishing", name],
        check_name=DELIVERED,
        passed=not errors,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(map(str, errors)) or None,
    )
