{#- What the general ledger calls the documents that the API gives. -#}
{%- set known_types = [
    'Invoice', 'Sales Receipt', 'Credit Memo', 'Refund', 'Refund Receipt', 'Payment', 'Bill',
    'Bill Payment (Check)', 'Bill Payment (Credit Card)', 'Vendor Credit', 'Cash Expense',
    'Check', 'Expense', 'Credit Card Expense', 'Credit Card Credit', 'Deposit', 'Transfer',
    'Credit Card Payment', 'Journal Entry',
] -%}
with accounts as (

    select * from {{ ref('int_quickbooks_accounts') }}

),

documents as (

    select * from {{ ref('int_quickbooks_documents') }}

),

ledger as (

    select * from {{ ref('stg_quickbooks__general_ledger_entries') }}
    where accounting_basis = 'accrual'

),

-- What is not in the ledger report of its month cannot be compared.
covered_months as (

    select distinct
        start_date,
        end_date
    from ledger

),

ledger_sums as (

    select
        coalesce(ledger.source_document_id, ledger.source_report_id) as source_document_id,
        ledger.source_account_id,
        max(ledger.transaction_type) as transaction_type,
        max(ledger.entry_date) as entry_date,
        max(ledger.load_number) as load_number,
        sum(ledger.amount * accounts.natural_sign) as amount
    from ledger
    inner join accounts on ledger.source_account_id = accounts.source_account_id
    group by
        coalesce(ledger.source_document_id, ledger.source_report_id), ledger.source_account_id

),

entry_sums as (

    select
        entries.source_document_id,
        entries.source_account_id,
        max(entries.entry_date) as entry_date,
        max(entries.load_number) as load_number,
        count(*) as entries_count,
        sum(entries.home_amount) as amount
    from {{ ref('int_quickbooks_document_entries') }} as entries
    inner join covered_months
        on
            entries.entry_date >= covered_months.start_date
            and entries.entry_date <= covered_months.end_date
    group by entries.source_document_id, entries.source_account_id

),

differences as (

    select
        coalesce(ledger_sums.source_document_id, entry_sums.source_document_id)
            as source_document_id,
        coalesce(ledger_sums.source_account_id, entry_sums.source_account_id)
            as source_account_id,
        ledger_sums.transaction_type,
        coalesce(entry_sums.entry_date, ledger_sums.entry_date) as entry_date,
        greatest(
            coalesce(entry_sums.load_number, ledger_sums.load_number),
            coalesce(ledger_sums.load_number, entry_sums.load_number)
        ) as load_number,
        coalesce(entry_sums.entries_count, 0) as entries_count,
        cast(
            coalesce(ledger_sums.amount, 0) - coalesce(entry_sums.amount, 0)
            as {{ dbt.type_numeric() }}
        ) as difference_amount
    from ledger_sums
    full outer join entry_sums
        on
            ledger_sums.source_document_id = entry_sums.source_document_id
            and ledger_sums.source_account_id = entry_sums.source_account_id
    where coalesce(ledger_sums.amount, 0) <> coalesce(entry_sums.amount, 0)

),

described as (

    select
        differences.*,
        documents.document_type,
        documents.is_foreign,
        documents.is_counted,
        accounts.account_type,
        accounts.account_sub_type,
        cost_accounts.source_account_id is not null as is_cost_account,
        -- The cost leaves one account for the other, so it adds up to nothing.
        sum(case when cost_accounts.source_account_id is not null then difference_amount end)
            over (partition by differences.source_document_id) as cost_balance
    from differences
    left join documents on differences.source_document_id = documents.source_document_id
    left join accounts on differences.source_account_id = accounts.source_account_id
    left join {{ ref('int_quickbooks_stock_accounts') }} as cost_accounts
        on
            differences.source_document_id = cost_accounts.source_document_id
            and differences.source_account_id = cost_accounts.source_account_id

)

select
    source_document_id,
    source_account_id,
    coalesce(document_type, lower(replace(transaction_type, ' ', '_'))) as document_type,
    entry_date,
    difference_amount,
    case
        when not is_counted then 'unexplained'
        when document_type is null and transaction_type in ('{{ known_types | join("', '") }}')
            then 'unexplained'
        when document_type is null then 'no_document'
        when is_cost_account and cost_balance = 0 then 'cost_of_goods'
        when
            is_foreign
            and (
                account_type in ('Accounts Receivable', 'Accounts Payable')
                or account_sub_type = 'ExchangeGainOrLoss'
            )
            then 'exchange'
        when is_foreign and abs(difference_amount) <= 0.01 * entries_count then 'rounding'
        else 'unexplained'
    end as posting_reason,
    load_number
from described
