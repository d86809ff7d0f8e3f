"""What must hold, table by table, as Great Expectations expectations.

Only names and arguments live here, so that Dagster's definitions know every check without
importing Great Expectations, which takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from orchestration.planning.items import digest_of

Stage = Literal["landed", "marts", "forecasts"]


@dataclass(frozen=True)
class Rule:
    """One expectation on a table."""

    name: str
    expectation: str
    arguments: dict[str, Any] = field(default_factory=dict)
    severity: Literal["error", "warn"] = "error"
    description: str = ""


@dataclass(frozen=True)
class Suite:
    """The rules of one table, checked at one stage of a run."""

    stage: Stage
    schema: str
    table: str
    rules: tuple[Rule, ...]
    row_condition: str | None = None

    @property
    def asset_key(self) -> tuple[str, str]:
        """Key of the asset the rules belong to."""
        return (self.schema, self.table)

    @property
    def item(self) -> str:
        """Its name in the plan of a run."""
        return f"suite.{self.schema}.{self.table}"

    @property
    def digest(self) -> str:
        """Changes with the rules."""
        return digest_of([self.row_condition, *map(repr, self.rules)])


def _not_null(column: str, description: str) -> Rule:
    return Rule(
        f"{column}_is_present",
        "ExpectColumnValuesToNotBeNull",
        {"column": column},
        description=description,
    )


def _at_least(column: str, bound: float, description: str, severity: str = "error") -> Rule:
    return Rule(
        f"{column}_is_at_least_{bound:g}",
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": bound},
        severity="error" if severity == "error" else "warn",
        description=description,
    )


SUITES = (
    Suite(
        "landed",
        "raw_spreadsheets",
        "sales",
        (
            _not_null("order_id", "Every row belongs to an order."),
            _not_null("sold_at", "Every row says when it was sold."),
            _not_null("quantity", "Every row says how many were sold."),
            _not_null("currency_code", "An amount without a currency is no amount."),
            Rule(
                "event_type_is_known",
                "ExpectColumnValuesToBeInSet",
                {
                    "column": "event_type",
                    "value_set": ["sale", "return", "cancellation", "test", "draft"],
                },
                description="A row is a sale, a return, a cancellation, a test or a draft.",
            ),
            Rule(
                "quantity_is_plausible",
                "ExpectColumnValuesToBeBetween",
                {"column": "quantity", "min_value": -10_000, "max_value": 10_000},
                severity="warn",
                description="More than 10,000 units in one row is probably a slip.",
            ),
            Rule(
                "sold_at_is_not_in_the_future",
                "ExpectColumnValuesToBeBetween",
                {"column": "sold_at", "max_value": "tomorrow"},
                severity="warn",
                description="A sale in the future points to a wrong date format.",
            ),
        ),
    ),
    Suite(
        "landed",
        "raw_spreadsheets",
        "products",
        (
            _at_least("unit_cost_amount", 0, "A cost is not negative."),
            _at_least("unit_price_amount", 0, "A price is not negative."),
        ),
    ),
    Suite(
        "landed",
        "raw_spreadsheets",
        "ad_spend",
        (
            _at_least("spend_amount", 0, "Money spent is not negative."),
            _not_null("spend_date", "Every row says when it was spent."),
        ),
    ),
    Suite(
        "landed",
        "raw_spreadsheets",
        "recipes",
        (
            _at_least("quantity", 0, "A recipe takes nothing away."),
            Rule(
                "yield_rate_is_a_share",
                "ExpectColumnValuesToBeBetween",
                {"column": "yield_rate", "min_value": 0.01, "max_value": 1},
                severity="warn",
                description="What is usable of an ingredient is a share of it.",
            ),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "rpt_sales_daily",
        (
            _not_null("location_name", "Every sale happened somewhere."),
            _at_least("gross_amount", 0, "A day's gross sales are not negative."),
            _at_least("orders_count", 0, "Orders are counted."),
            Rule(
                "net_amount_not_above_gross_amount",
                "ExpectColumnPairValuesAToBeGreaterThanB",
                {"column_A": "gross_amount", "column_B": "net_amount", "or_equal": True},
                description="Discounts and reversals only take away.",
            ),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "fct_orders",
        (
            _not_null("order_date", "Every order has its day."),
            Rule(
                "order_hour_is_an_hour",
                "ExpectColumnValuesToBeBetween",
                {"column": "order_hour", "min_value": 0, "max_value": 23},
                description="Hours run from 0 to 23.",
            ),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "fct_ledger_entries",
        (
            _not_null("account_key", "Every entry is booked on an account."),
            _not_null("entry_date", "Every entry has its day."),
            _at_least("debit_amount", 0, "A debit is not negative."),
            _at_least("credit_amount", 0, "A credit is not negative."),
            Rule(
                "exchange_rate_is_plausible",
                "ExpectColumnValuesToBeBetween",
                {"column": "exchange_rate", "min_value": 0.0001, "max_value": 100_000},
                severity="warn",
                description="A rate of zero or of millions is probably a slip.",
            ),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "rpt_profit_and_loss",
        (
            _not_null("account_name", "Every amount belongs to an account."),
            _not_null("amount", "An account without an amount has no row."),
            Rule(
                "statement_section_is_known",
                "ExpectColumnValuesToBeInSet",
                {
                    "column": "statement_section",
                    "value_set": [
                        "Income",
                        "Cost of Goods Sold",
                        "Expenses",
                        "Other Income",
                        "Other Expenses",
                    ],
                },
                description="The statement has five sections.",
            ),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "rpt_margin_daily",
        (
            Rule(
                "cost_coverage_rate_is_a_rate",
                "ExpectColumnValuesToBeBetween",
                {"column": "cost_coverage_rate", "min_value": 0, "max_value": 1},
                severity="warn",
                description="The share of sales with known cost lies between 0 and 1.",
            ),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "fct_inventory_daily",
        (
            _not_null("location_name", "Stock lies somewhere."),
            _at_least("value_at_cost_amount", 0, "Stock is worth nothing or more."),
            _at_least("received_quantity", 0, "Deliveries only add.", "warn"),
            Rule(
                "closing_quantity_is_plausible",
                "ExpectColumnValuesToBeBetween",
                {"column": "closing_quantity", "min_value": 0, "max_value": 1_000_000},
                severity="warn",
                description="Less than nothing on a shelf points to a missed delivery or count.",
            ),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "fct_inventory_movements",
        (
            _not_null("movement_date", "Every movement has its day."),
            _at_least("unit_cost_amount", 0, "A cost is not negative."),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "fct_labour_hours",
        (
            _at_least("paid_hours", 0, "Nobody works less than nothing."),
            _at_least("labour_cost_amount", 0, "A wage is not negative."),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "fct_marketing_spend",
        (
            _at_least("spend_amount", 0, "Money spent is not negative."),
            _at_least("clicks_count", 0, "Clicks are counted."),
        ),
    ),
    Suite(
        "marts",
        "marts",
        "rpt_conversion_funnel",
        tuple(
            Rule(
                f"{rate}_is_a_rate",
                "ExpectColumnValuesToBeBetween",
                {"column": rate, "min_value": 0, "max_value": 1},
                severity="warn",
                description="No step of the funnel holds more than the one before it.",
            )
            for rate in ("cart_rate", "checkout_rate", "conversion_rate")
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "sales_forecast",
        (
            _at_least("forecast_amount", 0, "Nobody sells less than nothing."),
            Rule(
                "upper_95_amount_not_below_lower_95_amount",
                "ExpectColumnPairValuesAToBeGreaterThanB",
                {"column_A": "upper_95_amount", "column_B": "lower_95_amount", "or_equal": True},
                description="An interval has its ends in order.",
            ),
            Rule(
                "horizon_is_7_30_or_90_days",
                "ExpectColumnValuesToBeInSet",
                {"column": "horizon_days", "value_set": [7, 30, 90]},
                description="Forecasts are made for a week, a month and a quarter.",
            ),
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "backtests",
        (
            _at_least("wape", 0, "An error is not negative."),
            _at_least("n_origins", 3, "A forecast proves itself from at least three origins."),
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "customer_lifetimes",
        (
            *(
                _at_least(column, 0, "Nobody buys less than nothing.")
                for column in ("expected_orders_12m", "lower_80_orders_12m")
            ),
            Rule(
                "is_alive_probability_is_a_probability",
                "ExpectColumnValuesToBeBetween",
                {"column": "is_alive_probability", "min_value": 0, "max_value": 1},
                description="Probabilities run from 0 to 1.",
            ),
            Rule(
                "upper_80_orders_not_below_lower_80_orders",
                "ExpectColumnPairValuesAToBeGreaterThanB",
                {
                    "column_A": "upper_80_orders_12m",
                    "column_B": "lower_80_orders_12m",
                    "or_equal": True,
                },
                description="A range has its ends in order.",
            ),
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "customer_churn",
        (
            Rule(
                "churn_probability_is_a_probability",
                "ExpectColumnValuesToBeBetween",
                {"column": "churn_probability", "min_value": 0, "max_value": 1},
                description="Probabilities run from 0 to 1.",
            ),
            _at_least("churn_horizon_days", 14, "Two weeks without a purchase are no farewell."),
            _not_null("churn_reasons", "Every score says what moved it."),
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "basket_rules",
        (
            _at_least("both_count", 1, "A rule has been seen."),
            Rule(
                "q_value_is_significant",
                "ExpectColumnValuesToBeBetween",
                {"column": "q_value", "min_value": 0, "max_value": 0.05},
                description="Of the published rules at most one in twenty is chance.",
            ),
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "customer_offers",
        (_at_least("offer_rank", 1, "Offers are ranked from the first."),),
    ),
    Suite(
        "forecasts",
        "ml",
        "price_elasticities",
        (
            Rule(
                "upper_95_not_below_lower_95",
                "ExpectColumnPairValuesAToBeGreaterThanB",
                {"column_A": "upper_95", "column_B": "lower_95", "or_equal": True},
                description="An interval has its ends in order.",
            ),
            Rule(
                "elasticity_is_plausible",
                "ExpectColumnValuesToBeBetween",
                {"column": "elasticity", "min_value": -8, "max_value": 1},
                severity="warn",
                description="Goods that sell much better when dearer point to a missed promotion.",
            ),
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "reorder_plan",
        (
            _at_least("order_quantity", 0, "Nothing is ordered back."),
            _at_least("safety_stock_quantity", 0, "Safety stock is beyond the mean."),
            _not_null("recommendation", "Each row says what to do."),
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "ingredient_plan",
        (
            _at_least("needed_quantity", 0, "Dishes take ingredients, they give none."),
            _at_least("shortfall_quantity", 0, "Nothing or more is missing."),
        ),
    ),
    Suite(
        "forecasts",
        "ml",
        "staffing_plan",
        (
            _at_least("expected_orders", 0, "Nobody orders less than nothing."),
            _at_least("needed_staff_count", 1, "An open hour needs somebody."),
        ),
    ),
)


def suites_of(stage: Stage) -> tuple[Suite, ...]:
    """The suites of one stage."""
    return tuple(suite for suite in SUITES if suite.stage == stage)
