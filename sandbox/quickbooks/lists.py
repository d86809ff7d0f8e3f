"""The lists of the books as tables: accounts, items, customers, vendors and the short ones.

Every table has ``id``, ``name`` and ``is_active``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.quickbooks.chart import (
    ACCOUNTS,
    BUNDLES,
    BUYERS,
    CAFE_CATEGORIES,
    CLASSES,
    CLOSED_CUSTOMER,
    CURRENCIES,
    FIRST_BUNDLE,
    FIRST_CATEGORY,
    FIRST_CONTACT,
    FIRST_SUPPLIER,
    FIRST_VARIANT,
    GUEST_CUSTOMER,
    HOME,
    PAYMENT_METHODS,
    SERVICES,
    SQUARE_CUSTOMER,
    SUPPLIERS,
    TAX_AGENCIES,
    TAX_RATES,
    TERMS,
    VENDORS,
    Account,
)

OPENING_STOCK = 40
Rows = list[tuple[Any, ...]]
# Table, its own columns, its rows; names, activity and times are added to all alike.
SHORT: tuple[tuple[str, str, Rows], ...] = (
    ("accounts", ("id integer, name varchar, type varchar, subtype varchar, classification "
     "varchar, parent_id integer, currency varchar, is_active boolean"),
     [(*row, row[0] != Account.OLD_TELEPHONE) for row in ACCOUNTS]),
    ("classes", "id integer, name varchar, is_active boolean",
     [(n, name, "closed" not in name) for n, name in enumerate(CLASSES, 1)]),
    ("terms", "id integer, name varchar, due_days integer, is_active boolean",
     [(n, *row, True) for n, row in enumerate(TERMS, 1)]),
    ("payment_methods", "id integer, name varchar, type varchar, is_active boolean",
     [(n, *row, True) for n, row in enumerate(PAYMENT_METHODS, 1)]),
    ("tax_agencies", "id integer, name varchar, account_id integer, is_active boolean",
     [(n, *row, True) for n, row in enumerate(TAX_AGENCIES, 1)]),
    ("tax_rates", ("id integer, name varchar, agency_id integer, rate_ppm integer, "
     "is_active boolean"), [(n, *row, True) for n, row in enumerate(TAX_RATES, 1)]),
    ("currencies", "id integer, code varchar, name varchar, is_active boolean",
     [(n, *row, True) for n, row in enumerate(CURRENCIES.items(), 1) if row[0] != HOME]),
    ("vendors", "vendor_id integer, id integer, name varchar, currency varchar, is_active boolean",
     [(n, n, *row) for n, row in enumerate(VENDORS, 1)]),
)  # fmt: skip

SPAN = """create or replace table quickbooks_span as
    select min(timezone(p.time_zone, o.placed_at)::date) as first_day, ?::date as last_day,
        (?::date + 1)::timestamptz + interval 12 hour as until, ?::bigint as size_percent
    from truth.orders o join truth.places p using (place_id)"""

# The books were set up the day before the first sale.
BEGIN = """create or replace table quickbooks_begin as
    select first_day::timestamptz - interval 1 day as begun_at from quickbooks_span"""

TAX_CODES = """create or replace table quickbooks_tax_codes as
    select cast(id as varchar) as id, name, id as rate_id, is_active from quickbooks_tax_rates
    union all by name select 'TAX' as id, 'TAX' as name, true as is_active
    union all by name select 'NON' as id, 'NON' as name, true as is_active"""

GOODS = f"""create or replace table quickbooks_goods as
    select v.variant_id, v.sku, p.category, v.base_price_cents, v.unit_cost_cents,
        p.title || case when v.variant_title = '' then '' else ' ' || v.variant_title end as name,
        p.category not in {CAFE_CATEGORIES!r} as is_inventory,
        case when p.category in {CAFE_CATEGORIES!r} then {Account.CAFE_SALES}
            else {Account.PRODUCT_SALES} end as income_account_id,
        case p.category {{suppliers}} end as vendor_id,
        row_number() over (partition by p.category in {CAFE_CATEGORIES!r} order by v.variant_id)
            - 1 as stock_number,
        count(*) over (partition by p.category in {CAFE_CATEGORIES!r}) as stock_count
    from truth.variants v join truth.products p using (product_id) order by v.variant_id"""

DEPARTMENTS = """create or replace table quickbooks_departments as
    select place_id as id, name, true as is_active, city, region
    from truth.places order by place_id"""

ITEMS = f"""create or replace table quickbooks_items as
    select {FIRST_VARIANT} + variant_id as id, name, sku, true as is_active,
        case when is_inventory then 'Inventory' else 'NonInventory' end as type,
        income_account_id, base_price_cents as price_cents, unit_cost_cents as cost_cents,
        category, variant_id
    from quickbooks_goods
    union all by name
    select {FIRST_CATEGORY} + dense_rank() over (order by category) as id, category as name,
        'Category' as type, true as is_active
    from (select distinct category from quickbooks_goods)
    order by id"""

MORE_ITEMS = f"""insert into quickbooks_items by name
    select {FIRST_BUNDLE} + n as id, name, 'Group' as type, true as is_active
    from (select unnest(range(1, {len(BUNDLES) + 1})) as n, unnest({list(BUNDLES)!r}) as name)"""

MORE_VENDORS = f"""insert into quickbooks_vendors
    select {FIRST_SUPPLIER} + supplier_id, {FIRST_SUPPLIER} + supplier_id, name, currency, true
    from truth.suppliers"""

CUSTOMERS = f"""create or replace table quickbooks_customers as
    with known as (
        select customer_id, min(happened_at) as first_at from quickbooks_shop_sales
        where customer_id > {FIRST_CONTACT} group by customer_id
    )
    select k.customer_id as id, k.customer_id,
        p.given_name || ' ' || p.family_name || ' ' || c.contact_id as name,
        p.given_name, p.family_name, null::varchar as company, c.email, c.phone,
        '{HOME}' as currency, null::integer as term_id, true as is_taxable, false as is_business,
        null::varchar as city, null::varchar as region, null::varchar as country,
        true as is_active, k.first_at as created_at,
        case when quickbooks_draw('customer', k.customer_id) < 40
            then k.first_at + interval 9 day end as edited_at
    from known k join truth.contacts c on c.contact_id = k.customer_id - {FIRST_CONTACT}
    join truth.people p using (person_id)"""


def short_lists() -> Iterator[tuple[str, Rows]]:
    """Statements that make and fill the lists set up by hand, with the rows they bind."""
    for table, columns, rows in SHORT:
        yield f"create or replace table quickbooks_{table} ({columns})", []
        marks = ", ".join("?" * len(rows[0]))
        yield f"insert into quickbooks_{table} values ({marks})", rows
    yield DEPARTMENTS, []
    yield TAX_CODES, []
    yield MORE_VENDORS, []
    suppliers = " ".join(f"when '{name}' then {vendor}" for name, vendor in SUPPLIERS.items())
    yield GOODS.format(suppliers=suppliers), []
    yield ITEMS, []
    yield MORE_ITEMS, []
    services = [(n, name, "Service", account, is_active)
                for n, (name, account, is_active) in enumerate(SERVICES, 1)]  # fmt: skip
    insert = "insert into quickbooks_items (id, name, type, income_account_id, is_active) values"
    yield f"{insert} (?, ?, ?, ?, ?)", services


def business_customers() -> tuple[str, Rows]:
    """The statement that makes the table of buyers and house customers, and its rows."""
    buyers = [
        (n, name, name, currency, 3 if n % 4 else 2, taxed, True, city, region, country, True)
        for n, (name, currency, city, region, country, taxed) in enumerate(BUYERS, 1)
    ]
    house = [
        (number, name, None, HOME, None, True, False, "New York", "NY", "US", is_active)
        for number, name, is_active in (
            (SQUARE_CUSTOMER, "Square walk-in customers", True),
            (GUEST_CUSTOMER, "Shopify guest", True), (CLOSED_CUSTOMER, "Old Pier Café", False),
        )
    ]  # fmt: skip
    return (
        """insert into quickbooks_customers
        select id, id, name, null, null, company, case when is_business
            then 'orders' || id || '@example.com' end, null, currency, term_id, is_taxable,
            is_business, city, region, country, is_active, null, null
        from (select ?::bigint as id, ?::varchar as name, ?::varchar as company,
            ?::varchar as currency, ?::integer as term_id, ?::boolean as is_taxable,
            ?::boolean as is_business, ?::varchar as city, ?::varchar as region,
            ?::varchar as country, ?::boolean as is_active)""",
        [*buyers, *house],
    )
