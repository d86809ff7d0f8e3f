"""What two connector apps copied from Shopify: sales, their payments, refunds and payouts.

The sales of an order are copied in all the ways that are found in real books: by its name in the
document number, in the memo, or without any trace; now and then by both apps.
"""

from __future__ import annotations

from sandbox.quickbooks.chart import (
    ADJUSTMENT,
    FIRST_CONTACT,
    FIRST_VARIANT,
    GIFT_CARD,
    GUEST_CUSTOMER,
    ONLINE,
    RESTOCKING,
    RETAIL,
    SERVICE_CHARGE,
    SHIPPING_ITEM,
    TIPS,
    Account,
)

TAX_CODE = """case o.tax_ppm when 88750 then 1 when 102500 then 2 when 40000 then 3
    when 200000 then 4 else 5 end"""
TAX_ACCOUNT = f"""case tax_code_id when 2 then {Account.TAX_ILLINOIS}
    when 4 then {Account.TAX_BRITAIN} else {Account.TAX_NEW_YORK} end"""
AFTER_A_MINUTE = "to_seconds(60 + quickbooks_draw('lag', order_id))"

FACTS = (
    # What each event of an order was worth and how it was paid; the local date decides the day.
    """create or replace table quickbooks_event_sums as
    with lines as (
        select event_id, sum(gross_cents)::bigint as gross, sum(discount_cents)::bigint as discount,
            sum(reversal_cents)::bigint as reversal, sum(tax_cents)::bigint as tax,
            coalesce(sum(charge_cents) filter (line_type = 'shipping'), 0)::bigint as shipping,
            coalesce(sum(charge_cents) filter (line_type = 'gift_card'), 0)::bigint as gift_sold,
            coalesce(sum(charge_cents) filter (line_type = 'tip'), 0)::bigint as tip,
            coalesce(sum(charge_cents) filter (line_type = 'service_charge'), 0)::bigint as service,
            coalesce(sum(charge_cents) filter (line_type = 'fee'), 0)::bigint as fee,
            coalesce(sum(l.quantity * g.unit_cost_cents) filter (g.is_inventory), 0)::bigint as cost
        from truth.event_lines l left join quickbooks_goods g using (variant_id) group by event_id
    ), paid as (
        select event_id,
            coalesce(sum(amount_cents) filter (method = 'card'), 0)::bigint as by_card,
            coalesce(sum(amount_cents) filter (method = 'cash'), 0)::bigint as by_cash,
            coalesce(sum(amount_cents) filter (method = 'gift_card'), 0)::bigint as by_gift,
            coalesce(sum(amount_cents) filter (method = 'other'), 0)::bigint as by_other,
            sum(fee_cents)::bigint as card_fee
        from truth.payments group by event_id
    )
    select e.event_id, e.order_id, e.kind, e.happened_at, o.place_id, p.system,
        timezone(p.time_zone, e.happened_at)::date as day, lines.* exclude (event_id),
        gross - discount - reversal + tax + shipping + gift_sold + tip + service + fee as total,
        coalesce(by_card, 0) as by_card, coalesce(by_cash, 0) as by_cash,
        coalesce(by_gift, 0) as by_gift, coalesce(by_other, 0) as by_other,
        coalesce(card_fee, 0) as card_fee
    from truth.events e join truth.orders o using (order_id) join truth.places p using (place_id)
    join lines using (event_id) left join paid using (event_id) where not o.is_test""",
    f"""create or replace table quickbooks_shop_sales as
    with numbered as (
        select o.*, '#' || (1000 + row_number() over (order by o.order_id)) as name
        from truth.orders o join truth.places p using (place_id) where p.system = 'shopify'
    ), drawn as (
        select o.order_id, o.name, o.place_id, o.trade, {TAX_CODE} as tax_code_id,
            case when o.contact_id > 0 then {FIRST_CONTACT} + o.contact_id
                else {GUEST_CUSTOMER} end as customer_id,
            case when o.trade = 'online' then {ONLINE} else {RETAIL} end as class_id,
            s.* exclude (order_id, place_id, kind, system), later.event_id as later_event_id,
            later.kind as later_kind, later.happened_at as later_at, later.day as later_day,
            quickbooks_draw('copy', o.order_id)
                < case when o.trade = 'online' then 940 else 850 end as is_copied,
            case when s.by_card + s.by_cash + s.by_other + s.by_gift = 0
                or quickbooks_draw('form', o.order_id) >= 840
                then 'Invoice' else 'SalesReceipt' end as form,
            case when s.by_gift > 0 or quickbooks_draw('how', o.order_id) < 780 then 'doc_number'
                when quickbooks_draw('how', o.order_id) < 900 then 'private_note'
                else 'none' end as how,
            case when s.by_cash > 0 then {Account.UNDEPOSITED}
                when s.by_other > 0 then {Account.SQUARE} else {Account.SHOPIFY} end as till_id
        from numbered o join quickbooks_event_sums s
            on s.order_id = o.order_id and s.kind = 'sale'
        left join quickbooks_event_sums later
            on later.order_id = o.order_id and later.kind <> 'sale'
    )
    select *, case
        when form = 'SalesReceipt' and later_kind in ('edit', 'exchange') then 'edited'
        when form = 'SalesReceipt' and later_kind = 'cancellation'
            and quickbooks_draw('undo', order_id) < 400 then 'void'
        when form = 'SalesReceipt' and later_kind = 'cancellation'
            and quickbooks_draw('undo', order_id) < 600 then 'delete'
        when later_kind in ('refund', 'goodwill', 'cancellation') then 'refunded' end as fate
    from drawn where is_copied order by order_id""",
    # Each document that copies a sale, with each body that it has had.
    """create or replace table quickbooks_shop_documents as
    select order_id, 'sale/' || order_id as key, 1 as body, form as kind
    from quickbooks_shop_sales
    union all select order_id, 'sale/' || order_id, 2, form
    from quickbooks_shop_sales where fate = 'edited'
    union all select order_id, 'again/' || order_id, 1, 'SalesReceipt'
    from quickbooks_shop_sales where quickbooks_draw('again', order_id) < 15""",
    """create or replace table quickbooks_shop_lines as
    select s.order_id, 1 as body, l.line_id, l.variant_id, l.quantity, l.gross_cents,
        l.discount_cents, l.tax_cents
    from quickbooks_shop_sales s join truth.event_lines l using (event_id)
    where l.line_type = 'product'
    union all
    select s.order_id, 2, l.line_id, l.variant_id, l.quantity, l.gross_cents, l.discount_cents,
        l.tax_cents
    from quickbooks_shop_sales s join truth.event_lines l on l.order_id = s.order_id
        and l.line_type = 'product' and l.quantity > 0
    where s.fate = 'edited' and not exists (
        select 1 from truth.event_lines back where back.event_id = s.later_event_id
            and back.line_id = l.line_id and back.quantity < 0)""",
    """create or replace table quickbooks_shop_bodies as
    select l.order_id, l.body, sum(l.gross_cents)::bigint as gross,
        sum(l.discount_cents)::bigint as discount, sum(l.tax_cents)::bigint as tax,
        sum(l.gross_cents - l.discount_cents + l.tax_cents)::bigint
            + any_value(s.shipping + s.tip + s.service + s.gift_sold - s.by_gift) as total
    from quickbooks_shop_lines l join quickbooks_shop_sales s using (order_id)
    group by l.order_id, l.body""",
)

