with customers as (

    select
        rfm.customer_key,
        rfm.snapshot_date,
        rfm.segment,
        rfm.m_score,
        rfm.load_number,
        coalesce(dim_customers.accepts_marketing, false) as is_contact_allowed
    from {{ ref('fct_customer_rfm') }} as rfm
    inner join {{ ref('dim_customers') }} as dim_customers
        on rfm.customer_key = dim_customers.customer_key

),

lifetimes as (

    select
        stg_ml__customer_lifetimes.*,
        percent_rank() over (order by coalesce(expected_margin_12m_amount, expected_net_12m_amount))
            as value_rank
    from {{ ref('stg_ml__customer_lifetimes') }} as stg_ml__customer_lifetimes

),

churn as (

    select * from {{ ref('stg_ml__customer_churn') }}

),

offers as (

    select * from {{ ref('stg_ml__customer_offers') }}
    where offer_rank = 1

),

products as (

    select * from {{ ref('dim_products') }}

),

rated as (

    select
        customers.*,
        churn.model as churn_model,
        churn.churn_horizon_days,
        churn.churn_probability,
        churn.is_active,
        churn.churn_reasons,
        lifetimes.model as lifetime_model,
        {% for figure in lifetime_figures() %}
            lifetimes.{{ figure }},
        {% endfor %}
        lifetimes.next_purchase_date,
        offers.product_key as next_best_product_key,
        case
            when churn.churn_probability >= {{ var('churn_risk_high') }} then 'high'
            when churn.churn_probability >= {{ var('churn_risk_medium') }} then 'medium'
            when churn.churn_probability is not null then 'low'
        end as churn_risk,
        case
            when coalesce(lifetimes.value_rank, (customers.m_score - 1) / 4.0) >= 0.8 then 'high'
            when coalesce(lifetimes.value_rank, (customers.m_score - 1) / 4.0) >= 0.5 then 'middle'
            else 'low'
        end as value_tier
    from customers
    left join lifetimes on customers.customer_key = lifetimes.customer_key
    left join churn on customers.customer_key = churn.customer_key
    left join offers on customers.customer_key = offers.customer_key

),

-- The rule of each kind of customer, so that customers are joined by equality.
kinds as (

    select distinct
        segment,
        churn_risk,
        value_tier
    from rated
    where churn_risk is not null

),

fitting as (

    select
        kinds.*,
        actions.needs_consent,
        actions.action,
        actions.action_without_consent,
        row_number() over (
            partition by kinds.segment, kinds.churn_risk, kinds.value_tier order by actions.priority
        ) as place
    from kinds
    inner join {{ ref('customer_actions') }} as actions
        on
            actions.segment in ('*', kinds.segment)
            and actions.churn_risk in ('*', kinds.churn_risk)
            and actions.value_tier in ('*', kinds.value_tier)

),

segments as (

    select * from {{ ref('rfm_segments') }}

)

select
    rated.customer_key,
    rated.snapshot_date,
    rated.segment,
    rated.is_contact_allowed,
    rated.is_active,
    rated.churn_model,
    rated.churn_horizon_days,
    cast(rated.churn_probability as {{ dbt.type_numeric() }}) as churn_probability,
    rated.churn_risk,
    rated.churn_reasons,
    rated.lifetime_model,
    {% for figure in lifetime_figures() %}
        cast(rated.{{ figure }} as {{ dbt.type_numeric() }}) as {{ figure }},
    {% endfor %}
    rated.value_tier,
    rated.next_purchase_date,
    rated.next_best_product_key,
    products.product_name as next_best_product_name,
    -- What the segment recommends is mostly a letter.
    case
        when fitting.action is null and rated.is_contact_allowed then segments.recommended_action
        when fitting.action is null then 'Greet and offer at the next visit: they may not be written to'
        when fitting.needs_consent and not rated.is_contact_allowed
            then fitting.action_without_consent
        else fitting.action
    end as recommended_action,
    rated.load_number
from rated
left join fitting
    on
        rated.segment = fitting.segment and rated.churn_risk = fitting.churn_risk
        and rated.value_tier = fitting.value_tier and fitting.place = 1
left join segments on rated.segment = segments.segment
left join products on rated.next_best_product_key = products.product_key
