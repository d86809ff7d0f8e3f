"""What the business spends and owes: bills, purchases, wages, transfers, opening balances.

``quickbooks_entries`` has one row per line of such a document, with the document's own fields
repeated; amounts are in the document's currency and positive for the usual direction.
"""

from __future__ import annotations

from sandbox.quickbooks.chart import (
    CAFE,
    FIRST_SUPPLIER,
    FIRST_VARIANT,
    ONLINE,
    RETAIL,
    WHOLESALE,
    Account,
)
from sandbox.quickbooks.lists import OPENING_STOCK

ENTRIES = """create or replace table quickbooks_entries (
    key varchar, kind varchar, day date, doc_number varchar, vendor_id integer,
    account_id integer, other_account_id integer, pay_type varchar,
    is_credit boolean default false, currency varchar default 'USD', rate_ppm bigint
    default 1000000, private_note varchar, due_date date, line_number integer default 1,
    line_account_id integer, cents bigint, description varchar, department_id integer,
    class_id integer, item_id bigint, quantity bigint, unit_price_cents double)"""

CALENDAR = (
    """create or replace table quickbooks_months as
    select month::date as month, strftime(month, '%Y-%m') as name, first_day, last_day
    from quickbooks_span, generate_series(date_trunc('month', first_day)::timestamp,
        last_day::timestamp, interval 1 month) as months(month)""",
    """create or replace table quickbooks_weeks as
    select (first_day + (7 * week)::int) as monday, week, last_day
    from quickbooks_span, range(0, 3000) as weeks(week)
    where first_day + (7 * week)::int <= last_day""",
)

