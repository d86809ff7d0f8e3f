{%- set common = [
    'gross_amount', 'discount_amount', 'reversal_amount', 'net_amount', 'tax_amount', 'tip_amount',
    'orders_count'
] -%}
{%- set measures = {
    'shopify': common + ['shipping_amount', 'fee_amount', 'total_amount', 'units'],
    'square': common + ['service_charge_amount'],
} -%}
with shops as (

    select min(currency_code) as currency_code
    from {{ ref('stg_shopify__shops') }}

),

days_of_shopify as (

    select
        sales_days.*,
        shops.currency_code
    from {{ ref('stg_shopify__sales_days') }} as sales_days
    cross join shops

),

days_of_square as (

    select
        sales_days.*,
        locations.currency_code
    from {{ ref('stg_square__sales_days') }} as sales_days
    left join {{ ref('stg_square__locations') }} as locations
        on sales_days.source_location_id = locations.source_location_id

)

{% for system in ('shopify', 'square') %}
    {% for measure in measures[system] %}
        select
            '{{ system }}' as source_system,
            sale_date,
            currency_code,
            '{{ measure }}' as measure,
            sum({{ measure }}) as source_amount,
            max(load_number) as load_number
        from days_of_{{ system }}
        group by sale_date, currency_code
        {% if not loop.last %} union all {% endif %}
    {% endfor %}
    {% if not loop.last %} union all {% endif %}
{% endfor %}
