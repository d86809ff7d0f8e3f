with margins as (

    select * from {{ ref('fct_order_margins') }}

),

days as (

    select
        order_date,
        location_key,
        channel_key,
        sum(case when is_counted then 1 else 0 end) as orders_count,
        sum(net_amount) as net_amount,
        sum(known_cost_net_amount) as known_cost_net_amount,
        sum(cost_amount) as cost_amount,
        sum(gross_margin_amount) as gross_margin_amount,
        sum(payment_fee_amount) as payment_fee_amount,
        sum(known_cost_payment_fee_amount) as known_cost_payment_fee_amount,
        sum(case when is_payment_fee_known then net_amount else 0 end) as known_fee_net_amount,
        sum(shipping_cost_amount) as shipping_cost_amount,
        sum(case when is_shipping_cost_known then net_amount else 0 end)
            as known_shipping_net_amount,
        sum(contribution_margin_amount) as contribution_margin_amount,
        max(load_number) as load_number
    from margins
    group by order_date, location_key, channel_key

)

select
    days.order_date,
    days.location_key,
    locations.location_name,
    days.channel_key,
    channels.channel_name,
    days.orders_count,
    {% for amount in (
        'net_amount', 'known_cost_net_amount', 'cost_amount', 'gross_margin_amount',
        'payment_fee_amount', 'known_cost_payment_fee_amount', 'known_fee_net_amount',
        'shipping_cost_amount', 'known_shipping_net_amount', 'contribution_margin_amount',
    ) %}
        cast(days.{{ amount }} as {{ dbt.type_numeric() }}) as {{ amount }},
    {% endfor %}
    {% for rate, known in (
        ('cost_coverage_rate', 'known_cost_net_amount'),
        ('payment_fee_coverage_rate', 'known_fee_net_amount'),
        ('shipping_cost_coverage_rate', 'known_shipping_net_amount'),
    ) %}
        cast(case
            when days.net_amount > 0 then days.{{ known }} / days.net_amount
        end as {{ dbt.type_numeric() }}) as {{ rate }},
    {% endfor %}
    days.load_number
from days
left join {{ ref('dim_locations') }} as locations on days.location_key = locations.location_key
left join {{ ref('dim_channels') }} as channels on days.channel_key = channels.channel_key
