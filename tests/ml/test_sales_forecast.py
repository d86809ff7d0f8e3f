"""Forecasts of the sample restaurant: the held-out month, evidence, refusals."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.calendar import Values
from ml.candidates import CANDIDATES, Candidate, Context
from ml.sales_forecast import SalesForecast, forecast_sales
from sandbox.world import World, WorldSettings, generate
from warehouse.home import PROJECT_ROOT

PIZZA = PROJECT_ROOT / "sandbox" / "samples" / "pizza" / "inbox" / "sales"
NAIVE = tuple(candidate for candidate in CANDIDATES if candidate.is_naive)
QUICK = tuple(candidate for candidate in CANDIDATES if candidate.levels is None)
# WAPE of the last 28 days of 2015, forecast once on 3 December.
FOUR_WEEK_MEAN_WAPE = 0.239
SAME_WEEKDAY_WAPE = 0.295


@pytest.fixture(scope="module")
def pizza() -> pd.DataFrame:
    details = pd.read_csv(PIZZA / "order_details.csv")
    orders = pd.read_csv(PIZZA / "orders.csv")
    prices = pd.read_csv(PIZZA / "pizzas.csv")
    types = pd.read_csv(PIZZA / "pizza_types.csv", encoding="cp1252")
    lines = (
        details.merge(orders, on="order_id")
        .merge(prices, on="pizza_id")
        .merge(types, on="pizza_type_id")
    )
    lines["net_amount"] = lines["price"] * lines["quantity"]
    lines["location_name"] = "Plato's Pizza"
    daily = lines.groupby(["date", "location_name", "category"], as_index=False)["net_amount"].sum()
    return daily.rename(columns={"date": "sale_date", "category": "category_name"})


def _december_wape(result: SalesForecast, pizza: pd.DataFrame, model: str | None = None) -> float:
    rows = result.forecasts
    rows = rows[
        (rows["series_key"] == "total")
        & (rows["horizon_days"] == 30)
        & (rows["row_type"] == "forecast")
    ]
    forecast = rows.set_index("sale_date")["forecast_amount"].astype(float).iloc[:28]
    actual = (
        pizza.assign(sale_date=pd.to_datetime(pizza["sale_date"]))
        .groupby("sale_date")["net_amount"]
        .sum()
        .reindex(forecast.index)
        .fillna(0.0)
    )
    return float((forecast - actual).abs().sum() / actual.sum())


def test_the_held_out_month_is_forecast_better_than_by_the_naive_rules(
    pizza: pd.DataFrame,
) -> None:
    total = pizza.assign(category_name="All")
    chosen = forecast_sales(total, date(2015, 12, 3), country_code="US", horizons=(30,))
    wape = _december_wape(chosen, pizza)
    naive = {
        candidate.name: _december_wape(
            forecast_sales(
                total, date(2015, 12, 3), country_code="US", horizons=(30,), candidates=(candidate,)
            ),
            pizza,
        )
        for candidate in NAIVE
    }
    assert naive["four_week_mean"] == pytest.approx(FOUR_WEEK_MEAN_WAPE, abs=0.001)
    assert naive["seasonal_naive"] == pytest.approx(SAME_WEEKDAY_WAPE, abs=0.001)
    assert wape < min(naive.values())


@pytest.fixture(scope="module")
def forecast(pizza: pd.DataFrame) -> SalesForecast:
    return forecast_sales(pizza, date(2015, 12, 31), country_code="US", candidates=NAIVE)


def test_every_series_and_horizon_is_there(forecast: SalesForecast) -> None:
    keys = set(
        zip(forecast.forecasts["series_key"], forecast.forecasts["horizon_days"], strict=True)
    )
    series = {
        "total",
        "location:Plato's Pizza",
        "category:Chicken",
        "category:Classic",
        "category:Supreme",
        "category:Veggie",
    }
    assert keys == {(name, horizon) for name in series for horizon in (7, 30, 90)}


def test_what_is_published_never_loses_to_a_naive_rule(forecast: SalesForecast) -> None:
    for _, group in forecast.backtests.groupby(["series_key", "horizon_days"]):
        selected = group[group["is_selected"]]
        assert len(selected) == 1
        assert selected["wape"].iloc[0] <= selected["best_naive_wape"].iloc[0] * (1 + 1e-9)
        assert selected["n_origins"].iloc[0] >= 3


def test_the_newest_weeks_are_shown_as_they_were_foretold_and_as_they_came(
    forecast: SalesForecast, pizza: pd.DataFrame
) -> None:
    total = forecast.backtest_days.query("series_key == 'total'").set_index("sale_date")
    assert total.index.max() == pd.Timestamp("2015-12-31")
    assert len(total) == 8 * 7
    assert total.index.is_unique
    ahead = (total.index - pd.DatetimeIndex(total["origin_date"])).days
    assert sorted(set(ahead)) == list(range(1, 8))
    sold = pizza.groupby(pd.to_datetime(pizza["sale_date"]))["net_amount"].sum()
    expected = sold.astype(float).reindex(total.index, fill_value=0.0)
    np.testing.assert_allclose(total["actual_amount"].sort_index(), expected.sort_index())
    assert (total["forecast_amount"] != total["actual_amount"]).mean() > 0.9
    assert set(forecast.backtest_days["series_level"]) == {"total", "location", "category"}


def test_intervals_are_nested_and_their_coverage_is_near_the_nominal_one(
    forecast: SalesForecast,
) -> None:
    rows = forecast.forecasts[forecast.forecasts["row_type"] == "forecast"]
    bounds = (
        rows[
            [
                "lower_95_amount",
                "lower_80_amount",
                "forecast_amount",
                "upper_80_amount",
                "upper_95_amount",
            ]
        ]
        .astype(float)
        .to_numpy()
    )
    assert (np.diff(bounds, axis=1) >= 0).all()
    total = forecast.backtests.query("is_selected and series_key == 'total'")
    assert total["coverage_80"].astype(float).between(0.7, 0.9).all()


def test_closed_days_of_the_past_are_not_filled(forecast: SalesForecast) -> None:
    actual = forecast.forecasts.query("row_type == 'actual' and series_key == 'total'")
    assert pd.Timestamp("2015-12-25") not in set(actual["sale_date"])
    assert actual["actual_amount"].astype(float).gt(0).all()


def test_the_same_data_give_the_same_forecast_to_the_bit(pizza: pd.DataFrame) -> None:
    total = pizza.assign(category_name="All")
    runs = [
        forecast_sales(total, date(2015, 12, 31), country_code="US", horizons=(7,))
        for _ in range(2)
    ]
    pd.testing.assert_frame_equal(runs[0].forecasts, runs[1].forecasts, check_exact=True)
    pd.testing.assert_frame_equal(runs[0].backtests, runs[1].backtests, check_exact=True)


@pytest.mark.parametrize("days", [1, 7, 30, 60])
def test_too_few_days_give_a_reason_instead_of_a_forecast(days: int) -> None:
    sales = pd.DataFrame(
        {
            "sale_date": pd.date_range("2026-01-01", periods=days).date,
            "location_name": "Shop",
            "category_name": "All",
            "net_amount": 100.0,
        }
    )
    result = forecast_sales(sales, sales["sale_date"].max(), country_code="US", candidates=NAIVE)
    assert result.forecasts.empty
    assert set(result.refusals["subject"].str.split(", ").str[1]) == {
        "7 days", "30 days", "90 days",
    }  # fmt: skip
    assert result.refusals["reason"].str.contains(f"has {days} days").all()


def test_no_sales_at_all_give_nothing() -> None:
    empty = pd.DataFrame(columns=["sale_date", "location_name", "category_name", "net_amount"])
    result = forecast_sales(empty, date(2026, 1, 1), country_code="US", candidates=NAIVE)
    assert result.forecasts.empty
    assert result.backtests.empty


def test_a_business_whose_sales_were_all_given_back_gets_a_forecast_of_nothing() -> None:
    sales = pd.DataFrame(
        {
            "sale_date": pd.date_range("2026-01-01", periods=120).date,
            "location_name": "Shop",
            "category_name": "All",
            "net_amount": 0.0,
        }
    )
    result = forecast_sales(
        sales, sales["sale_date"].max(), country_code="US", candidates=NAIVE, horizons=(7,)
    )
    forecast = result.forecasts.query("row_type == 'forecast'")["forecast_amount"].astype(float)
    assert (forecast == 0).all()


@pytest.fixture(scope="module")
def two_shops() -> pd.DataFrame:
    """Two years of two shops with two categories and thirty products, one of which grows."""
    dice = np.random.default_rng(11)
    days = pd.date_range("2024-01-01", "2025-12-31")
    rows = []
    for place, scale in (("North", 3.0), ("South", 1.0)):
        for product in range(30):
            mean = scale * (1 + product) * (1 + 0.4 * np.sin(2 * np.pi * days.day_of_week / 7))
            growth = 1 + 0.001 * np.arange(len(days)) * (product == 29)
            rows.append(
                pd.DataFrame(
                    {
                        "sale_date": days,
                        "location_name": place,
                        "category_name": "Tea" if product % 2 else "Cake",
                        "product_name": f"Product {product}",
                        "net_amount": dice.poisson(mean * growth / 10) * 10.0,
                    }
                )
            )
    sales = pd.concat(rows)
    # South is closed on Mondays, and nobody sells anything on New Year's Day.
    is_closed = (sales["location_name"] == "South") & (sales["sale_date"].dt.day_of_week == 0)
    is_closed |= sales["sale_date"].dt.day_of_year == 1
    return sales[~is_closed & (sales["net_amount"] > 0)]


@pytest.fixture(scope="module")
def of_two_shops(two_shops: pd.DataFrame) -> SalesForecast:
    return forecast_sales(
        two_shops,
        date(2025, 12, 31),
        country_code="US",
        closures=[(date(2026, 1, 1), None), (date(2026, 1, 3), "North")],
        horizons=(7, 30),
        candidates=[each for each in CANDIDATES if each.levels is None],
        jobs=1,
    )


def test_places_categories_and_products_add_up(of_two_shops: SalesForecast) -> None:
    rows = of_two_shops.forecasts.query("row_type == 'forecast'")
    wide = rows.pivot_table(
        index=["horizon_days", "sale_date"], columns="series_key", values="forecast_amount"
    )
    total = wide["total"]
    for level in ("location", "category", "location_category"):
        parts = wide[[key for key in wide if key.startswith(f"{level}:")]]
        assert (parts.sum(axis=1) - total).abs().max() < 1e-6, level
    north = wide[["location_category:North · Cake", "location_category:North · Tea"]].sum(axis=1)
    assert (north - wide["location:North"]).abs().max() < 1e-6
    products = wide[[key for key in wide if key.startswith("product:")]]
    assert products.shape[1] >= 15
    assert (products.sum(axis=1) <= total + 1e-6).all()


def test_closed_days_of_one_place_and_of_all_are_forecast_as_nothing(
    of_two_shops: SalesForecast,
) -> None:
    rows = of_two_shops.forecasts.query("row_type == 'forecast' and horizon_days == 7")
    wide = rows.pivot_table(index="sale_date", columns="series_key", values="forecast_amount")
    assert wide.loc["2026-01-01", "total"] == 0
    assert wide.loc["2026-01-03", "location:North"] == 0
    assert wide.loc["2026-01-03", "total"] == wide.loc["2026-01-03", "location:South"] > 0
    assert wide.loc["2026-01-05", "location:South"] == 0, "closed every Monday"


def test_intervals_hold_what_they_promise_on_the_days_that_come(
    two_shops: pd.DataFrame,
) -> None:
    """Forecasts made two months before the end, against what then happened."""
    made = forecast_sales(
        two_shops,
        date(2025, 11, 1),
        country_code="US",
        horizons=(30,),
        candidates=[each for each in CANDIDATES if each.levels is None],
        jobs=1,
    )
    rows = made.forecasts.query("row_type == 'forecast' and series_level == 'product'")
    actual = two_shops.groupby(["product_name", "sale_date"])["net_amount"].sum()
    known = rows.assign(
        actual=[
            actual.get((name, day), 0.0)
            for name, day in zip(rows["series_name"], rows["sale_date"], strict=True)
        ]
    )
    for level, low, high in ((80, 0.75, 0.85), (95, 0.92, 0.98)):
        inside = known["actual"].between(
            known[f"lower_{level}_amount"], known[f"upper_{level}_amount"]
        )
        assert len(inside) >= 100
        assert low <= inside.mean() <= high


def test_a_series_that_no_method_forecasts_better_than_a_naive_rule_is_not_published() -> None:
    """Without a naive rule among the methods, the last value loses on a weekly pattern."""
    days = pd.date_range("2026-01-01", periods=150)
    sales = pd.DataFrame(
        {
            "sale_date": days,
            "location_name": "Shop",
            "category_name": "All",
            "net_amount": np.where(days.day_of_week == 5, 700.0, 10.0),
        }
    )

    def nothing(series: pd.Series[float], horizon: int, context: Context) -> Values:
        return np.zeros(horizon)

    candidates = [*NAIVE, Candidate("nothing", nothing, is_naive=False)]
    result = forecast_sales(
        sales, sales["sale_date"].max(), country_code="US", horizons=(7,), candidates=candidates
    )
    chosen = result.backtests[result.backtests["is_selected"]]
    assert set(chosen["model"]) <= {"seasonal_naive", "four_week_mean"}
    assert (chosen["wape"] == 0).all()


def _generated(folder: Path, seed: int) -> tuple[pd.DataFrame, list[tuple[date, str | None]]]:
    """Daily net sales of a generated business's places and categories, and its closures."""
    generate(WorldSettings(seed=seed, years=2, orders_per_day=200), folder).close()
    world = World(folder, now=World(folder).ends_at)
    rows = world.rows(
        "select cast(placed_local as date), cast(place_id as varchar), category, "
        "sum(gross_cents - discount_cents) / 100.0 from orders join order_lines using (order_id) "
        "join variants using (variant_id) join products using (product_id) "
        "where not is_test group by all order by all"
    )
    closures = world.rows("select closed_date, cast(place_id as varchar) from closures")
    world.close()
    columns = ["sale_date", "location_name", "category_name", "net_amount"]
    return pd.DataFrame(rows, columns=columns).astype({"net_amount": float}), [
        (day, place) for day, place in closures
    ]


