"""What a person can do something about, ranked by the money at stake, each with its evidence.

Every finder reads what other models found and tells few things: a list of forty is read by nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import pandas as pd
from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from ml.anomalies import Kind
from ml.trends import SLOPE_WEEKS

# Older days have been told before, and nobody can act on them.
NEWS_DAYS = 14
# A new level is news for a while longer.
BREAK_NEWS_DAYS = 56
LIKELY_TO_LEAVE = 0.6
# No more of one kind: the next ones are in the mart that the last one points to.
MOST_OF_A_KIND = 5
INSIGHT_COLUMNS = (
    "insight_key", "as_of_date", "insight_rank", "topic", "kind", "subject", "location_key",
    "headline", "evidence", "action", "impact_amount", "impact_basis", "act_by_date",
    "evidence_mart", "evidence_filter", "certainty",
)  # fmt: skip
Topic = Literal["sales", "margin", "stock", "customers", "prices", "staff", "money", "marketing"]
Certainty = Literal["measured", "forecast", "observational"]
METRICS: Mapping[str, tuple[str, Kind]] = {
    "net_sales": ("net sales", "amount"),
    "orders": ("orders", "amount"),
    "average_order_value": ("the average order", "average"),
    "gross_margin_rate": ("the gross margin rate", "rate"),
    "refund_rate": ("the share of sales that was given back", "rate"),
    "discount_rate": ("the share of sales given as discounts", "rate"),
    "stock_out_rate": ("the share of empty shelves", "rate"),
    "conversion_rate": ("the share of visits that end in an order", "rate"),
}
_PLURAL = {"net_sales", "orders"}
# Three views of one thing: of them only one is told, sales before orders before baskets.
_VOLUME = ("net_sales", "orders", "average_order_value")
_SHARES = {name for name, (_, kind) in METRICS.items() if kind == "rate"}
_CHECK_BELOW = {
    "net_sales": "Find out what kept customers away that day: hours, staff, tills, deliveries.",
    "orders": "Find out what kept customers away that day: hours, staff, tills, deliveries.",
    "average_order_value": "Look for wrong prices, or for dear products that were sold out.",
    "gross_margin_rate": "Look for costs that rose and for discounts on what was sold that day.",
    "conversion_rate": "Try the checkout as a customer would, on a phone, too.",
}
_CHECK_ABOVE = {
    "refund_rate": "Read the reasons of these returns: one product is often behind them.",
    "discount_rate": "See who gave these discounts, and whether they were meant.",
    "stock_out_rate": "Look into the reorder plan: what is missing, and what has been ordered.",
}
_GOOD = "Find out what brought it, and whether it can be had again."


@dataclass(frozen=True)
class Wording:
    """How numbers read in the owner's country.

    Attributes:
        currency_code: of all amounts.
        country_code: decides the separators; sentences are English.
    """

    currency_code: str
    country_code: str

    @property
    def _locale(self) -> Locale:
        try:
            return Locale("en", self.country_code)
        except UnknownLocaleError:
            return Locale("en")

    def money(self, amount: float) -> str:
        """Whole units from a hundred on, else with cents."""
        pattern = self._locale.currency_formats["standard"].pattern
        if abs(amount) >= 100:
            pattern = pattern.replace("0.00", "0")
        return format_currency(
            amount, self.currency_code, pattern, locale=self._locale, currency_digits=False
        )

    def number(self, value: float) -> str:
        """Up to one decimal."""
        return format_decimal(value, format="#,##0.#", locale=self._locale)

    def percent(self, rate: float) -> str:
        """Whole per cent, one decimal below ten; never with a sign."""
        pattern = "#,##0 %" if abs(rate) >= 0.1 else "#,##0.# %"
        return format_percent(abs(rate), format=pattern, locale=self._locale)

    def day(self, day: date) -> str:
        """Weekday, day and month."""
        return format_date(day, format="EEEE d MMMM", locale=self._locale)

    def month(self, day: date) -> str:
        """Month and year."""
        return format_date(day, format="MMMM y", locale=self._locale)

    def value(self, metric: str, value: float) -> str:
        """Of a metric, in its own unit."""
        if metric in _SHARES:
            return self.percent(value)
        return self.number(round(value)) if metric == "orders" else self.money(value)


@dataclass(frozen=True)
class Known:
    """What insights are drawn from.

    Attributes:
        frames: by name what each finder reads; see
            :mod:`orchestration.defs.predict.insights` for the columns. An empty frame
            has nothing to tell.
        as_of_date: last complete day.
        wording: currency and country.
    """

    frames: Mapping[str, pd.DataFrame]
    as_of_date: date
    wording: Wording

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]


def rank_insights(known: Known) -> pd.DataFrame:
    """Everything worth a sentence, most money first.

    Returns:
        ``INSIGHT_COLUMNS``. ``impact_amount`` is positive for money to win or keep, null where
        none can be named; ``impact_basis`` says over which time. ``evidence_filter`` is a
        condition that finds the rows in ``evidence_mart``. ``insight_key`` stays the same from run
        to run as long as it is the same news.
    """
    told = [row for finder in FINDERS for row in finder(known)]
    for row in told:
        row |= {"insight_key": _key(row), "as_of_date": known.as_of_date}
    rows = pd.DataFrame(told).reindex(columns=list(INSIGHT_COLUMNS))
    if rows.empty:
        return rows
    size = rows["impact_amount"].astype(float).abs().fillna(-1.0)
    order = rows.assign(size=size).sort_values(["size", "insight_key"], ascending=[False, True])
    few = order[order.groupby("kind").cumcount() < MOST_OF_A_KIND].drop(columns="size")
    return few.assign(insight_rank=range(1, len(few) + 1)).reset_index(drop=True)


def _key(row: Mapping[str, object]) -> str:
    parts = [str(row[name]) for name in ("kind", "subject", "location_key", "news_of")]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _insight(
    topic: Topic,
    kind: str,
    subject: str,
    *,
    headline: str,
    evidence: str,
    action: str,
    mart: str,
    where: str,
    impact: float | None = None,
    basis: str | None = None,
    act_by: date | None = None,
    location_key: Any = None,
    certainty: Certainty = "measured",
    news_of: object = "",
) -> dict[str, object]:
    return {
        "topic": topic, "kind": kind, "subject": subject, "location_key": location_key,
        "headline": headline, "evidence": evidence, "action": action, "impact_amount": impact,
        "impact_basis": basis, "act_by_date": act_by, "evidence_mart": mart,
        "evidence_filter": where, "certainty": certainty, "news_of": news_of,
    }  # fmt: skip


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _name(series_key: str) -> str:
    return "the whole business" if series_key == "total" else series_key.split(":", 1)[1]


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows with their columns as attributes, whatever their types."""
    return iter(frame.itertuples())


