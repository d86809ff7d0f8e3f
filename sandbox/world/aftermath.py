"""The event ledger: each sale as it happened, and what was cancelled, returned, edited, paid.

Every event has lines that follow definitions: gross − discounts − reversals are net sales, and
what is charged beside the goods (tips, shipping, fees, gift cards) stands in ``charge_cents``.
An order meets at most one kind of later event, so that nothing is given back twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.world.clock import DAY, HOUR
from sandbox.world.columns import (
    Columns,
    Flags,
    Ints,
    Words,
    of_million,
    per_group,
    share,
    stacked,
)
from sandbox.world.doubles import copied_orders, make_copies
from sandbox.world.sales import Sales
from sandbox.world.settings import TRADES, WorldSettings
from sandbox.world.supply import Supply

LINE_TYPES = ("product", "shipping", "tip", "service_charge", "gift_card", "fee", "adjustment")
ACTIONS = ("order", "return", "edit", "cancellation")
KINDS = ("sale", "cancellation", "refund", "goodwill", "edit", "exchange")
METHODS = ("card", "cash", "gift_card", "other")
# Of a hundred thousand orders per trade: cancelled, returned, goodwill, edited, exchanged.
LATER = {
    "cafe": (0, 400, 150, 0, 0),
    "retail": (0, 4_200, 300, 0, 700),
    "online": (1_300, 5_500, 500, 1_000, 600),
}
# Card fees: millionths and cents per payment.
FEES = {"shopify": (29_000, 30), "square": (26_000, 15)}
MEASURES = ("gross_cents", "discount_cents", "reversal_cents", "tax_cents", "charge_cents")


@dataclass
class Ledger:
    """Events, their lines, payments, gift cards, and the lines that edits and exchanges added."""

    events: Columns
    event_lines: Columns
    payments: Columns
    gift_cards: Columns
    order_lines: Columns
    copies: Columns


def make_ledger(settings: WorldSettings, sales: Sales, supply: Supply, until: int) -> Ledger:
    """The ledger of all orders.

    Args:
        until: the instant at which the world ends; later events have not happened yet.
    """
    dice = np.random.default_rng([settings.seed, 9])
    orders, lines = sales.orders, sales.lines
    count = len(orders["order_id"])
    lines["line_id"] = np.arange(1, len(lines["order_id"]) + 1, dtype=np.int64)
    lines["added_at"] = orders["placed_at"][lines["order_id"] - 1]
    kind = _fates(dice, orders)
    at = orders["placed_at"] + _delays(dice, kind)
    first, last = _ends(lines, count)
    # Nothing is added to an order of what is not there.
    adds = (kind == KINDS.index("edit")) | (kind == KINDS.index("exchange"))
    lacks = adds & supply.is_out(orders["place_id"], lines["variant_id"][first] - 1, at)
    kind = np.where((at < until) & ~lacks, kind, 0)
    is_copied = copied_orders(settings, orders, kind)
    events = [{"order_id": orders["order_id"], "happened_at": orders["placed_at"],
               "kind": Words(np.zeros(count, np.int64), KINDS)}]  # fmt: skip
    later = kind > 0
    events.append({"order_id": orders["order_id"][later], "happened_at": at[later],
                   "kind": Words(kind[later], KINDS)})  # fmt: skip
    parts = [_sold(lines), *_charges(orders, sign=1)]
    parts += _cancelled(orders, lines, kind)
    parts += _returned(dice, orders, lines, kind, first)
    parts += _goodwill(dice, orders, lines, kind)
    added, edited = _edited(dice, orders, lines, kind, first, last, at)
    parts += edited
    event_lines = stacked(parts)
    order_lines = stacked([{name: lines[name] for name in added}, added])
    all_events, event_lines = _numbered(stacked(events), event_lines)
    cards, redeemed = _gift_cards(dice, orders, count)
    payments = _payments(dice, settings, orders, all_events, event_lines, redeemed, is_copied)
    copies = make_copies(settings, is_copied, payments)
    return Ledger(all_events, event_lines, payments, cards, order_lines, copies)


def _fates(dice: np.random.Generator, orders: Columns) -> Ints:
    """What becomes of each order: 0 nothing, else the position in KINDS."""
    limits = np.cumsum(np.array([LATER[name] for name in TRADES]), axis=1)[orders["trade"]]
    draw = dice.integers(0, 100_000, len(limits))
    kind = (draw[:, None] >= limits).sum(axis=1)
    # Whoever bought a gift card keeps the whole order, so that no card is used after it was undone.
    keeps = (kind == limits.shape[1]) | orders["is_test"] | (orders["gift_card_cents"] > 0)
    return np.where(keeps, 0, kind + 1)


def _delays(dice: np.random.Generator, kind: Ints) -> Ints:
    """Seconds from the order to its later event; one return in thirty comes a year later."""
    count = len(kind)
    hours = dice.integers(1, 40, count) * HOUR + dice.integers(60, HOUR, count)
    days = (dice.exponential(12 * DAY, count)).astype(np.int64) + HOUR
    days += np.where(dice.random(count) < 0.033, 365 * DAY, 0)
    is_quick = (kind == KINDS.index("cancellation")) | (kind == KINDS.index("edit"))
    return np.where(is_quick, hours, days)


def _ends(lines: Columns, count: int) -> tuple[Ints, Ints]:
    """Positions of each order's first and last line."""
    each = np.bincount(lines["order_id"] - 1, minlength=count)
    first = np.cumsum(each) - each
    return first, first + each - 1


