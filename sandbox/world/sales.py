"""Orders and their lines as they were placed; what happened to them later is in aftermath."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.world.calendar import HOURS, Calendar
from sandbox.world.catalogue import Catalogue
from sandbox.world.clock import DAY, HOUR, to_utc
from sandbox.world.columns import (
    Columns,
    Flags,
    Ints,
    Words,
    of_million,
    per_group,
    repeated,
    spread,
)
from sandbox.world.marketing import ARMS, PriceTests
from sandbox.world.people import IDENTIFIED_SHARE, People
from sandbox.world.settings import TRADES, WorldSettings
from sandbox.world.supply import Supply

LINES_MORE = {"cafe": 0.9, "retail": 0.8, "online": 1.3}
FREE_SHIPPING_CENTS, SHIPPING_CENTS = 6_000, 595
GIFT_CARD_CENTS = np.array([2_500, 5_000, 10_000])
# Presentment currency of foreign online orders: its rate in millionths of the shop's, and VAT.
FOREIGN = (("CAD", 1_360_000, 0), ("EUR", 920_000, 0), ("GBP", 790_000, 200_000))


@dataclass
class Sales:
    """One row per order, and one per line of it; lines of an order stand together."""

    orders: Columns
    lines: Columns


def make_sales(settings: WorldSettings, calendar: Calendar, catalogue: Catalogue, people: People,
               supply: Supply, tests: PriceTests) -> Sales:  # fmt: skip
    """Place every order of the world; what an empty shelf lacks is not sold."""
    orders, person, day = _visits(settings, calendar, people)
    lines = _baskets(settings, catalogue, people, orders, person, day)
    lines = _in_stock(supply, orders, lines)
    lines = _tested(settings, catalogue, tests, orders, lines, day)
    # Who found nothing worth its price left without an order.
    bought = per_group(np.ones(len(lines["order"])), lines["order"], len(person)) > 0
    kept = np.cumsum(bought) - 1
    lines["order"] = kept[lines["order"]]
    orders = {name: values[bought] for name, values in orders.items()}
    orders["order_id"] = np.arange(1, len(orders["place_id"]) + 1, dtype=np.int64)
    orders["test_arm"] = Words(orders["test_arm"], ARMS)
    _price(settings, calendar, catalogue, tests, orders, lines, day[bought])
    lines["order_id"] = orders["order_id"][lines.pop("order")]
    return Sales(orders, lines)


def _visits(settings: WorldSettings, calendar: Calendar,
            people: People) -> tuple[Columns, Ints, Ints]:  # fmt: skip
    dice = np.random.default_rng([settings.seed, 5])
    places = settings.places
    online = next(place.place_id for place in places if place.trade == "online")
    day = people.day.astype(np.int64)
    home = people.people["home_place_id"][people.person]
    other = dice.choice([p.place_id for p in places], len(day), p=[p.share for p in places])
    place = np.where(dice.random(len(day)) < 0.72, home, other)
    is_open = calendar.expected[place - 1, day] > 0
    place = np.where(is_open, place, online)
    # What is out of the ordinary moves passers-by, so that the whole moves as it is noted.
    passing = (1 - IDENTIFIED_SHARE) + (calendar.boost - 1)
    counts = dice.poisson(calendar.expected * passing.clip(0)).ravel()
    group, _ = repeated(counts.astype(np.int64))
    days = calendar.expected.shape[1]
    place = np.concatenate([place, group // days + 1])
    day = np.concatenate([day, group % days])
    person = np.concatenate([people.person, np.full(len(group), -1, np.int64)])
    trade = np.array([TRADES.index(p.trade) for p in places])[place - 1]
    hour = np.empty(len(place), np.int64)
    for each in places:
        mine = place == each.place_id
        weights = np.array(HOURS[each.trade], float)
        weights[: each.opens] = weights[each.closes :] = 0
        hour[mine] = dice.choice(24, int(mine.sum()), p=weights / weights.sum())
    local = (calendar.first_day + day) * DAY + hour * HOUR + dice.integers(0, HOUR, len(place))
    placed = np.empty(len(place), np.int64)
    for each in places:
        mine = place == each.place_id
        # Of an hour that comes twice, every other second belongs to its second coming.
        placed[mine] = to_utc(local[mine], each.time_zone, later=local[mine] % 2 == 1)
    sequence = np.lexsort((place, placed))
    place, day, person, trade = place[sequence], day[sequence], person[sequence], trade[sequence]
    orders = {
        "place_id": place,
        "placed_at": placed[sequence],
        "trade": trade,
        "person_id": np.where(person >= 0, people.people["person_id"][person], 0),
        "contact_id": _contact(dice, people, person),
        "is_test": dice.random(len(place)) < 0.001,
    }
    return orders, person, day


def _contact(dice: np.random.Generator, people: People, person: Ints) -> Ints:
    """The e-mail a person used this time: mostly the first."""
    owner = people.contacts["person_id"] - 1
    first = np.searchsorted(owner, np.arange(len(people.people["person_id"])))
    count = np.bincount(owner, minlength=len(first))
    nth = np.where(dice.random(len(person)) < 0.75, 0, dice.integers(0, 3, len(person)))
    chosen = first[person] + nth % np.maximum(count[person], 1)
    return np.where(person >= 0, people.contacts["contact_id"][chosen], 0)


def _baskets(settings: WorldSettings, catalogue: Catalogue, people: People, orders: Columns,
             person: Ints, day: Ints) -> Columns:  # fmt: skip
    dice = np.random.default_rng([settings.seed, 6])
    trade = orders["trade"]
    more = np.array([LINES_MORE[name] for name in TRADES])[trade]
    order, _ = repeated(1 + dice.poisson(more))
    trade, week = trade[order], day[order] // 7
    weeks, variants = catalogue.weight.shape[1:]
    # One long ascending table: the running weights of each (trade, week), one after the other.
    running = np.cumsum(catalogue.weight, axis=2).reshape(-1, variants)
    span = max(running[:, -1].max(), catalogue.reference.max()) * 2
    table = (running + np.arange(len(running))[:, None] * span).ravel()
    row = trade * weeks + week
    dart = dice.random(len(order)) * catalogue.reference[trade] + row * span
    variant = np.searchsorted(table, dart, side="right") - row * variants
    is_bought = variant < variants
    favourite = _favourites(settings, catalogue, people)[trade, person[order]]
    plain = catalogue.weight[trade, week, favourite]
    usual = catalogue.weight.mean(axis=1)[trade, favourite]
    wants = (person[order] >= 0) & (dice.random(len(order)) < 0.25)
    takes = dice.random(len(order)) * 2.2 < plain / np.maximum(usual, 1e-9)
    variant = np.where(wants, favourite, variant)
    is_bought = np.where(wants, takes & (plain > 0), is_bought)
    chance = np.where(trade == TRADES.index("cafe"), 0.12, 0.18)
    quantity = 1 + dice.binomial(3, chance / 2)
    return {
        "order": order[is_bought],
        "variant": variant[is_bought].astype(np.int64),
        "quantity": quantity[is_bought].astype(np.int64),
    }


def _in_stock(supply: Supply, orders: Columns, lines: Columns) -> Columns:
    order = lines["order"]
    out = supply.is_out(orders["place_id"][order], lines["variant"], orders["placed_at"][order])
    return {name: values[~out] for name, values in lines.items()}


def _tested(settings: WorldSettings, catalogue: Catalogue, tests: PriceTests, orders: Columns,
            lines: Columns, day: Ints) -> Columns:  # fmt: skip
    """Toss a coin for who sees a tested price, and let some leave it for its being higher."""
    dice = np.random.default_rng([settings.seed, 20])
    count, order = len(orders["place_id"]), lines["order"]
    lines["product"] = catalogue.variants["product_id"][lines["variant"]] - 1
    test = tests.tested(orders["trade"][order], lines["product"], day[order])
    arm = 1 + dice.integers(0, 2, count)
    leaves = (test > 0) & (arm[order] == ARMS.index("B"))
    leaves &= dice.random(len(order)) >= tests.conversion[test]
    lines = {name: values[~leaves] for name, values in lines.items()}
    seen = np.zeros(count, np.int64)
    np.maximum.at(seen, lines["order"], test[~leaves])
    orders["test_id"] = seen
    orders["test_arm"] = np.where(seen > 0, arm, 0)
    return lines


def _favourites(settings: WorldSettings, catalogue: Catalogue, people: People) -> Ints:
    """Each person's favourite variant per trade (the last column: of nobody)."""
    dice = np.random.default_rng([settings.seed, 7])
    count = len(people.people["person_id"])
    mean = catalogue.weight.mean(axis=1)
    found = np.zeros((len(TRADES), count + 1), np.int64)
    for index in range(len(TRADES)):
        chance = mean[index] / mean[index].sum()
        found[index, :count] = dice.choice(len(chance), count, p=chance)
    return found


