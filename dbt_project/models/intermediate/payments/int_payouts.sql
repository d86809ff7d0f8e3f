with shops as (

    select min(time_zone) as time_zone
    from {{ ref('stg_shopify__shops') }}

),

locations as (

    select * from {{ ref('stg_square__locations') }}

),

shopify_parts as (

    select
        source_payout_id,
        sum(gross_amount) as gross_amount,
        sum(fee_amount) as fee_amount,
        sum(net_amount) as net_amount,
        count(*) as entries_count
    from {{ ref('stg_shopify__balance_transactions') }}
    group by source_payout_id

),

square_parts as (

    select
        source_payout_id,
        sum(gross_amount) as gross_amount,
        sum(fee_amount) as fee_amount,
        sum(net_amount) as net_amount,
        count(*) as entries_count
    from {{ ref('stg_square__payout_entries') }}
    group by source_payout_id

)

select
    'shopify' as source_system,
    payouts.source_payout_id,
    payouts.payout_number,
    cast(null as {{ dbt.type_string() }}) as location_name,
    lower(payouts.status) as payout_status,
    payouts.currency_code,
    parts.gross_amount,
    parts.fee_amount,
    parts.net_amount as entries_net_amount,
    payouts.net_amount,
    parts.entries_count,
    cast({{ local_time('payouts.issued_at', 'shops.time_zone') }} as date) as payout_date,
    payouts.load_number
from {{ ref('stg_shopify__payouts') }} as payouts
cross join shops
left join shopify_parts as parts on payouts.source_payout_id = parts.source_payout_id
union all
select
    'square' as source_system,
    payouts.source_payout_id,
    payouts.source_payout_id as payout_number,
    locations.location_name,
    lower(payouts.status) as payout_status,
    payouts.currency_code,
    parts.gross_amount,
    parts.fee_amount,
    parts.net_amount as entries_net_amount,
    payouts.net_amount,
    parts.entries_count,
    cast({{ local_time('payouts.issued_at', 'locations.time_zone') }} as date) as payout_date,
    payouts.load_number
from {{ ref('stg_square__payouts') }} as payouts
inner join locations on payouts.source_location_id = locations.source_location_id
left join square_parts as parts on payouts.source_payout_id = parts.source_payout_id
