"""Sales that only the books have: invoices to business customers, some of them in their currency.

Each invoice meets one fate: paid at once, in two parts, in part, never; credited, voided, deleted;
or paid by a check that bounced.
"""

from __future__ import annotations

from sandbox.quickbooks.chart import (
    BUNDLES,
    DELIVERY,
    FIRST_BUNDLE,
    FIRST_VARIANT,
    RECEIVABLES,
    WHOLESALE,
    Account,
)

RECEIVABLE = "case w.currency {} end".format(
    " ".join(f"when '{code}' then {account}" for code, account in RECEIVABLES.items())
)
PAYMENT_DATES = """case part when 1 then w.day + case w.fate
        when 'halves' then 15 when 'part' then 25 when 'bounced' then 20
        else 5 + (quickbooks_draw('pays', w.number) % 36)::int end
    else w.day + 35 end"""

FACTS = (
    f"""create or replace table quickbooks_bundles as
    select {FIRST_BUNDLE} + b as bundle_id, g.variant_id, 1 + part % 2 as quantity, part
    from range(1, {len(BUNDLES) + 1}) as bundle(b), range(1, 4) as component(part)
    join quickbooks_goods g on g.is_inventory
        and g.stock_number = (b * 37 + part * 11) % g.stock_count""",
    """create or replace table quickbooks_wholesale as
    with visits as (
        select b.customer_id as buyer_id, b.currency, b.term_id, b.is_taxable, week,
            s.first_day + (7 * week)::int + (quickbooks_draw('weekday', customer_id || '/' || week)
                % 5)::int as day
        from quickbooks_customers b, quickbooks_span s, range(0, 600) as weeks(week)
        where b.is_business and s.first_day + (7 * week)::int <= s.last_day
            and quickbooks_draw('wholesale', customer_id || '/' || week) < 450
    ), numbered as (
        select *, row_number() over (order by day, buyer_id) as number from visits
    ), drawn as (
        select *, quickbooks_draw('fate', number) as drawn from numbered
    )
    select * exclude (drawn), 'trade/' || number as key, quickbooks_rate(currency, day) as rate_ppm,
        case when drawn < 600 then 'paid' when drawn < 700 then 'halves' when drawn < 780 then
            'part' when drawn < 880 then 'unpaid' when drawn < 920 then 'credited'
            when drawn < 940 then 'void' when drawn < 955 then 'delete'
            when drawn < 975 then 'bounced' else 'paid' end as fate,
        case when quickbooks_draw('reduced', number) < 150 then 50000
            when quickbooks_draw('reduced', number) < 300 then 100000 else 0 end as discount_ppm,
        quickbooks_draw('bundle', number) < 250 as has_bundle,
        quickbooks_draw('text', number) < 120 as has_text,
        quickbooks_draw('delivery', number) < 300 as has_delivery
    from drawn""",
    f"""create or replace table quickbooks_wholesale_lines as
    with picks as (
        select number, currency, rate_ppm, pick, quickbooks_draw('pick', number || '/' || pick)
                * 7 + pick as dart, 6 * (1 + quickbooks_draw('pack', number || '/' || pick) % 8)
                as quantity
        from quickbooks_wholesale, range(1, 6) as picks(pick)
        where pick <= 2 + quickbooks_draw('lines', number) % 4
    ), sold as (
        select number, pick as line_number, null as parent_line, g.variant_id, quantity,
            rate_ppm from picks join quickbooks_goods g
            on g.is_inventory and g.stock_number = dart % g.stock_count
        union all
        select number, 20 + part, 20, b.variant_id, 4 * b.quantity, rate_ppm
        from quickbooks_wholesale join quickbooks_bundles b on has_bundle
            and b.bundle_id = {FIRST_BUNDLE} + 1 + number % {len(BUNDLES)}
    )
    select s.*, (g.base_price_cents * 600000 // s.rate_ppm)::bigint as unit_cents,
        (g.base_price_cents * 600000 // s.rate_ppm)::bigint * s.quantity as amount_cents,
        g.unit_cost_cents * s.quantity as cost_cents, g.income_account_id, g.name
    from sold s join quickbooks_goods g using (variant_id)""",
    """create or replace table quickbooks_wholesale_totals as
    with goods as (
        select number, sum(amount_cents)::bigint as goods, sum(cost_cents)::bigint as cost
        from quickbooks_wholesale_lines group by number
    ), parts as (
        select w.number, goods, cost, case when has_delivery then 2500 else 0 end as delivery,
            ((goods + case when has_delivery then 2500 else 0 end) * discount_ppm + 500000)
                // 1000000 as discount, is_taxable
        from quickbooks_wholesale w join goods using (number)
    ), taxed as (
        select *, case when is_taxable then ((goods + delivery - discount) * 88750 + 500000)
            // 1000000 else 0 end as tax
        from parts
    )
    select *, goods + delivery - discount + tax as total from taxed""",
)