def _is_same_event(one: Any, other: Any) -> bool:
    """What moved a part moved the whole."""
    is_related = "total" in {one.series_key, other.series_key} or one.series_key == other.series_key
    return bool(
        is_related and one.first_date <= other.last_date and one.last_date >= other.first_date
    )


def unusual_days(known: Known) -> Iterator[dict[str, object]]:
    """Recent days that were not as such days are; what one event moved is told once."""
    say = known.wording
    found = known["anomalies"]
    recent = found[found["last_date"] > known.as_of_date - timedelta(days=NEWS_DAYS)]
    recent = recent.assign(size=recent["impact_amount"].astype(float).abs())
    told: list[Any] = []
    for row in _rows(recent.sort_values(["size", "series_key"], ascending=[False, True])):
        if any(_is_same_event(row, other) for other in told):
            continue
        told.append(row)
        metric, name = str(row.metric), _name(str(row.series_key))
        days = say.day(row.first_date)
        if row.days_count > 1:
            days += f" to {say.day(row.last_date)}"
        is_ratio = pd.notna(row.difference_rate) and row.difference_rate >= -1
        change = f" ({say.percent(row.difference_rate)} {row.direction})" if is_ratio else ""
        part = row.cause_series_key
        cause = f" Most of it came from {_name(part)}." if isinstance(part, str) else ""
        advice = _CHECK_BELOW if row.direction == "below" else _CHECK_ABOVE
        yield _insight(
            "margin" if metric == "gross_margin_rate" else "sales",
            "unusual_day",
            f"{METRICS[metric][0]}, {name}",
            headline=f"{days}: {METRICS[metric][0]} of {name} "
            f"{say.value(metric, row.actual_value)} instead of "
            f"{say.value(metric, row.expected_value)}",
            evidence=f"Such days usually bring {say.value(metric, row.expected_value)}; it was "
            f"{say.value(metric, row.actual_value)}{change}, "
            f"{say.number(abs(row.z_score))} times what is usual chance.{cause}",
            action=advice.get(metric, _GOOD),
            impact=row.impact_amount,
            basis="these days",
            location_key=row.location_key,
            mart="rpt_anomalies",
            where=f"series_key = {_quoted(row.series_key)} and metric = {_quoted(metric)} "
            f"and first_date = {_quoted(row.first_date)}",
            news_of=row.first_date,
        )


