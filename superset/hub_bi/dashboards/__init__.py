"""The product's dashboards, one module each, in the order in which they are listed."""

from hub_bi.dashboards import (
    customers,
    data_health,
    forecast,
    insights,
    inventory,
    marketing,
    menu_and_hours,
    owner_overview,
    owner_overview_phone,
    profit,
    sales,
    today,
)
from hub_bi.tiles import Dashboard

HOME = owner_overview.DASHBOARD
PHONE_HOME = owner_overview_phone.DASHBOARD


def all_dashboards() -> tuple[Dashboard, ...]:
    """Return every dashboard of the product."""
    return (
        owner_overview.DASHBOARD,
        today.DASHBOARD,
        insights.DASHBOARD,
        sales.DASHBOARD,
        profit.DASHBOARD,
        menu_and_hours.DASHBOARD,
        customers.DASHBOARD,
        marketing.DASHBOARD,
        inventory.DASHBOARD,
        forecast.DASHBOARD,
        data_health.DASHBOARD,
        owner_overview_phone.DASHBOARD,
    )
