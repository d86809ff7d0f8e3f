with payouts as (

    select * from {{ ref('int_payouts') }}

),

matches as (

    select * from {{ ref('int_payout_deposits') }}

)

select
    {{ surrogate_key(['payouts.source_system', 'payouts.source_payout_id']) }} as payout_key,
    payouts.source_system,
    payouts.source_payout_id,
    payouts.location_name,
    payouts.payout_status,
    payouts.currency_code,
    cast(payouts.gross_amount as {{ dbt.type_numeric() }}) as gross_amount,
    cast(payouts.fee_amount as {{ dbt.type_numeric() }}) as fee_amount,
    cast(payouts.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(payouts.net_amount - coalesce(payouts.entries_net_amount, 0) as {{ dbt.type_numeric() }})
        as unexplained_amount,
    cast(payouts.entries_count as {{ dbt.type_bigint() }}) as entries_count,
    payouts.payout_date,
    matches.source_deposit_id,
    matches.deposit_date,
    matches.match_method,
    cast(matches.match_confidence as {{ dbt.type_numeric() }}) as match_confidence,
    payouts.load_number
from payouts
left join matches
    on
        payouts.source_system = matches.source_system
        and payouts.source_payout_id = matches.source_payout_id