SALES = (
    f"""insert into quickbooks_drafts by name
    select d.key, d.body as version, d.body, d.kind,
        case when d.body = 2 then 'edit' else 'create' end as change,
        case when d.body = 2 then s.later_at + interval 10 minute
            when d.key like 'again/%' then s.happened_at + interval 9 hour
            else s.happened_at + {AFTER_A_MINUTE} end as known_from,
        case when s.how = 'doc_number' and d.key like 'again/%' then substr(s.name, 2)
            when s.how = 'doc_number' then s.name
            when d.key like 'again/%' then 'A' || (70000 + order_id)
            else cast(500000 + order_id as varchar) end as doc_number,
        s.day as txn_date, case when d.kind = 'Invoice' then s.day end as due_date,
        s.customer_id, case when d.kind = 'Invoice' then {Account.RECEIVABLE} else s.till_id end
            as account_id,
        s.place_id as department_id, s.class_id,
        case when d.kind = 'Invoice' then null when s.by_cash > 0 then 1 else 4 end
            as payment_method_id,
        case when s.how = 'private_note' and d.key like 'sale/%'
            then 'Shopify order ' || s.name end as private_note,
        s.tax_code_id, b.gross - b.discount as taxable_cents, b.tax as tax_cents,
        b.total as total_cents
    from quickbooks_shop_documents d join quickbooks_shop_sales s using (order_id)
    join quickbooks_shop_bodies b using (order_id, body)""",
    # Cancelled orders are voided or deleted in the books; of double copies the owner finds some.
    """insert into quickbooks_drafts by name
    select d.* replace (2 as version, case when d.key like 'sale/%' then s.fate else 'delete' end
            as change,
        case when d.key like 'sale/%' then s.later_at + interval 20 minute
            else d.known_from + to_hours(72 + quickbooks_draw('found', s.order_id) % 300)
            end as known_from)
    from quickbooks_drafts d
    join (select key, order_id from quickbooks_shop_documents where body = 1) using (key)
    join quickbooks_shop_sales s using (order_id)
    where d.version = 1 and ((d.key like 'sale/%' and s.fate in ('void', 'delete'))
        or (d.key like 'again/%' and quickbooks_draw('finds', s.order_id) < 400))""",
    f"""insert into quickbooks_draft_lines by name
    with items as (
        select l.order_id, l.body, l.line_id as position, l.gross_cents as amount_cents,
            g.name as description, {FIRST_VARIANT} + l.variant_id as item_id, l.quantity,
            l.gross_cents / l.quantity as unit_price_cents, true as is_taxable
        from quickbooks_shop_lines l join quickbooks_goods g using (variant_id)
        union all select order_id, unnest([1, 2]), 1e15::bigint, shipping, null, {SHIPPING_ITEM},
            null, null, false from quickbooks_shop_sales where shipping > 0
        union all select order_id, unnest([1, 2]), 11e14::bigint, tip, 'Tip', {TIPS}, 1, tip, false
        from quickbooks_shop_sales where tip > 0
        union all select order_id, unnest([1, 2]), 12e14::bigint, service, 'Service charge',
            {SERVICE_CHARGE}, 1, service, false from quickbooks_shop_sales where service > 0
        union all select order_id, unnest([1, 2]), 2e15::bigint, gift_sold, 'Gift card',
            {GIFT_CARD}, 1, gift_sold, false from quickbooks_shop_sales where gift_sold > 0
        union all select order_id, unnest([1, 2]), 3e15::bigint, -by_gift, 'Gift card redeemed',
            {GIFT_CARD}, -1, by_gift, false from quickbooks_shop_sales where by_gift > 0
    )
    select d.key, d.body, row_number() over (partition by d.key, d.body order by position)
            as line_number,
        'SalesItemLineDetail' as detail, i.* exclude (order_id, body, position), s.class_id
    from quickbooks_shop_documents d join items i using (order_id, body)
    join quickbooks_shop_sales s using (order_id)""",
    f"""insert into quickbooks_draft_lines by name
    select d.key, d.body, 1001 as line_number, 'SubTotalLineDetail' as detail,
        b.gross + s.shipping + s.tip + s.service + s.gift_sold - s.by_gift as amount_cents,
        null as account_id
    from quickbooks_shop_documents d join quickbooks_shop_bodies b using (order_id, body)
    join quickbooks_shop_sales s using (order_id)
    union all select d.key, d.body, 1002, 'DiscountLineDetail', b.discount, {Account.DISCOUNTS}
    from quickbooks_shop_documents d join quickbooks_shop_bodies b using (order_id, body)
    where b.discount > 0""",
    f"""insert into quickbooks_draft_postings by name
    with told as (
        select d.key, d.body, d.kind, s.*, b.gross as body_gross, b.discount as body_discount,
            b.tax as body_tax, b.total as body_total
        from quickbooks_shop_documents d join quickbooks_shop_bodies b using (order_id, body)
        join quickbooks_shop_sales s using (order_id)
    ), posted as (
        select key, body, order_id, case when kind = 'Invoice' then {Account.RECEIVABLE}
            else till_id end as account_id, body_total as home_cents, false as is_implicit
        from told
        union all select key, body, order_id, {Account.DISCOUNTS}, body_discount, false from told
        union all select key, body, order_id, {TAX_ACCOUNT}, -body_tax, false from told
        union all select key, body, order_id, {Account.SHIPPING}, -shipping, false from told
        union all select key, body, order_id, {Account.TIPS}, -tip, false from told
        union all select key, body, order_id, {Account.SERVICE_CHARGES}, -service, false from told
        union all select key, body, order_id, {Account.GIFT_CARDS}, by_gift - gift_sold, false
        from told
        union all select key, body, order_id, g.income_account_id, -sum(l.gross_cents)::bigint,
            false
        from told join quickbooks_shop_lines l using (order_id, body)
        join quickbooks_goods g using (variant_id) group by all
        union all select key, body, order_id, side.account_id,
            (side.sign * sum(l.quantity * g.unit_cost_cents))::bigint, true
        from told join quickbooks_shop_lines l using (order_id, body)
        join quickbooks_goods g using (variant_id), (values ({Account.GOODS_SOLD}, 1),
            ({Account.INVENTORY}, -1)) as side(account_id, sign)
        where g.is_inventory group by key, body, order_id, side.account_id, side.sign
    )
    select p.key, p.body, p.account_id, p.home_cents, p.home_cents as foreign_cents,
        p.is_implicit, s.class_id, s.place_id as department_id
    from posted p join quickbooks_shop_sales s using (order_id) where p.home_cents <> 0""",
    f"""insert into quickbooks_drafts by name
    select 'paid/' || order_id as key, 'Payment' as kind,
        happened_at + {AFTER_A_MINUTE} + interval 40 second as known_from, day as txn_date,
        customer_id, till_id as account_id, case when by_cash > 0 then 1 else 4 end
            as payment_method_id,
        by_card + by_cash + by_other as total_cents
    from quickbooks_shop_sales where form = 'Invoice' and by_card + by_cash + by_other > 0""",
    """insert into quickbooks_draft_links
    select 'sale/' || order_id, 'paid/' || order_id, by_card + by_cash + by_other
    from quickbooks_shop_sales where form = 'Invoice' and by_card + by_cash + by_other > 0""",
    f"""insert into quickbooks_draft_postings by name
    select 'paid/' || order_id as key, side.account_id, side.sign * (by_card + by_cash + by_other)
        as home_cents, side.sign * (by_card + by_cash + by_other) as foreign_cents
    from quickbooks_shop_sales, lateral (values (till_id, 1), ({Account.RECEIVABLE}, -1))
        as side(account_id, sign)
    where form = 'Invoice' and by_card + by_cash + by_other > 0""",
)