INVOICES = (
    f"""insert into quickbooks_drafts by name
    select w.key, 'Invoice' as kind, w.day::timestamptz + interval 15 hour as known_from,
        cast(20000 + w.number as varchar) as doc_number, w.day as txn_date,
        w.day + (case w.term_id when 3 then 30 when 2 then 15 else 0 end) as due_date,
        w.buyer_id as customer_id, {RECEIVABLE} as account_id, {WHOLESALE} as class_id,
        w.term_id, w.currency, w.rate_ppm, 'Thank you for your business' as customer_memo,
        case when w.is_taxable then 1 end as tax_code_id,
        case when w.is_taxable then t.goods + t.delivery - t.discount else 0 end as taxable_cents,
        t.tax as tax_cents, t.total as total_cents
    from quickbooks_wholesale w join quickbooks_wholesale_totals t using (number)""",
    """insert into quickbooks_drafts by name
    select d.* replace (2 as version, w.fate as change,
        d.known_from + to_hours(26 + (quickbooks_draw('undone', w.number) % 100)::int)
            as known_from)
    from quickbooks_drafts d join quickbooks_wholesale w using (key)
    where w.fate in ('void', 'delete')""",
    f"""insert into quickbooks_draft_lines by name
    select w.key, l.line_number, l.parent_line, 'SalesItemLineDetail' as detail, l.amount_cents,
        l.name as description, {FIRST_VARIANT} + l.variant_id as item_id, l.quantity,
        l.unit_cents as unit_price_cents, w.is_taxable, {WHOLESALE} as class_id
    from quickbooks_wholesale w join quickbooks_wholesale_lines l using (number)
    union all by name
    select key, 20 as line_number, 'GroupLineDetail' as detail, 4 as quantity,
        {FIRST_BUNDLE} + 1 + number % {len(BUNDLES)} as item_id
    from quickbooks_wholesale where has_bundle
    union all by name
    select key, 30 as line_number, 'DescriptionOnly' as detail,
        'Please return the crates with the next delivery.' as description
    from quickbooks_wholesale where has_text
    union all by name
    select key, 31 as line_number, 'SalesItemLineDetail' as detail, 2500 as amount_cents,
        'Delivery' as description, {DELIVERY} as item_id, 1 as quantity,
        2500 as unit_price_cents, is_taxable, {WHOLESALE} as class_id
    from quickbooks_wholesale where has_delivery
    union all by name
    select w.key, 1001 as line_number, 'SubTotalLineDetail' as detail,
        t.goods + t.delivery as amount_cents
    from quickbooks_wholesale w join quickbooks_wholesale_totals t using (number)
    union all by name
    select w.key, 1002 as line_number, 'DiscountLineDetail' as detail,
        t.discount as amount_cents, {Account.DISCOUNTS} as account_id,
        w.discount_ppm as percent_ppm
    from quickbooks_wholesale w join quickbooks_wholesale_totals t using (number)
    where t.discount > 0""",
    f"""create or replace table quickbooks_wholesale_sides as
    select number, {RECEIVABLE} as account_id, t.total as foreign_cents, 0::bigint as cost_cents
    from quickbooks_wholesale w join quickbooks_wholesale_totals t using (number)
    union all select number, {Account.DISCOUNTS}, discount, 0 from quickbooks_wholesale_totals
    union all select number, {Account.TAX_NEW_YORK}, -tax, 0 from quickbooks_wholesale_totals
    union all select number, {Account.SHIPPING}, -delivery, 0 from quickbooks_wholesale_totals
    union all select number, income_account_id, -sum(amount_cents)::bigint, 0
    from quickbooks_wholesale_lines group by all
    union all select number, {Account.GOODS_SOLD}, 0, cost from quickbooks_wholesale_totals
    union all select number, {Account.INVENTORY}, 0, -cost from quickbooks_wholesale_totals""",
    f"""insert into quickbooks_draft_postings by name
    with posted as (
        select w.key, s.account_id, quickbooks_home(s.foreign_cents, w.rate_ppm) as home_cents,
            s.foreign_cents, false as is_implicit
        from quickbooks_wholesale w join quickbooks_wholesale_sides s using (number)
        where s.foreign_cents <> 0
        union all select w.key, s.account_id, s.cost_cents, 0, true
        from quickbooks_wholesale w join quickbooks_wholesale_sides s using (number)
        where s.cost_cents <> 0
    )
    select *, {WHOLESALE} as class_id from posted
    union all by name
    select key, {Account.EXCHANGE} as account_id, -sum(home_cents)::bigint as home_cents,
        0 as foreign_cents, true as is_implicit, {WHOLESALE} as class_id
    from posted group by key having sum(home_cents) <> 0""",
)

