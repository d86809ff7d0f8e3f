{# What the lifetime models say of a customer, in the order in which it is shown. #}
{% macro lifetime_figures() %}
    {{ return([
        'is_alive_probability', 'expected_orders_12m', 'lower_80_orders_12m', 'upper_80_orders_12m',
        'expected_margin_per_order_amount', 'expected_margin_12m_amount',
        'lower_80_margin_12m_amount', 'upper_80_margin_12m_amount', 'discounted_margin_12m_amount',
        'expected_net_12m_amount'
    ]) }}
{% endmacro %}
