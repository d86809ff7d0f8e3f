-- What is recognised of an invoice or a bill when a part of it is settled: of each account the
-- share settled so far less the share settled before, so that roundings never add up.
with settlements as (

    select * from {{ ref('int_quickbooks_settlements') }}
    where
        settled_document_type in ('invoice', 'credit_memo', 'bill', 'vendor_credit')
        and settled_total_amount <> 0

),

accounts as (

    select * from {{ ref('int_quickbooks_accounts') }}

),

owed as (

    select
        entries.source_document_id,
        entries.source_account_id,
        entries.source_class_id,
        entries.source_department_id,
        entries.source_customer_id,
        entries.source_vendor_id,
        entries.entry_source,
        accounts.account_type in ('Accounts Receivable', 'Accounts Payable') as is_owed,
        max(entries.posting_reason) as posting_reason,
        max(entries.load_number) as load_number,
        sum(entries.home_amount) as home_amount
    from {{ ref('int_quickbooks_accrual_entries') }} as entries
    inner join accounts on entries.source_account_id = accounts.source_account_id
    where entries.document_type in ('invoice', 'credit_memo', 'bill', 'vendor_credit')
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

placed as (

    select
        *,
        row_number() over (
            partition by source_document_id
            order by
                is_owed, -abs(home_amount), length(source_account_id), source_account_id,
                entry_source, source_class_id, source_department_id
        ) as place
    from owed

),

shares as (

    select
        placed.*,
        settlements.settling_document_type,
        settlements.settling_document_id,
        settlements.settlement_date,
        greatest(placed.load_number, settlements.load_number) as settlement_load_number,
        round(
            placed.home_amount * settlements.applied_until_amount
            / settlements.settled_total_amount, 2
        ) - round(
            placed.home_amount * (settlements.applied_until_amount - settlements.applied_amount)
            / settlements.settled_total_amount, 2
        ) as share_amount
    from settlements
    inner join placed on settlements.settled_document_id = placed.source_document_id

),

-- What rounding leaves over goes to the largest share.
balanced as (

    select
        *,
        share_amount - case
            when place = 1
                then sum(share_amount) over (
                    partition by settling_document_id, source_document_id
                )
            else 0
        end as home_amount_settled
    from shares

)

select
    settling_document_type,
    settling_document_id,
    source_document_id as settled_document_id,
    source_account_id,
    source_class_id,
    source_department_id,
    source_customer_id,
    source_vendor_id,
    entry_source,
    posting_reason,
    cast(home_amount_settled as {{ dbt.type_numeric() }}) as home_amount,
    settlement_date as entry_date,
    settlement_load_number as load_number
from balanced
where not is_owed and home_amount_settled <> 0
