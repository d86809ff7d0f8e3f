with as_of as (

    select {{ as_of_date() }} as snapshot_date

),

customers as (

    select
        customers.customer_key,
        as_of.snapshot_date,
        {{ dbt.datediff('customers.last_order_date', 'as_of.snapshot_date', 'day') }}
            as recency_days,
        customers.orders_count as frequency,
        greatest(customers.net_amount, 0) as monetary_amount,
        greatest(customers.net_amount, 0) / nullif(
            sum(greatest(customers.net_amount, 0)) over () / sum(customers.orders_count) over (), 0
        ) as monetary_order_values,
        count(*) over () as customers_count,
        customers.loaded_at
    from {{ ref('dim_customers') }} as customers
    cross join as_of
    where customers.orders_count > 0 and customers.last_order_date <= as_of.snapshot_date

),

-- percent_rank gives equal customers equal ranks, however many share a value.
ranked as (

    select
        customers.*,
        percent_rank() over (order by recency_days desc) as recency_rank,
        percent_rank() over (order by frequency asc) as frequency_rank,
        percent_rank() over (order by monetary_amount asc) as monetary_rank,
        case
            when '{{ var("rfm_mode") }}' in ('quantile', 'fixed') then '{{ var("rfm_mode") }}'
            when customers_count >= {{ var('rfm_quantile_minimum_customers') }} then 'quantile'
            else 'fixed'
        end as score_mode
    from customers

),

fixed as (

    select
        ranked.*,
        recency.score as fixed_r_score,
        frequency.score as fixed_f_score,
        monetary.score as fixed_m_score
    from ranked
    left join {{ ref('rfm_fixed_thresholds') }} as recency
        on
            ranked.score_mode = 'fixed'
            and {{ in_threshold('recency', 'recency_days', 'ranked.recency_days') }}
    left join {{ ref('rfm_fixed_thresholds') }} as frequency
        on
            ranked.score_mode = 'fixed'
            and {{ in_threshold('frequency', 'frequency', 'ranked.frequency') }}
    left join {{ ref('rfm_fixed_thresholds') }} as monetary
        on
            ranked.score_mode = 'fixed'
            and {{ in_threshold(
                'monetary', 'monetary_order_values', 'coalesce(ranked.monetary_order_values, 0)'
            ) }}

),

-- Customers whose purchases were all reversed lead nothing.
valued as (

    select
        customer_key,
        snapshot_date,
        recency_days,
        frequency,
        monetary_amount,
        score_mode,
        loaded_at,
        case when score_mode = 'quantile' then {{ quintile('recency_rank') }} else fixed_r_score end
            as r_score,
        case
            when monetary_amount <= 0 then 1
            when score_mode = 'quantile' then {{ quintile('frequency_rank') }}
            else fixed_f_score
        end as f_score,
        case
            when monetary_amount <= 0 then 1
            when score_mode = 'quantile' then {{ quintile('monetary_rank') }}
            else fixed_m_score
        end as m_score
    from fixed

),

scored as (

    select
        valued.*,
        -- The mean of both scores, halves rounded up.
        cast(floor((f_score + m_score + 1) / 2.0) as {{ dbt.type_int() }}) as fm_score
    from valued

),

pairs as (

    select distinct
        r_score,
        fm_score
    from scored

),

-- The segment of each pair of scores, so that customers are joined by equality.
segments as (

    select
        pairs.r_score,
        pairs.fm_score,
        named.segment
    from pairs
    inner join {{ ref('rfm_segments') }} as named
        on
            pairs.r_score between named.r_min and named.r_max
            and pairs.fm_score between named.fm_min and named.fm_max

)

select
    scored.customer_key,
    scored.snapshot_date,
    cast(scored.recency_days as {{ dbt.type_int() }}) as recency_days,
    cast(scored.frequency as {{ dbt.type_bigint() }}) as frequency,
    cast(scored.monetary_amount as {{ dbt.type_numeric() }}) as monetary_amount,
    cast(scored.r_score as {{ dbt.type_int() }}) as r_score,
    cast(scored.f_score as {{ dbt.type_int() }}) as f_score,
    cast(scored.m_score as {{ dbt.type_int() }}) as m_score,
    cast(scored.r_score * 100 + scored.f_score * 10 + scored.m_score as {{ dbt.type_int() }})
        as rfm_score,
    segments.segment,
    scored.score_mode,
    scored.loaded_at
from scored
left join segments
    on scored.r_score = segments.r_score and scored.fm_score = segments.fm_score
