-- What a document still claims: what it booked on receivables or payables, less what settled it,
-- and for a payment what it has not settled yet.
with entries as (

    select * from {{ ref('int_quickbooks_document_entries') }}

),

accounts as (

    select * from {{ ref('int_quickbooks_accounts') }}
    where account_type in ('Accounts Receivable', 'Accounts Payable')

),

documents as (

    select * from {{ ref('int_quickbooks_documents') }}

),

settlements as (

    select
        *,
        case
            when settled_document_type in ('credit_memo', 'vendor_credit') then -applied_amount
            else applied_amount
        end * case when settling_document_type = 'payment' then 1 else -1 end as moved_amount
    from {{ ref('int_quickbooks_settlements') }}

),

moves as (

    select
        entries.source_document_id,
        case
            when accounts.account_type = 'Accounts Receivable' then 'receivable'
            else 'payable'
        end as item_type,
        entries.source_customer_id,
        entries.source_vendor_id,
        entries.amount,
        0 as settled_amount,
        entries.load_number
    from entries
    inner join accounts on entries.source_account_id = accounts.source_account_id
    union all
    select
        settlements.settled_document_id as source_document_id,
        case
            when settlements.settling_document_type = 'payment' then 'receivable'
            else 'payable'
        end as item_type,
        settling.source_customer_id,
        settling.source_vendor_id,
        0 as amount,
        -settlements.moved_amount as settled_amount,
        settlements.load_number
    from settlements
    inner join documents as settling
        on settlements.settling_document_id = settling.source_document_id
    union all
    select
        settlements.settling_document_id as source_document_id,
        case
            when settlements.settling_document_type = 'payment' then 'receivable'
            else 'payable'
        end as item_type,
        settling.source_customer_id,
        settling.source_vendor_id,
        0 as amount,
        settlements.moved_amount as settled_amount,
        settlements.load_number
    from settlements
    inner join documents as settling
        on settlements.settling_document_id = settling.source_document_id

)

select
    documents.document_type,
    documents.source_document_id,
    moves.item_type,
    moves.source_customer_id,
    moves.source_vendor_id,
    documents.currency_code,
    documents.exchange_rate,
    documents.document_date,
    documents.due_date,
    cast(sum(moves.amount) as {{ dbt.type_numeric() }}) as booked_amount,
    cast(sum(moves.amount + moves.settled_amount) as {{ dbt.type_numeric() }}) as open_amount,
    max(documents.balance_amount) as source_balance_amount,
    max(moves.load_number) as load_number
from moves
inner join documents on moves.source_document_id = documents.source_document_id
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
