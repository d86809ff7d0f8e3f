with default_accounts as (

    select * from {{ ref('int_quickbooks_default_accounts') }}

),

payments as (

    select * from {{ ref('int_quickbooks_documents') }}
    where document_type in ('payment', 'bill_payment') and is_counted

),

applied as (

    select
        settling_document_id,
        sum(case
            when settled_document_type in ('credit_memo', 'vendor_credit') then -applied_amount
            else applied_amount
        end) as applied_amount,
        sum(case
            when settled_document_type in ('invoice', 'bill') then applied_amount
            when settled_document_type in ('credit_memo', 'vendor_credit') then -applied_amount
            else 0
        end) as recognised_amount
    from {{ ref('int_quickbooks_settlements') }}
    group by settling_document_id

),

-- What a payment settles without income or cost behind it stays owed; so does what it has not
-- settled yet, unless the books have an account for that.
owed as (

    select
        payments.*,
        case when payments.document_type = 'payment' then -1 else 1 end as direction,
        case when payments.document_type = 'payment' then 'receivable' else 'payable' end
            as owing_role,
        coalesce(applied.applied_amount - applied.recognised_amount, 0) as other_applied_amount,
        coalesce(payments.total_amount, 0) - coalesce(applied.applied_amount, 0)
            as unapplied_amount
    from payments
    left join applied on payments.source_document_id = applied.settling_document_id

),

owed_parts as (

    select
        owed.*,
        'applied to others' as part_name,
        owed.owing_role as account_role,
        owed.other_applied_amount as part_amount
    from owed
    union all
    select
        owed.*,
        'unapplied' as part_name,
        case
            when owed.document_type = 'payment' then 'unapplied_payment'
            else 'unapplied_bill_payment'
        end as account_role,
        owed.unapplied_amount as part_amount
    from owed

)

select
    parts.document_type,
    parts.source_document_id,
    parts.part_name as entry_name,
    coalesce(
        default_accounts.source_account_id, parts.other_account_id,
        owing_accounts.source_account_id, 'unknown'
    ) as source_account_id,
    parts.source_class_id,
    parts.source_department_id,
    parts.source_customer_id,
    parts.source_vendor_id,
    parts.currency_code,
    parts.exchange_rate,
    cast(parts.part_amount * parts.direction as {{ dbt.type_numeric() }}) as amount,
    cast(
        round(parts.part_amount * parts.direction * parts.exchange_rate, 2)
        as {{ dbt.type_numeric() }}
    ) as home_amount,
    parts.document_date as entry_date,
    parts.load_number
from owed_parts as parts
left join default_accounts
    on
        parts.account_role = default_accounts.account_role
        and default_accounts.currency_code is null
left join default_accounts as owing_accounts
    on
        parts.owing_role = owing_accounts.account_role
        and parts.currency_code = owing_accounts.currency_code
where parts.part_amount <> 0
