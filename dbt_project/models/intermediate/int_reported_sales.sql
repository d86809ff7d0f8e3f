{%- set common = [
    'gross_amount', 'discount_amount', 'reversal_amount', 'net_amount', 'tax_amount', 'tip_amount',
    'orders_count'
] -%}
{%- set measures = {
    'shopify': common + ['shipping_amount', 'fee_amount', 'total_amount', 'units'],
    'square': common + ['service_charge_amount'],
} -%}
{% for system in ('shopify', 'square') %}
    {% for measure in measures[system] %}
        select
            '{{ system }}' as source_system,
            sale_date,
            '{{ measure }}' as measure,
            sum({{ measure }}) as source_amount
        from {{ ref('stg_' ~ system ~ '__sales_days') }}
        group by sale_date
        {% if not loop.last %} union all {% endif %}
    {% endfor %}
    {% if not loop.last %} union all {% endif %}
{% endfor %}
