{%- set measures = (
    ('r', 'recency_days', 'recency_days', 'desc'),
    ('f', 'frequency', 'frequency', 'asc'),
    ('m', 'monetary_order_values', 'monetary_amount', 'asc'),
) -%}
with as_of as (

    select {{ as_of_date() }} as snapshot_date

),

customers as (

    select
        customers.customer_key,
        {{ dbt.datediff('customers.last_order_date', 'as_of.snapshot_date', 'day') }}
            as recency_days,
        customers.orders_count as frequency,
        greatest(customers.net_amount, 0) as monetary_amount,
        customers.load_number
    from {{ ref('dim_customers') }} as customers
    cross join as_of
    where customers.orders_count > 0 and customers.last_order_date <= as_of.snapshot_date

),

shop as (

    select
        count(*) as customers_count,
        sum(monetary_amount) / sum(frequency) as order_value_amount,
        case
            when {{ business_setting('rfm_mode') }} in ('quantile', 'fixed')
                then {{ business_setting('rfm_mode') }}
            when count(*) >= {{ var('rfm_quantile_minimum_customers') }} then 'quantile'
            else 'fixed'
        end as score_mode
    from customers

),

-- Each value that customers have is ranked and scored once, so that equal customers get equal
-- scores, however many share a value. The rank is the share of the others that are worse.
{% for letter, measure, column, direction in measures %}
    {{ letter }}_values as (

        select
            {{ column }},
            count(*) as customers_count
        from customers
        group by {{ column }}

    ),

    {{ letter }}_ranks as (

        select
            {{ letter }}_values.{{ column }},
            1.0 * (
                sum({{ letter }}_values.customers_count) over (
                    order by {{ letter }}_values.{{ column }} {{ direction }}
                    rows between unbounded preceding and current row
                ) - {{ letter }}_values.customers_count
            ) / greatest(shop.customers_count - 1, 1) as percent_rank
        from {{ letter }}_values
        cross join shop

    ),

    {{ letter }}_scores as (

        select
            ranks.{{ column }},
            {# Customers whose purchases were all reversed lead nothing. -#}
            case
                {% if letter == 'm' %}when ranks.monetary_amount <= 0 then 1{% endif %}
                when shop.score_mode = 'quantile' then {{ quintile('ranks.percent_rank') }}
                else thresholds.score
            end as {{ letter }}_score
        from {{ letter }}_ranks as ranks
        cross join shop
        left join {{ ref('rfm_fixed_thresholds') }} as thresholds
            on
                shop.score_mode = 'fixed'
                and {{ in_threshold(
                    'thresholds', measure,
                    'coalesce(ranks.monetary_amount / nullif(shop.order_value_amount, 0), 0)'
                    if letter == 'm' else 'ranks.' ~ column
                ) }}

    ),

{% endfor %}
valued as (

    select
        customers.*,
        shop.score_mode,
        r_scores.r_score,
        case when customers.monetary_amount <= 0 then 1 else f_scores.f_score end as f_score,
        m_scores.m_score
    from customers
    cross join shop
    inner join r_scores on customers.recency_days = r_scores.recency_days
    inner join f_scores on customers.frequency = f_scores.frequency
    inner join m_scores on customers.monetary_amount = m_scores.monetary_amount

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
    as_of.snapshot_date,
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
    scored.load_number
from scored
cross join as_of
left join segments
    on scored.r_score = segments.r_score and scored.fm_score = segments.fm_score
