with visits as (

    select * from {{ ref('stg_shopify__visits') }}

),

-- One visit that is both the first and the last is one touchpoint.
distinct_visits as (

    select
        visits.*,
        row_number() over (
            partition by source_order_id, source_visit_id
            order by visit_position
        ) as repetition
    from visits

),

numbered as (

    select
        distinct_visits.*,
        row_number() over (
            partition by source_order_id
            order by visited_at, visit_position
        ) as touchpoint_number,
        count(*) over (partition by source_order_id) as touchpoints_count
    from distinct_visits
    where repetition = 1

)

select
    source_order_id,
    touchpoint_number,
    touchpoints_count,
    source_visit_id,
    visited_at,
    days_to_conversion,
    landing_page,
    coalesce(visit_source, 'direct') as visit_source,
    utm_medium,
    utm_campaign,
    {{ marketing_channel('visit_source', 'utm_medium', 'tactic') }} as marketing_channel,
    {{ is_paid_visit('utm_medium', 'tactic') }} as is_paid,
    load_number
from numbered
