{#- What each step adds to or takes from what is left, and its name. -#}
{%- set steps = (
    ('Gross sales', 'gross_amount'),
    ('Discounts', '-discount_amount'),
    ('Refunds', '-reversal_amount'),
    ('Cost not known', 'known_cost_net_amount - net_amount'),
    ('Product cost', '-cost_amount'),
    ('Payment fees', '-known_cost_payment_fee_amount'),
) -%}

with orders as (

    select
        order_date,
        location_key,
        channel_key,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(reversal_amount) as reversal_amount
    from {{ ref('fct_orders') }}
    group by order_date, location_key, channel_key

),

contributions as (

    select * from {{ ref('rpt_contribution_daily') }}

),

days as (

    select
        contributions.*,
        orders.gross_amount,
        orders.discount_amount,
        orders.reversal_amount
    from contributions
    inner join orders
        on
            contributions.order_date = orders.order_date
            and contributions.location_key = orders.location_key
            and contributions.channel_key = orders.channel_key

),

steps as (

    {% for name, amount in steps %}
        select
            order_date,
            location_key,
            location_name,
            channel_key,
            channel_name,
            {{ loop.index }} as step_number,
            '{{ name }}' as step_name,
            {{ amount }} as amount,
            load_number
        from days
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    order_date,
    location_key,
    location_name,
    channel_key,
    channel_name,
    step_number,
    step_name,
    cast(amount as {{ dbt.type_numeric() }}) as amount,
    load_number
from steps
where amount <> 0
