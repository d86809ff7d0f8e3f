"""The arithmetic of a sales file: one local and one UTC time, gross before discount and tax.

Only expressions over the values of a row; the words come from the mapping's options.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from warehouse.errors import HubError

if TYPE_CHECKING:
    from ingestion.sources.spreadsheets.plans import Planner

AMOUNT = "cast({} as decimal(18,6))"
IS_REVERSAL = "event_type in ('return', 'cancellation')"
# Measures of quality.source_totals, over the columns of raw_spreadsheets.sales. One text for both
# DuckDB (rows that arrive) and PostgreSQL (versions that are superseded), so that they cancel out.
MEASURES = {
    "rows": "1",
    "units": f"case when {IS_REVERSAL} then -abs(quantity) else quantity end",
    "net_amount": f"case when {IS_REVERSAL} "
    "then -(abs(coalesce(gross_amount, 0)) - abs(coalesce(discount_amount, 0))) "
    "else coalesce(gross_amount, 0) - abs(coalesce(discount_amount, 0)) end",
    "tax_amount": f"case when {IS_REVERSAL} then -abs(tax_amount) else tax_amount end",
    "tip_amount": "tip_amount",
}
MEASURED_COLUMNS = ("quantity", "gross_amount", "discount_amount", "tax_amount", "tip_amount",
                    "event_type")  # fmt: skip
PER_ORDER_ROLES = ("tip_amount", "shipping_amount", "discount_amount", "tax_amount", "cost_amount")


def measure_sums(measures: Iterable[str] = MEASURES) -> str:
    """The select list that sums the measures of source_totals; 0 where a column is missing."""
    return ", ".join(f"coalesce(sum({MEASURES[name]}), 0) as {name}" for name in measures)


def complete_sales(planner: Planner) -> None:
    """Add sold_at, gross_amount, event_type and the defaults to a sales plan."""
    plan = planner.plan
    _times(planner)
    plan.order_is_row = "order_id" not in plan.outputs and "order_id" not in plan.constants
    if "quantity" not in plan.values:
        plan.values["quantity"] = "cast(1 as decimal(18,6))"
        plan.outputs["quantity"] = "v_quantity"
    _per_order(planner)
    _amounts(planner)
    _event_type(planner)
    for name, value in (("location_name", planner.business.default_location_name),
                        ("channel_name", planner.business.default_channel_name),
                        ("currency_code", planner.business.currency_code),
                        ("time_zone", planner.zone)):  # fmt: skip
        if name not in plan.outputs:
            plan.constants.setdefault(name, value)


def _times(planner: Planner) -> None:
    plan = planner.plan
    if "sold_at" in plan.values:
        local, known = "v_sold_at", planner.date_formats["sold_at"].has_time
    elif "sale_time" in plan.values:
        local, known = "(v_sale_date + coalesce(v_sale_time, time '00:00:00'))", True
    else:
        local, known = "cast(v_sale_date as timestamp)", False
    plan.outputs["sold_local_at"] = local
    fmt = planner.date_formats.get("sold_at")
    if fmt and fmt.zoned_patterns:
        from ingestion.sources.spreadsheets.dates import instant_sql

        plan.values["instant"] = instant_sql(plan.sources["sold_at"], fmt, planner.zone)
        plan.outputs["sold_at"] = "v_instant"
    else:
        plan.outputs["sold_at"] = f"timezone('{planner.zone}', {local})"
    plan.sale_date = f"cast({local} as date)"
    if "sold_at" not in plan.values and "sale_time" in plan.values:
        plan.outputs["is_time_known"] = "(v_sale_time is not null)"
    else:
        plan.constants["is_time_known"] = "true" if known else "false"


def _per_order(planner: Planner) -> None:
    for name in PER_ORDER_ROLES:
        rule = planner.mapping.columns.get(name)
        if rule and rule.is_per_order and name in planner.plan.values:
            if "order_id" not in planner.plan.values:
                raise HubError(
                    f'{name} is said to be per = "order", but no column is mapped to order_id.',
                    fix='Map order_id, or leave out per = "order".',
                )
            order_id = planner.plan.values["order_id"]
            value = planner.plan.values[name]
            planner.plan.values[name] = (
                f"(case when row_number() over (partition by {order_id} order by _rn) = 1 "
                f"then {value} else 0 end)"
            )


def _amounts(planner: Planner) -> None:
    plan, option = planner.plan, planner.mapping.option
    has = plan.values.__contains__
    tax = "coalesce(v_tax_amount, 0)" if option("tax_included", False) and has("tax_amount") else ""
    discount = "coalesce(v_discount_amount, 0)" if has("discount_amount") else "0"
    is_rate = option("discount_is", "amount") == "rate" and has("discount_amount")
    is_after = option("line_amount_is", "before_discount") == "after_discount"
    gross: str | None = None
    if has("unit_price_amount"):
        gross = "v_unit_price_amount * v_quantity"
    elif has("line_amount"):
        gross = "v_line_amount"
        if is_after and is_rate:
            gross = f"v_line_amount / nullif(1 - {discount}, 0)"
        elif is_after:
            gross = f"v_line_amount + {discount}"
    if gross is None:
        return
    if is_rate:
        plan.outputs["discount_amount"] = AMOUNT.format(f"({gross}) * {discount}")
    plan.outputs["gross_amount"] = AMOUNT.format(f"{gross} - {tax}" if tax else gross)
    if not has("unit_price_amount"):
        plan.outputs["unit_price_amount"] = AMOUNT.format(f"({gross}) / nullif(v_quantity, 0)")
    if has("cost_amount") and option("cost_is", "line") == "unit":
        plan.outputs["cost_amount"] = AMOUNT.format("v_cost_amount * v_quantity")


def _event_type(planner: Planner) -> None:
    option, cases = planner.mapping.option, []
    for event, name in (("test", "test_statuses"), ("draft", "draft_statuses"),
                        ("cancellation", "cancelled_statuses"),
                        ("return", "return_statuses")):  # fmt: skip
        words = ", ".join(f"'{_escape(str(word).lower())}'" for word in option(name, []))
        if words and "status" in planner.plan.values:
            cases.append(f"when lower(v_status) in ({words}) then '{event}'")
    if prefix := option("cancelled_prefix", ""):
        if "order_id" not in planner.plan.values:
            raise HubError(
                "cancelled_prefix needs order_id, to which no column is mapped.",
                fix="Map order_id, or remove cancelled_prefix from [options].",
            )
        cases.append(f"when starts_with(v_order_id, '{_escape(prefix)}') then 'cancellation'")
    if "quantity" in planner.plan.sources:
        cases.append("when v_quantity < 0 then 'return'")
    if cases:
        planner.plan.outputs["event_type"] = f"(case {' '.join(cases)} else 'sale' end)"
    else:
        planner.plan.constants["event_type"] = "sale"


def _escape(text: str) -> str:
    return text.replace("'", "''")