def _lines(order_id: Ints, line_id: Ints, line_type: str, action: str, variant_id: Ints,
           quantity: Ints, is_later: bool, **measures: Ints) -> Columns:  # fmt: skip
    count = len(order_id)

    def fixed(value: int) -> Ints:
        return np.full(count, value, np.int64)

    return {
        "order_id": order_id,
        "is_later": np.full(count, is_later),
        "line_id": line_id,
        "line_type": Words(fixed(LINE_TYPES.index(line_type)), LINE_TYPES),
        "action_type": Words(fixed(ACTIONS.index(action)), ACTIONS),
        "variant_id": variant_id,
        "quantity": quantity,
        **{name: measures.get(name, fixed(0)) for name in MEASURES},
    }


def _sold(lines: Columns) -> Columns:
    return _lines(
        lines["order_id"], lines["line_id"], "product", "order", lines["variant_id"],
        lines["quantity"], False, gross_cents=lines["gross_cents"],
        discount_cents=lines["discount_cents"], tax_cents=lines["tax_cents"],
    )  # fmt: skip


def _charges(orders: Columns, *, sign: int, among: Flags | None = None) -> list[Columns]:
    """What an order charges beside the goods, or gives back when it is cancelled."""
    parts = []
    for line_type in ("tip", "service_charge", "shipping", "gift_card"):
        amount = orders[f"{line_type}_cents"]
        has = (amount > 0) if among is None else (amount > 0) & among
        order_id = orders["order_id"][has]
        none = np.zeros(len(order_id), np.int64)
        parts.append(_lines(
            order_id, none, line_type, "order" if sign > 0 else "cancellation", none, none + sign,
            sign < 0, charge_cents=sign * amount[has],
        ))  # fmt: skip
    return parts


def _reversed(lines: Columns, rows: Ints, quantity: Ints, action: str) -> Columns:
    """Lines given back, wholly or in part: each part to the cent, the last one the rest."""
    whole = lines["quantity"][rows]
    net = lines["gross_cents"][rows] - lines["discount_cents"][rows]
    return _lines(
        lines["order_id"][rows], lines["line_id"][rows], "product", action,
        lines["variant_id"][rows], -quantity, True,
        reversal_cents=share(net, quantity, whole),
        tax_cents=-share(lines["tax_cents"][rows], quantity, whole),
    )  # fmt: skip


def _cancelled(orders: Columns, lines: Columns, kind: Ints) -> list[Columns]:
    is_cancelled = kind == KINDS.index("cancellation")
    rows = np.flatnonzero(is_cancelled[lines["order_id"] - 1])
    return [
        _reversed(lines, rows, lines["quantity"][rows], "cancellation"),
        *_charges(orders, sign=-1, among=is_cancelled),
    ]


