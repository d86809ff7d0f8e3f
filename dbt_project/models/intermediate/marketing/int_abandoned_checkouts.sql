with checkouts as (

    select * from {{ ref('stg_shopify__abandoned_checkouts') }}

),

shops as (

    select min(time_zone) as time_zone from {{ ref('stg_shopify__shops') }}

)

-- A checkout that was completed later is counted as its order.
select
    checkouts.source_checkout_id,
    checkouts.subtotal_amount,
    cast({{ local_time('checkouts.checked_out_at', 'shops.time_zone') }} as date) as checkout_date,
    checkouts.load_number
from checkouts
cross join shops
where checkouts.completed_at is null
