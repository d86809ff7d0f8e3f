with payouts as (

    select * from {{ ref('int_payouts') }}

),

deposits as (

    select * from {{ ref('stg_quickbooks__deposits') }}
    where deleted_at is null and not coalesce(is_voided, false)

),

by_id as (

    select
        payouts.source_system,
        payouts.source_payout_id,
        min(deposits.source_document_id) as source_deposit_id,
        min(deposits.document_date) as deposit_date
    from payouts
    inner join deposits on payouts.payout_number = deposits.order_reference
    group by payouts.source_system, payouts.source_payout_id

),

-- A bank takes up to three business days, which is up to five days.
near as (

    select
        payouts.source_system,
        payouts.source_payout_id,
        deposits.source_document_id as source_deposit_id,
        deposits.document_date as deposit_date,
        {{ dbt.datediff('payouts.payout_date', 'deposits.document_date', 'day') }} as days_apart
    from payouts
    inner join deposits on payouts.net_amount = deposits.total_amount
    left join by_id
        on
            payouts.source_system = by_id.source_system
            and payouts.source_payout_id = by_id.source_payout_id
    where
        by_id.source_payout_id is null
        and deposits.source_document_id not in (select by_id_too.source_deposit_id from by_id as by_id_too)
        and payouts.net_amount <> 0
        and {{ dbt.datediff('payouts.payout_date', 'deposits.document_date', 'day') }} between 0 and 5

),

ranked as (

    select
        near.*,
        row_number() over (
            partition by source_system, source_payout_id
            order by days_apart, source_deposit_id
        ) as deposit_rank,
        row_number() over (
            partition by source_deposit_id
            order by days_apart, source_payout_id
        ) as payout_rank
    from near

)

select
    source_system,
    source_payout_id,
    source_deposit_id,
    deposit_date,
    'payout_id' as match_method,
    1.0 as match_confidence
from by_id
union all
select
    source_system,
    source_payout_id,
    source_deposit_id,
    deposit_date,
    'amount_and_date' as match_method,
    0.95 as match_confidence
from ranked
where deposit_rank = 1 and payout_rank = 1