FIXED = (
    f"""insert into quickbooks_entries by name
    select 'opening' as key, 'JournalEntry' as kind, first_day as day, 'OPENING' as doc_number,
        'Opening balances' as private_note, side.*
    from quickbooks_span, (
        select sum({OPENING_STOCK} * unit_cost_cents)::bigint as stock
        from quickbooks_goods where is_inventory
    ), lateral (values
        (1, {Account.CHECKING}, 9000000), (2, {Account.SAVINGS}, 2500000),
        (3, {Account.CASH}, 80000), (4, {Account.INVENTORY}, stock),
        (5, {Account.EQUIPMENT}, 6400000),
        (6, {Account.LOAN}, -5000000), (7, {Account.OPENING}, -(12980000 + stock))
    ) as side(line_number, line_account_id, cents)""",
    f"""insert into quickbooks_entries by name
    select 'rent/' || name || '/' || vendor_id as key, 'Bill' as kind, month as day,
        'RENT-' || name as doc_number, {Account.PAYABLE} as account_id, month + 4 as due_date,
        rent.* replace (rent.cents * size_percent // 100 as cents),
        {Account.RENT} as line_account_id, 'Rent ' || name as description
    from quickbooks_span, quickbooks_months, (values (1, 1, 1, 480000, {CAFE}),
        (1, 2, 2, 420000, {RETAIL}), (1, 3, 4, 150000, {ONLINE}), (2, 1, 3, 390000, {RETAIL}))
        as rent(vendor_id, line_number, department_id, cents, class_id)""",
    f"""insert into quickbooks_entries by name
    select 'power/' || name || '/' || place as key, 'Purchase' as kind, month + 11 as day,
        cast(4000 + place * 300 + row_number() over (order by month, place) as varchar)
            as doc_number,
        case when place = 3 then 4 else 3 end as vendor_id, {Account.CHECKING} as account_id,
        'Check' as pay_type, {Account.POWER} as line_account_id, place as department_id,
        18000 + quickbooks_draw('power', name || place) * 12 as cents,
        'Power ' || name as description
    from quickbooks_months, range(1, 4) as places(place)""",
    f"""insert into quickbooks_entries by name
    select kind.word || '/' || name as key, 'Purchase' as kind, month + kind.day_of_month as day,
        kind.vendor_id, {Account.CARD} as account_id, 'CreditCard' as pay_type,
        kind.line_account_id, kind.cents + quickbooks_draw(kind.word, name) as cents,
        kind.word || ' ' || name as description
    from quickbooks_months, (values ('Internet', 6, 18, {Account.INTERNET}, 21900),
        ('Subscriptions', 2, 15, {Account.SOFTWARE}, 48900))
        as kind(word, day_of_month, vendor_id, line_account_id, cents)""",
    # The platforms charge the card each Monday for the week before; now and then they credit it.
    f"""insert into quickbooks_entries by name
    with charged as (
        select week, monday + 7 as day, case platform when 'Meta Ads' then 5 else 6 end
            as vendor_id, platform as description, sum(spend_cents)::bigint as spent
        from truth.ad_spend join quickbooks_weeks on spend_date between monday and monday + 6
        group by all
    ), booked as (
        select *, false as is_credit, spent as cents from charged
        union all select *, true, spent // 20 from charged
        where quickbooks_draw('ad credit', week || '/' || vendor_id) < 60
    )
    select 'ads/' || week || '/' || vendor_id || case when is_credit then '/credit' else '' end
            as key,
        'Purchase' as kind, {Account.CARD} as account_id, 'CreditCard' as pay_type,
        {Account.ADVERTISING} as line_account_id, {ONLINE} as class_id, day, vendor_id,
        description, is_credit, cents
    from booked where cents > 0""",
    f"""insert into quickbooks_entries by name
    select 'petty/' || week as key, 'Purchase' as kind, monday + 2 as day, 17 as vendor_id,
        {Account.CASH} as account_id, 'Cash' as pay_type, {Account.OFFICE} as line_account_id,
        900 + quickbooks_draw('petty', week) * 3 as cents, 'Supplies' as description,
        1 + week % 3 as department_id
    from quickbooks_weeks""",
    # Two weeks of timecards are paid on the Friday after, a fifth of it withheld.
    """create or replace table quickbooks_payroll as
    with hours as (
        select (t.started_at::date - first_day) // 14 as period, t.place_id,
            (epoch(t.ended_at - t.started_at) - case when t.is_break_paid then 0
                else coalesce(epoch(t.break_ended_at - t.break_started_at), 0) end)
                * t.hourly_wage_cents / 3600 as cents
        from truth.timecards t cross join quickbooks_span where t.started_at::date >= first_day
    )
    select period, place_id, sum(round(cents))::bigint as cents,
        first_day + ((period + 1) * 14 + 4)::int as payday
    from hours cross join quickbooks_span
    where first_day + ((period + 1) * 14 - 1)::int <= last_day group by all""",
    f"""insert into quickbooks_entries by name
    with totals as (
        select period, payday, sum(cents)::bigint as wages, wages * 765 // 10000 as taxes,
            wages // 5 + taxes as due
        from quickbooks_payroll group by all
    ), sides as (
        select period, payday, place_id as line_number, {Account.WAGES} as line_account_id, cents,
            place_id as department_id, 'Wages' as description,
            case place_id when 1 then {CAFE} when 4 then {ONLINE} else {RETAIL} end as class_id
        from quickbooks_payroll
        union all by name
        select period, payday, side.*
        from totals, lateral (values
            (11, {Account.PAYROLL_TAX}, taxes, 'Employer taxes'),
            (12, {Account.PAYROLL_DUE}, -due, 'Taxes withheld and due'),
            (13, {Account.CHECKING}, due - wages - taxes, 'Net pay')
        ) as side(line_number, line_account_id, cents, description)
    )
    select 'wages/' || period as key, 'JournalEntry' as kind, payday as day,
        'PAY-' || strftime(payday, '%Y%m%d') as doc_number, 'Payroll' as private_note,
        sides.* exclude (period, payday)
    from sides where cents <> 0""",
    f"""insert into quickbooks_entries by name
    select 'worn/' || name as key, 'JournalEntry' as kind, last_day(month) as day,
        'DEP-' || name as doc_number, side.*
    from quickbooks_months, (values (1, {Account.DEPRECIATION}, 88900),
        (2, {Account.DEPRECIATED}, -88900)) as side(line_number, line_account_id, cents)""",
    f"""insert into quickbooks_entries by name
    select 'interest/' || name as key, 'Deposit' as kind, last_day(month) as day,
        {Account.SAVINGS} as account_id, {Account.INTEREST} as line_account_id,
        2000 + quickbooks_draw('interest', name) as cents, 'Interest' as description
    from quickbooks_months""",
    f"""insert into quickbooks_entries by name
    select move.word || '/' || name as key, move.kind, month + 19 as day, move.account_id,
        move.other_account_id, move.line_account_id, move.pay_type, move.vendor_id, move.cents,
        move.word as private_note
    from quickbooks_months, (values
        ('To savings', 'Transfer', {Account.CHECKING}, {Account.SAVINGS}, null, null, null, 200000),
        ('Owner', 'Purchase', {Account.CHECKING}, null, {Account.DRAWS}, 'Check', 20, 450000))
        as move(word, kind, account_id, other_account_id, line_account_id, pay_type, vendor_id,
            cents)""",
)

