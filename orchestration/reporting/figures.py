"""The numbers of a report, from the marts, with the words around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from ml.calendar import public_holidays
from ml.insights import Wording
from orchestration.reporting.changes import Change
from orchestration.reporting.deliveries import as_analyst
from orchestration.reporting.due import Period
from orchestration.reporting.links import chart_link
from orchestration.reporting.news import (
    has_mart,
    insights,
    known_until,
    last_complete_day,
    wording_of,
)
from orchestration.reporting.selection import News
from warehouse.business import Business
from warehouse.database import Warehouse
from warehouse.errors import HubError

MOST_TO_DO = 5
_MOST_PARTS = 5
_SAME_RATE = 0.005
_WORD = {"weekly": "week", "monthly": "month"}
_PLURAL = {"location": "locations", "category": "categories", "channel": "channels"}
_AHEAD = {"weekly": 7, "monthly": 30}
_BACK = {"weekly": 28, "monthly": 60}


@dataclass(frozen=True)
class Figure:
    """One of the headline figures."""

    name: str
    value: str
    note: str
    before: Change
    year_ago: Change


@dataclass(frozen=True)
class Mover:
    """A part of the business and by how much its net sales changed."""

    part: str
    name: str
    amount: float


@dataclass(frozen=True)
class Outlook:
    """What comes.

    Attributes:
        actual: day and net sales, the last weeks.
        expected: day, expected net sales, and the ends of the 80 % interval.
        text: the sum in words, or why there is no forecast.
        events: what is known to come: holidays, closures, promotions.
    """

    actual: tuple[tuple[date, float], ...]
    expected: tuple[tuple[date, float, float, float], ...]
    text: str
    events: str


@dataclass(frozen=True)
class Report:
    """One page on a week or a month.

    Attributes:
        days: day, net sales, and those of the day of the period before; None where unknown.
        why: sentences.
        health: one line on the data; ``is_healthy`` is false where it asks for attention.
    """

    business: Business
    period: Period
    as_of_date: date
    title: str
    figures: tuple[Figure, ...]
    days: tuple[tuple[date, float, float | None], ...]
    happened: str
    why: tuple[str, ...]
    movers: tuple[Mover, ...]
    outlook: Outlook
    to_do: tuple[News, ...]
    health: str
    is_healthy: bool
    link: str

    @property
    def word(self) -> str:
        """Week or month."""
        return _WORD[self.period.kind]

    @property
    def wording(self) -> Wording:
        """Money and days as the owner writes them."""
        return wording_of(self.business)


@dataclass(frozen=True)
class _Sums:
    """Of one period."""

    net: float
    orders: float
    baskets: float
    margin: float | None
    known_net: float
    new_customers: float | None

    @property
    def average(self) -> float | None:
        return self.net / self.baskets if self.baskets else None


def read_figures(warehouse: Warehouse, period: Period) -> Report:
    """Everything a report says.

    Raises:
        HubError: nothing was sold yet, or not in this period.
    """
    business = warehouse.business
    with as_analyst(warehouse) as connection:
        as_of_date = last_complete_day(connection, business)
        first_date = _first_date(connection) if as_of_date else None
        if as_of_date is None or first_date is None or period.last < first_date:
            raise HubError(
                f"There are no sales to report on until {period.last}.",
                fix="Load some with: hub run. Or choose another day with --date.",
            )
        if period.first > as_of_date:
            raise HubError(
                f"Sales are known until {as_of_date}; {period.key} begins later.",
                fix="Load newer ones with: hub run",
            )
        until = known_until(connection, business) or as_of_date
        # A part of a period is compared with as many days of the others.
        known = period.until(until)
        others = [_as_long(each, known) for each in (period.before(), period.year_ago())]
        now = _sums(connection, known)
        before, year_ago = (
            _sums(connection, each) if each.first >= first_date else None for each in others
        )
        movers = _movers(connection, known, others[0]) if before else ()
        health, is_healthy = _health(connection, business, period, until)
        word, say = _WORD[period.kind], wording_of(business)
        return Report(
            business=business,
            period=period,
            as_of_date=as_of_date,
            title=_title(period, say),
            figures=_figures(now, before, year_ago, say, word),
            days=_days(connection, period, until, has_before=before is not None),
            happened=_happened(now, before, year_ago, say, word),
            why=_why(now, before, movers, say, word),
            movers=movers,
            outlook=_outlook(connection, business, period, until, say),
            to_do=tuple(insights(connection, business)[:MOST_TO_DO]),
            health=health,
            is_healthy=is_healthy,
            link=chart_link(business),
        )


def _as_long(other: Period, known: Period) -> Period:
    """Another period, cut where only a part of the first one is known."""
    is_whole = known.days >= min(28, other.days) if known.kind == "monthly" else known.days == 7
    return other if is_whole else other.until(other.first + timedelta(days=known.days - 1))


def _title(period: Period, say: Wording) -> str:
    if period.kind == "monthly":
        return say.month(period.first)
    return f"{say.day(period.first)} to {say.day(period.last)} {period.last.year}"


def _first_date(connection: psycopg.Connection) -> date | None:
    row = connection.execute("select min(sale_date) from rpt_sales_daily").fetchone()
    return row[0] if row else None


def _sums(connection: psycopg.Connection, period: Period) -> _Sums:
    days = {"first": period.first, "last": period.last}
    net, orders, baskets = _numbers(
        connection,
        "select coalesce(sum(net_amount), 0), coalesce(sum(orders_count), 0), "
        "coalesce(sum(positive_orders_count), 0) from rpt_sales_daily "
        "where sale_date between %(first)s and %(last)s",
        days,
    )
    margin, known_net = _numbers(
        connection,
        "select sum(gross_margin_amount), coalesce(sum(known_cost_net_amount), 0) "
        "from rpt_margin_daily where sale_date between %(first)s and %(last)s",
        days,
    )
    new, all_known = _numbers(
        connection,
        "select count(case when first_order_date between %(first)s and %(last)s then 1 end), "
        "count(*) from dim_customers where orders_count > 0",
        days,
    )
    return _Sums(
        net=net or 0.0,
        orders=orders or 0.0,
        baskets=baskets or 0.0,
        margin=margin if known_net else None,
        known_net=known_net or 0.0,
        new_customers=new if all_known else None,
    )


def _numbers(
    connection: psycopg.Connection, statement: str, values: dict[str, Any]
) -> tuple[float | None, ...]:
    row = connection.execute(statement.encode(), values).fetchone() or ()
    return tuple(None if value is None else float(value) for value in row)


def _figures(
    now: _Sums, before: _Sums | None, year_ago: _Sums | None, say: Wording, word: str
) -> tuple[Figure, ...]:
    def figure(name: str, value: str, note: str, of: str) -> Figure:
        mine: float | None = getattr(now, of)

        def against(other: _Sums | None, missing: str) -> Change:
            return _change(mine, getattr(other, of) if other else None, say, missing)

        return Figure(
            name,
            value,
            note,
            against(before, f"no {word} before"),
            against(year_ago, "no year before"),
        )

    def money(amount: float | None) -> str:
        return "–" if amount is None else say.money(amount)

    rate = ""
    if now.margin is not None:
        covered = now.known_net / now.net if now.net > 0 else 0.0
        rate = f"{say.percent(now.margin / now.known_net)} of sales"
        if covered < 0.95:
            rate += f", {say.percent(covered)} with known cost"
    return (
        figure("Net sales", money(now.net), "", "net"),
        figure("Orders", say.number(now.orders), "", "orders"),
        figure("Average order", money(now.average), "", "average"),
        figure("Gross margin", money(now.margin), rate, "margin"),
        figure(
            "New customers",
            "–" if now.new_customers is None else say.number(now.new_customers),
            "known by name",
            "new_customers",
        ),
    )


def _change(mine: float | None, other: float | None, say: Wording, missing: str) -> Change:
    if mine is None:
        return Change("")
    if other is None:
        return Change(missing)
    if other <= 0:
        return Change("nothing to compare with")
    rate = mine / other - 1
    if abs(rate) < _SAME_RATE:
        return Change("unchanged", "same")
    return Change(say.percent(rate), "up" if rate > 0 else "down")


def _days(
    connection: psycopg.Connection, period: Period, until: date, *, has_before: bool
) -> tuple[tuple[date, float, float | None], ...]:
    before = period.before()
    sold: dict[date, float] = {
        day: float(amount)
        for day, amount in connection.execute(
            "select sale_date, sum(net_amount) from rpt_sales_daily "
            "where sale_date between %s and %s group by 1",
            (before.first, period.last),
        )
    }
    rows = []
    for number in range(period.days):
        day, other = period.first + timedelta(days=number), before.first + timedelta(days=number)
        if day <= until:
            is_known = has_before and other <= before.last
            rows.append((day, sold.get(day, 0.0), sold.get(other, 0.0) if is_known else None))
    return tuple(rows)


def _happened(
    now: _Sums, before: _Sums | None, year_ago: _Sums | None, say: Wording, word: str
) -> str:
    text = f"Net sales were {say.money(now.net)} in {say.number(now.orders)} orders"
    told = [
        f"{_more(now.net - other.net, other.net, say)} {than}"
        for other, than in ((before, f"the {word} before"), (year_ago, "a year before"))
        if other and other.net > 0
    ]
    return f"{text}: {' and '.join(told)}." if told else f"{text}."


def _more(change: float, base: float, say: Wording) -> str:
    if abs(change) < _SAME_RATE * base:
        return "about as much as"
    return f"{say.percent(change / base)} {'more' if change > 0 else 'less'} than"


def _why(
    now: _Sums, before: _Sums | None, movers: Sequence[Mover], say: Wording, word: str
) -> tuple[str, ...]:
    if before is None:
        return (f"There is no {word} before to compare with.",)
    change = now.net - before.net
    if not movers and abs(change) < _SAME_RATE * max(before.net, 0.0):
        return ("Nothing changed that would be worth a word.",)
    if before.average is None or now.average is None:
        return (f"Net sales changed by {_signed(change, say)}.",)
    by_orders = (now.baskets - before.baskets) * before.average
    by_size = change - by_orders
    made = (
        f"Of the change of {_signed(change, say)}, {_signed(by_orders, say)} came with the number "
        f"of orders, {_signed(by_size, say)} with their size."
    )
    sentences = [made]
    largest = []
    for part, plural in _PLURAL.items():
        mine = [each for each in movers if each.part == part]
        if len(mine) > 1:
            told = " and ".join(f"{each.name} {_signed(each.amount, say)}" for each in mine[:2])
            largest.append(f"{told} among {plural}")
    if largest:
        sentences.append(f"The largest moves were {'; '.join(largest)}.")
    return tuple(sentences)


def _signed(amount: float, say: Wording) -> str:
    return f"{'+' if amount >= 0 else '−'}{say.money(abs(amount))}"


_PARTS = {
    "location": """
        select location_name, sum(case when sale_date >= %(first)s then net_amount
            else -net_amount end) from rpt_sales_daily""",
    "category": """
        select coalesce(products.category_name, 'Uncategorised'),
            sum(case when sale_date >= %(first)s then days.net_amount else -days.net_amount end)
        from fct_product_sales_daily days left join dim_products products using (product_key)""",
    "channel": """
        select channel_name, sum(case when sale_date >= %(first)s then net_amount
            else -net_amount end) from rpt_sales_daily""",
}


def _movers(connection: psycopg.Connection, period: Period, before: Period) -> tuple[Mover, ...]:
    """The parts whose net sales changed most against the period before."""
    days = {
        "before": before.first,
        "before_last": before.last,
        "first": period.first,
        "last": period.last,
    }
    found: list[Mover] = []
    for part, select in _PARTS.items():
        rows = connection.execute(
            f"{select} where sale_date between %(before)s and %(before_last)s "
            "or sale_date between %(first)s and %(last)s group by 1".encode(),
            days,
        ).fetchall()
        moved = [Mover(part, str(name or "Unnamed"), float(amount)) for name, amount in rows]
        moved.sort(key=lambda each: (-abs(each.amount), each.name))
        found += [each for each in moved[:_MOST_PARTS] if abs(each.amount) >= 0.005]
    return tuple(found)


def _outlook(
    connection: psycopg.Connection,
    business: Business,
    period: Period,
    until: date,
    say: Wording,
) -> Outlook:
    horizon = _AHEAD[period.kind]
    rows: list[Any] = []
    if has_mart(connection, "rpt_sales_forecast"):
        rows = connection.execute(
            "select sale_date, row_type, actual_amount, forecast_amount, lower_80_amount, "
            "upper_80_amount, as_of_date from rpt_sales_forecast "
            "where series_key = 'total' and horizon_days = %s order by sale_date",
            (horizon,),
        ).fetchall()
    expected = tuple(
        (row[0], *(float(value) for value in row[3:6]))
        for row in rows
        if row[1] == "forecast" and None not in row[3:6]
    )
    if not expected:
        return Outlook(
            (),
            (),
            _no_forecast(connection),
            _events(business, until + timedelta(days=1), horizon, say),
        )
    since = rows[0][6] - timedelta(days=_BACK[period.kind])
    actual = tuple((row[0], float(row[2])) for row in rows if row[1] == "actual" and row[0] > since)
    total = sum(row[1] for row in expected)
    # Days that miss by chance, each for itself, partly make up for one another.
    low = total - math.sqrt(sum((row[1] - row[2]) ** 2 for row in expected))
    high = total + math.sqrt(sum((row[3] - row[1]) ** 2 for row in expected))
    text = (
        f"From {say.day(expected[0][0])} to {say.day(expected[-1][0])} about {say.money(total)} "
        f"are expected, {say.money(max(low, 0.0))} to {say.money(high)} as far as days miss by "
        "chance alone."
    )
    return Outlook(actual, expected, text, _events(business, expected[0][0], horizon, say))


def _no_forecast(connection: psycopg.Connection) -> str:
    reason = None
    if has_mart(connection, "rpt_model_refusals"):
        row = connection.execute(
            "select reason from rpt_model_refusals where task = 'forecast_sales' "
            "order by subject not like 'total%', subject limit 1"
        ).fetchone()
        reason = row[0] if row else None
    return f"There is no forecast: {reason or 'the next run makes one.'}"


def _events(business: Business, first: date, horizon: int, say: Wording) -> str:
    """Holidays, closures and promotions ahead, in one line; empty where none is."""
    days = [first + timedelta(days=number) for number in range(horizon)]
    names = public_holidays(business.country_code, {day.year for day in days})
    told = [f"{names[day]} on {say.day(day)}" for day in days if day in names]
    for span, word in (
        *((each, f"{each.location or 'closed'}: {each.reason}") for each in business.closures),
        *((each, each.name) for each in business.promotions),
    ):
        ahead = [day for day in span.dates if day in days]
        if ahead:
            told.append(f"{word} from {say.day(ahead[0])}")
    return f"Ahead: {'; '.join(told[:4])}." if told else ""


def _health(
    connection: psycopg.Connection, business: Business, period: Period, until: date
) -> tuple[str, bool]:
    say = wording_of(business)
    told, is_healthy = [], True
    if until < period.last:
        told.append(f"Sales are known until {say.day(until)}, so this page is incomplete")
        is_healthy = False
    else:
        told.append(f"Sales are known until {say.day(until)}")
    days, unexplained = _numbers(
        connection,
        "select count(distinct (source_system, sale_date)), count(distinct case when explanation = "
        "'unexplained' then (source_system, sale_date) end) from rpt_reconciliation "
        "where sale_date between %(first)s and %(last)s",
        {"first": period.first, "last": period.last},
    )
    if days:
        told.append(
            f"{say.number(unexplained or 0)} of {say.number(days)} daily totals differ from the "
            "systems' own reports"
            if unexplained
            else f"all {say.number(days)} daily totals agree with the systems' own reports"
        )
    passed, failed = _numbers(
        connection,
        "select count(case when status = 'pass' then 1 end), count(case when status in "
        "('fail', 'error') then 1 end) from rpt_check_results",
        {},
    )
    if passed or failed:
        told.append(f"{say.number(passed or 0)} checks passed, {say.number(failed or 0)} failed")
    return "; ".join(told) + ".", is_healthy and not unexplained and not failed
