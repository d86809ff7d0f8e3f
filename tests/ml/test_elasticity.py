"""Elasticities: the truth of a generated business is covered, and known traps are avoided."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ml.elasticity import (
    ELASTICITY_COLUMNS,
    Elasticities,
    best_price,
    estimate_elasticities,
    pool_estimates,
)
from ml.price_cells import price_cells
from sandbox.world import World, WorldSettings, generate

LAST = date(2026, 9, 30)
NO_STOCK_OUTS = pd.DataFrame(columns=["product_key", "location_key", "stock_date"])
# The counters of the generated business; two of four places keep the test short.
SALES = """
    select cast(variant_id as varchar) as product_key, cast(place_id as varchar) as location_key,
        cast(timezone(time_zone, happened_at) as date) as sale_date,
        round(gross_cents / quantity) / 100 as unit_price_amount, any_value(category)
            as category_name, cast(sum(quantity) as double) as units,
        cast(sum(discount_cents) / 100 as double) as discount_amount
    from event_lines l join events using (event_id) join orders o on o.order_id = l.order_id
    join places using (place_id) join variants using (variant_id) join products using (product_id)
    where line_type = 'product' and action_type = 'order' and quantity > 0 and not is_test
        and place_id in (1, 2)
    group by all order by all"""
PRODUCTS = """
    select cast(variant_id as varchar) as product_key, title as product_name,
        category as category_name, unit_cost_cents / 100 as unit_cost_amount, elasticity as truth
    from variants join products using (product_id) order by variant_id"""
STOCK_OUTS = """
    select distinct cast(variant_id as varchar) as product_key,
        cast(place_id as varchar) as location_key, cast(stock_date as date) as stock_date
    from (select *, unnest(generate_series(
            cast(timezone(time_zone, emptied_at) as date),
            cast(timezone(time_zone, coalesce(filled_at, now_at())) as date), interval 1 day
        )) as stock_date from stock_outs join places using (place_id))
    join variants using (variant_id) join products using (product_id)
    where category <> 'Bakery' order by all"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    settings = WorldSettings(seed=5, years=1.5, orders_per_day=200)
    return generate(settings, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def products(world: World) -> pd.DataFrame:
    return world.database.cursor().execute(PRODUCTS).df()


@pytest.fixture(scope="module")
def found(world: World, products: pd.DataFrame) -> Elasticities:
    cursor = world.database.cursor()
    sales, out = cursor.execute(SALES).df(), cursor.execute(STOCK_OUTS).df()
    return estimate_elasticities(sales, products, out, LAST)


def test_intervals_cover_the_true_elasticities_as_often_as_they_say(
    found: Elasticities, products: pd.DataFrame
) -> None:
    rows = found.elasticities.query("subject_level == 'product'")
    truth = rows["product_key"].map(products.set_index("product_key")["truth"])
    assert len(rows) > 80
    covered = {
        level: float(((rows[f"lower_{level}"] <= truth) & (truth <= rows[f"upper_{level}"])).mean())
        for level in (80, 95)
    }
    assert 0.70 <= covered[80] <= 0.90
    assert 0.90 <= covered[95] <= 0.99
    errors = rows[["elasticity", "own_elasticity"]].sub(truth, axis=0)
    assert abs(errors["elasticity"].mean()) < 0.15
    # Pooling has to earn its place.
    assert errors["elasticity"].abs().mean() < 0.75 * errors["own_elasticity"].abs().mean()


def test_evidence_says_that_prices_explain_what_was_not_seen(found: Elasticities) -> None:
    judged = found.evaluations.set_index("model")
    assert list(judged.index[judged["is_selected"]]) == ["pooled_by_category"]
    assert judged.loc["pooled_by_category", "value"] < judged.loc["price_ignored", "value"]
    assert bool(judged.loc["price_ignored", "is_baseline"])
    assert (judged["observations_count"] > 1_000).all()


def test_what_has_too_few_prices_is_refused_with_the_number_needed(
    found: Elasticities, products: pd.DataFrame
) -> None:
    told = set(found.elasticities["product_key"]) | set(found.refusals["subject"])
    assert set(products["product_key"]) - told == set() or len(told) > 150
    still = found.refusals[found.refusals["reason"].str.contains("it has 1", regex=False)]
    assert still["reason"].iloc[0].startswith("Not enough data: ")
    assert (
        "needs 3 different prices (it has 1), 3 changes of price (it has 0)"
        in (still["reason"].iloc[0])
    )


def test_best_prices_stay_among_those_seen_and_advice_is_sure_of_its_gain(
    found: Elasticities,
) -> None:
    rows = found.elasticities.dropna(subset=["best_price_amount"])
    assert len(rows) > 50
    assert (rows["best_price_amount"] >= rows["lowest_price_amount"] - 1e-9).all()
    assert (rows["best_price_amount"] <= rows["highest_price_amount"] + 1e-9).all()
    assert (rows["lower_margin_change_amount"] <= rows["margin_change_amount"] + 1e-9).all()
    moved = rows[rows["recommendation"].str.match("Raise|Lower")]
    assert len(moved) > 0
    assert (moved["lower_margin_change_amount"] > 0).all()
    assert (found.elasticities["evidence"] == "observational").all()


def _shop(
    *, seed: int = 3, products: int = 12, weeks: int = 78, elasticity: float = -2.0,
    lift: float = 0.0, locations: int = 1, rich: float = 1.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Daily sales of products that change their price every eight weeks or so.

    With ``lift``, every fifth week has a promotion: 20 % off, and demand times ``1 + lift`` beside
    the answer to the price. ``rich``: how much more the second location sells, at prices 40 %
    higher.
    """
    dice = np.random.default_rng(seed)
    days = weeks * 7
    rows = []
    for product in range(products):
        steps = np.cumsum(dice.random(days) < 1 / 56)
        factor = dice.choice([0.8, 0.9, 1.0, 1.1, 1.25], steps[-1] + 1)[steps]
        phase = product % 5
        promoted = (np.arange(days) // 7) % 5 == phase
        for location in range(locations):
            price = np.round(10 * factor * (1.4 if location else 1.0), 2)
            paid = price * np.where(promoted & (lift > 0), 0.8, 1.0)
            mean = 4 * (paid / 10 / (1.4 if location else 1.0)) ** elasticity
            mean = mean * np.where(promoted, 1 + lift, 1.0) * (rich if location else 1.0)
            mean = mean * (1 + 0.3 * np.sin(np.arange(days) / 58))
            units = dice.poisson(mean).astype(float)
            rows.append(pd.DataFrame({
                "product_key": f"P{product:02d}", "category_name": "All",
                "location_key": f"L{location}",
                "sale_date": [LAST - timedelta(days=days - 1 - day) for day in range(days)],
                "unit_price_amount": price, "units": units,
                "discount_amount": units * (price - paid),
            }))  # fmt: skip
    sales = pd.concat(rows, ignore_index=True)
    known = pd.DataFrame({"product_key": sorted(sales["product_key"].unique())})
    known["product_name"] = known["product_key"]
    known["category_name"], known["unit_cost_amount"] = "All", 6.0
    return sales[sales["units"] > 0].reset_index(drop=True), known


def test_ignoring_promotions_overstates_the_answer_to_the_price() -> None:
    sales, known = _shop(lift=1.0)
    honest = estimate_elasticities(sales, known, NO_STOCK_OUTS, LAST).elasticities
    # As if what was paid were the price and nothing else happened that week.
    paid = sales["unit_price_amount"] - sales["discount_amount"] / sales["units"]
    naive = sales.assign(unit_price_amount=paid.round(2), discount_amount=0.0)
    blind = estimate_elasticities(naive, known, NO_STOCK_OUTS, LAST).elasticities
    assert honest["elasticity"].iloc[-1] == pytest.approx(-2.0, abs=0.2)
    assert blind["elasticity"].iloc[-1] < -2.8


def test_pooling_over_shops_would_halve_what_is_found_by_location() -> None:
    sales, known = _shop(locations=2, rich=1.6)
    by_location = estimate_elasticities(sales, known, NO_STOCK_OUTS, LAST).elasticities
    assert by_location["elasticity"].iloc[-1] == pytest.approx(-2.0, abs=0.2)
    weekly = price_cells(sales, NO_STOCK_OUTS, LAST)
    pooled = sm.GLM(
        weekly["units"], sm.add_constant(np.log(weekly["price"])), family=sm.families.Poisson(),
        offset=np.log(weekly["exposure"]),
    ).fit()  # fmt: skip
    assert pooled.params.iloc[1] > -1.2


def test_days_without_stock_are_not_low_demand() -> None:
    sales, _ = _shop(products=5, weeks=30)
    out_days = [LAST - timedelta(days=day) for day in range(7, 21)]
    gone = sales[~(sales["product_key"].eq("P00") & sales["sale_date"].isin(out_days))]
    out = pd.DataFrame({"product_key": "P00", "location_key": "L0", "stock_date": out_days})
    cells = price_cells(gone, out, LAST).query("product_key == 'P00'")
    assert cells.query("-3 < week < 0").empty
    counted = price_cells(gone, NO_STOCK_OUTS, LAST).query("product_key == 'P00' and -3 < week < 0")
    assert counted["units"].sum() == 0
    assert counted["exposure"].sum() == pytest.approx(14, abs=1)


def test_a_dearer_foreign_sale_tells_no_price_list() -> None:
    sales, _ = _shop(products=5, weeks=30)
    odd = sales.iloc[[10]].assign(unit_price_amount=99.0, units=1.0)
    cells = price_cells(pd.concat([sales, odd]), NO_STOCK_OUTS, LAST)
    assert cells["price"].max() < 20
    assert cells["units"].sum() == sales["units"].sum() + 1


@pytest.mark.parametrize(
    ("elasticity", "expected"), [(-3.0, 9.0), (-2.0, 12.0), (-1.2, 15.0), (-0.5, 15.0), (-9.0, 8.0)]
)
def test_the_best_price_is_the_textbooks_inside_the_range(
    elasticity: float, expected: float
) -> None:
    choice = best_price(
        elasticity, (elasticity - 0.5, elasticity + 0.4), current=10.0, cost=6.0, kept=1.0,
        lowest=8.0, highest=15.0,
    )  # fmt: skip
    assert choice.price == pytest.approx(expected)
    assert choice.lower_change <= choice.change <= choice.upper_change
    by_hand = (expected - 6) * (expected / 10) ** elasticity / 4 - 1
    assert choice.change == pytest.approx(by_hand)


def test_pooling_gives_weak_evidence_to_its_category_and_keeps_the_strong() -> None:
    own = np.array([-1.0, -1.2, -0.8, -3.0, -3.2, -2.8, -6.0])
    error = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 3.0])
    pooled = pool_estimates(own, error, np.array([0, 0, 0, 1, 1, 1, 1]))
    assert pooled["estimate"].iloc[6] == pytest.approx(-3.0, abs=0.1)
    assert pooled["estimate"].iloc[0] == pytest.approx(-1.0, abs=0.05)
    assert pooled["own_weight"].iloc[6] < 0.02
    assert (pooled["error"] < error + 0.02).all()


@pytest.mark.parametrize("days", [0, 1, 7, 30, 60, 400])
@pytest.mark.parametrize("products", [1, 6])
def test_few_data_give_reasons(days: int, products: int) -> None:
    sales, known = _shop(products=products, weeks=60)
    sales = sales[sales["sale_date"] > LAST - timedelta(days=days)]
    result = estimate_elasticities(sales, known, NO_STOCK_OUTS, LAST)
    assert list(result.elasticities.columns) == list(ELASTICITY_COLUMNS)
    if days < 400 or products == 1:
        assert result.elasticities.empty
        assert len(result.refusals) == (products if days else 1)
        assert result.refusals["reason"].str.startswith("Not enough data: ").all()
    else:
        assert len(result.elasticities) + len(result.refusals) == products + 1


def test_the_same_data_give_the_same_bits() -> None:
    sales, known = _shop(products=6, weeks=60)
    first = estimate_elasticities(sales, known, NO_STOCK_OUTS, LAST)
    again = estimate_elasticities(sales, known, NO_STOCK_OUTS, LAST)
    pd.testing.assert_frame_equal(first.elasticities, again.elasticities, check_exact=True)


def test_a_business_of_refunds_alone_is_refused() -> None:
    sales, known = _shop(products=6, weeks=60)
    result = estimate_elasticities(
        sales.assign(units=-sales["units"]), known, NO_STOCK_OUTS, LAST
    )  # fmt: skip
    assert result.elasticities.empty
    assert result.refusals["reason"].iloc[0].startswith("Not enough data")


def test_lots_at_a_reseller_s_price_are_no_low_price_that_sells_well() -> None:
    sales, known = _shop(products=8, weeks=78)
    dice = np.random.default_rng(9)
    lots = pd.DataFrame({
        "product_key": np.repeat(known["product_key"].to_numpy(), 4), "category_name": "All",
        "location_key": "R", "unit_price_amount": 4.0, "units": 60.0, "discount_amount": 0.0,
        "sale_date": [LAST - timedelta(days=int(day)) for day in dice.integers(0, 546, 32)],
    })  # fmt: skip
    with_lots = pd.concat([sales, lots], ignore_index=True)
    found = estimate_elasticities(with_lots, known, NO_STOCK_OUTS, LAST).elasticities
    assert found["elasticity"].iloc[-1] == pytest.approx(-2.0, abs=0.25)
    assert found["lowest_price_amount"].min() >= 8


def test_a_sale_without_a_price_counts_as_a_sale() -> None:
    sales, _ = _shop(products=5, weeks=30)
    foreign = sales.iloc[[10]].assign(unit_price_amount=np.nan, units=1.0)
    cells = price_cells(pd.concat([sales, foreign]), NO_STOCK_OUTS, LAST)
    assert cells["units"].sum() == sales["units"].sum() + 1
    assert cells["price"].notna().all()


def test_prices_that_move_nothing_make_no_advice() -> None:
    sales, known = _shop(products=6, weeks=60, elasticity=0.0)
    found = estimate_elasticities(sales, known, NO_STOCK_OUTS, LAST).elasticities
    assert found["upper_95"].iloc[-1] > 0 > found["lower_95"].iloc[-1]
    assert not found["recommendation"].str.match("Raise|Lower").any()