# A credited invoice: its first line comes back; the credit is applied, the rest is paid.
CREDITS = (
    f"""create or replace table quickbooks_credits as
    select w.number, w.key as invoice_key, 'credit/' || w.number as key, w.buyer_id, w.currency,
        w.rate_ppm, w.day + 3 as day, l.variant_id, l.quantity, l.unit_cents,
        l.amount_cents as total, l.cost_cents, l.income_account_id, l.name,
        {RECEIVABLE} as receivable_id
    from quickbooks_wholesale w join quickbooks_wholesale_lines l using (number)
    where w.fate = 'credited' and l.line_number = 1""",
    f"""insert into quickbooks_drafts by name
    select key, 'CreditMemo' as kind, day::timestamptz + interval 16 hour as known_from,
        'C' || number as doc_number, day as txn_date, buyer_id as customer_id,
        receivable_id as account_id, {WHOLESALE} as class_id, currency, rate_ppm,
        'Returned goods of invoice ' || (20000 + number) as private_note, total as total_cents
    from quickbooks_credits""",
    f"""insert into quickbooks_draft_lines by name
    select key, 1 as line_number, 'SalesItemLineDetail' as detail, total as amount_cents,
        name as description, {FIRST_VARIANT} + variant_id as item_id, quantity,
        unit_cents as unit_price_cents, false as is_taxable, {WHOLESALE} as class_id
    from quickbooks_credits
    union all by name select key, 1001 as line_number, 'SubTotalLineDetail' as detail,
        total as amount_cents from quickbooks_credits""",
    f"""insert into quickbooks_draft_postings by name
    select key, side.account_id, side.home_cents, side.foreign_cents, side.is_implicit,
        {WHOLESALE} as class_id
    from quickbooks_credits, lateral (values
        (receivable_id, -quickbooks_home(total, rate_ppm), -total, false),
        (income_account_id, quickbooks_home(total, rate_ppm), total, false),
        ({Account.GOODS_SOLD}, -cost_cents, 0, true), ({Account.INVENTORY}, cost_cents, 0, true)
    ) as side(account_id, home_cents, foreign_cents, is_implicit)""",
    """insert into quickbooks_drafts by name
    select 'apply/' || number as key, 'Payment' as kind,
        day::timestamptz + interval 17 hour as known_from, day as txn_date,
        buyer_id as customer_id, currency, rate_ppm, 0 as total_cents,
        'Created by QB Online to link credits to charges.' as private_note
    from quickbooks_credits""",
    """insert into quickbooks_draft_links
    select unnest([invoice_key, key]), 'apply/' || number, total from quickbooks_credits""",
)

PAYMENTS = (
    f"""create or replace table quickbooks_wholesale_payments as
    with parts as (
        select w.*, part, t.total, coalesce(c.total, 0) as credited, {PAYMENT_DATES} as paid_date
        from quickbooks_wholesale w join quickbooks_wholesale_totals t using (number)
        left join quickbooks_credits c using (number), range(1, 3) as parts(part)
        where w.fate in ('paid', 'part', 'bounced', 'credited') and part = 1
            or w.fate = 'halves'
    ), amounts as (
        select *, case when fate = 'part' then total * 2 // 5
            when fate = 'halves' and part = 1 then total // 2
            when fate = 'halves' then total - total // 2 else total - credited end as cents,
            case when part = 2 then total // 2 else credited end as earlier
        from parts
    )
    select w.*, 'pays/' || number || '/' || part as pay_key,
        quickbooks_rate(currency, paid_date) as paid_ppm, {RECEIVABLE} as receivable_id,
        quickbooks_home(earlier + cents, rate_ppm) - quickbooks_home(earlier, rate_ppm)
            as receivable_home,
        quickbooks_home(cents, quickbooks_rate(currency, paid_date)) as bank_home
    from amounts w where cents > 0""",
    f"""insert into quickbooks_drafts by name
    select pay_key as key, 'Payment' as kind, paid_date::timestamptz + interval 18 hour
            as known_from,
        cast(3000 + number as varchar) as doc_number, paid_date as txn_date,
        buyer_id as customer_id, {Account.CHECKING} as account_id,
        case when number % 3 = 0 then 5 else 2 end as payment_method_id, currency,
        paid_ppm as rate_ppm, cents as total_cents
    from quickbooks_wholesale_payments""",
    """insert into quickbooks_drafts by name
    select d.* replace (2 as version, 'delete' as change, d.known_from + interval 5 day
        as known_from)
    from quickbooks_drafts d join quickbooks_wholesale_payments p on p.pay_key = d.key
    where p.fate = 'bounced'""",
    """insert into quickbooks_draft_links
    select key, pay_key, cents from quickbooks_wholesale_payments""",
    f"""insert into quickbooks_draft_postings by name
    select pay_key as key, side.*
    from quickbooks_wholesale_payments, lateral (values
        ({Account.CHECKING}, bank_home, cents, false),
        (receivable_id, -receivable_home, -cents, false),
        ({Account.EXCHANGE}, receivable_home - bank_home, 0, true)
    ) as side(account_id, home_cents, foreign_cents, is_implicit)
    where side.home_cents <> 0""",
)

STATEMENTS = (*FACTS, *INVOICES, *CREDITS, *PAYMENTS)