def directions(known: Known) -> Iterator[dict[str, object]]:
    """Series that rise, fall, or have found a new level lately.

    Sales, orders and baskets of a series are one story, and so are the whole and its parts that
    move the same way.
    """
    moves = [move for row in _rows(known["trends"]) if (move := _move(row, known.as_of_date))]
    moves.sort(key=lambda move: (move.is_part, _VOLUME.index(move.metric) if move.is_volume else 9))
    told: list[_Move] = []
    for move in moves:
        if not any(move.is_told_by(other) for other in told):
            told.append(move)
            parts = [each for each in moves if each.is_part and each.is_told_by(move)]
            yield _direction(move, parts, known)


@dataclass(frozen=True)
class _Move:
    """A row of trends that is news."""

    row: Any
    is_break: bool
    change: float
    impact: float | None

    @property
    def metric(self) -> str:
        return str(self.row.metric)

    @property
    def is_volume(self) -> bool:
        return self.metric in _VOLUME

    @property
    def is_part(self) -> bool:
        return str(self.row.series_key) != "total"

    def is_told_by(self, other: _Move) -> bool:
        """The same series in another view, or the whole that moved the same way."""
        is_alike = self.metric == other.metric or (self.is_volume and other.is_volume)
        is_within: bool = self.row.series_key == other.row.series_key or not other.is_part
        return bool(self is not other and is_alike and is_within and self.change * other.change > 0)


def _move(row: Any, as_of_date: date) -> _Move | None:
    age = (as_of_date - row.break_date).days if pd.notna(row.break_date) else None
    if age is not None and age <= BREAK_NEWS_DAYS:
        change = row.after_break_value - row.before_break_value
        return _Move(row, True, change, row.break_impact_amount)
    if row.direction == "steady":
        return None
    return _Move(row, False, row.weekly_change_value * SLOPE_WEEKS, row.impact_amount)


def _direction(move: _Move, parts: list[_Move], known: Known) -> dict[str, object]:
    say, row, metric = known.wording, move.row, move.metric
    is_up = move.change > 0
    before = row.before_break_value if move.is_break else row.level_value - move.change
    after = row.after_break_value if move.is_break else row.level_value
    unit = "" if metric in _SHARES or metric == "average_order_value" else " a week"
    values = f"from {say.value(metric, before)} to {say.value(metric, after)}{unit}"
    what = f"{METRICS[metric][0]} of {_name(str(row.series_key))}"
    has = "have" if metric in _PLURAL else "has"
    rate = ""
    if before > 0 and metric not in _SHARES:
        rate = f", {say.percent(move.change / before)} {'more' if is_up else 'less'}"
    since = f"since {say.day(row.break_date)}" if move.is_break else "within a quarter"
    why = (
        "A step tells the last year better than a steady line or chance."
        if move.is_break
        else f"A steady line over {SLOPE_WEEKS} weeks that chance alone would rarely draw."
    )
    names = sorted({_name(str(each.row.series_key)) for each in parts})
    where = f" So did {', '.join(names[:3])}." if names else ""
    is_good = is_up == (metric not in _CHECK_ABOVE)
    return _insight(
        "margin" if metric == "gross_margin_rate" else "sales",
        "new_level" if move.is_break else "trend",
        what,
        headline=f"{_upper(what)} {has} {'risen' if is_up else 'fallen'} {since}: {values}{rate}",
        evidence=why + where,
        action="Find out what brought it, and do more of it."
        if is_good
        else "Find out in which part it began, before it goes on.",
        impact=move.impact,
        basis="the next quarter",
        location_key=row.location_key,
        mart="rpt_trends",
        where=f"series_key = {_quoted(row.series_key)} and metric = {_quoted(metric)}",
        news_of=row.break_date if move.is_break else "up" if is_up else "down",
    )