GOODS = (
    # A bill comes with each delivery to the shops; it names the stock and the ingredients.
    f"""insert into quickbooks_entries by name
    select 'goods/delivery ' || p.purchase_id as key, 'Bill' as kind,
        p.received_at::date as day, 'PO-' || p.purchase_id as doc_number,
        {FIRST_SUPPLIER} + p.supplier_id as vendor_id, p.currency,
        p.currency_rate_ppm as rate_ppm, p.received_at::date + s.payment_terms_days::int
            as due_date,
        case p.currency when 'EUR' then {Account.PAYABLE_EUR} else {Account.PAYABLE} end
            as account_id,
        row_number() over (partition by p.purchase_id order by l.purchase_line_id)
            as line_number,
        case when g.is_inventory then {Account.INVENTORY} else {Account.INGREDIENTS} end
            as line_account_id,
        case when l.variant_id > 0 then {FIRST_VARIANT} + l.variant_id end as item_id,
        coalesce(g.name, i.name) as description, l.quantity, l.unit_cost_cents
            as unit_price_cents,
        l.quantity * l.unit_cost_cents as cents, p.place_id as department_id,
        case when p.place_id = 1 then {CAFE} else {RETAIL} end as class_id
    from truth.purchases p join truth.purchase_lines l using (purchase_id)
    join truth.suppliers s using (supplier_id) cross join quickbooks_span
    left join quickbooks_goods g on g.variant_id = l.variant_id
    left join truth.ingredients i on i.ingredient_id = l.ingredient_id
    where p.received_at >= first_day and p.received_at <= until""",
    # What wholesale takes comes from its own vendors, once a month and in sixes.
    f"""insert into quickbooks_entries by name
    with needs as (
        select date_trunc('month', w.day)::date as month, l.variant_id,
            (sum(l.quantity)::bigint + 5) // 6 * 6 as bought
        from quickbooks_wholesale w join quickbooks_wholesale_lines l using (number) group by all
    ), lines as (
        select n.month, g.vendor_id, v.currency, quickbooks_rate(v.currency, n.month + 2)
                as rate_ppm,
            g.name as description, {FIRST_VARIANT} + g.variant_id as item_id,
            n.bought as quantity, g.unit_cost_cents * 1000000 // rate_ppm as unit_price_cents
        from needs n join quickbooks_goods g using (variant_id)
        join quickbooks_vendors v using (vendor_id)
    )
    select 'goods/wholesale ' || strftime(month, '%Y-%m') || '/' || vendor_id as key,
        'Bill' as kind, month + 2 as day,
        'INV-' || vendor_id || strftime(month, '%m%y') as doc_number, month + 32 as due_date,
        case currency when 'EUR' then {Account.PAYABLE_EUR} else {Account.PAYABLE} end
            as account_id,
        lines.* exclude (month), unit_price_cents * quantity as cents,
        {Account.INVENTORY} as line_account_id, {WHOLESALE} as class_id,
        row_number() over (partition by month, vendor_id order by item_id) as line_number
    from lines""",
    """insert into quickbooks_entries by name
    select 'spoilt/' || substr(key, 7) as key, 'VendorCredit' as kind, day + 2 as day,
        'CR-' || doc_number as doc_number, vendor_id, account_id, currency, rate_ppm,
        'Damaged on delivery' as private_note, line_account_id, item_id, 1 as quantity,
        unit_price_cents, unit_price_cents::bigint as cents, description, class_id, department_id
    from quickbooks_entries where key like 'goods/%' and line_number = 1 and item_id is not null
        and quickbooks_draw('spoilt', key) < 60""",
    # What Square sold left the stock without QuickBooks knowing: once a month it is written off.
    f"""insert into quickbooks_entries by name
    with used as (
        select date_trunc('month', day)::date as month, sum(cost)::bigint as cost
        from quickbooks_event_sums where system = 'square' group by all
    )
    select 'used/' || strftime(month, '%Y-%m') as key, 'JournalEntry' as kind,
        last_day(month) as day, 'COGS-' || strftime(month, '%Y-%m') as doc_number,
        'Stock sold through Square' as private_note, side.line_number, side.line_account_id,
        side.sign * cost as cents, 2 as department_id, {RETAIL} as class_id
    from used, (values (1, {Account.GOODS_SOLD}, 1), (2, {Account.INVENTORY}, -1))
        as side(line_number, line_account_id, sign) where cost > 0""",
)