REFUNDS = (
    f"""create or replace table quickbooks_shop_refunds as
    select 'back/' || e.event_id as key, e.event_id, s.order_id, s.name, s.how, s.customer_id,
        s.class_id, s.place_id, s.tax_code_id, e.happened_at, e.day, e.reversal, -e.tax as tax,
        -e.shipping as shipping, -e.tip as tip, -e.service as service, e.fee, e.cost,
        -e.total as total,
        case when e.by_cash < 0 then {Account.CASH} else {Account.SHOPIFY} end as till_id,
        case when s.form = 'Invoice' and quickbooks_draw('credit', s.order_id) < 300
            then 'CreditMemo' else 'RefundReceipt' end as kind
    from quickbooks_shop_sales s join quickbooks_event_sums e on e.event_id = s.later_event_id
    where s.fate = 'refunded' and e.total < 0""",
    f"""insert into quickbooks_drafts by name
    select key, kind, happened_at + interval 3 minute as known_from,
        case when how = 'doc_number' then name || '-R1'
            else cast(800000 + event_id as varchar) end as doc_number,
        day as txn_date, customer_id, class_id, place_id as department_id,
        case when kind = 'CreditMemo' then {Account.RECEIVABLE} else till_id end as account_id,
        case when kind = 'CreditMemo' then null when till_id = {Account.CASH} then 1 else 4 end
            as payment_method_id,
        case when how = 'private_note' then 'Refund of Shopify order ' || name end
            as private_note,
        tax_code_id, case when tax > 0 then reversal else 0 end as taxable_cents,
        tax as tax_cents, total as total_cents
    from quickbooks_shop_refunds""",
    f"""insert into quickbooks_draft_lines by name
    with lines as (
        select r.key, l.line_id as position, l.reversal_cents as amount_cents,
            g.name as description, {FIRST_VARIANT} + l.variant_id as item_id,
            -l.quantity as quantity, l.reversal_cents / -l.quantity as unit_price_cents,
            l.tax_cents <> 0 as is_taxable
        from quickbooks_shop_refunds r join truth.event_lines l using (event_id)
        join quickbooks_goods g using (variant_id)
        where l.line_type = 'product' and l.quantity < 0
        union all select r.key, 1e15::bigint, l.reversal_cents, 'Goodwill', {ADJUSTMENT}, 1,
            l.reversal_cents, false
        from quickbooks_shop_refunds r join truth.event_lines l using (event_id)
        where l.line_type = 'adjustment'
        union all select key, 2e15::bigint, shipping, null, {SHIPPING_ITEM}, null, null, false
        from quickbooks_shop_refunds where shipping > 0
        union all select key, 21e14::bigint, tip, 'Tip', {TIPS}, 1, tip, false
        from quickbooks_shop_refunds where tip > 0
        union all select key, 22e14::bigint, service, 'Service charge', {SERVICE_CHARGE}, 1,
            service, false from quickbooks_shop_refunds where service > 0
        union all select key, 3e15::bigint, -fee, 'Restocking fee', {RESTOCKING}, -1, fee, false
        from quickbooks_shop_refunds where fee > 0
    )
    select lines.* exclude (position), r.class_id, 'SalesItemLineDetail' as detail,
        row_number() over (partition by key order by position) as line_number
    from lines join quickbooks_shop_refunds r using (key)
    union all by name select key, 1001 as line_number, 'SubTotalLineDetail' as detail,
        total - tax as amount_cents from quickbooks_shop_refunds""",
    f"""insert into quickbooks_draft_postings by name
    with posted as (
        select key, case when kind = 'CreditMemo' then {Account.RECEIVABLE} else till_id end
            as account_id, -total as home_cents, false as is_implicit
        from quickbooks_shop_refunds
        union all select key, {TAX_ACCOUNT}, tax, false from quickbooks_shop_refunds
        union all select key, {Account.SHIPPING}, shipping, false from quickbooks_shop_refunds
        union all select key, {Account.TIPS}, tip, false from quickbooks_shop_refunds
        union all select key, {Account.SERVICE_CHARGES}, service, false
        from quickbooks_shop_refunds
        union all select key, {Account.RESTOCKING}, -fee, false from quickbooks_shop_refunds
        union all select r.key, case when l.line_type = 'adjustment' then {Account.RETURNS}
                else g.income_account_id end, sum(l.reversal_cents)::bigint, false
        from quickbooks_shop_refunds r join truth.event_lines l using (event_id)
        left join quickbooks_goods g using (variant_id) group by all
        union all select key, {Account.GOODS_SOLD}, cost, true from quickbooks_shop_refunds
        union all select key, {Account.INVENTORY}, -cost, true from quickbooks_shop_refunds
    )
    select p.*, p.home_cents as foreign_cents, r.class_id, r.place_id as department_id
    from posted p join quickbooks_shop_refunds r using (key) where p.home_cents <> 0""",
)

