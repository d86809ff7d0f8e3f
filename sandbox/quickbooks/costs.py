"""What the business spends and owes: bills, purchases, wages, transfers, opening balances.

``quickbooks_entries`` has one row per line of such a document, with the document's own fields
repeated; amounts are in the document's currency and positive for the usual direction.
"""

from __future__ import annotations

from sandbox.quickbooks.chart import CAFE, FIRST_VARIANT, ONLINE, RETAIL, Ledger
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
        (1, {Ledger.CHECKING}, 9000000), (2, {Ledger.SAVINGS}, 2500000), (3, {Ledger.CASH}, 80000),
        (4, {Ledger.INVENTORY}, stock), (5, {Ledger.EQUIPMENT}, 6400000),
        (6, {Ledger.LOAN}, -5000000), (7, {Ledger.OPENING}, -(12980000 + stock))
    ) as side(line_number, line_account_id, cents)""",
    f"""insert into quickbooks_entries by name
    select 'rent/' || name || '/' || vendor_id as key, 'Bill' as kind, month as day,
        'RENT-' || name as doc_number, {Ledger.PAYABLE} as account_id, month + 4 as due_date,
        rent.*, {Ledger.RENT} as line_account_id, 'Rent ' || name as description
    from quickbooks_months, (values (1, 1, 1, 480000, {CAFE}), (1, 2, 2, 420000, {RETAIL}),
        (1, 3, 4, 150000, {ONLINE}), (2, 1, 3, 390000, {RETAIL}))
        as rent(vendor_id, line_number, department_id, cents, class_id)""",
    f"""insert into quickbooks_entries by name
    select 'power/' || name || '/' || place as key, 'Purchase' as kind, month + 11 as day,
        cast(4000 + place * 300 + row_number() over (order by month, place) as varchar)
            as doc_number,
        case when place = 3 then 4 else 3 end as vendor_id, {Ledger.CHECKING} as account_id,
        'Check' as pay_type, {Ledger.POWER} as line_account_id, place as department_id,
        18000 + quickbooks_draw('power', name || place) * 12 as cents,
        'Power ' || name as description
    from quickbooks_months, range(1, 4) as places(place)""",
    f"""insert into quickbooks_entries by name
    select kind.word || '/' || name as key, 'Purchase' as kind, month + kind.day_of_month as day,
        kind.vendor_id, {Ledger.CARD} as account_id, 'CreditCard' as pay_type,
        kind.line_account_id, kind.cents + quickbooks_draw(kind.word, name) as cents,
        kind.word || ' ' || name as description
    from quickbooks_months, (values ('Internet', 6, 18, {Ledger.INTERNET}, 21900),
        ('Subscriptions', 2, 15, {Ledger.SOFTWARE}, 48900))
        as kind(word, day_of_month, vendor_id, line_account_id, cents)""",
    f"""insert into quickbooks_entries by name
    select 'ads/' || week || '/' || ad.vendor_id as key, 'Purchase' as kind, monday + 3 as day,
        ad.vendor_id, {Ledger.CARD} as account_id, 'CreditCard' as pay_type,
        quickbooks_draw('ad refund', week || '/' || ad.vendor_id) < 40 as is_credit,
        {Ledger.ADVERTISING} as line_account_id, ad.cents + ad.spread
            * quickbooks_draw('ads', week || '/' || ad.vendor_id) as cents,
        {ONLINE} as class_id, ad.word as description
    from quickbooks_weeks, (values (5, 9000, 14, 'Social media ads'), (6, 12000, 17, 'Search ads'))
        as ad(vendor_id, cents, spread, word)""",
    f"""insert into quickbooks_entries by name
    select 'petty/' || week as key, 'Purchase' as kind, monday + 2 as day, 17 as vendor_id,
        {Ledger.CASH} as account_id, 'Cash' as pay_type, {Ledger.OFFICE} as line_account_id,
        900 + quickbooks_draw('petty', week) * 3 as cents, 'Supplies' as description,
        1 + week % 3 as department_id
    from quickbooks_weeks""",
    f"""insert into quickbooks_entries by name
    select 'wages/' || week as key, 'JournalEntry' as kind, monday + 4 as day,
        'PAY-' || strftime(monday + 4, '%Y%m%d') as doc_number, 'Payroll' as private_note, side.*
    from quickbooks_weeks, (values
        (1, {Ledger.WAGES}, 612000, 1, {CAFE}, 'Wages'), (2, {Ledger.WAGES}, 384000, 2, {RETAIL},
        'Wages'), (3, {Ledger.WAGES}, 341000, 3, {RETAIL}, 'Wages'), (4, {Ledger.WAGES}, 262000, 4,
        {ONLINE}, 'Wages'), (5, {Ledger.PAYROLL_TAX}, 122300, null, null, 'Employer taxes'),
        (6, {Ledger.PAYROLL_DUE}, -407000, null, null, 'Taxes withheld and due'),
        (7, {Ledger.CHECKING}, -1314300, null, null, 'Net pay'))
        as side(line_number, line_account_id, cents, department_id, class_id, description)
    where week % 2 = 1""",
    f"""insert into quickbooks_entries by name
    select 'worn/' || name as key, 'JournalEntry' as kind, last_day(month) as day,
        'DEP-' || name as doc_number, side.*
    from quickbooks_months, (values (1, {Ledger.DEPRECIATION}, 88900),
        (2, {Ledger.DEPRECIATED}, -88900)) as side(line_number, line_account_id, cents)""",
    f"""insert into quickbooks_entries by name
    select 'interest/' || name as key, 'Deposit' as kind, last_day(month) as day,
        {Ledger.SAVINGS} as account_id, {Ledger.INTEREST} as line_account_id,
        2000 + quickbooks_draw('interest', name) as cents, 'Interest' as description
    from quickbooks_months""",
    f"""insert into quickbooks_entries by name
    select move.word || '/' || name as key, move.kind, month + 19 as day, move.account_id,
        move.other_account_id, move.line_account_id, move.pay_type, move.vendor_id, move.cents,
        move.word as private_note
    from quickbooks_months, (values
        ('To savings', 'Transfer', {Ledger.CHECKING}, {Ledger.SAVINGS}, null, null, null, 200000),
        ('Owner', 'Purchase', {Ledger.CHECKING}, null, {Ledger.DRAWS}, 'Check', 20, 450000))
        as move(word, kind, account_id, other_account_id, line_account_id, pay_type, vendor_id,
            cents)""",
)

GOODS = (
    """create or replace table quickbooks_needs as
    select date_trunc('month', e.day)::date as month, l.variant_id,
        sum(l.quantity)::bigint as quantity
    from quickbooks_event_sums e join truth.event_lines l using (event_id)
    where l.line_type = 'product' group by all
    union all
    select date_trunc('month', w.day)::date, l.variant_id, sum(l.quantity)::bigint
    from quickbooks_wholesale w join quickbooks_wholesale_lines l using (number) group by all""",
    # Stock is ordered in sixes; what the café uses up is an expense at once.
    f"""insert into quickbooks_entries by name
    with needs as (
        select month, variant_id, sum(quantity)::bigint as quantity from quickbooks_needs
        group by all having sum(quantity) > 0
    ), priced as (
        select n.month, g.*, (n.quantity + 5) // 6 * 6 as bought, v.currency,
            quickbooks_rate(v.currency, n.month + 2) as rate_ppm
        from needs n join quickbooks_goods g using (variant_id)
        join quickbooks_vendors v using (vendor_id)
    ), lines as (
        select month, vendor_id, currency, rate_ppm, {Ledger.INVENTORY} as line_account_id,
            name as description, {FIRST_VARIANT} + variant_id as item_id, bought as quantity,
            (unit_cost_cents * 1000000 // rate_ppm)::bigint as unit_price_cents,
            (unit_cost_cents * 1000000 // rate_ppm)::bigint * bought as cents, {RETAIL} as class_id
        from priced where is_inventory
        union all by name
        select month, vendor_id, currency, rate_ppm, {Ledger.INGREDIENTS} as line_account_id,
            'Ingredients' as description, sum(unit_cost_cents * bought)::bigint as cents,
            {CAFE} as class_id, 1 as department_id
        from priced where not is_inventory group by all
    )
    select 'goods/' || strftime(month, '%Y-%m') || '/' || vendor_id as key, 'Bill' as kind,
        month + 2 as day, 'INV-' || vendor_id || strftime(month, '%m%y') as doc_number,
        month + 32 as due_date, case currency when 'EUR' then 6 else 5 end as account_id,
        lines.* exclude (month),
        row_number() over (partition by month, vendor_id order by item_id nulls first)
            as line_number
    from lines""",
    """insert into quickbooks_entries by name
    select 'spoilt/' || substr(key, 7) as key, 'VendorCredit' as kind, day + 6 as day,
        'CR-' || doc_number as doc_number, vendor_id, account_id, currency, rate_ppm,
        'Damaged on delivery' as private_note, line_account_id, item_id, 1 as quantity,
        unit_price_cents, unit_price_cents::bigint as cents, description, class_id
    from quickbooks_entries where key like 'goods/%' and line_number = 1 and item_id is not null
        and quickbooks_draw('spoilt', key) < 250""",
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
    from used, (values (1, {Ledger.GOODS_SOLD}, 1), (2, {Ledger.INVENTORY}, -1))
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
            b.due_date + case when quickbooks_draw('bill', b.key) < 850 then -1 else 15 end
                as paid_date,
            quickbooks_draw('bill card', b.key) < 200 and b.currency = 'USD' as by_card
        from bills b left join credits c using (credit_key)
        where quickbooks_draw('bill', b.key) < 950
    )
    select *, 'settled/' || key as pay_key, total - credit as cents,
        quickbooks_rate(currency, paid_date) as paid_ppm,
        quickbooks_home(total, rate_ppm) - quickbooks_home(credit, rate_ppm) as payable_home,
        quickbooks_home(total - credit, quickbooks_rate(currency, paid_date)) as bank_home
    from dated""",
    f"""insert into quickbooks_drafts by name
    select pay_key as key, 'BillPayment' as kind, paid_date::timestamptz + interval 14 hour
            as known_from,
        case when not by_card then cast(6000 + row_number() over (order by paid_date, key)
            as varchar) end as doc_number,
        paid_date as txn_date, vendor_id,
        case when by_card then {Ledger.CARD} else {Ledger.CHECKING} end as account_id,
        payable_id as other_account_id,
        case when by_card then 'CreditCard' else 'Check' end as pay_type, currency,
        paid_ppm as rate_ppm, cents as total_cents
    from quickbooks_bill_payments""",
    """insert into quickbooks_draft_links
    select key, pay_key, total from quickbooks_bill_payments
    union all select credit_key, pay_key, credit from quickbooks_bill_payments where credit > 0""",
    f"""insert into quickbooks_draft_postings by name
    select pay_key as key, side.*
    from quickbooks_bill_payments, lateral (values
        (case when by_card then {Ledger.CARD} else {Ledger.CHECKING} end, -bank_home, -cents,
            false),
        (payable_id, payable_home, cents, false),
        ({Ledger.EXCHANGE}, bank_home - payable_home, 0, true)
    ) as side(account_id, home_cents, foreign_cents, is_implicit)
    where side.home_cents <> 0""",
    # The card is paid off a month later, the drawers are emptied on Mondays.
    f"""insert into quickbooks_entries by name
    with spent as (
        select day, case when is_credit then -cents else cents end as cents
        from quickbooks_entries where kind = 'Purchase' and account_id = {Ledger.CARD}
        union all select paid_date, cents from quickbooks_bill_payments where by_card
    )
    select 'visa/' || strftime(day, '%Y-%m') as key, 'CreditCardPayment' as kind,
        last_day(any_value(day)) + 12 as day, {Ledger.CHECKING} as account_id,
        {Ledger.CARD} as other_account_id, sum(cents)::bigint as cents
    from spent group by strftime(day, '%Y-%m') having sum(cents) > 0""",
    f"""insert into quickbooks_entries by name
    select 'drawer/' || date_trunc('week', day)::date as key, 'Transfer' as kind,
        any_value(date_trunc('week', day)::date) + 7 as day, {Ledger.CASH} as account_id,
        {Ledger.CHECKING} as other_account_id, sum(by_cash)::bigint as cents,
        'Cash of the drawers' as private_note
    from quickbooks_event_sums where system = 'square'
    group by date_trunc('week', day) having sum(by_cash) > 0""",
    # Sales tax, tips and payroll taxes of a month are paid over in the next.
    f"""insert into quickbooks_entries by name
    with due as (
        select date_trunc('month', d.txn_date)::date as month, p.account_id,
            -sum(p.home_cents)::bigint as cents
        from quickbooks_draft_postings p
        join quickbooks_drafts d on d.key = p.key and d.version = 1 and p.body = 1
        where p.account_id between {Ledger.TAX_NEW_YORK} and {Ledger.TIPS}
            and p.account_id <> {Ledger.GIFT_CARDS}
        group by all having sum(p.home_cents) < 0
    ), sides as (
        select month, account_id as line_account_id, cents from due
        union all select month, {Ledger.CHECKING}, -sum(cents)::bigint from due group by month
    )
    select 'due/' || strftime(month, '%Y-%m') as key, 'JournalEntry' as kind,
        last_day(month) + 20 as day, 'TAX-' || strftime(month, '%Y-%m') as doc_number,
        'Sales tax and tips paid over' as private_note, line_account_id, cents,
        row_number() over (partition by month order by line_account_id desc) as line_number
    from sides""",
    f"""insert into quickbooks_entries by name
    select 'payroll due/' || name as key, 'Purchase' as kind, month + 14 as day, 19 as vendor_id,
        {Ledger.CHECKING} as account_id, 'Check' as pay_type,
        {Ledger.PAYROLL_DUE} as line_account_id, paid.cents, 'Payroll taxes' as description
    from quickbooks_months m join (
        select date_trunc('month', day)::date as earlier, -sum(cents)::bigint as cents
        from quickbooks_entries where key like 'wages/%' and cents < 0
            and line_account_id = {Ledger.PAYROLL_DUE} group by all
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
    select key, {Ledger.EXCHANGE} as account_id, -sum(home_cents)::bigint as home_cents,
        0 as foreign_cents, true as is_implicit
    from homed group by key having sum(home_cents) <> 0""",
)

STATEMENTS = (ENTRIES, *CALENDAR, *FIXED, *GOODS, *SETTLED, *POSTED)