def reorders(known: Known) -> Iterator[dict[str, object]]:
    """Orders that must go out now, one per supplier and place, as they are placed."""
    say = known.wording
    plan = known["reorder_plan"]
    due = plan[plan["urgency"] == "order now"]
    keys = ["location_key", "location_name", "supplier_name"]
    for (location_key, place, supplier), items in due.groupby(keys, dropna=False, sort=True):
        named = isinstance(supplier, str)
        source = str(supplier) if named else "suppliers"
        by = items["order_by_date"].dropna().min()
        act_by = max(by, known.as_of_date + timedelta(days=1)) if pd.notna(by) else None
        first = items.sort_values("lost_margin_amount", ascending=False).iloc[0]
        lost = items["lost_margin_amount"].sum(min_count=1)
        cost = items["order_amount"].sum(min_count=1)
        until = f" by {say.day(act_by)}" if act_by else ""
        worth = f" for {say.money(cost)}" if pd.notna(cost) else ""
        left = (
            f"{say.number(max(first['days_left'], 0))} days left"
            if pd.notna(first["days_left"])
            else "stock unknown"
        )
        yield _insight(
            "stock",
            "reorder",
            f"{source}, {place}",
            headline=f"Order {_count(len(items), 'product')} from {source} for {place}{until}"
            f"{worth}",
            evidence=f"Most urgent: {say.number(first['order_quantity'])} x "
            f"{first['product_name']}: {left}, lead time "
            f"{say.number(first['lead_time_days'])} days."
            + (f" Waiting costs about {say.money(lost)} of margin." if lost > 0 else ""),
            action=f"Place the order with {source}{until}.",
            impact=None if pd.isna(lost) else float(lost),
            basis="until the next order",
            act_by=act_by,
            location_key=location_key,
            certainty="forecast",
            mart="rpt_reorder_plan",
            where=f"urgency = 'order now' and location_key = {_quoted(location_key)} and "
            + (f"supplier_name = {_quoted(supplier)}" if named else "supplier_name is null"),
            news_of=known.as_of_date.isocalendar()[:2],
        )


def dead_stock(known: Known) -> Iterator[dict[str, object]]:
    """Money that lies on shelves and does not move, per place."""
    say = known.wording
    stock = known["inventory_health"]
    dead = stock[stock["is_dead_stock"].astype(bool)]
    for (location_key, place), items in dead.groupby(["location_key", "location_name"], sort=True):
        value = items["value_at_cost_amount"].sum(min_count=1)
        most = items.sort_values("value_at_cost_amount", ascending=False).iloc[0]
        worth = f" worth {say.money(value)}" if pd.notna(value) else ""
        yield _insight(
            "stock",
            "dead_stock",
            str(place),
            headline=f"{_count(len(items), 'product')}{worth} at {place} without a sale for 90 "
            "days",
            evidence="Most of the money is in "
            f"{most['product_name']} ({say.number(most['on_hand_quantity'])} on hand).",
            action="Mark them down, bundle them or send them to a place where they sell.",
            impact=None if pd.isna(value) else float(value),
            basis="bound in stock",
            location_key=location_key,
            mart="rpt_inventory_health",
            where=f"is_dead_stock and location_key = {_quoted(location_key)}",
        )


def customers_at_risk(known: Known) -> Iterator[dict[str, object]]:
    """Good customers who are likely to leave, those who may be written to apart."""
    say = known.wording
    rows = known["customers"]
    leaving = rows[
        rows["is_active"].astype(bool)
        & (rows["churn_probability"].astype(float) >= LIKELY_TO_LEAVE)
        & (rows["expected_net_12m_amount"].astype(float) > 0)
    ]
    if leaving.empty:
        return
    worth = float(leaving["expected_net_12m_amount"].sum())
    reachable = int(leaving["is_contact_allowed"].astype(bool).sum())
    yield _insight(
        "customers",
        "customers_at_risk",
        "active customers",
        headline=f"{len(leaving)} active customers are likely not to come back",
        evidence=f"They are expected to buy for {say.money(worth)} in the next twelve months; "
        f"their chance of no purchase in their usual time is {say.percent(LIKELY_TO_LEAVE)} or "
        "more.",
        action=f"Write to the {reachable} who agreed to it; greet the others at the till."
        if reachable
        else "None agreed to be written to: greet them at the till, and ask.",
        impact=worth,
        basis="net sales of twelve months",
        certainty="forecast",
        mart="rpt_customer_predictions",
        where=f"is_active and churn_probability >= {LIKELY_TO_LEAVE} "
        "and expected_net_12m_amount > 0",
        news_of=known.as_of_date.isocalendar()[:2],
    )


