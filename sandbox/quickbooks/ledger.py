"""The ledger: what each document posted, on accrual and on cash basis, and how long it counts.

On cash basis an invoice or a bill counts when and as far as it is settled: of each of its postings
the settled share, in place of what the payment posts to receivables or payables.
"""

from __future__ import annotations

from sandbox.quickbooks.chart import Account

STATEMENTS = (
    """create or replace table quickbooks_postings as
    with counted as (
        select document_id, body, kind, txn_date, currency, customer_id, vendor_id,
            min(known_from) as known_from,
            case when bool_or(known_until is null) then null else max(known_until) end
                as known_until
        from quickbooks_versions where not is_void and not is_deleted
        group by all
    )
    select c.document_id, c.kind, c.txn_date, p.account_id,
        greatest(p.home_cents, 0)::bigint as debit_cents,
        greatest(-p.home_cents, 0)::bigint as credit_cents, c.currency, p.foreign_cents,
        p.is_implicit, c.customer_id, c.vendor_id, p.class_id, p.department_id, c.known_from,
        c.known_until
    from quickbooks_draft_postings p join quickbooks_numbers n using (key)
    join counted c on c.document_id = n.document_id and c.body = p.body
    where p.home_cents <> 0
    order by c.txn_date, c.document_id, p.account_id""",
    # Settlements in the order of their dates, with what was settled before and after each.
    """create or replace table quickbooks_settlements as
    select k.*, v.total_cents as whole_cents,
        sum(k.amount_cents) over each_target as after_cents,
        sum(k.amount_cents) over each_target - k.amount_cents as before_cents,
        k.by_id as settled_by
    from quickbooks_links k
    join quickbooks_versions v on v.document_id = k.target_id and v.version = 1
    window each_target as (partition by k.target_id order by k.txn_date, k.by_id)""",
    """create or replace table quickbooks_settled_shares as
    with owed as (
        select p.*, p.debit_cents - p.credit_cents as home_cents, a.type in
            ('Accounts Receivable', 'Accounts Payable') as is_owed
        from quickbooks_postings p join quickbooks_accounts a on a.id = p.account_id
        where p.document_id in (select target_id from quickbooks_settlements)
    ), placed as (
        select *, row_number() over (partition by document_id order by is_owed,
            abs(home_cents) desc, account_id, is_implicit) as place
        from owed
    ), shares as (
        select s.settled_by, s.by_kind, s.txn_date, s.known_from, s.known_until,
            p.* exclude (txn_date, known_from, known_until),
            quickbooks_share(p.home_cents, s.after_cents, s.whole_cents)
                - quickbooks_share(p.home_cents, s.before_cents, s.whole_cents) as share_cents
        from quickbooks_settlements s join placed p on p.document_id = s.target_id
    )
    select *, case when place = 1 then share_cents
        - sum(share_cents) over (partition by settled_by, document_id) else share_cents end
        ::bigint as settled_cents
    from shares""",
    f"""create or replace table quickbooks_cash_postings as
    with signed as (
        select document_id, kind, txn_date, account_id, debit_cents - credit_cents as cents,
            currency, is_implicit, customer_id, vendor_id, class_id, department_id, known_from,
            known_until
        from quickbooks_postings p join (select id, type from quickbooks_accounts) a
            on a.id = p.account_id
        where kind not in ('Invoice', 'CreditMemo', 'Bill', 'VendorCredit')
            and not (kind in ('Payment', 'BillPayment')
                and a.type in ('Accounts Receivable', 'Accounts Payable'))
        union all
        select settled_by, by_kind, txn_date, account_id, settled_cents, currency, is_implicit,
            customer_id, vendor_id, class_id, department_id, known_from, known_until
        from quickbooks_settled_shares where not is_owed
    ), rounding as (
        select document_id, kind, txn_date, {Account.EXCHANGE} as account_id,
            -sum(cents)::bigint as cents, any_value(currency) as currency, true as is_implicit,
            any_value(customer_id) as customer_id, any_value(vendor_id) as vendor_id, known_from,
            known_until
        from signed group by document_id, kind, txn_date, known_from, known_until
        having sum(cents) <> 0
    ), whole as (
        select * from signed union all by name select * from rounding
    )
    select * exclude (cents), greatest(cents, 0)::bigint as debit_cents,
        greatest(-cents, 0)::bigint as credit_cents
    from whole where cents <> 0""",
)
