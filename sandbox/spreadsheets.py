"""What the owner of a world keeps by hand: spreadsheets, as of the world's present.

One CSV file per kind (advertising, recipes, purchases, visits, price tests, targets, opening hours)
with the columns of the inbox's templates. No system of the world tells any of this.
"""

from __future__ import annotations

import csv
from pathlib import Path

from sandbox.world.world import World

# An ingredient is bought in packs and used by the gram or millilitre: costs are per unit of use.
INGREDIENT = "'ING-' || lpad(cast(ingredient_id as varchar), 2, '0')"
ZONE = "(select time_zone from places order by place_id limit 1)"
CHANNELS = """case
    when medium = 'organic' then 'Organic Search' when medium = 'cpc' then 'Paid Search'
    when medium = 'paid' then 'Paid Social' when medium = 'email' then 'Email' else 'Direct' end"""

# Sheet (a folder of the inbox) and the question whose columns and rows it holds.
SHEETS = {
    "ad_spend": """
    select spend_date, platform as platform_name, campaign as campaign_name,
        cents(spend_cents) as spend_amount, clicks as clicks_count,
        impressions as impressions_count, conversions as conversions_count,
        home_currency() as currency_code
    from ad_spend order by all""",
    "recipes": f"""
    select sku as product_id, {INGREDIENT} as ingredient_id, i.name as ingredient_name,
        r.quantity, i.unit, round(pack_cost_cents / 100 / pack_size, 6) as unit_cost_amount,
        home_currency() as currency_code
    from recipes r join ingredients i using (ingredient_id) join variants using (product_id)
    order by sku, ingredient_id""",
    "purchases": f"""
    select 'PO-' || purchase_id as purchase_id, purchase_line_id as line_id,
        cast(timezone(time_zone, ordered_at) as date) as ordered_date,
        cast(timezone(time_zone, received_at) as date) as received_date,
        s.name as supplier_name, coalesce(sku, {INGREDIENT}) as product_id,
        coalesce(i.name, concat_ws(' – ', title, nullif(variant_title, ''))) as product_name,
        l.quantity * coalesce(pack_size, 1) as quantity,
        case when received_at is not null then l.quantity * coalesce(pack_size, 1) end
            as received_quantity,
        round(unit_cost_cents / 100 / coalesce(pack_size, 1), 6) as unit_cost_amount,
        p.name as location_name, b.currency as currency_code
    from purchase_lines l join purchases b using (purchase_id)
    join suppliers s on s.supplier_id = b.supplier_id join places p using (place_id)
    left join ingredients i using (ingredient_id)
    left join (select variant_id, sku, variant_title, title
        from variants join products using (product_id)) using (variant_id)
    order by purchase_line_id""",
    "sessions": f"""
    select cast(timezone({ZONE}, started_at) as date) as session_date,
        {CHANNELS} as channel_name, count(*) as sessions_count,
        count(distinct visitor_id) as visitors_count, count_if(has_cart) as add_to_carts_count,
        count_if(has_checkout) as checkouts_count, count_if(order_id > 0) as orders_count
    from web_sessions where session_date < business_day() group by all order by all""",
    # Visitors and orders stand on the line of a product's first variant, so that they add up.
    "price_tests": f"""
    with arms as (
        select distinct test_id, arm, product_id, price_factor_ppm,
            'price of ' || title as test_name
        from price_tests join products using (product_id)
    ), seen as (
        select test_id, test_arm as arm, cast(timezone({ZONE}, started_at) as date) as test_date,
            count(distinct visitor_id) as visitors, count_if(order_id > 0) as buyers
        from web_sessions where test_id > 0 group by all
    ), variant as (
        select *, variant_id = min(variant_id) over (partition by product_id) as is_first
        from variants
    ), sold as (
        select test_id, test_arm as arm, cast(timezone({ZONE}, placed_at) as date) as test_date,
            variant_id, sum(quantity) as units, sum(gross_cents - discount_cents) as net_cents
        from orders join events using (order_id) join event_lines using (event_id)
        where test_id > 0 and not is_test and kind = 'sale' and line_type = 'product'
        group by all
    ), days as (
        select test_id, arm, test_date from seen union select test_id, arm, test_date from sold
    )
    select test_name, arm as variant_name, test_date, sku as product_id,
        cents((price_cents * price_factor_ppm + 500000) // 1000000) as unit_price_amount,
        0.5 as expected_share, case when is_first then coalesce(visitors, 0) else 0 end
            as visitors_count,
        case when is_first then coalesce(buyers, 0) else 0 end as orders_count,
        coalesce(units, 0) as units, cents(coalesce(net_cents, 0)) as net_amount,
        home_currency() as currency_code
    from days join arms using (test_id, arm) join variant using (product_id)
    asof join prices on prices.variant_id = variant.variant_id and valid_from_date <= test_date
    left join seen using (test_id, arm, test_date)
    left join sold on sold.test_id = days.test_id and sold.arm = days.arm
        and sold.test_date = days.test_date and sold.variant_id = variant.variant_id
    where test_date < business_day() and (is_first or units > 0)
    order by test_name, variant_name, test_date, product_id""",
    # The plan of a month is five per cent above the mean month, in hundreds.
    "targets": f"""
    with months as (
        select date_trunc('month', timezone({ZONE}, happened_at)) as month, count(distinct
            cast(timezone({ZONE}, happened_at) as date)) as days, sum(gross_cents
            - discount_cents - reversal_cents) as net_cents
        from event_lines join events using (event_id) group by all
    )
    select cast(month as date) as period_start_date, 'month' as period, 'net_sales' as measure,
        (select round(1.05 * 30 * sum(net_cents) / sum(days) / 100, -2) from months)
            as target_amount, home_currency() as currency_code
    from months order by all""",
    "opening_hours": """
    with weekdays as (
        select unnest(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday',
            'sunday']) as day_of_week
    )
    select name as location_name, day_of_week, null as open_date,
        lpad(cast(opens as varchar), 2, '0') || ':00' as opens_at,
        lpad(cast(closes as varchar), 2, '0') || ':00' as closes_at, 'no' as is_closed,
        null as reason
    from places, weekdays where trade <> 'online'
    union all
    select name, null, closed_date, null, null, 'yes', reason
    from closures join places using (place_id) where trade <> 'online'""",
}


def write_inbox(world: World, inbox: Path) -> list[Path]:
    """Write every sheet into the folder of its kind; an older one is replaced.

    Returns:
        The files, one per kind; an empty sheet is not written.
    """
    currency = str(world.settings["currency"])
    cursor = world.database.cursor()
    cursor.execute(f"create or replace temp macro home_currency() as '{currency}'")
    cursor.execute(
        "create or replace temp macro cents(amount) as cast(amount / 100 as decimal(18, 2))"
    )
    written = []
    for kind, question in SHEETS.items():
        found = cursor.execute(question)
        names = [column[0] for column in found.description or []]
        rows = found.fetchall()
        if not rows:
            continue
        file = inbox / kind / f"{kind}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8", newline="") as sheet:
            writer = csv.writer(sheet)
            writer.writerow(names)
            writer.writerows(rows)
        written.append(file)
    return written
