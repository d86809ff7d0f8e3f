"""What may be told: insights and crossed thresholds, from the marts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from ml.insights import METRICS, Wording
from orchestration.reporting.deliveries import as_analyst
from orchestration.reporting.links import chart_link
from orchestration.reporting.selection import News
from warehouse.business import Business, Threshold
from warehouse.database import Warehouse
from warehouse.errors import HubError

# Least money that is told, as a part of the net sales of four weeks.
USUAL_MINIMUM_RATE = 0.01
# Longer without a sale means that nothing is read any more, not that nothing was sold.
LONGEST_LULL = timedelta(days=7)
_DAYS = {"day": 1, "week": 7}
_MART_OF = {"gross_margin_rate": "rpt_margin_daily", "stock_out_rate": "fct_inventory_daily"}
_IS_HERE = "(%(location)s::text is null or location_name = %(location)s)"
_QUERIES = {
    "rpt_sales_daily": f"""
        select sum(net_amount) as net_sales, sum(orders_count) as orders,
            sum(net_amount) / nullif(sum(positive_orders_count), 0) as average_order_value,
            sum(reversal_amount) / nullif(sum(gross_amount), 0) as refund_rate,
            sum(discount_amount) / nullif(sum(gross_amount), 0) as discount_rate
        from rpt_sales_daily where sale_date between %(first)s and %(last)s and {_IS_HERE}""",
    "rpt_margin_daily": f"""
        select sum(gross_margin_amount) / nullif(sum(known_cost_net_amount), 0)
            as gross_margin_rate
        from rpt_margin_daily where sale_date between %(first)s and %(last)s and {_IS_HERE}""",
    "fct_inventory_daily": f"""
        select avg(case when is_out_of_stock then 1.0 else 0.0 end) as stock_out_rate
        from fct_inventory_daily where stock_date between %(first)s and %(last)s and {_IS_HERE}""",
}


@dataclass(frozen=True)
class Known:
    """All that is known now.

    Attributes:
        news: in no order.
        problems: settings that cannot be followed.
        usual_minimum: what is worth telling where the owner set no sum.
    """

    news: tuple[News, ...]
    problems: tuple[HubError, ...]
    usual_minimum: float


def wording_of(business: Business) -> Wording:
    """Money and days as the owner writes them."""
    return Wording(business.currency_code, business.country_code)


def known_news(warehouse: Warehouse) -> Known:
    """Read the marts; those that are not built yet have nothing to tell."""
    business = warehouse.business
    with as_analyst(warehouse) as connection:
        as_of_date = known_until(connection, business)
        if as_of_date is None:
            return Known((), (), 0.0)
        found = insights(connection, business)
        problems: list[HubError] = []
        for threshold in business.alerts.thresholds if business.alerts else ():
            try:
                crossed = _crossed(connection, business, threshold, as_of_date)
            except HubError as error:
                problems.append(error)
            else:
                found += [crossed] if crossed else []
        return Known(tuple(found), tuple(problems), _usual_minimum(connection, as_of_date))


def last_complete_day(connection: psycopg.Connection, business: Business) -> date | None:
    """The newest day with sales that is over; None before the first."""
    if not has_mart(connection, "rpt_sales_daily"):
        return None
    row = connection.execute(
        "select max(sale_date) from rpt_sales_daily where sale_date < %s", (business.today(),)
    ).fetchone()
    return row[0] if row else None


def known_until(connection: psycopg.Connection, business: Business) -> date | None:
    """The last day of which all sales are known, also where there were none.

    A shop system that was read tells that too; files do not, so their last sale is all we know.
    """
    sold = last_complete_day(connection, business)
    if sold is None or not has_mart(connection, "rpt_data_freshness"):
        return sold
    row = connection.execute(
        "select max(loaded_at) from rpt_data_freshness "
        "where source_system in ('shopify', 'square') and sale_lines_count > 0"
    ).fetchone()
    if not row or row[0] is None:
        return sold
    read = min(row[0].astimezone(business.zone).date(), business.today()) - timedelta(days=1)
    return read if timedelta(0) < read - sold <= LONGEST_LULL else sold


def has_mart(connection: psycopg.Connection, mart: str) -> bool:
    """Whether a mart is built."""
    row = connection.execute("select to_regclass(%s) is not null", (f"marts.{mart}",)).fetchone()
    return bool(row and row[0])


def insights(connection: psycopg.Connection, business: Business) -> list[News]:
    """What a person can act on, most money first."""
    if not has_mart(connection, "rpt_insights"):
        return []
    rows = connection.execute(
        "select insight_key, kind, subject, headline, evidence, action, "
        "cast(impact_amount as double precision), impact_basis, act_by_date, evidence_mart "
        "from rpt_insights order by insight_rank"
    )
    return [
        News(
            key=key,
            kind=kind,
            subject=subject,
            headline=headline,
            evidence=evidence,
            action=action,
            impact_amount=amount,
            impact_basis=basis,
            act_by_date=act_by,
            link=chart_link(business, mart),
        )
        for key, kind, subject, headline, evidence, action, amount, basis, act_by, mart in rows
    ]


def _crossed(
    connection: psycopg.Connection, business: Business, threshold: Threshold, as_of_date: date
) -> News | None:
    mart = _MART_OF.get(threshold.metric, "rpt_sales_daily")
    if not has_mart(connection, mart):
        return None
    days = _DAYS[threshold.period]
    first = as_of_date - timedelta(days=days - 1)
    _demand_location(connection, threshold)
    if threshold.metric in ("net_sales", "orders") and _is_rest(
        connection, business, threshold, first, as_of_date
    ):
        return None
    value = _value(connection, mart, threshold, first, as_of_date)
    if value is None:
        return None
    is_below = threshold.below is not None and value < threshold.below
    is_above = threshold.above is not None and value > threshold.above
    if not is_below and not is_above:
        return None
    limit = threshold.below if is_below else threshold.above
    say = wording_of(business)
    place = threshold.location or "the whole business"
    when = say.day(as_of_date) if days == 1 else f"the seven days until {say.day(as_of_date)}"
    name, told = METRICS[threshold.metric][0], say.value(threshold.metric, value)
    return News(
        key=_key("threshold", threshold.name, as_of_date),
        kind="threshold",
        subject=threshold.name,
        headline=f"{threshold.name}: {name} of {place} {told}, "
        f"{'below' if is_below else 'above'} {say.value(threshold.metric, limit or 0.0)}",
        evidence=f"Measured on {when}." if days == 1 else f"Measured over {when}.",
        action="Find out what was different. (The limit is in business.toml.)",
        impact_amount=value - (limit or 0.0) if threshold.metric == "net_sales" else None,
        impact_basis="against the limit",
        is_asked_for=True,
        link=chart_link(business, mart),
    )


def _value(
    connection: psycopg.Connection, mart: str, threshold: Threshold, first: date, last: date
) -> float | None:
    values = {"first": first, "last": last, "location": threshold.location}
    cursor = connection.execute(_QUERIES[mart].encode(), values)
    names = [column.name for column in cursor.description or ()]
    row: Any = cursor.fetchone()
    found = dict(zip(names, row, strict=True))[threshold.metric]
    if found is None:
        return 0.0 if threshold.metric in ("net_sales", "orders") else None
    return float(found)


def _demand_location(connection: psycopg.Connection, threshold: Threshold) -> None:
    if threshold.location is None:
        return
    rows = connection.execute("select distinct location_name from rpt_sales_daily order by 1")
    names = [str(row[0]) for row in rows]
    if threshold.location not in names:
        raise HubError(
            f"The threshold {threshold.name!r} is for {threshold.location!r}, which sells nothing.",
            fix=f"In business.toml, take one of: {', '.join(names)}.",
        )


def _is_rest(
    connection: psycopg.Connection,
    business: Business,
    threshold: Threshold,
    first: date,
    last: date,
) -> bool:
    """Whether nothing could be sold: a planned closure, or a weekday on which nothing ever is."""
    closed = {
        day for day, place in business.closed_dates if place is None or place == threshold.location
    }
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    if all(day in closed for day in days):
        return True
    if len(days) > 1:
        return False
    like_it = [last - timedelta(days=7 * week) for week in range(5)]
    row = connection.execute(
        "select coalesce(sum(orders_count), 0) from rpt_sales_daily "
        f"where sale_date = any(%(days)s) and {_IS_HERE}".encode(),
        {"days": like_it, "location": threshold.location},
    ).fetchone()
    return row is not None and row[0] == 0


def _usual_minimum(connection: psycopg.Connection, as_of_date: date) -> float:
    row = connection.execute(
        "select coalesce(sum(net_amount), 0) from rpt_sales_daily where sale_date > %s "
        "and sale_date <= %s",
        (as_of_date - timedelta(days=28), as_of_date),
    ).fetchone()
    return USUAL_MINIMUM_RATE * max(float(row[0]), 0.0) if row else 0.0


def _key(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]