def _returned(dice: np.random.Generator, orders: Columns, lines: Columns, kind: Ints,
              first: Ints) -> list[Columns]:  # fmt: skip
    is_returned = kind == KINDS.index("refund")
    chosen = is_returned[lines["order_id"] - 1] & (dice.random(len(lines["order_id"])) < 0.55)
    chosen[first[is_returned]] = True
    rows = np.flatnonzero(chosen)
    whole = lines["quantity"][rows]
    part = np.where(
        dice.random(len(rows)) < 0.5, whole, 1 + dice.integers(0, 99, len(rows)) % whole
    )
    back = _reversed(lines, rows, part, "return")
    # A restocking fee is kept back from some online returns: a tenth of the goods.
    value = per_group(back["reversal_cents"], back["order_id"] - 1, len(kind))
    online = orders["trade"] == TRADES.index("online")
    pays = is_returned & online & (dice.random(len(kind)) < 0.08) & (value >= 1_000)
    order_id = orders["order_id"][pays]
    none = np.zeros(len(order_id), np.int64)
    fee = _lines(order_id, none, "fee", "return", none, none + 1, True,
                 charge_cents=of_million(value[pays], none + 100_000))  # fmt: skip
    return [back, fee]


def _goodwill(
    dice: np.random.Generator, orders: Columns, lines: Columns, kind: Ints
) -> list[Columns]:
    """Money given back for no line: it reduces net sales all the same."""
    is_given = kind == KINDS.index("goodwill")
    net = per_group(lines["gross_cents"] - lines["discount_cents"], lines["order_id"] - 1,
                    len(kind))  # fmt: skip
    order_id = orders["order_id"][is_given]
    none = np.zeros(len(order_id), np.int64)
    part = dice.choice([50_000, 100_000, 200_000], len(order_id))
    return [_lines(order_id, none, "adjustment", "return", none, none, True,
                   reversal_cents=of_million(net[is_given], part))]  # fmt: skip