SETTLED = (
    """create or replace table quickbooks_bill_payments as
    with bills as (
        select key, any_value(day) as day, any_value(due_date) as due_date,
            any_value(vendor_id) as vendor_id, any_value(account_id) as payable_id,
            any_value(currency) as currency, any_value(rate_ppm) as rate_ppm,
            sum(cents)::bigint as total,
            'spoilt/' || substr(key, 7) as credit_key
        from quickbooks_entries where kind = 'Bill' group by key
    ), credits as (
        select key as credit_key, sum(cents)::bigint as credit from quickbooks_entries
        where kind = 'VendorCredit' group by key
    ), dated as (
        select b.*, coalesce(c.credit, 0) as credit,
            quickbooks_draw('bill card', b.vendor_id) < 150 and b.currency = 'USD' as by_card,
            date_trunc('week', b.due_date)::date + case when quickbooks_draw('bill', b.key) < 850
                then 4 else 18 end as paid_date
        from bills b left join credits c using (credit_key)
        where quickbooks_draw('bill', b.key) < 950
    )
    select *, total - credit as cents, quickbooks_home(total, rate_ppm)
            - quickbooks_home(credit, rate_ppm) as payable_home,
        'settled/' || paid_date || '/' || vendor_id as pay_key
    from dated""",
    # On Fridays each vendor gets one payment for all that is due that week.
    f"""create or replace table quickbooks_payment_runs as
    with runs as (
        select pay_key as key, paid_date, vendor_id, payable_id, by_card, currency,
            sum(cents)::bigint as cents, sum(payable_home)::bigint as payable_home
        from quickbooks_bill_payments group by all
    )
    select *, case when by_card then {Account.CARD} else {Account.CHECKING} end as bank_id,
        quickbooks_rate(currency, paid_date) as paid_ppm,
        quickbooks_home(cents, paid_ppm) as bank_home
    from runs""",
    """insert into quickbooks_drafts by name
    select key, 'BillPayment' as kind, paid_date::timestamptz + interval 14 hour as known_from,
        case when not by_card then cast(6000 + row_number() over (order by paid_date, key)
            as varchar) end as doc_number,
        paid_date as txn_date, vendor_id, bank_id as account_id, payable_id as other_account_id,
        case when by_card then 'CreditCard' else 'Check' end as pay_type, currency,
        paid_ppm as rate_ppm, cents as total_cents
    from quickbooks_payment_runs""",
    """insert into quickbooks_draft_links
    select key, pay_key, total from quickbooks_bill_payments
    union all select credit_key, pay_key, credit from quickbooks_bill_payments where credit > 0""",
    f"""insert into quickbooks_draft_postings by name
    select key, side.*
    from quickbooks_payment_runs, lateral (values
        (bank_id, -bank_home, -cents, false), (payable_id, payable_home, cents, false),
        ({Account.EXCHANGE}, bank_home - payable_home, 0, true)
    ) as side(account_id, home_cents, foreign_cents, is_implicit)
    where side.home_cents <> 0""",
    # The card is paid off a month later, the drawers are emptied on Mondays.
    f"""insert into quickbooks_entries by name
    with spent as (
        select day, case when is_credit then -cents else cents end as cents
        from quickbooks_entries where kind = 'Purchase' and account_id = {Account.CARD}
        union all select paid_date, cents from quickbooks_payment_runs where by_card
    )
    select 'visa/' || strftime(day, '%Y-%m') as key, 'CreditCardPayment' as kind,
        last_day(any_value(day)) + 12 as day, {Account.CHECKING} as account_id,
        {Account.CARD} as other_account_id, sum(cents)::bigint as cents
    from spent group by strftime(day, '%Y-%m') having sum(cents) > 0""",
    f"""insert into quickbooks_entries by name
    select 'drawer/' || date_trunc('week', day)::date as key, 'Transfer' as kind,
        any_value(date_trunc('week', day)::date) + 7 as day, {Account.CASH} as account_id,
        {Account.CHECKING} as other_account_id,
        (sum(by_cash) * 9 // 10)::bigint as cents, 'Cash of the drawers' as private_note
    from quickbooks_event_sums where system = 'square'
    group by date_trunc('week', day) having sum(by_cash) > 0""",
    # Sales tax, tips and payroll taxes of a month are paid over in the next.
    f"""insert into quickbooks_entries by name
    with due as (
        select date_trunc('month', d.txn_date)::date as month, p.account_id,
            -sum(p.home_cents)::bigint as cents
        from quickbooks_draft_postings p
        join quickbooks_drafts d on d.key = p.key and d.version = 1 and p.body = 1
        where p.account_id between {Account.TAX_NEW_YORK} and {Account.TIPS}
            and p.account_id <> {Account.GIFT_CARDS}
        group by all having sum(p.home_cents) < 0
    ), sides as (
        select month, account_id as line_account_id, cents from due
        union all select month, {Account.CHECKING}, -sum(cents)::bigint from due group by month
    )
    select 'due/' || strftime(month, '%Y-%m') as key, 'JournalEntry' as kind,
        last_day(month) + 20 as day, 'TAX-' || strftime(month, '%Y-%m') as doc_number,
        'Sales tax and tips paid over' as private_note, line_account_id, cents,
        row_number() over (partition by month order by line_account_id desc) as line_number
    from sides""",
    f"""insert into quickbooks_entries by name
    select 'payroll due/' || name as key, 'Purchase' as kind, month + 14 as day, 19 as vendor_id,
        {Account.CHECKING} as account_id, 'Check' as pay_type,
        {Account.PAYROLL_DUE} as line_account_id, paid.cents, 'Payroll taxes' as description
    from quickbooks_months m join (
        select date_trunc('month', day)::date as earlier, -sum(cents)::bigint as cents
        from quickbooks_entries where key like 'wages/%' and cents < 0
            and line_account_id = {Account.PAYROLL_DUE} group by all
    ) paid on paid.earlier = (m.month - interval 1 month)::date""",
)

