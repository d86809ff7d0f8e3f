with customers as (

    select * from {{ ref('fct_customer_rfm') }}

),

segments as (

    select * from {{ ref('rfm_segments') }}

),

as_of as (

    select {{ as_of_date() }} as snapshot_date

),

totals as (

    select
        segments.segment,
        count(customers.customer_key) as customers_count,
        sum(coalesce(customers.monetary_amount, 0)) as net_amount,
        avg(customers.recency_days) as average_recency_days,
        avg(customers.frequency) as average_frequency,
        avg(customers.monetary_amount) as average_monetary_amount,
        max(customers.load_number) as load_number
    from segments
    left join customers on segments.segment = customers.segment
    group by segments.segment

)

select
    segments.segment,
    cast(segments.segment_rank as {{ dbt.type_int() }}) as segment_rank,
    segments.recommended_action,
    as_of.snapshot_date,
    totals.customers_count,
    cast(coalesce(
        totals.customers_count * 1.0 / nullif(sum(totals.customers_count) over (), 0), 0
    ) as {{ dbt.type_numeric() }}) as customers_share_rate,
    cast(totals.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(
        coalesce(totals.net_amount / nullif(sum(totals.net_amount) over (), 0), 0)
        as {{ dbt.type_numeric() }}
    ) as net_share_rate,
    cast(totals.average_recency_days as {{ dbt.type_numeric() }}) as average_recency_days,
    cast(totals.average_frequency as {{ dbt.type_numeric() }}) as average_frequency,
    cast(totals.average_monetary_amount as {{ dbt.type_numeric() }}) as average_monetary_amount,
    totals.load_number
from segments
inner join totals on segments.segment = totals.segment
cross join as_of