def _with_what_came(forecasts: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of the total, places and categories beside what was then sold."""
    dated = sales.assign(sale_date=pd.to_datetime(sales["sale_date"]), total="Total")
    sold = pd.concat([
        dated.groupby([name, "sale_date"])["net_amount"].sum().rename_axis(
            ["series_name", "sale_date"]
        ).reset_index(name="sold_amount").assign(series_level=level)
        for level, name in (
            ("total", "total"), ("location", "location_name"), ("category", "category_name"),
        )
    ])  # fmt: skip
    ahead = forecasts[
        (forecasts["row_type"] == "forecast")
        & forecasts["series_level"].isin(["total", "location", "category"])
        & (forecasts["forecast_amount"].astype(float) > 0)
    ]
    found = ahead.merge(sold, how="left", on=["series_level", "series_name", "sale_date"])
    return found.fillna({"sold_amount": 0.0})


def _held(known: pd.DataFrame, level: int) -> float:
    bounds = known[[f"lower_{level}_amount", f"upper_{level}_amount"]].astype(float)
    inside = known["sold_amount"].between(bounds.iloc[:, 0], bounds.iloc[:, 1])
    return float(inside.mean())


def test_intervals_of_generated_businesses_and_of_the_restaurant_hold_what_they_promise(
    tmp_path: Path, pizza: pd.DataFrame
) -> None:
    """On days after the data that calibrated them, over a hundred series from several origins."""
    businesses: list[tuple[pd.DataFrame, list[tuple[date, str | None]], tuple[int, ...]]] = [
        (*_generated(tmp_path / str(seed), seed), (30, 86, 142)) for seed in (5, 9)
    ]
    businesses.append((pizza, [], (30, 58, 86, 114)))
    judged = []
    for number, (sales, closures, offsets) in enumerate(businesses):
        last = pd.Timestamp(sales["sale_date"].max()).date()
        for offset in offsets:
            made = forecast_sales(
                sales,
                last - timedelta(days=offset),
                country_code="US",
                closures=closures,
                horizons=(30,),
                candidates=QUICK,
                jobs=1,
            )
            known = _with_what_came(made.forecasts, sales)
            judged.append(known.assign(business=number, offset=offset))
    known = pd.concat(judged)
    assert known.groupby(["business", "offset", "series_key"]).ngroups >= 100
    assert 0.75 <= _held(known, 80) <= 0.85
    assert 0.92 <= _held(known, 95) <= 0.97