PAYOUTS = (
    # Shopify issues the card money of a day on the next business day, all places together; Square
    # sends each place's own, with what was taken on its terminals for other systems' orders.
    """create or replace table quickbooks_payouts as
    with cards as (
        select pl.system, pl.place_id, pl.time_zone, p.paid_at, p.amount_cents, p.fee_cents
        from truth.payments p join truth.orders o using (order_id)
        join truth.places pl using (place_id) where p.method = 'card' and not o.is_test
        union all
        select c.other_system, pl.place_id, pl.time_zone, c.copied_at, c.amount_cents, c.fee_cents
        from truth.copies c join truth.orders o using (order_id)
        join truth.places pl using (place_id)
    ), days as (
        select 'shopify' as system, null::bigint as place_id, fee_cents, amount_cents,
            timezone('America/New_York', paid_at)::date as day,
            quickbooks_business_day(day + 1) as issued_date
        from cards where system = 'shopify'
        union all by name
        select system, place_id, fee_cents, amount_cents,
            timezone(time_zone, paid_at)::date as day, day + 1 as issued_date
        from cards where system = 'square'
    ), sums as (
        select system, place_id, issued_date, max(day) as day,
            sum(amount_cents)::bigint as gross_cents, sum(fee_cents)::bigint as fee_cents
        from days group by system, place_id, issued_date
    ), dated as (
        select *, gross_cents - fee_cents as net_cents,
            'payout/' || system || '/' || coalesce(place_id, 0) || '/' || issued_date as key,
            case system when 'shopify'
                then cast(datediff('day', date '2000-01-01', issued_date) as varchar)
                else upper(substr(md5('square payout ' || (place_id * 100000
                    + datediff('day', date '2000-01-01', day))), 1, 22)) end as payout_id,
            quickbooks_business_day(issued_date + 1) as arrival_date
        from sums where gross_cents > fee_cents
    )
    select *, quickbooks_business_day(arrival_date
            + (quickbooks_draw('payout', key) < 250)::int) as deposit_date,
        case when quickbooks_draw('payout note', key) < 700 then 'payout_id' else 'none' end as how
    from dated order by issued_date, system, place_id""",
    f"""insert into quickbooks_drafts by name
    select key, 'Deposit' as kind, deposit_date::timestamptz + interval 13 hour as known_from,
        deposit_date as txn_date, {Account.CHECKING} as account_id, place_id as department_id,
        case when how = 'payout_id' then upper(system[1]) || system[2:] || ' payout ' || payout_id
            else 'Card settlement' end as private_note, net_cents as total_cents
    from quickbooks_payouts""",
    f"""insert into quickbooks_draft_lines by name
    select key, 1 as line_number, 'DepositLineDetail' as detail, gross_cents as amount_cents,
        case when system = 'shopify' then {Account.SHOPIFY} else {Account.SQUARE} end as account_id,
        'Card sales less refunds' as description
    from quickbooks_payouts
    union all by name select key, 2 as line_number, 'DepositLineDetail' as detail,
        -fee_cents as amount_cents, {Account.CARD_FEES} as account_id,
        'Processing fees' as description
    from quickbooks_payouts where fee_cents <> 0""",
    f"""insert into quickbooks_draft_postings by name
    select key, side.account_id, side.cents as home_cents, side.cents as foreign_cents,
        place_id as department_id
    from quickbooks_payouts, lateral (values ({Account.CHECKING}, net_cents),
        ({Account.CARD_FEES}, fee_cents),
        (case when system = 'shopify' then {Account.SHOPIFY} else {Account.SQUARE} end,
            -gross_cents)) as side(account_id, cents)
    where side.cents <> 0""",
    # The shop's cash is taken to the bank on Mondays, receipt by receipt.
    f"""create or replace table quickbooks_bankings as
    select 'bank/' || (date_trunc('week', day)::date + 7) as key, order_id, by_cash as cents,
        date_trunc('week', day)::date + 7 as banked_date
    from quickbooks_shop_sales
    where form = 'SalesReceipt' and till_id = {Account.UNDEPOSITED} and coalesce(fate, '')
        not in ('void', 'delete')""",
    f"""insert into quickbooks_drafts by name
    select key, 'Deposit' as kind, banked_date::timestamptz + interval 15 hour as known_from,
        banked_date as txn_date, {Account.CHECKING} as account_id, 'Cash of the week' as
        private_note, sum(cents)::bigint as total_cents
    from quickbooks_bankings group by key, banked_date""",
    """insert into quickbooks_draft_lines by name
    select key, row_number() over (partition by key order by order_id) as line_number,
        'DepositLineDetail' as detail, cents as amount_cents, 'sale/' || order_id as linked_key,
        1 as payment_method_id
    from quickbooks_bankings""",
    f"""insert into quickbooks_draft_postings by name
    select key, side.account_id, (side.sign * sum(cents))::bigint as home_cents,
        (side.sign * sum(cents))::bigint as foreign_cents
    from quickbooks_bankings, (values ({Account.CHECKING}, 1), ({Account.UNDEPOSITED}, -1))
        as side(account_id, sign)
    group by key, side.account_id, side.sign""",
)

STATEMENTS = (*FACTS, *SALES, *REFUNDS, *PAYOUTS)
