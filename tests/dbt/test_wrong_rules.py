"""Plausible wrong rules, put into the models one at a time: each must break a check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest

from orchestration import dbt as hub_dbt
from sandbox.world import WorldSettings, generate
from tests.dbt.building import Built, build
from tests.dbt.served_business import new_business
from tests.ingestion.served_shop import SOURCES, served
from tests.keeping import KeptWarehouse, kept
from warehouse.database import Warehouse

INTERMEDIATE = "dbt_project/models/intermediate"
LEDGER = "+rpt_reconciliation"


@dataclass(frozen=True)
class WrongRule:
    """A rule, the model it stands in, and what has to be built to notice it."""

    name: str
    model: str
    right: str
    wrong: str
    select: str = LEDGER


RULES = [
    WrongRule(
        "an amount is multiplied by its quantity again",
        "int_sale_lines_from_shopify.sql",
        "sales.total_amount - sales.tax_amount as untaxed_amount,",
        "(sales.total_amount - sales.tax_amount) * abs(coalesce(nullif(sales.quantity, 0), 1))"
        " as untaxed_amount,",
    ),
    WrongRule(
        "a refund falls on the day of its order",
        "int_sale_lines_from_shopify.sql",
        "cast({{ local_time('judged.happened_at', 'orders.time_zone') }} as date) as sale_date,",
        "orders.order_date as sale_date,",
    ),
    WrongRule(
        "tax is inside net sales",
        "int_sale_lines_from_shopify.sql",
        "sales.total_amount - sales.tax_amount as untaxed_amount,",
        "sales.total_amount as untaxed_amount,",
    ),
    WrongRule(
        "test orders are sales",
        "int_shopify_orders.sql",
        "when is_test then 'test_order'",
        "when is_test then null",
    ),
    WrongRule(
        "a day is a day of UTC",
        "int_sale_lines_from_shopify.sql",
        "cast({{ local_time('judged.happened_at', 'orders.time_zone') }} as date) as sale_date,",
        "cast({{ local_time('judged.happened_at', \"'UTC'\") }} as date) as sale_date,",
    ),
    WrongRule(
        "a gift card is a sale",
        "int_sale_lines_from_square.sql",
        "case when item_type = 'GIFT_CARD' then 'gift_card' else 'product' end as line_type,",
        "'product' as line_type,",
    ),
    WrongRule(
        "a return order is a sale",
        "int_sale_lines_from_square.sql",
        "true as is_back,",
        "false as is_back,",
    ),
    WrongRule(
        "discounts are taken off twice",
        "int_sale_lines_from_square.sql",
        "coalesce(discount_amount, 0) as discount_amount,",
        "2 * coalesce(discount_amount, 0) as discount_amount,",
    ),
    WrongRule(
        "an authorisation and its capture are two payments",
        "payments/int_payments_from_shopify.sql",
        "then 'authorisation_of_a_capture'",
        "then null",
        "int_payments_from_shopify",
    ),
    WrongRule(
        "a subtotal is a line",
        "int_sale_lines_from_quickbooks.sql",
        "where told.detail_type = 'SalesItemLineDetail'",
        "where told.detail_type in ('SalesItemLineDetail', 'SubTotalLineDetail')",
        "int_sale_lines_from_quickbooks",
    ),
    WrongRule(
        "the exchange rate is applied twice",
        "int_sale_lines_from_quickbooks.sql",
        "round(line_amount * rate, 2) as home_amount,",
        "round(line_amount * rate * rate, 2) as home_amount,",
        "int_sale_lines_from_quickbooks",
    ),
    WrongRule(
        "a cost holds for days before its own",
        "int_product_costs_from_spreadsheets.sql",
        "coalesce(valid_from_date, cast('1900-01-01' as date)) as valid_from_date,",
        "cast('1900-01-01' as date) as valid_from_date,",
        "int_product_costs_from_spreadsheets",
    ),
    WrongRule(
        "a voided document repeats a sale",
        "matching/int_sale_matches_from_quickbooks.sql",
        "where sales.deleted_at is null and not coalesce(sales.is_voided, false)",
        "where sales.deleted_at is null",
        "int_sale_matches_from_quickbooks",
    ),
]


EVERYTHING = " ".join(sorted({f"+{rule.select.removeprefix('+')}" for rule in RULES}))


def project_with(rule: WrongRule, warehouse: Warehouse) -> Manifest:
    """The parsed project with a wrong rule in it."""
    project = hub_dbt.parsed_project(warehouse.database)
    path = f"{INTERMEDIATE}/{rule.model}"
    (model,) = [one for one in project.nodes.values() if one.original_file_path == path]
    assert rule.right in model.raw_code, f"{rule.model} does not hold the rule any more"
    model.raw_code = model.raw_code.replace(rule.right, rule.wrong)
    return project


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """All systems of a small world, loaded."""
    folder = tmp_path_factory.mktemp("wrong_rules")
    world = generate(WorldSettings(seed=4, years=0.15, orders_per_day=30), folder / "world")
    warehouse = new_business(folder / "shop")
    with ExitStack() as stack:
        for source in SOURCES:
            shop = stack.enter_context(served(source, world)).connect(warehouse)
            shop.load()
            warehouse = shop.warehouse
    world.close()
    return warehouse


@pytest.fixture(scope="module")
def first_build(loaded: Warehouse) -> Built:
    return build(loaded, select=EVERYTHING, unit_tests=True)


@pytest.fixture(scope="module")
def built(loaded: Warehouse, first_build: Built) -> Iterator[KeptWarehouse]:
    with kept(loaded) as built:
        yield built


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", "_"))
def test_a_wrong_rule_breaks_a_check(built: KeptWarehouse, rule: WrongRule) -> None:
    warehouse = built.as_it_was()
    model = Path(rule.model).stem
    # What does not follow from the model stays as the right rules have built it.
    done = build(
        warehouse, select=f"{model}+,+{rule.select.removeprefix('+')}",
        project=project_with(rule, warehouse), full_refresh=True, unit_tests=True,
    )  # fmt: skip
    assert done.returncode == 1, f"nobody noticed that {rule.name}"
    # A model that cannot be built would prove nothing.
    assert "Database Error" not in done.stdout, done.stdout[-3000:]
    assert "Compilation Error" not in done.stdout, done.stdout[-3000:]


def test_the_right_rules_break_none(first_build: Built) -> None:
    assert first_build.returncode == 0, first_build.stdout[-4000:]