POSTED = (
    """insert into quickbooks_drafts by name
    select key, any_value(kind) as kind,
        any_value(day)::timestamptz + to_minutes(780 + quickbooks_draw('hour', key)::int % 400)
            as known_from,
        any_value(doc_number) as doc_number, any_value(day) as txn_date,
        any_value(due_date) as due_date, any_value(vendor_id) as vendor_id,
        any_value(account_id) as account_id, any_value(other_account_id) as other_account_id,
        any_value(pay_type) as pay_type, any_value(is_credit) as is_credit,
        any_value(currency) as currency, any_value(rate_ppm) as rate_ppm,
        case when any_value(kind) <> 'JournalEntry' and count(distinct department_id) = 1
            and count(department_id) = count(*) then any_value(department_id) end
            as department_id,
        any_value(private_note) as private_note,
        case when any_value(kind) = 'Bill' then 3 end as term_id,
        case when any_value(kind) = 'JournalEntry' then sum(greatest(cents, 0)) else sum(cents)
            end::bigint as total_cents
    from quickbooks_entries group by key""",
    """insert into quickbooks_draft_lines by name
    select key, line_number, case kind when 'JournalEntry' then 'JournalEntryLineDetail'
            when 'Deposit' then 'DepositLineDetail'
            else case when item_id is null then 'AccountBasedExpenseLineDetail'
                else 'ItemBasedExpenseLineDetail' end end as detail,
        case when kind = 'JournalEntry' then abs(cents) else cents end as amount_cents,
        description, item_id, quantity, unit_price_cents, line_account_id as account_id,
        class_id, department_id, case when kind = 'JournalEntry' then
            case when cents > 0 then 'Debit' else 'Credit' end end as posting
    from quickbooks_entries where kind not in ('Transfer', 'CreditCardPayment')""",
    f"""insert into quickbooks_draft_postings by name
    with sides as (
        select key, rate_ppm, line_account_id as account_id,
            case when kind in ('VendorCredit', 'Deposit') or is_credit then -cents else cents end
                as foreign_cents, class_id, department_id
        from quickbooks_entries where kind not in ('Transfer', 'CreditCardPayment')
        union all by name
        select key, any_value(rate_ppm) as rate_ppm, any_value(account_id) as account_id,
            sum(case when kind in ('VendorCredit', 'Deposit') or is_credit then cents else -cents
                end)::bigint as foreign_cents
        from quickbooks_entries where kind <> 'JournalEntry' group by key
        union all by name
        select key, rate_ppm, other_account_id as account_id, cents as foreign_cents
        from quickbooks_entries where kind in ('Transfer', 'CreditCardPayment')
    ), homed as (
        select * exclude (rate_ppm), quickbooks_home(foreign_cents, rate_ppm) as home_cents,
            false as is_implicit
        from sides
    )
    select * from homed
    union all by name
    select key, {Account.EXCHANGE} as account_id, -sum(home_cents)::bigint as home_cents,
        0 as foreign_cents, true as is_implicit
    from homed group by key having sum(home_cents) <> 0""",
)