def _edited(dice: np.random.Generator, orders: Columns, lines: Columns, kind: Ints, first: Ints,
            last: Ints, at: Ints) -> tuple[Columns, list[Columns]]:  # fmt: skip
    """Edits take the last line off or add one; exchanges give the first back for another."""
    is_edited, is_exchanged = (kind == KINDS.index(name) for name in ("edit", "exchange"))
    takes_off = is_edited & (last > first) & (dice.random(len(kind)) < 0.5)
    off, back = last[takes_off], first[is_exchanged]
    adds = np.flatnonzero((is_edited & ~takes_off) | is_exchanged)
    model = first[adds]
    one = np.ones(len(adds), np.int64)
    price = lines["unit_price_cents"][model]
    order = lines["order_id"][model]
    ppm, included = orders["tax_ppm"][adds], orders["is_tax_included"][adds]
    inside = np.where(included, (2 * price * ppm + 1_000_000 + ppm) // (2 * (1_000_000 + ppm)), 0)
    added = {
        "order_id": order,
        "line_id": lines["line_id"][-1] + 1 + np.arange(len(adds), dtype=np.int64),
        "variant_id": lines["variant_id"][model],
        "quantity": one,
        "unit_price_cents": price,
        "shown_gross_cents": price,
        "shown_line_discount_cents": one * 0,
        "shown_order_discount_cents": one * 0,
        "gross_cents": price - inside,
        "discount_cents": one * 0,
        "tax_cents": np.where(included, inside, of_million(price, ppm)),
        "added_at": at[adds],
    }
    sold = _lines(order, added["line_id"], "product", "edit", added["variant_id"], one, True,
                  gross_cents=added["gross_cents"], tax_cents=added["tax_cents"])  # fmt: skip
    return added, [
        _reversed(lines, off, lines["quantity"][off], "edit"),
        _reversed(lines, back, lines["quantity"][back], "return"),
        sold,
    ]


def _numbered(events: Columns, event_lines: Columns) -> tuple[Columns, Columns]:
    """Events in the order of time, and their lines beside them."""
    later_row = np.full(int(events["order_id"].max()) + 1, -1)
    count = int((events["kind"].codes == 0).sum())
    later_row[events["order_id"][count:]] = np.arange(count, len(events["order_id"]))
    row = np.where(
        event_lines["is_later"], later_row[event_lines["order_id"]], event_lines["order_id"] - 1
    )
    sequence = np.lexsort((events["order_id"], events["happened_at"]))
    rank = np.empty(len(sequence), np.int64)
    rank[sequence] = np.arange(len(sequence))
    ordered = {name: values[sequence] for name, values in events.items()}
    ordered = {"event_id": np.arange(1, len(sequence) + 1, dtype=np.int64), **ordered}
    event_id = rank[row] + 1
    place = np.lexsort((event_lines["line_id"], event_id))
    lines = {name: values[place] for name, values in event_lines.items() if name != "is_later"}
    return ordered, {"event_id": event_id[place], **lines}


def _total(event_lines: Columns) -> Ints:
    total: Ints = (event_lines["gross_cents"] - event_lines["discount_cents"]
            - event_lines["reversal_cents"] + event_lines["tax_cents"]
            + event_lines["charge_cents"])  # fmt: skip
    return total


def _gift_cards(dice: np.random.Generator, orders: Columns, count: int) -> tuple[Columns, Columns]:
    """Cards sold, and the later order of the same system that most are used for, once."""
    seller = np.flatnonzero(orders["gift_card_cents"] > 0)
    ahead = 1 + dice.integers(0, max(2, count // 6), len(seller))
    user = seller + ahead
    fits = user < count
    user = np.where(fits, user, 0)
    online_system = np.isin(orders["place_id"], (3, 4))
    fits &= (online_system[user] == online_system[seller]) & ~orders["is_test"][user]
    fits &= (orders["gift_card_cents"][user] == 0) & (dice.random(len(seller)) < 0.85)
    _, once = np.unique(user, return_index=True)
    is_once = np.zeros(len(user), bool)
    is_once[once] = True
    fits &= is_once
    card_id = np.arange(1, len(seller) + 1, dtype=np.int64)
    cards = {
        "gift_card_id": card_id,
        "sold_order_id": orders["order_id"][seller],
        "value_cents": orders["gift_card_cents"][seller],
        "used_order_id": np.where(fits, orders["order_id"][user], 0),
    }
    return cards, {
        "order_id": orders["order_id"][user[fits]], "gift_card_id": card_id[fits],
        "value_cents": cards["value_cents"][fits],
    }  # fmt: skip


def _payments(dice: np.random.Generator, settings: WorldSettings, orders: Columns, events: Columns,
              event_lines: Columns, redeemed: Columns, is_copied: Flags) -> Columns:  # fmt: skip
    """What was paid and given back for each event, with the card company's fee."""
    due = per_group(_total(event_lines), event_lines["event_id"] - 1, len(events["event_id"]))
    order = events["order_id"] - 1
    trade = orders["trade"]
    draw = dice.random(len(trade))
    cash = np.array([0.24, 0.15, 0.0])[trade]
    other = np.array([0.04, 0.0, 0.0])[trade]
    method = np.where(draw < cash, 1, np.where(draw < cash + other, 3, 0))
    method = np.where(is_copied, METHODS.index("other"), method)
    is_unpaid = (trade == TRADES.index("online")) & (dice.random(len(trade)) < 0.003)
    is_sale = events["kind"] == "sale"
    card_id = np.zeros(len(trade) + 1, np.int64)
    value = np.zeros(len(trade) + 1, np.int64)
    card_id[redeemed["order_id"]] = redeemed["gift_card_id"]
    value[redeemed["order_id"]] = redeemed["value_cents"]
    by_card = np.where(is_sale, np.minimum(value[events["order_id"]], due), 0)
    rest = due - by_card
    is_paid = (rest != 0) & ~is_unpaid[order]
    systems = [place.system for place in settings.places]
    ppm = np.array([FEES[system][0] for system in systems])[orders["place_id"] - 1]
    each = np.array([FEES[system][1] for system in systems])[orders["place_id"] - 1]

    def part(rows: Flags, amount: Ints, used: Ints, card: Ints) -> Columns:
        charged = (used == METHODS.index("card")) & (amount > 0)
        fee = np.where(charged, of_million(amount, ppm[order[rows]]) + each[order[rows]], 0)
        return {
            "event_id": events["event_id"][rows], "order_id": events["order_id"][rows],
            "paid_at": events["happened_at"][rows], "method": Words(used, METHODS),
            "amount_cents": amount, "tip_cents": np.where(
                is_sale[rows] & (used != METHODS.index("gift_card")),
                orders["tip_cents"][order[rows]], 0),
            "fee_cents": fee, "gift_card_id": card,
        }  # fmt: skip

    gift = by_card > 0
    none = np.zeros(int(gift.sum()), np.int64)
    payments = stacked([
        part(gift, by_card[gift], none + METHODS.index("gift_card"),
             card_id[events["order_id"][gift]]),
        part(is_paid, rest[is_paid], method[order[is_paid]],
             np.zeros(int(is_paid.sum()), np.int64)),
    ])  # fmt: skip
    place = np.lexsort((payments["event_id"], payments["paid_at"]))
    payments = {name: values[place] for name, values in payments.items()}
    return {"payment_id": np.arange(1, len(place) + 1, dtype=np.int64), **payments}