def better_prices(known: Known) -> Iterator[dict[str, object]]:
    """Prices whose change would pay even at the cautious end of the interval."""
    say = known.wording
    rows = known["price_elasticities"]
    for row in _rows(rows[rows["lower_margin_change_amount"].astype(float) > 0]):
        verb = "Raise" if row.best_price_amount > row.current_price_amount else "Lower"
        yield _insight(
            "prices",
            "better_price",
            str(row.product_name),
            headline=f"{verb} {row.product_name} from {say.money(row.current_price_amount)} to "
            f"{say.money(row.best_price_amount)}",
            evidence=f"About {say.money(row.margin_change_amount)} more margin a week "
            f"({say.money(row.lower_margin_change_amount)} to "
            f"{say.money(row.upper_margin_change_amount)}), from past prices: one per cent more "
            f"moved sales by {say.number(row.elasticity)} %.",
            action="Try it in one place or as a price test, and look at the margin.",
            impact=float(row.margin_change_amount) * SLOPE_WEEKS,
            basis="the next quarter",
            certainty="observational",
            mart="rpt_price_elasticity",
            where=f"product_key = {_quoted(row.product_key)}",
        )


def price_tests(known: Known) -> Iterator[dict[str, object]]:
    """Tests that have come to a verdict, or that measure nothing."""
    said = {
        "keep_old": ("The old price is better", "Keep the old price and end the test."),
        "take_new": ("The new price is better", "Take the new price and end the test."),
        "invalid": ("The test measures nothing", "Mend how visitors are shared out, and restart."),
    }
    for row in _rows(known["price_tests"]):
        if row.verdict not in said:
            continue
        headline, action = said[row.verdict]
        yield _insight(
            "prices",
            "price_test",
            f"{row.test_name}, {row.variant_name}",
            headline=f"{headline}: {row.test_name}, {row.variant_name}",
            evidence=str(row.reason),
            action=action,
            mart="rpt_price_test_verdicts",
            where=f"test_name = {_quoted(row.test_name)} "
            f"and variant_name = {_quoted(row.variant_name)}",
            news_of=row.verdict,
        )


def below_cost(known: Known) -> Iterator[dict[str, object]]:
    """Products that cost more than they brought in the last four weeks."""
    say = known.wording
    for row in _rows(known["below_cost"]):
        loss = float(row.cost_amount - row.net_amount)
        yield _insight(
            "margin",
            "below_cost",
            str(row.product_name),
            headline=f"{row.product_name} is sold below its cost",
            evidence=f"{say.number(row.units)} sold in four weeks for "
            f"{say.money(row.net_amount)}; they cost {say.money(row.cost_amount)}.",
            action="Raise its price, stop its discounts, or take it off the list.",
            impact=loss,
            basis="the last four weeks",
            mart="rpt_product_performance",
            where=f"product_key = {_quoted(row.product_key)}",
        )


def staffing(known: Known) -> Iterator[dict[str, object]]:
    """Days ahead with clearly too few or too many people, per place."""
    say = known.wording
    plan = known["staffing_plan"].dropna(subset=["difference_staff_count"])
    if plan.empty:
        return
    soon = plan[plan["plan_date"] <= known.as_of_date + timedelta(days=7)]
    for (location_key, place), hours in soon.groupby(["location_key", "location_name"], sort=True):
        gaps = hours["difference_staff_count"].astype(float)
        wage = hours["hourly_cost_amount"].astype(float).median()
        for word, gap, sign in (
            ("few", gaps[gaps >= 1], 1),
            ("many", gaps[gaps <= -1], -1),
        ):
            people_hours = float(gap.abs().sum())
            if people_hours < 8:
                continue
            hours_of_work = f"{say.number(people_hours)} hours of work"
            largest = gap.abs().sort_values(ascending=False, kind="stable").index[:1]
            worst = next(_rows(hours.loc[largest]))
            cost = None if pd.isna(wage) else people_hours * float(wage)
            yield _insight(
                "staff",
                f"too_{word}_staff",
                str(place),
                headline=f"{place} lacks {hours_of_work} next week"
                if sign > 0
                else f"{place} has {hours_of_work} too many next week",
                evidence=f"Most on {say.day(worst.plan_date)} at {worst.work_hour}:00: "
                f"about {say.number(worst.expected_orders)} orders need "
                f"{say.number(worst.needed_staff_count)} at work.",
                action="Move hours to where the orders are expected."
                if sign > 0
                else "Send people home earlier or give them other work in these hours.",
                impact=cost,
                basis="wages of next week",
                act_by=worst.plan_date,
                location_key=location_key,
                certainty="forecast",
                mart="rpt_staffing_plan",
                where=f"location_key = {_quoted(location_key)} and difference_staff_count "
                + (">= 1" if sign > 0 else "<= -1"),
                news_of=known.as_of_date.isocalendar()[:2],
            )


