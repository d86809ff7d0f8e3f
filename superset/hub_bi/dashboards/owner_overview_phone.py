"""The owner's first page for a phone: the same answers in one column."""

from dataclasses import replace

from hub_bi.dashboards.owner_overview import TOP_PRODUCTS, WEEKLY_SALES
from hub_bi.dashboards.shared import (
    AVERAGE_ORDER,
    FORECAST_COLOURS,
    FRESHNESS,
    MARGIN_RATE,
    NET_SALES,
    NEXT_30_DAYS,
    ORDERS,
    PERIOD,
    navigation,
    sized,
)
from hub_bi.tiles import Dashboard

DASHBOARD = Dashboard(
    slug="owner-overview-phone",
    title="Owner overview (phone)",
    description="The owner overview in one column, for a phone.",
    filters=(PERIOD,),
    label_colours=FORECAST_COLOURS,
    rows=(
        (sized(NET_SALES, 12, 20),),
        (sized(ORDERS, 12, 20),),
        (sized(AVERAGE_ORDER, 12, 20),),
        (sized(MARGIN_RATE, 12, 20),),
        (sized(WEEKLY_SALES, 12, 36),),
        (sized(TOP_PRODUCTS, 12, 42),),
        (sized(NEXT_30_DAYS, 12, 38),),
        (sized(FRESHNESS, 12, 22),),
        (replace(navigation("owner-overview-phone"), height=12),),
    ),
)
