"""What came onto the shelves and went off them: deliveries, sales, returns, waste, recounts.

Deliveries are cut to what was sold afterwards, so that a shelf is never below zero and is empty
when a stock-out was planned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.world.aftermath import Ledger
from sandbox.world.clock import DAY, HOUR
from sandbox.world.columns import NEVER, Columns, Ints, Words, stacked
from sandbox.world.settings import WorldSettings
from sandbox.world.supply import Supply

KINDS = ("recount", "receive", "transfer", "return", "sale", "waste")
DAMAGED_SHARE = 0.25
# A place that is filled through another of the same system now and then.
THROUGH, TRANSFERRED_SHARE = {1: 2, 3: 4}, 0.06


@dataclass
class Stock:
    """Movements in the order of time with the level after each, stock-outs, and deliveries.

    ``deliveries`` has a row per shelf and delivery: it is what the purchases are made of.
    """

    movements: Columns
    stock_outs: Columns
    deliveries: Columns


def make_stock(settings: WorldSettings, supply: Supply, orders: Columns, ledger: Ledger,
               until: int) -> Stock:  # fmt: skip
    """All movements of stocked goods up to the end of the world."""
    dice = np.random.default_rng([settings.seed, 11])
    sold = _sold_and_returned(dice, supply, orders, ledger)
    parts, arrived = [sold], []
    for cadence in np.unique(supply.cadence).tolist():
        shelves = np.flatnonzero(supply.cadence == cadence)
        flow = _Flow(dice, supply, shelves, cadence, sold, until)
        parts.append(flow.movements())
        arrived.append(flow.deliveries())
    deliveries, moved = _transferred(dice, supply, stacked(arrived))
    parts += [_rows(deliveries["shelf"], deliveries["received_at"], "receive",
                    deliveries["quantity"]), moved]  # fmt: skip
    moves = stacked(parts)
    moves = {name: values[moves["happened_at"] < until] for name, values in moves.items()}
    movements = _levelled(supply, moves)
    return Stock(movements, _stock_outs(movements, until), deliveries)


def _levelled(supply: Supply, moves: Columns) -> Columns:
    """Movements in the order of time, each with what lies on the shelf after it and its cost."""
    by_shelf = np.lexsort((moves["kind"], moves["happened_at"], moves["shelf"]))
    shelf, running = moves["shelf"][by_shelf], np.cumsum(moves["quantity"][by_shelf])
    is_first = np.concatenate([[True], shelf[1:] != shelf[:-1]])
    before = np.where(is_first, running - moves["quantity"][by_shelf], 0)
    started = np.flatnonzero(is_first)
    base = np.repeat(before[started], np.diff(np.append(started, len(shelf))))
    on_hand = running - base
    ordered = by_shelf[in_time := np.argsort(moves["happened_at"][by_shelf], kind="stable")]
    shelf, at = moves["shelf"][ordered], moves["happened_at"][ordered]
    week = np.clip((at // DAY - supply.first_day) // 7, 0, len(supply.week_costs) - 1)
    return {
        "movement_id": np.arange(1, len(at) + 1, dtype=np.int64),
        "place_id": supply.place[shelf],
        "variant_id": supply.variant[shelf] + 1,
        "happened_at": at,
        "kind": Words(moves["kind"][ordered], KINDS),
        "quantity": moves["quantity"][ordered],
        "on_hand": on_hand[in_time],
        "unit_cost_cents": supply.week_costs[week, supply.variant[shelf]],
        "event_id": moves["event_id"][ordered],
    }


def _stock_outs(movements: Columns, until: int) -> Columns:
    """Periods of more than an hour in which a shelf was empty; the last ones go on."""
    shelf = movements["place_id"] * 100_000 + movements["variant_id"]
    ordered = np.argsort(shelf, kind="stable")
    shelf, at = shelf[ordered], movements["happened_at"][ordered]
    is_last = np.append(shelf[1:] != shelf[:-1], True)
    filled = np.where(is_last, until, np.append(at[1:], until))
    is_out = (movements["on_hand"][ordered] == 0) & (filled - at > HOUR)
    return {
        "place_id": movements["place_id"][ordered][is_out],
        "variant_id": movements["variant_id"][ordered][is_out],
        "emptied_at": at[is_out],
        "filled_at": np.where(is_last, NEVER, filled)[is_out],
    }


def _transferred(
    dice: np.random.Generator, supply: Supply, arrived: Columns
) -> tuple[Columns, Columns]:
    """Some deliveries come by way of the other place of the same system, half an hour later."""
    place, variant = supply.place[arrived["shelf"]], supply.variant[arrived["shelf"]]
    origin = np.array([0, *(THROUGH.get(p, 0) for p in range(1, int(supply.place.max()) + 1))])
    source = supply.shelf_of[origin[place], variant]
    by_way = (origin[place] > 0) & (source >= 0) & (dice.random(len(place)) < TRANSFERRED_SHARE)
    deliveries = {**arrived, "shelf": np.where(by_way, source, arrived["shelf"])}
    at, quantity = arrived["received_at"][by_way] + HOUR // 2, arrived["quantity"][by_way]
    moved = stacked([
        _rows(source[by_way], at, "transfer", -quantity),
        _rows(arrived["shelf"][by_way], at, "transfer", quantity),
    ])  # fmt: skip
    return deliveries, moved


def _rows(
    shelf: Ints, at: Ints, kind: str, quantity: Ints, event_id: Ints | None = None
) -> Columns:
    none = np.zeros(len(shelf), np.int64)
    return {"shelf": shelf, "happened_at": at, "kind": none + KINDS.index(kind),
            "quantity": quantity, "event_id": none if event_id is None else event_id}  # fmt: skip


def _sold_and_returned(
    dice: np.random.Generator, supply: Supply, orders: Columns, ledger: Ledger
) -> Columns:
    """Movements of the ledger; what comes back damaged, or to an empty shelf, is thrown away."""
    lines, events = ledger.event_lines, ledger.events
    is_product = (lines["line_type"] == "product") & (lines["quantity"] != 0)
    event = lines["event_id"][is_product]
    order = lines["order_id"][is_product]
    place, variant = orders["place_id"][order - 1], lines["variant_id"][is_product] - 1
    shelf = supply.shelf_of[place, variant]
    at = events["happened_at"][event - 1]
    quantity = lines["quantity"][is_product]
    kept = (shelf >= 0) & ~orders["is_test"][order - 1]
    shelf, at, quantity, event = shelf[kept], at[kept], quantity[kept], event[kept]
    out = supply.is_out(place[kept], variant[kept], at)
    is_back = quantity < 0
    damaged = is_back & (out | (dice.random(len(shelf)) < DAMAGED_SHARE))
    return stacked([
        _rows(shelf[~is_back], at[~is_back], "sale", -quantity[~is_back], event[~is_back]),
        _rows(shelf[is_back], at[is_back], "return", -quantity[is_back], event[is_back]),
        _rows(shelf[damaged], at[damaged], "waste", quantity[damaged], event[damaged]),
    ])  # fmt: skip


class _Flow:
    """Deliveries to the shelves that are filled with one cadence, cycle after cycle."""

    def __init__(self, dice: np.random.Generator, supply: Supply, shelves: Ints, cadence: int,
                 sold: Columns, until: int) -> None:  # fmt: skip
        self.dice, self.supply, self.shelves = dice, supply, shelves
        self.length = cadence * DAY
        self.is_fresh = cadence == 1
        self.cycles = int((until - supply.opened) // self.length) + 1
        self.need = self._need(sold)
        self.received = np.zeros_like(self.need)
        self.lost = np.zeros_like(self.need)
        self.out_at = np.full(self.need.shape, NEVER)
        self._plan()
        self._fill()

    def _need(self, sold: Columns) -> Ints:
        """Units that must lie on each shelf at the start of each cycle, so that it never is below
        zero: the deepest point of what goes off less what comes back until then."""
        row_of = np.full(len(self.supply.place), -1, np.int64)
        row_of[self.shelves] = np.arange(len(self.shelves))
        row = row_of[sold["shelf"]]
        mine = row >= 0
        cycle = (sold["happened_at"][mine] - self.supply.opened) // self.length
        group = row[mine] * self.cycles + np.clip(cycle, 0, self.cycles - 1)
        moved = np.bincount(group, sold["quantity"][mine], len(self.shelves) * self.cycles)
        gone = np.where(sold["kind"][mine] == KINDS.index("sale"), sold["quantity"][mine], 0)
        shape = (len(self.shelves), self.cycles)
        self.net: Ints = np.rint(moved).astype(np.int64).reshape(shape)
        # Returns come back at any hour, perhaps after the last sale: they are not counted on.
        need = -np.bincount(group, gone, len(self.shelves) * self.cycles)
        return np.rint(need).astype(np.int64).reshape(shape)

    def _plan(self) -> None:
        """The cycles in which a stock-out was planned."""
        row_of = np.full(len(self.supply.place), -1, np.int64)
        row_of[self.shelves] = np.arange(len(self.shelves))
        row = row_of[self.supply.out_shelf]
        mine = row >= 0
        cycle = (self.supply.out_from[mine] - self.supply.opened) // self.length
        self.out_at[row[mine], cycle] = self.supply.out_from[mine]

    def _fill(self) -> None:
        """Deliver what the coming cycles need; a shelf that will run empty gets no more than it
        sells, and what is left at that moment turns out to be missing."""
        usual = self.need.mean(axis=1)
        covers = np.where(self.is_fresh, 0, np.where(usual >= 4, 1, 4))
        level = np.zeros(len(self.shelves), np.int64)
        for cycle in range(self.cycles):
            need = self.need[:, cycle]
            is_out = self.out_at[:, cycle] != NEVER
            is_next_out = self.out_at[:, cycle + 1] != NEVER if cycle + 1 < self.cycles else is_out
            spare = np.rint(usual * covers * self.dice.uniform(0.6, 1.4, len(level)))
            spare += self.dice.integers(0, 2 if self.is_fresh else 3, len(level))
            spare = np.where(is_out | is_next_out, 0, spare)
            is_low = level < need + np.where(is_out, 0, 1)
            target = need + spare.astype(np.int64)
            self.received[:, cycle] = np.where(is_low, np.maximum(target - level, 0), 0)
            level = level + self.received[:, cycle] + self.net[:, cycle]
            # Bread of the day is thrown away in the evening.
            gone = is_out | self.is_fresh
            self.lost[:, cycle] = np.where(gone, level, 0)
            level = np.where(gone, 0, level)

    def _started(self, cycle: Ints) -> Ints:
        started: Ints = self.supply.opened + cycle * self.length
        return started

    def movements(self) -> Columns:
        """The opening stock, and what was thrown away or found missing."""
        found = [_rows(self.shelves, self._started(self.shelves * 0), "recount",
                       self.received[:, 0])]  # fmt: skip
        row, cycle = np.nonzero(self.lost)
        at = np.where(self.is_fresh, self._started(cycle + 1) - 1, self.out_at[row, cycle])
        kind = "waste" if self.is_fresh else "recount"
        found.append(_rows(self.shelves[row], at, kind, -self.lost[row, cycle]))
        return stacked(found)

    def deliveries(self) -> Columns:
        """Shelf, instant and quantity of each delivery but the opening stock."""
        row, cycle = np.nonzero(self.received)
        later = cycle > 0
        return {"shelf": self.shelves[row[later]], "received_at": self._started(cycle[later]),
                "quantity": self.received[row[later], cycle[later]]}  # fmt: skip