# In a month that would end with less than this in the bank, the owner pays in what is missing.
LEAST_CENTS = 2_500_000
INVESTED = (
    f"""create or replace table quickbooks_investments as
    with moved as (
        select date_trunc('month', d.txn_date)::date as month, sum(p.home_cents) as cents
        from quickbooks_draft_postings p join quickbooks_drafts d on d.key = p.key
            and d.version = 1 and p.body = 1
        where p.account_id = {Account.CHECKING} group by all
    ), missing as (
        select m.name, greatest(m.month, first_day) as day, greatest(0, max({LEAST_CENTS} - ended)
            over (order by m.month)) as total
        from quickbooks_months m join (
            select month, sum(cents) over (order by month) as ended from moved
        ) using (month)
    )
    select 'invested/' || name as key, day,
        (total - coalesce(lag(total) over (order by day), 0))::bigint as cents
    from missing qualify cents > 0""",
    f"""insert into quickbooks_drafts by name
    select key, 'Deposit' as kind, day::timestamptz + interval 13 hour as known_from,
        day as txn_date, {Account.CHECKING} as account_id, 'Paid in by the owner' as private_note,
        cents as total_cents
    from quickbooks_investments""",
    f"""insert into quickbooks_draft_lines by name
    select key, 1 as line_number, 'DepositLineDetail' as detail, cents as amount_cents,
        {Account.INVESTED} as account_id
    from quickbooks_investments""",
    f"""insert into quickbooks_draft_postings by name
    select key, side.account_id, side.sign * cents as home_cents, side.sign * cents
        as foreign_cents
    from quickbooks_investments, (values ({Account.CHECKING}, 1), ({Account.INVESTED}, -1))
        as side(account_id, sign)""",
)

STATEMENTS = (ENTRIES, *CALENDAR, *FIXED, *GOODS, *SETTLED, *POSTED, *INVESTED)