def _price(settings: WorldSettings, calendar: Calendar, catalogue: Catalogue, tests: PriceTests,
           orders: Columns, lines: Columns, day: Ints) -> None:  # fmt: skip
    """Prices, discounts, taxes and what is charged beside the goods, all in cents."""
    dice = np.random.default_rng([settings.seed, 8])
    order, count = lines["order"], len(orders["place_id"])
    trade = orders["trade"]
    is_online = trade == TRADES.index("online")
    is_cafe = trade == TRADES.index("cafe")
    _foreign(dice, settings, orders, is_online)
    variant = lines.pop("variant")
    lines["variant_id"] = catalogue.variants["variant_id"][variant]
    lines["unit_price_cents"] = _unit_price(catalogue, tests, orders, lines, variant, day)
    shown = lines["unit_price_cents"] * lines["quantity"]
    is_reduced = dice.random(len(order)) < 0.05
    reduction = dice.choice([100_000, 150_000, 250_000], len(order))
    line_discount = np.where(is_reduced, of_million(shown, reduction), 0)
    running = calendar.promotion[day]
    uses = (running > 0) & ~is_cafe & (dice.random(count) < 0.45)
    orders["promotion_id"] = np.where(uses, running, 0)
    rate = np.concatenate([[0], calendar.promotions["discount_ppm"]])[orders["promotion_id"]]
    left = shown - line_discount
    code_total = of_million(per_group(left, order, count), rate)
    code_discount = spread(code_total, left, order, count)
    ppm = orders["tax_ppm"][order]
    included = orders["is_tax_included"][order]
    lines["shown_gross_cents"] = shown
    lines["shown_line_discount_cents"] = line_discount
    lines["shown_order_discount_cents"] = code_discount
    discount = line_discount + code_discount
    # Of prices with tax inside, the tax of the gross and of the discount are taken out apart, so
    # that gross − discount + tax is what was shown.
    inside = np.where(included, ppm, 0)
    gross_tax = _tax_inside(shown, inside)
    discount_tax = _tax_inside(discount, inside)
    lines["gross_cents"] = shown - gross_tax
    lines["discount_cents"] = discount - discount_tax
    net = lines["gross_cents"] - lines["discount_cents"]
    lines["tax_cents"] = np.where(included, gross_tax - discount_tax, of_million(net, ppm))
    goods = per_group(net, order, count)
    tips = dice.choice([150_000, 180_000, 200_000], count)
    # At one shop the card reader asks for a tip too.
    draw = dice.random(count)
    has_tip = (is_cafe & (draw < 0.55)) | ((orders["place_id"] == 3) & (draw < 0.03))
    orders["tip_cents"] = np.where(has_tip, of_million(goods, tips), 0)
    is_group = is_cafe & (dice.random(count) < 0.012)
    orders["service_charge_cents"] = np.where(
        is_group, of_million(goods, np.full(count, 180_000)), 0
    )
    ships = is_online & (goods < FREE_SHIPPING_CENTS)
    orders["shipping_cents"] = np.where(ships, SHIPPING_CENTS, 0)
    has_card = ~is_cafe & (dice.random(count) < 0.006)
    orders["gift_card_cents"] = np.where(has_card, dice.choice(GIFT_CARD_CENTS, count), 0)


