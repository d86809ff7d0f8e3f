"""Square in the books: one summary per location and day, as a journal entry or a sales receipt."""

from __future__ import annotations

from sandbox.quickbooks.chart import (
    CAFE,
    DRAWER,
    GIFT_CARD,
    RETAIL,
    SERVICE_CHARGE,
    SQUARE_CUSTOMER,
    SQUARE_REFUNDS,
    SQUARE_SALES,
    TIPS,
    Account,
)

STATEMENTS = (
    f"""create or replace table quickbooks_square_days as
    with days as (
        select place_id, day, sum(gross)::bigint as gross, sum(discount)::bigint as discount,
            sum(reversal)::bigint as reversal, sum(tax)::bigint as tax, sum(tip)::bigint as tip,
            sum(service)::bigint as service, sum(gift_sold - by_gift)::bigint as gift,
            sum(by_card + by_other)::bigint as cleared, sum(by_cash)::bigint as cash
        from quickbooks_event_sums where system = 'square' group by all
    )
    select d.*, p.name, 'square/' || place_id || '/' || day as key,
        case when p.trade = 'cafe' then {CAFE} else {RETAIL} end as class_id,
        case when cleared > 0 and quickbooks_draw('square day', place_id || '/' || day) < 120
            then 'SalesReceipt' else 'JournalEntry' end as kind
    from days d join truth.places p using (place_id)""",
    f"""insert into quickbooks_drafts by name
    select key, kind, day::timestamptz + interval 32 hour + to_minutes(place_id) as known_from,
        'SQ-' || place_id || '-' || strftime(day, '%Y%m%d') as doc_number, day as txn_date,
        'Square daily summary ' || name || ' ' || day as private_note,
        case when kind = 'SalesReceipt' then {SQUARE_CUSTOMER} end as customer_id,
        case when kind = 'SalesReceipt' then {Account.SQUARE} end as account_id,
        case when kind = 'SalesReceipt' then place_id end as department_id, class_id,
        case when kind = 'SalesReceipt' then 1 end as tax_code_id,
        case when kind = 'SalesReceipt' then gross - discount - reversal else 0 end
            as taxable_cents,
        case when kind = 'SalesReceipt' then tax else 0 end as tax_cents,
        case when kind = 'SalesReceipt' then cleared
            else greatest(cleared, 0) + greatest(cash, 0) + discount + reversal
            + greatest(-gift, 0) + greatest(-tax, 0) end as total_cents
    from quickbooks_square_days""",
    f"""create or replace table quickbooks_square_sides as
    select d.key, d.kind, d.place_id, d.class_id, side.*
    from quickbooks_square_days d, lateral (values
        (1, {Account.SQUARE}, cleared, 'Cards and other tenders'),
        (2, {Account.CASH}, cash, 'Cash'),
        (3, {Account.DISCOUNTS}, discount, 'Discounts'),
        (4, {Account.RETURNS}, reversal, 'Returns'),
        (5, {Account.SQUARE_SALES}, -gross, 'Gross sales'),
        (6, {Account.TAX_NEW_YORK}, -tax, 'Sales tax'),
        (7, {Account.TIPS}, -tip, 'Tips'),
        (8, {Account.SERVICE_CHARGES}, -service, 'Service charges'),
        (9, {Account.GIFT_CARDS}, -gift, 'Gift cards sold less redeemed')
    ) as side(line_number, account_id, cents, description) where side.cents <> 0""",
    """insert into quickbooks_draft_lines by name
    select key, line_number, 'JournalEntryLineDetail' as detail, abs(cents) as amount_cents,
        description, account_id, case when cents > 0 then 'Debit' else 'Credit' end as posting,
        class_id, place_id as department_id
    from quickbooks_square_sides where kind = 'JournalEntry'""",
    f"""insert into quickbooks_draft_lines by name
    select d.key, item.line_number, 'SalesItemLineDetail' as detail, item.cents as amount_cents,
        item.description, item.item_id, sign(item.cents)::bigint as quantity,
        abs(item.cents) as unit_price_cents, item.item_id in ({SQUARE_SALES}, {SQUARE_REFUNDS})
            as is_taxable, d.class_id
    from quickbooks_square_days d, lateral (values
        (1, {SQUARE_SALES}, gross, 'Gross sales'), (2, {SQUARE_REFUNDS}, -reversal, 'Returns'),
        (3, {SERVICE_CHARGE}, service, 'Service charges'), (4, {TIPS}, tip, 'Tips'),
        (5, {GIFT_CARD}, gift, 'Gift cards sold less redeemed'),
        (6, {DRAWER}, -cash, 'Cash to the drawer')
    ) as item(line_number, item_id, cents, description)
    where d.kind = 'SalesReceipt' and item.cents <> 0
    union all by name
    select key, 1001 as line_number, 'SubTotalLineDetail' as detail,
        cleared - tax + discount as amount_cents
    from quickbooks_square_days where kind = 'SalesReceipt'
    union all by name
    select key, 1002 as line_number, 'DiscountLineDetail' as detail, discount as amount_cents,
        {Account.DISCOUNTS} as account_id
    from quickbooks_square_days where kind = 'SalesReceipt' and discount > 0""",
    """insert into quickbooks_draft_postings by name
    select key, account_id, cents as home_cents, cents as foreign_cents, class_id,
        place_id as department_id
    from quickbooks_square_sides""",
)
