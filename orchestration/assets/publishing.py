"""What people look at: dashboards brought up to date, Data Docs built, messages sent."""

from collections.abc import Iterator

import dagster as dg

from orchestration import services
from orchestration.business_resource import BusinessResource, user_failure
from orchestration.checks.expectations import build_data_docs
from orchestration.ownership import ANALYTICS
from orchestration.reporting.alerts import send_alerts
from warehouse.errors import HubError

GROUP = "publishing"
DASHBOARDS = ["owner_overview", "sales", "menu_and_hours", "customers", "forecast", "data_health"]
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
    index = build_data_docs(business.business())
    return dg.MaterializeResult(metadata={"first_page": dg.MetadataValue.path(index)})


@dg.multi_asset(
    name="send_alerts",
    specs=[
        dg.AssetSpec(
            ["publishing", "alerts"],
            deps=[
                dg.AssetKey(["marts", name])
                for name in ("rpt_insights", "rpt_sales_daily", "rpt_check_results")
            ],
            group_name=GROUP,
            description="News by mail, webhook and console; nothing without [alerts].",
            owners=[ANALYTICS],
            kinds={"python"},
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            DELIVERED,
            asset=["publishing", "alerts"],
            description="What should have been told was told.",
        )
    ],
)
def alerts(
    business: BusinessResource,
) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
    """Tell whoever asked for it what is news."""
    try:
        done = send_alerts(business.warehouse())
    except HubError as error:
        raise user_failure(error) from None
    sent = ", ".join(done.sent) or "nothing to tell"
    yield dg.MaterializeResult(
        asset_key=["publishing", "alerts"],
        metadata={"outcome": sent, "messages": dg.MetadataValue.text("\n".join(done.lines))},
    )
    yield _delivered("alerts", done.errors)


def _delivered(name: str, errors: list[HubError]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=["publishing", name],
        check_name=DELIVERED,
        passed=not errors,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(map(str, errors)) or None,
    )