def _unit_price(catalogue: Catalogue, tests: PriceTests, orders: Columns, lines: Columns,
                variant: Ints, day: Ints) -> Ints:  # fmt: skip
    """The price of the week, or the higher one that a test shows to half of the visitors."""
    order = lines["order"]
    price = catalogue.price[day[order] // 7, variant]
    test = tests.tested(orders["trade"][order], lines.pop("product"), day[order])
    is_b = (test > 0) & (orders["test_arm"].codes[order] == ARMS.index("B"))
    higher = of_million(price, tests.factor_ppm[np.where(is_b, test, 0)])
    return np.where(is_b, higher, price)


def _tax_inside(amount: Ints, ppm: Ints) -> Ints:
    whole = 1_000_000 + ppm
    return (2 * amount * ppm + whole) // (2 * whole)


def _foreign(
    dice: np.random.Generator, settings: WorldSettings, orders: Columns, is_online: Flags
) -> None:
    count = len(is_online)
    own = (settings.currency, 1_000_000, 0)
    kinds = (own, *FOREIGN)
    kind = np.where(is_online, dice.choice(4, count, p=[0.86, 0.06, 0.03, 0.05]), 0)
    vat = np.array([each[2] for each in kinds])[kind]
    local = np.array([place.tax_ppm for place in settings.places])[orders["place_id"] - 1]
    orders["presentment_currency"] = Words(kind, tuple(each[0] for each in kinds))
    orders["presentment_rate_ppm"] = np.array([each[1] for each in kinds], np.int64)[kind]
    orders["is_tax_included"] = vat > 0
    orders["tax_ppm"] = np.where(kind == 0, local, vat).astype(np.int64)