def outlook(known: Known) -> Iterator[dict[str, object]]:
    """What the next thirty days will bring, beside the last thirty."""
    say = known.wording
    rows = known["outlook"]
    if rows.empty or pd.isna(rows["forecast_amount"].iloc[0]):
        return
    ahead, past = float(rows["forecast_amount"].iloc[0]), float(rows["actual_amount"].iloc[0])
    change = ahead - past
    if past <= 0 or abs(change) < 0.03 * past:
        return
    more = "more" if change > 0 else "less"
    yield _insight(
        "sales",
        "outlook",
        "the whole business",
        headline=f"The next 30 days should bring {say.money(ahead)}, "
        f"{say.percent(change / past)} {more} than the last 30",
        evidence=f"The last 30 days brought {say.money(past)}; the forecast has been at least "
        "as good as the best simple rule on past months.",
        action="Plan staff and orders for more."
        if change > 0
        else "Plan staff and orders for less.",
        impact=change,
        basis="the next 30 days",
        certainty="forecast",
        mart="rpt_sales_forecast",
        where="series_key = 'total' and horizon_days = 30",
        news_of=known.as_of_date.strftime("%Y-%m"),
    )


def late_payments(known: Known) -> Iterator[dict[str, object]]:
    """Invoices that are more than thirty days late."""
    say = known.wording
    rows = known["receivables"]
    late = rows[rows["late_amount"].astype(float) > 0]
    if late.empty:
        return
    amount = float(late["late_amount"].sum())
    yield _insight(
        "money",
        "late_payments",
        "receivables",
        headline=f"{_count(len(late), 'customer')} {'owes' if len(late) == 1 else 'owe'} "
        f"{say.money(amount)} for over 30 days",
        evidence=f"The oldest invoice was due in {say.month(late['oldest_due_date'].min())}.",
        action="Send a reminder today; ring the largest one.",
        impact=amount,
        basis="open invoices",
        mart="rpt_receivables_ageing",
        where="overdue_31_60_amount + overdue_61_90_amount + overdue_over_90_amount > 0",
    )


def dear_customers(known: Known) -> Iterator[dict[str, object]]:
    """Advertising whose customers have not earned it back after a year."""
    say = known.wording
    rows = known["acquisition"]
    if rows.empty:
        return
    row = rows.sort_values("cohort_month").iloc[-1]
    if pd.isna(row["ltv_to_cac_rate"]) or row["ltv_to_cac_rate"] >= 1:
        return
    lost = float(row["spend_amount"] - row["margin_amount"])
    yield _insight(
        "marketing",
        "dear_customers",
        "advertising",
        headline="New customers cost more than they bring in a year",
        evidence=f"Those of {say.month(row['cohort_month'])} cost "
        f"{say.money(row['blended_cac_amount'])} each and have brought "
        f"{say.money(row['margin_ltv_amount'])} of margin in twelve months.",
        action="Spend less where customers are dearest, and look at what they buy first.",
        impact=lost,
        basis="one month's advertising",
        mart="rpt_acquisition",
        where=f"cohort_month = {_quoted(row['cohort_month'])}",
        news_of=row["cohort_month"],
    )


FINDERS = (
    unusual_days, directions, reorders, dead_stock, customers_at_risk, better_prices, price_tests,
    below_cost, staffing, outlook, late_payments, dear_customers,
)  # fmt: skip
