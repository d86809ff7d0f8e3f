"""What brings people to the online store: sessions, advertising, price tests, lost checkouts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.world.calendar import Calendar
from sandbox.world.catalogue import Catalogue
from sandbox.world.clock import DAY, HOUR, MINUTE, to_local
from sandbox.world.columns import Columns, Flags, Floats, Ints, Words
from sandbox.world.settings import TRADES, WorldSettings

ONLINE = TRADES.index("online")
# source, medium, campaign, parts of the buying and of the other sessions, cost of a click in cents
CHANNELS: tuple[tuple[str, str, str, float, float, int], ...] = (
    ("direct", "none", "", 0.24, 0.20, 0),
    ("google", "organic", "", 0.26, 0.28, 0),
    ("google", "cpc", "brand", 0.12, 0.07, 42),
    ("google", "cpc", "shopping", 0.13, 0.16, 78),
    ("facebook", "paid", "prospecting", 0.06, 0.17, 55),
    ("facebook", "paid", "retargeting", 0.07, 0.06, 96),
    ("newsletter", "email", "weekly", 0.12, 0.06, 0),
)
PLATFORMS = {"google": "Google Ads", "facebook": "Meta Ads"}
SESSIONS_PER_ORDER = 20
TEST_DAYS, TEST_CONVERSION = 28, 0.07
ARMS = ("", "A", "B")


@dataclass
class PriceTests:
    """Tests of a higher price on single products of the online store, one at a time.

    ``on_day[day]`` is the test that runs, or 0; ``product_of[test]`` the row of its product.
    """

    tests: Columns
    on_day: Ints
    product_of: Ints
    factor_ppm: Ints
    conversion: Floats

    def tested(self, trade: Ints, product: Ints, day: Ints) -> Ints:
        """The test that a line takes part in, or 0."""
        test = self.on_day[day]
        return np.where((trade == ONLINE) & (self.product_of[test] == product), test, 0)


def make_price_tests(settings: WorldSettings, catalogue: Catalogue, first_day: int) -> PriceTests:
    """Plan the tests; the second has a redirect that loses visitors of one arm."""
    dice = np.random.default_rng([settings.seed, 14])
    days = settings.days_count
    count = max(1, days // 120)
    product_of = catalogue.variants["product_id"] - 1
    wanted = np.bincount(product_of, catalogue.weight[ONLINE].mean(axis=0))
    kept = np.isnan(catalogue.discontinued)
    popular = np.argsort(-np.where(kept, wanted, 0))[: count * 3]
    product = dice.permutation(popular)[:count]
    start = (np.arange(count) + 0.4) * days / count
    start = np.minimum(start.astype(np.int64), max(0, days - TEST_DAYS))
    until = np.minimum(start + TEST_DAYS, days)
    on_day = np.zeros(days + 1, np.int64)
    for index in range(count):
        on_day[start[index] : until[index]] = index + 1
    factor = dice.choice([1_080_000, 1_120_000, 1_150_000], count)
    effect = (factor / 1e6) ** catalogue.products["elasticity"][product]
    number = np.repeat(np.arange(1, count + 1, dtype=np.int64), 2)
    is_b = np.arange(2 * count) % 2
    tests = {
        "test_id": number,
        "arm": Words(1 + is_b, ARMS),
        "product_id": product[number - 1] + 1,
        "price_factor_ppm": np.where(is_b == 1, factor[number - 1], 1_000_000),
        "from_date": first_day + start[number - 1],
        "until_date": first_day + until[number - 1] - 1,
        "true_conversion_factor": np.where(is_b == 1, effect[number - 1], 1.0),
        "is_mismatched": number == 2,
    }
    return PriceTests(tests, on_day, np.concatenate([[-1], product]),
                      np.concatenate([[1_000_000], factor]),
                      np.concatenate([[1.0], effect]))  # fmt: skip


@dataclass
class Marketing:
    """Sessions in the order of time, daily spend per campaign, checkouts that were left."""

    sessions: Columns
    ad_spend: Columns
    checkouts: Columns


def make_marketing(settings: WorldSettings, calendar: Calendar, catalogue: Catalogue,
                   tests: PriceTests, orders: Columns, until: int) -> Marketing:  # fmt: skip
    """Sessions that ended in the orders of the online store, and those that did not."""
    dice = np.random.default_rng([settings.seed, 15])
    online = np.flatnonzero((orders["trade"].codes == ONLINE) & ~orders["is_test"])
    bought = _buying(dice, orders, online)
    looked = _looking(dice, orders, online, until)
    tested = _testing(dice, calendar, tests, orders, until)
    parts = (bought, looked, tested)
    rows = {name: np.concatenate([part[name] for part in parts]) for name in bought}
    sequence = np.argsort(rows["started_at"], kind="stable")
    rows = {name: values[sequence] for name, values in rows.items()}
    count = len(sequence)
    channel = rows.pop("channel")
    has_bought = rows["order_id"] > 0
    landing = _landing(dice, catalogue, tests, rows)
    reaches = has_bought | (dice.random(count) < 0.055)
    has_cart = reaches | (dice.random(count) < 0.09)
    sessions = {
        "session_id": np.arange(1, count + 1, dtype=np.int64),
        "visitor_id": rows["visitor_id"],
        "started_at": rows["started_at"],
        "source": _named(channel, 0),
        "medium": _named(channel, 1),
        "campaign": _named(channel, 2),
        "landing_product_id": landing,
        "has_cart": has_cart,
        "has_checkout": reaches,
        "order_id": rows["order_id"],
        "test_id": rows["test_id"],
        "test_arm": Words(rows["arm"], ARMS),
    }
    spend = _spend(dice, settings, calendar, sessions, channel)
    left = reaches & ~has_bought
    return Marketing(sessions, spend, _checkouts(dice, calendar, catalogue, orders, sessions,
                                                 left, until))  # fmt: skip


def _named(channel: Ints, member: int) -> Words:
    words = tuple(dict.fromkeys(str(row[member]) for row in CHANNELS))
    code = np.array([words.index(str(row[member])) for row in CHANNELS], np.int64)
    return Words(code[channel], words)


def _rows(visitor: Ints, at: Ints, channel: Ints, order: Ints, test: Ints, arm: Ints) -> Columns:
    return {"visitor_id": visitor, "started_at": at, "channel": channel, "order_id": order,
            "test_id": test, "arm": arm}  # fmt: skip


def _channels(dice: np.random.Generator, count: int, part: int) -> Ints:
    weights = np.array([float(row[part]) for row in CHANNELS])
    return dice.choice(len(CHANNELS), count, p=weights / weights.sum())


def _buying(dice: np.random.Generator, orders: Columns, online: Ints) -> Columns:
    count = len(online)
    at = orders["placed_at"][online] - 60 - dice.exponential(9 * MINUTE, count).astype(np.int64)
    person = orders["person_id"][online]
    visitor = np.where(person > 0, person, 10**9 + orders["order_id"][online])
    return _rows(visitor, at, _channels(dice, count, 3), orders["order_id"][online],
                 orders["test_id"][online], orders["test_arm"].codes[online])  # fmt: skip


def _looking(dice: np.random.Generator, orders: Columns, online: Ints, until: int) -> Columns:
    """Sessions without an order, at about the hours when others buy."""
    count = len(online) * (SESSIONS_PER_ORDER - 1)
    like = online[dice.integers(0, max(1, len(online)), count)]
    at = orders["placed_at"][like] + dice.integers(-2 * HOUR, 2 * HOUR, count)
    is_known = dice.random(count) < 0.3
    person = orders["person_id"][like]
    visitor = np.where(is_known & (person > 0), person, 2 * 10**9 + np.arange(count))
    none = np.zeros(count, np.int64)
    rows = _rows(visitor, at, _channels(dice, count, 4), none, none, none)
    return {name: values[at < until] for name, values in rows.items()}


def _testing(dice: np.random.Generator, calendar: Calendar, tests: PriceTests, orders: Columns,
             until: int) -> Columns:  # fmt: skip
    """Visitors who saw a tested price and did not buy: as many per arm as a fair coin sends."""
    found = []
    for test in range(1, len(tests.product_of)):
        days = np.flatnonzero(tests.on_day == test)
        mine = (orders["test_id"] == test) & ~orders["is_test"]
        arms = orders["test_arm"].codes[mine]
        seen = max(1_500, round(int((arms == 1).sum()) / TEST_CONVERSION))
        for arm in (1, 2):
            lost = 0.7 if test == 2 and arm == 2 else 1.0
            count = max(0, dice.poisson(seen * lost) - int((arms == arm).sum()))
            at = (calendar.first_day + dice.choice(days, count)) * DAY
            at += 5 * HOUR + dice.integers(6 * HOUR, 23 * HOUR, count)
            none = np.zeros(count, np.int64)
            visitor = 3 * 10**9 + test * 10**7 + arm * 5 * 10**6 + np.arange(count)
            rows = _rows(visitor, at, _channels(dice, count, 4), none, none + test, none + arm)
            found.append({name: values[at < until] for name, values in rows.items()})
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def _landing(dice: np.random.Generator, catalogue: Catalogue, tests: PriceTests,
             rows: Columns) -> Ints:  # fmt: skip
    """The product whose page was seen first, 0 for the home page."""
    count = len(rows["order_id"])
    weight = catalogue.weight[ONLINE].mean(axis=0)
    chosen = dice.choice(len(weight), count, p=weight / weight.sum())
    product = catalogue.variants["product_id"][chosen]
    product = np.where(dice.random(count) < 0.45, 0, product)
    is_tested = rows["test_id"] > 0
    landing: Ints = np.where(is_tested, tests.product_of[rows["test_id"]] + 1, product)
    return landing


def _spend(dice: np.random.Generator, settings: WorldSettings, calendar: Calendar,
           sessions: Columns, channel: Ints) -> Columns:  # fmt: skip
    """One row per day and paid campaign; platforms claim more conversions than there were."""
    zone = settings.places[0].time_zone
    day = to_local(sessions["started_at"], zone) // DAY - calendar.first_day
    days = settings.days_count
    is_inside = (day >= 0) & (day < days)
    paid = [index for index, row in enumerate(CHANNELS) if row[5]]
    parts: dict[str, list[Ints]] = {name: [] for name in (
        "spend_date", "which", "impressions", "clicks", "conversions", "spend_cents")}  # fmt: skip
    for position, index in enumerate(paid):
        mine = is_inside & (channel == index)
        visits = np.bincount(day[mine], minlength=days)
        sales = np.bincount(day[mine & (sessions["order_id"] > 0)], minlength=days)
        clicks = visits + dice.binomial(visits, 0.06)
        price = CHANNELS[index][5] * np.exp(dice.normal(0, 0.12, days))
        parts["spend_date"].append(calendar.first_day + np.arange(days))
        parts["which"].append(np.full(days, position))
        parts["impressions"].append(clicks * dice.integers(35, 70, days))
        parts["clicks"].append(clicks)
        parts["conversions"].append(sales + dice.binomial(visits, 0.008))
        parts["spend_cents"].append(np.rint(clicks * price).astype(np.int64))
    table = {name: np.concatenate(values) for name, values in parts.items()}
    which = table.pop("which")
    platform = np.array([PLATFORMS[CHANNELS[index][0]] for index in paid], object)
    campaign = np.array([CHANNELS[index][2] for index in paid], object)
    sequence = np.lexsort((which, table["spend_date"]))
    found = {"spend_date": table.pop("spend_date"), "platform": platform[which],
             "campaign": campaign[which], **table}  # fmt: skip
    return {name: values[sequence] for name, values in found.items()}


def _checkouts(dice: np.random.Generator, calendar: Calendar, catalogue: Catalogue,
               orders: Columns, sessions: Columns, left: Flags,
               until: int) -> Columns:  # fmt: skip
    """Checkouts that were left after an address was given: what lay in the cart."""
    rows = np.flatnonzero(left & (sessions["visitor_id"] < 2 * 10**9))
    known = dict(zip(orders["person_id"].tolist(), orders["contact_id"].tolist(), strict=True))
    contact = np.array([known.get(v, 0) for v in sessions["visitor_id"][rows].tolist()], np.int64)
    rows, contact = rows[contact > 0], contact[contact > 0]
    at = sessions["started_at"][rows] + dice.integers(60, 20 * MINUTE, len(rows))
    kept = at < until
    rows, contact, at = rows[kept], contact[kept], at[kept]
    weight = catalogue.weight[ONLINE].mean(axis=0)
    variant = dice.choice(len(weight), len(rows), p=weight / weight.sum())
    week = np.clip((at // DAY - calendar.first_day) // 7, 0, len(catalogue.price) - 1)
    sequence = np.argsort(at, kind="stable")
    found = {
        "session_id": sessions["session_id"][rows],
        "contact_id": contact,
        "left_at": at,
        "variant_id": catalogue.variants["variant_id"][variant],
        "quantity": 1 + dice.binomial(2, 0.15, len(rows)),
        "unit_price_cents": catalogue.price[week, variant],
    }
    found = {name: values[sequence] for name, values in found.items()}
    return {"checkout_id": np.arange(1, len(rows) + 1, dtype=np.int64), **found}
