"""The product's dashboards, one module each, in the order in which they are listed."""

from hub_bi.dashboards import (
    customers,
    data_dictionary,
    data_health,
    forecast,
    insights,
    inventory,
    marketing,
    owner_overview,
    profit,
    restaurant,
    sales,
    today,
)
from hub_bi.dashboards.phone import phone_version
from hub_bi.tiles import Dashboard

HOME = owner_overview.DASHBOARD


def full_dashboards() -> tuple[Dashboard, ...]:
    """Return every dashboard of the product as it is described, for a wide screen."""
    return (
        owner_overview.DASHBOARD,
        today.DASHBOARD,
        insights.DASHBOARD,
        sales.DASHBOARD,
        profit.DASHBOARD,
        restaurant.DASHBOARD,
        customers.DASHBOARD,
        marketing.DASHBOARD,
        inventory.DASHBOARD,
        forecast.DASHBOARD,
        data_health.DASHBOARD,
        data_dictionary.DASHBOARD,
    )


def all_dashboards() -> tuple[Dashboard, ...]:
    """Return every dashboard of the product, each also in its version for a phone."""
    full = full_dashboards()
    return (*full, *(phone_version(board) for board in full))
