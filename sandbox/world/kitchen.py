"""What the café makes of what: ingredients, recipes, and every purchase with its lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.world.aftermath import Ledger
from sandbox.world.catalogue import Catalogue
from sandbox.world.clock import DAY
from sandbox.world.columns import Columns, Ints, stacked
from sandbox.world.settings import WorldSettings
from sandbox.world.stock import Stock
from sandbox.world.supply import SUPPLIERS, USD_PPM, Supply, from_dollars

# name: (unit, size of a pack in units, price of a pack in cents)
INGREDIENTS = {
    "Espresso beans": ("g", 1_000, 1_850), "Filter beans": ("g", 1_000, 1_720),
    "Decaf beans": ("g", 1_000, 1_990), "Whole milk": ("ml", 2_000, 310),
    "Oat drink": ("ml", 1_000, 260), "Tea leaves": ("g", 500, 1_480),
    "Fresh mint": ("g", 100, 190), "Sugar syrup": ("ml", 1_000, 420),
    "Lemons": ("g", 1_000, 390), "Elderflower cordial": ("ml", 750, 690),
    "Soda water": ("ml", 6_000, 480), "Sourdough": ("g", 800, 420),
    "Leaf salad": ("g", 500, 450), "Halloumi": ("g", 250, 380),
    "Smoked trout": ("g", 200, 720), "Chicken breast": ("g", 1_000, 1_150),
    "Roast peppers": ("g", 700, 560), "Lentils": ("g", 1_000, 340), "Olive oil": ("ml", 1_000, 980),
}  # fmt: skip
# Ingredients of a form, with their part of the cost.
PARTS: dict[str, tuple[tuple[str, float], ...]] = {
    "Espresso": (("Espresso beans", 1.0),),
    "Flat White": (("Espresso beans", 0.6), ("Whole milk", 0.4)),
    "Cappuccino": (("Espresso beans", 0.55), ("Whole milk", 0.45)),
    "Filter": (("Filter beans", 0.9), ("Whole milk", 0.1)),
    "Tea": (("Tea leaves", 1.0),),
    "Iced Tea": (("Tea leaves", 0.6), ("Sugar syrup", 0.25), ("Lemons", 0.15)),
    "Latte": (("Tea leaves", 0.4), ("Oat drink", 0.6)),
    "Soda": (("Soda water", 0.4), ("Sugar syrup", 0.6)),
    "Lemonade": (("Lemons", 0.6), ("Sugar syrup", 0.2), ("Soda water", 0.2)),
    "Tonic": (("Soda water", 0.5), ("Elderflower cordial", 0.5)),
    "Sandwich": (("Sourdough", 0.45), ("Leaf salad", 0.2), ("Olive oil", 0.1)),
    "Salad": (("Leaf salad", 0.5), ("Olive oil", 0.2)),
    "Soup": (("Lentils", 0.3), ("Olive oil", 0.2), ("Sourdough", 0.2)),
}
# What a name adds; the rest of the cost goes to it.
ADDED = {
    "Roast Pepper": "Roast peppers", "Smoked Trout": "Smoked trout", "Halloumi": "Halloumi",
    "Lentil": "Lentils", "Chicken": "Chicken breast", "Decaf": "Decaf beans", "Mint": "Fresh mint",
    "Elderflower": "Elderflower cordial",
}  # fmt: skip
KITCHEN_PLACE = 1
WHOLESALER = list(SUPPLIERS).index("Borough Wholesale")


@dataclass
class Kitchen:
    """Ingredients, recipes (one row per product and ingredient), purchases and their lines."""

    ingredients: Columns
    recipes: Columns
    purchases: Columns
    purchase_lines: Columns


def make_kitchen(settings: WorldSettings, catalogue: Catalogue, supply: Supply, orders: Columns,
                 ledger: Ledger, stock: Stock, until: int) -> Kitchen:  # fmt: skip
    """The kitchen of the café, and what was bought for it and for all shelves."""
    dice = np.random.default_rng([settings.seed, 12])
    names = list(INGREDIENTS)
    ingredients = {
        "ingredient_id": np.arange(1, len(names) + 1, dtype=np.int64),
        "name": np.array(names, object),
        "unit": np.array([row[0] for row in INGREDIENTS.values()], object),
        "pack_size": np.array([row[1] for row in INGREDIENTS.values()], np.int64),
        "pack_cost_cents": np.array([row[2] for row in INGREDIENTS.values()], np.int64),
        "supplier_id": np.full(len(names), WHOLESALER + 1, np.int64),
    }
    recipes = _recipes(catalogue, ingredients, supply)
    bought = stacked([
        _goods(supply, stock),
        _ingredients_bought(dice, supply, recipes, ingredients, orders, ledger, until),
    ])  # fmt: skip
    return Kitchen(ingredients, recipes, *_purchases(dice, supply, bought))


def _recipes(catalogue: Catalogue, ingredients: Columns, supply: Supply) -> Columns:
    """Recipes whose ingredients cost about what the product costs."""
    number = {name: index for index, name in enumerate(ingredients["name"])}
    rows: list[tuple[int, int, int]] = []
    of_product = catalogue.variants["product_id"] - 1
    cost = np.zeros(len(catalogue.products["title"]), np.int64)
    cost[of_product] = catalogue.variants["unit_cost_cents"]
    is_made = np.zeros(len(cost), bool)
    is_made[of_product[supply.supplier < 0]] = True
    for product in np.flatnonzero(is_made).tolist():
        title = catalogue.products["title"][product]
        form = max((form for form in PARTS if title.endswith(form)), key=len)
        parts = dict(PARTS[form])
        extra = ADDED.get(title[: -len(form) - 1])
        if extra and extra not in parts:
            parts[extra] = max(0.3, 1 - sum(parts.values()))
        whole = sum(parts.values())
        for name, part in parts.items():
            at = number[name]
            per_unit = ingredients["pack_cost_cents"][at] / ingredients["pack_size"][at]
            quantity = max(1, round(cost[product] * part / whole / per_unit))
            rows.append((product + 1, at + 1, quantity))
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return {"product_id": columns[0], "ingredient_id": columns[1], "quantity": columns[2]}


def _bought(place: Ints, supplier: Ints, received_at: Ints, variant_id: Ints, ingredient_id: Ints,
            quantity: Ints, cost_cents: Ints) -> Columns:  # fmt: skip
    return {"place_id": place, "supplier": supplier, "received_at": received_at,
            "variant_id": variant_id, "ingredient_id": ingredient_id, "quantity": quantity,
            "home_unit_cost_cents": cost_cents}  # fmt: skip


def _goods(supply: Supply, stock: Stock) -> Columns:
    """What was delivered to the shelves, at the cost of its week."""
    shelf, at = stock.deliveries["shelf"], stock.deliveries["received_at"]
    variant = supply.variant[shelf]
    week = np.clip((at // DAY - supply.first_day) // 7, 0, len(supply.week_costs) - 1)
    return _bought(supply.place[shelf], supply.supplier[variant], at, variant + 1, shelf * 0,
                   stock.deliveries["quantity"], supply.week_costs[week, variant])  # fmt: skip


def _ingredients_bought(dice: np.random.Generator, supply: Supply, recipes: Columns,
                        ingredients: Columns, orders: Columns, ledger: Ledger,
                        until: int) -> Columns:  # fmt: skip
    """Packs for each coming week: what its dishes need and a little more; prices drift."""
    lines, events = ledger.event_lines, ledger.events
    made = (lines["line_type"] == "product") & (lines["quantity"] > 0)
    made &= orders["place_id"][lines["order_id"] - 1] == KITCHEN_PLACE
    product_of = np.zeros(int(lines["variant_id"].max()) + 1, np.int64)
    product_of[1 : len(supply.supplier) + 1] = supply.product_of
    product = product_of[lines["variant_id"][made]]
    week_length = 7 * DAY
    weeks = int((until - supply.opened) // week_length) + 1
    week = (events["happened_at"][lines["event_id"][made] - 1] - supply.opened) // week_length
    count = int(product_of.max()) + 1
    sold = np.bincount(week * count + product, lines["quantity"][made], weeks * count)
    need = np.zeros((weeks, len(ingredients["name"])))
    used = sold.reshape(weeks, count)[:, recipes["product_id"]] * recipes["quantity"]
    np.add.at(need.T, recipes["ingredient_id"] - 1, used.T)
    spare = dice.uniform(1.03, 1.1, need.shape)
    packs = np.ceil(need * spare / ingredients["pack_size"]).astype(np.int64)
    drift = np.exp(np.cumsum(dice.normal(0.0008, 0.006, need.shape), axis=0))
    cost = np.maximum(1, np.rint(ingredients["pack_cost_cents"] * drift)).astype(np.int64)
    at, which = np.nonzero(packs)
    none = np.zeros(len(at), np.int64)
    return _bought(none + KITCHEN_PLACE, none + WHOLESALER, supply.opened + at * week_length, none,
                   which + 1, packs[at, which], cost[at, which])  # fmt: skip


def _purchases(dice: np.random.Generator, supply: Supply,
               bought: Columns) -> tuple[Columns, Columns]:  # fmt: skip
    """Orders to suppliers: one per supplier, place and delivery."""
    sequence = np.lexsort((bought["ingredient_id"], bought["variant_id"], bought["supplier"],
                           bought["place_id"], bought["received_at"]))  # fmt: skip
    rows = {name: values[sequence] for name, values in bought.items()}
    keys = np.stack([rows[name] for name in ("received_at", "place_id", "supplier")])
    is_first = np.concatenate([[True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)])
    purchase = np.cumsum(is_first)
    supplier, received = rows["supplier"][is_first], rows["received_at"][is_first]
    lead = supply.suppliers["lead_time_days"][supplier] * DAY
    early = (lead * dice.uniform(0.85, 1.35, len(lead))).astype(np.int64)
    currency = supply.suppliers["currency"][supplier]
    ppm = np.array([USD_PPM[one] for one in currency], np.int64)
    purchases = {
        "purchase_id": np.arange(1, len(supplier) + 1, dtype=np.int64),
        "supplier_id": supplier + 1,
        "place_id": rows["place_id"][is_first],
        "ordered_at": received - early,
        "received_at": received,
        "currency": currency,
        "currency_rate_ppm": ppm,
    }
    return purchases, {
        "purchase_line_id": np.arange(1, len(purchase) + 1, dtype=np.int64),
        "purchase_id": purchase,
        "variant_id": rows["variant_id"],
        "ingredient_id": rows["ingredient_id"],
        "quantity": rows["quantity"],
        "unit_cost_cents": from_dollars(rows["home_unit_cost_cents"], ppm[purchase - 1]),
        "home_unit_cost_cents": rows["home_unit_cost_cents"],
    }
