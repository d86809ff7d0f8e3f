"""Ingredients: recipes are taken apart, units and yields counted, shortfalls dated."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.ingredients import INGREDIENT_COLUMNS, IngredientPlan, expected_units, plan_ingredients

LAST = date(2026, 9, 30)  # a Wednesday
RECIPES = pd.DataFrame(
    [
        ("latte", "milk", "Whole milk", "ml", 200.0),
        ("latte", "beans", "Beans", "g", 18.0),
        ("mocha", "milk", "Whole milk", "l", 0.25),
        ("soup", "salt", "Salt", "g", 5.0),
        ("soup", "leek", "Leek", "piece", 1.0),
        ("latte", "leek", "Leek", "g", 1.0),
    ],
    columns=["product_key", "ingredient_key", "ingredient_name", "unit_of_measure",
             "used_quantity"],
)  # fmt: skip
NO_STOCK = pd.DataFrame(columns=["ingredient_key", "location_key", "on_hand_quantity"])
NO_PURCHASES = pd.DataFrame(columns=[
    "product_key", "location_key", "supplier_name", "ordered_date", "received_date", "quantity",
])  # fmt: skip


def _sales(days: int = 84) -> pd.DataFrame:
    """Ten lattes and four mochas a day, twenty lattes on Saturdays; Sundays are shut."""
    rows = [
        (product, "L", "Café", day, units * (2 if product == "latte" and day.weekday() == 5 else 1))
        for day in (LAST - timedelta(days=back) for back in range(days))
        if day.weekday() != 6
        for product, units in (("latte", 10.0), ("mocha", 4.0))
    ]
    columns = ["product_key", "location_key", "location_name", "sale_date", "units"]
    return pd.DataFrame(rows, columns=columns)


def _plan(**changes: object) -> IngredientPlan:
    given: dict[str, object] = {
        "sales": _sales(), "recipes": RECIPES, "stock": NO_STOCK, "purchases": NO_PURCHASES,
        "as_of_date": LAST,
    } | changes  # fmt: skip
    return plan_ingredients(**given)  # type: ignore[arg-type]


def test_need_is_what_dishes_sell_times_their_recipes_in_one_unit() -> None:
    plan = _plan().plan.set_index(["ingredient_key", "plan_date"])
    thursday, saturday, sunday = (date(2026, 10, day) for day in (1, 3, 4))
    milk = plan.loc["milk"]
    # 10 × 200 ml + 4 × 250 ml.
    assert milk.loc[thursday, "needed_quantity"] == pytest.approx(3_000)
    assert milk.loc[saturday, "needed_quantity"] == pytest.approx(5_000)
    assert milk.loc[sunday, "needed_quantity"] == 0
    assert set(milk["unit_of_measure"]) == {"ml"}
    assert milk.loc[thursday, "dishes_count"] == 2
    assert plan.loc["beans"].loc[thursday, "needed_quantity"] == pytest.approx(180)
    assert len(milk) == 14


def test_units_of_two_kinds_are_refused_by_name() -> None:
    result = _plan()
    assert "leek" not in set(result.plan["ingredient_key"])
    told = result.refusals.set_index("subject").loc["Leek", "reason"]
    assert told == "Recipes measure Leek in different units (g, piece): write them in one."


def test_stock_and_deliveries_less_need_tell_the_day_of_the_shortfall() -> None:
    stock = pd.DataFrame(
        [("milk", "L", 7_000.0), ("beans", "L", 100_000.0)], columns=NO_STOCK.columns
    )
    old = [("milk", "L", "Dairy", LAST - timedelta(days=back), LAST - timedelta(days=back - 4), 1.0)
           for back in (20, 30, 40)]  # fmt: skip
    # Ordered two days ago, four days on the way: it comes on Friday.
    purchases = pd.DataFrame(
        [*old, ("milk", "L", "Dairy", LAST - timedelta(days=2), None, 2_000.0)],
        columns=NO_PURCHASES.columns,
    )
    plan = _plan(stock=stock, purchases=purchases).plan
    milk = plan[plan["ingredient_key"] == "milk"].set_index("plan_date")
    assert milk["incoming_quantity"].to_dict() | {} == {
        day: (2_000.0 if day == date(2026, 10, 2) else 0.0) for day in milk.index
    }
    # 7,000 − 3,000, + 2,000 − 3,000, − 5,000.
    assert milk["stock_quantity"].iloc[:3].tolist() == pytest.approx([4_000, 3_000, -2_000])
    assert milk["shortfall_quantity"].iloc[:3].tolist() == pytest.approx([0, 0, 2_000])
    told = milk["recommendation"].dropna()
    assert told.to_dict() == {
        date(2026, 10, 3): "Whole milk runs short on Saturday at Café: 2,000 ml are missing by the "
        "evening."
    }
    beans = plan[plan["ingredient_key"] == "beans"]
    assert (beans["shortfall_quantity"] == 0).all()
    assert beans["recommendation"].isna().all()


def test_what_is_not_counted_has_a_need_and_no_shortfall() -> None:
    result = _plan()
    assert result.plan["stock_quantity"].isna().all()
    assert result.plan["shortfall_quantity"].isna().all()
    assert "Beans at Café" in set(result.refusals["subject"])


def test_an_order_that_should_have_come_long_ago_is_not_waited_for() -> None:
    old = [("milk", "L", "Dairy", LAST - timedelta(days=back), LAST - timedelta(days=back - 4), 1.0)
           for back in (20, 30, 40)]  # fmt: skip
    lost = pd.DataFrame(
        [*old, ("milk", "L", "Dairy", LAST - timedelta(days=30), None, 2_000.0)],
        columns=NO_PURCHASES.columns,
    )
    assert _plan(purchases=lost).plan["incoming_quantity"].sum() == 0


def test_closures_need_nothing() -> None:
    closed = date(2026, 10, 1)
    plan = _plan(closures=[(closed, "Café")]).plan
    assert plan.loc[plan["plan_date"] == closed, "needed_quantity"].sum() == 0
    assert plan.loc[plan["plan_date"] == date(2026, 10, 2), "needed_quantity"].sum() > 0


def test_expected_units_are_the_mean_of_the_last_four_open_same_weekdays() -> None:
    sales = _sales()
    days = [LAST - timedelta(days=7 * back) for back in range(5)]
    for day, units in zip(days, (1.0, 2.0, 3.0, 6.0, 99.0), strict=True):
        sales.loc[(sales["sale_date"] == day) & (sales["product_key"] == "latte"), "units"] = units
    found = expected_units(sales, LAST).set_index(["product_key", "plan_date"])["expected_units"]
    assert found["latte", date(2026, 10, 7)] == pytest.approx(3.0)
    shut = sales[sales["sale_date"] != LAST]
    found = expected_units(shut, LAST).set_index(["product_key", "plan_date"])["expected_units"]
    assert found["latte", date(2026, 10, 7)] == pytest.approx((2 + 3 + 6 + 99) / 4)


def test_the_mean_is_judged_beside_last_week() -> None:
    dice = np.random.default_rng(3)
    sales = _sales(120)
    sales["units"] = dice.poisson(sales["units"]).astype(float)
    judged = _plan(sales=sales).evaluations.set_index("model")
    assert judged.loc["mean_of_4_weekdays", "value"] < judged.loc["same_weekday_last_week", "value"]
    assert bool(judged.loc["same_weekday_last_week", "is_baseline"])


@pytest.mark.parametrize("days", [0, 1, 7, 30, 60, 400])
def test_few_days_are_refused_with_the_number_needed(days: int) -> None:
    result = _plan(sales=_sales(days))
    assert list(result.plan.columns) == list(INGREDIENT_COLUMNS)
    assert result.plan.empty == (days < 60)
    if days < 60:
        assert result.refusals["reason"].str.contains("a plan needs 28").any()


def test_refunds_alone_and_no_recipes_need_nothing() -> None:
    returned = _sales().assign(units=-1.0)
    assert _plan(sales=returned).plan.empty
    nothing = _plan(recipes=RECIPES.iloc[:0])
    assert nothing.plan.empty
    assert nothing.refusals["reason"].iloc[0].startswith("There are no recipes")
