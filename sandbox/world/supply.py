"""Who delivers what and how often, what it costs over time, and when a shelf will be empty.

Stock-outs are planned before anything is sold, so that what is missing does not sell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.world.catalogue import Catalogue
from sandbox.world.clock import DAY, HOUR
from sandbox.world.columns import Columns, Flags, Floats, Ints, repeated
from sandbox.world.settings import WorldSettings

# name: (categories, days between deliveries, days to deliver, payment terms in days, currency)
SUPPLIERS: dict[str, tuple[tuple[str, ...], int, int, int, str]] = {
    "Dawn Bakehouse": (("Bakery",), 1, 1, 7, "USD"),
    "Green Hill Roasters": (("Beans",), 7, 5, 30, "USD"),
    "Nordlicht Brühgeräte": (("Brewing",), 28, 24, 45, "EUR"),
    "Studio Argila": (("Mugs",), 28, 30, 30, "EUR"),
    "Pier Textiles": (("Apparel",), 28, 18, 30, "USD"),
    "Page & Pint": (("Books",), 14, 6, 60, "USD"),
    "Fernwood Goods": (("Gifts",), 14, 9, 30, "USD"),
    "Larder Co-op": (("Pantry",), 7, 3, 14, "USD"),
    "Borough Wholesale": ((), 7, 2, 14, "USD"),
}
# Made behind the counter of what the wholesaler brings: no stock of their own.
MADE = ("Coffee", "Tea", "Cold drinks", "Lunch")
USD_PPM = {"USD": 1_000_000, "EUR": 1_090_000}
# Deliveries come before any shop opens, at this hour of UTC.
DELIVERY_HOUR = 9
STOCK_OUTS_PER_YEAR = 1.3


@dataclass
class Supply:
    """Suppliers, costs, and the shelves: one per place and stocked variant.

    ``place`` (its number) and ``variant`` (its row) name a shelf, ``shelf_of[place, variant]``
    finds it (-1 where there is none). ``cadence`` is days between its deliveries; all count from
    ``opened``. ``out_shelf``, ``out_from`` and ``out_until`` have a row per planned stock-out.
    ``week_costs[week, variant]`` is what a unit costs in dollars' cents.
    """

    suppliers: Columns
    costs: Columns
    week_costs: Ints
    first_day: int
    opened: int
    supplier: Ints
    product_of: Ints
    place: Ints
    variant: Ints
    cadence: Ints
    shelf_of: Ints
    out_shelf: Ints
    out_from: Ints
    out_until: Ints

    def is_out(self, place: Ints, variant: Ints, at: Ints) -> Flags:
        """Whether a shelf is planned to be empty at an instant (no shelf: never)."""
        shelf = self.shelf_of[place, variant]
        if not len(self.out_shelf):
            return np.zeros(len(shelf), bool)
        span = 2**34
        keys = self.out_shelf * span + self.out_from
        found = np.searchsorted(keys, shelf * span + at, side="right") - 1
        found = np.maximum(found, 0)
        is_same = (shelf >= 0) & (self.out_shelf[found] == shelf)
        is_out: Flags = is_same & (self.out_from[found] <= at) & (at < self.out_until[found])
        return is_out


def make_supply(settings: WorldSettings, catalogue: Catalogue, first_day: int) -> Supply:
    """Suppliers, shelves and planned stock-outs of a world."""
    dice = np.random.default_rng([settings.seed, 10])
    category = catalogue.products["category"][catalogue.variants["product_id"] - 1]
    names = list(SUPPLIERS)
    by_category = {c: i for i, row in enumerate(SUPPLIERS.values()) for c in row[0]}
    supplier = np.array([by_category.get(c, -1) for c in category], np.int64)
    place, variant = _shelves(settings, catalogue, supplier)
    shelf_of = np.full((len(settings.places) + 1, len(supplier)), -1, np.int64)
    shelf_of[place, variant] = np.arange(len(place))
    days_between = np.array([row[1] for row in SUPPLIERS.values()], np.int64)
    cadence = days_between[supplier[variant]]
    opened = (first_day - 1) * DAY + DELIVERY_HOUR * HOUR
    week_costs, costs = _costs(dice, catalogue, supplier, first_day)
    out_shelf, out_from, out_until = _stock_outs(
        dice, settings, catalogue, place, variant, cadence, opened
    )
    rows = list(SUPPLIERS.values())
    suppliers = {
        "supplier_id": np.arange(1, len(rows) + 1, dtype=np.int64),
        "name": np.array(names, object),
        "days_between_deliveries": days_between,
        "lead_time_days": np.array([row[2] for row in rows], np.int64),
        "payment_terms_days": np.array([row[3] for row in rows], np.int64),
        "currency": np.array([row[4] for row in rows], object),
    }
    return Supply(suppliers, costs, week_costs, first_day, opened, supplier,
                  catalogue.variants["product_id"], place, variant, cadence, shelf_of,
                  out_shelf, out_from, out_until)  # fmt: skip


def _shelves(settings: WorldSettings, catalogue: Catalogue, supplier: Ints) -> tuple[Ints, Ints]:
    places, variants = [], []
    for each in settings.places:
        trade = ("cafe", "retail", "online").index(each.trade)
        sold = np.flatnonzero((catalogue.weight[trade].sum(axis=0) > 0) & (supplier >= 0))
        places.append(np.full(len(sold), each.place_id, np.int64))
        variants.append(sold)
    return np.concatenate(places), np.concatenate(variants)


def _costs(dice: np.random.Generator, catalogue: Catalogue, supplier: Ints,
           first_day: int) -> tuple[Ints, Columns]:  # fmt: skip
    """Unit costs by week and variant: suppliers raise (seldom lower) theirs about once a year."""
    weeks, variants = catalogue.price.shape
    factor = np.ones((weeks, len(SUPPLIERS) + 1))
    for index in range(len(SUPPLIERS) + 1):
        for week in sorted(dice.integers(1, weeks, dice.poisson(1.2 * weeks / 52)).tolist()):
            factor[week:, index] *= dice.choice([0.97, 1.02, 1.03, 1.05, 1.08])
    base = catalogue.variants["unit_cost_cents"]
    costs = np.maximum(1, np.rint(base * factor[:, supplier])).astype(np.int64)
    changed = np.vstack([np.ones((1, variants), bool), costs[1:] != costs[:-1]])
    week, variant = np.nonzero(changed)
    return costs, {
        "variant_id": variant.astype(np.int64) + 1,
        "valid_from_date": first_day + 7 * week,
        "unit_cost_cents": costs[week, variant],
    }


def _stock_outs(dice: np.random.Generator, settings: WorldSettings, catalogue: Catalogue,
                place: Ints, variant: Ints, cadence: Ints,
                opened: int) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """(shelf, from, until) of planned stock-outs: popular goods run out before the delivery."""
    trades = np.array([("cafe", "retail", "online").index(p.trade) for p in settings.places])
    wanted = catalogue.weight.mean(axis=1)[trades[place - 1], variant]
    is_popular = wanted > np.quantile(wanted, 0.5)
    days = settings.days_count
    expected = np.where(is_popular & (cadence > 1), STOCK_OUTS_PER_YEAR * days / 365, 0.0)
    shelf, _ = repeated(dice.poisson(expected).astype(np.int64))
    cycles = days // cadence[shelf]
    cycle = (1 + dice.random(len(shelf)) * np.maximum(cycles - 2, 1)).astype(np.int64)
    _, once = np.unique(shelf * 10_000 + cycle, return_index=True)
    shelf, cycle = shelf[once], cycle[once]
    length = cadence[shelf] * DAY
    start = opened + cycle * length
    late = dice.random(len(shelf)) * 0.35 + 0.55
    fits = (cycle < cycles[once] - 1) & (cycles[once] > 3)
    from_at = start + (late * length).astype(np.int64)
    return shelf[fits], from_at[fits], (start + length)[fits]


def from_dollars(cents: Ints, ppm: Ints) -> Ints:
    """Amounts in a supplier's currency, whose unit is worth ``ppm`` millionths of a dollar."""
    amounts: Floats = cents * 1e6 / ppm
    return np.rint(amounts).astype(np.int64)
