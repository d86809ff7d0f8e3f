"""What is sold: about three hundred products with variants, costs and price histories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.world.clock import DAY, HOUR
from sandbox.world.columns import NEVER, Columns, Floats, Ints
from sandbox.world.settings import TRADES, WorldSettings

# category: (trades that sell it, names, forms, price from, price to in cents, cost share,
#            peak month or 0, variants)
CATEGORIES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], int, int, float, int,
                            tuple[str, ...]]] = {
    "Coffee": (("cafe",), ("House", "Guest", "Decaf", "Ristretto"),
               ("Espresso", "Flat White", "Cappuccino", "Filter"), 280, 520, 0.22, 1, ("",)),
    "Tea": (("cafe",), ("Breakfast", "Jasmine", "Mint", "Rooibos"),
            ("Tea", "Iced Tea", "Latte"), 260, 480, 0.18, 11, ("",)),
    "Cold drinks": (("cafe",), ("Lemon", "Rhubarb", "Ginger", "Elderflower"),
                    ("Soda", "Lemonade", "Tonic"), 320, 560, 0.3, 7, ("",)),
    "Bakery": (("cafe",), ("Almond", "Cardamom", "Rye", "Apricot", "Walnut"),
               ("Croissant", "Bun", "Scone", "Loaf"), 250, 680, 0.35, 12, ("",)),
    "Lunch": (("cafe",), ("Roast Pepper", "Smoked Trout", "Halloumi", "Lentil", "Chicken"),
              ("Sandwich", "Salad", "Soup"), 720, 1490, 0.38, 0, ("",)),
    "Beans": (("retail", "online"), ("Yirgacheffe", "Huila", "Sidamo", "Antigua", "Kirinyaga",
                                     "Cerrado", "Mandheling", "Tarrazú"),
              ("Espresso Roast", "Filter Roast", "Decaf"), 1150, 2600, 0.45, 12,
              ("250 g", "1 kg")),
    "Brewing": (("retail", "online"), ("Copper", "Glass", "Travel", "Ceramic", "Steel"),
                ("Dripper", "Kettle", "Grinder", "Press", "Scale"), 1800, 18900, 0.55, 12, ("",)),
    "Mugs": (("retail", "online"), ("Tidal", "Dune", "Pine", "Ember", "Slate", "Cloud"),
             ("Mug", "Espresso Cup", "Tumbler"), 1200, 3200, 0.4, 12, ("Blue", "Sand")),
    "Apparel": (("retail", "online"), ("Harbour", "Anchor", "North Pier", "Lighthouse"),
                ("T-Shirt", "Sweatshirt", "Beanie", "Apron"), 1900, 5900, 0.42, 11,
                ("S", "M", "L")),
    "Books": (("retail", "online"), ("The Art of", "A Year of", "Notes on", "Field Guide to"),
              ("Brewing", "Bread", "Roasting", "Tea"), 1400, 3900, 0.6, 12, ("",)),
    "Gifts": (("retail", "online"), ("Morning", "Sunday", "Winter", "Garden", "Harbour"),
              ("Gift Box", "Candle", "Tin", "Hamper"), 1600, 7800, 0.45, 12, ("",)),
    "Pantry": (("retail", "online", "cafe"), ("Sea Salt", "Dark", "Hazelnut", "Orange", "Maple"),
               ("Chocolate", "Granola", "Jam", "Syrup"), 490, 1490, 0.5, 12, ("",)),
}  # fmt: skip


@dataclass
class Catalogue:
    """Products, variants, price changes, and how much each variant is wanted.

    ``weight[trade, week, variant]``: demand relative to the mean, at the price of that week;
    ``reference[trade]``: what the weights are measured against, constant over time, so that a
    dearer product sells less and the rest no more. ``price[week, variant]`` in cents.
    ``discontinued[product]``: the week in which a product was given up, or not a number.
    """

    products: Columns
    variants: Columns
    prices: Columns
    weight: Floats
    reference: Floats
    price: Ints
    cost: Ints
    discontinued: Floats


def make_catalogue(settings: WorldSettings, first_day: int, weeks: int) -> Catalogue:
    """The catalogue of a world; demand follows price by each product's own elasticity."""
    dice = np.random.default_rng([settings.seed, 1])
    rows = [
        (category, f"{name} {form}", trades, low, high, cost_share, peak, variants)
        for category, (trades, names, forms, low, high, cost_share, peak, variants)
        in CATEGORIES.items() for name in names for form in forms
    ]  # fmt: skip
    count = len(rows)
    spot = dice.random(count)
    low, high = (np.array([row[index] for row in rows]) for index in (3, 4))
    base: Ints = np.rint(low * (high / low) ** spot / 10).astype(np.int64) * 10 - 1
    elasticity = -np.exp(dice.normal(0.3, 0.35, count)).clip(0.5, 3.5)
    popularity = np.exp(dice.normal(0, 0.9, count))
    product = {
        "product_id": np.arange(1, count + 1, dtype=np.int64),
        "title": np.array([row[1] for row in rows], object),
        "category": np.array([row[0] for row in rows], object),
        "elasticity": elasticity,
    }
    given_up = _given_up(settings, count, weeks)
    # Before any shop opens on the first day without it.
    gone_at = (first_day + 7 * np.nan_to_num(given_up).astype(np.int64)) * DAY + 9 * HOUR
    product["discontinued_at"] = np.where(np.isnan(given_up), NEVER, gone_at)
    of_product = np.repeat(np.arange(count), [len(row[7]) for row in rows])
    names = np.array([variant for row in rows for variant in row[7]], object)
    position = np.concatenate([np.arange(len(row[7])) for row in rows])
    is_large = names == "1 kg"
    variant_base = np.where(is_large, base[of_product] * 34 // 10, base[of_product])
    variants_count = len(of_product)
    cost_share = np.array([row[5] for row in rows])[of_product]
    cost = np.rint(variant_base * cost_share * np.exp(dice.normal(0, 0.12, variants_count))).astype(
        np.int64
    )
    price, prices = _price_history(dice, variant_base, of_product, first_day, weeks)
    code = np.array([row[0][:3].upper() for row in rows], object)[of_product]
    variant = {
        "variant_id": np.arange(1, variants_count + 1, dtype=np.int64),
        "product_id": product["product_id"][of_product],
        "sku": np.array([f"{code[i]}-{of_product[i] + 1:03d}-{position[i] + 1}"
                         for i in range(variants_count)], object),
        "variant_title": names,
        "base_price_cents": variant_base,
        "unit_cost_cents": cost,
    }  # fmt: skip
    weeks_of_year = (first_day + 7 * np.arange(weeks)) % 365.25 / 365.25
    peak = np.array([row[6] for row in rows], float)[of_product]
    strength = np.where(peak > 0, 0.35, 0.0)
    season = 1 + strength * np.cos(2 * np.pi * (weeks_of_year[:, None] - (peak - 0.5) / 12))
    effect = (price / variant_base) ** elasticity[of_product]
    split = np.array([len(row[7]) for row in rows])[of_product]
    wanted = popularity[of_product] / split * np.where(is_large, 0.5, 1.0)
    sold_by = np.array([[trade in row[2] for row in rows] for trade in TRADES])[:, of_product]
    is_sold = ~(np.arange(weeks)[:, None] >= given_up[of_product])
    weight = sold_by[:, None, :] * (wanted * season * effect * is_sold)[None]
    reference = (sold_by * wanted).sum(axis=1) * 1.6
    return Catalogue(product, variant, prices, weight, reference, price, cost, given_up)


def _given_up(settings: WorldSettings, count: int, weeks: int) -> Floats:
    """The week in which each product is given up: a few are, in the later half of the span."""
    dice = np.random.default_rng([settings.seed, 19])
    week = dice.integers(max(2, weeks // 2), max(3, weeks - 1), count).astype(float)
    return np.where(dice.random(count) < min(0.04, weeks / 1_000), week, np.nan)


def _price_history(dice: np.random.Generator, base: Ints, of_product: Ints, first_day: int,
                   weeks: int) -> tuple[Ints, Columns]:  # fmt: skip
    """Prices by week and variant; two thirds of the products change theirs, some often."""
    count = int(of_product.max()) + 1
    changes = np.where(dice.random(count) < 0.65, dice.poisson(max(1.0, weeks / 13), count), 0)
    factor = np.ones((weeks, count))
    for index in range(count):
        for week in sorted(dice.integers(1, weeks, changes[index]).tolist()):
            factor[week:, index] = np.clip(
                factor[week - 1, index] * dice.choice([0.85, 0.9, 0.95, 1.05, 1.1, 1.15]), 0.7, 1.4
            )
    price = np.rint(base * factor[:, of_product] / 5).astype(np.int64) * 5 - 1
    price[factor[:, of_product] == 1] = np.broadcast_to(base, price.shape)[
        factor[:, of_product] == 1
    ]
    changed = np.vstack([np.ones((1, len(base)), bool), price[1:] != price[:-1]])
    week, variant = np.nonzero(changed)
    return price, {
        "variant_id": variant.astype(np.int64) + 1,
        "valid_from_date": first_day + 7 * week,
        "price_cents": price[week, variant],
    }
