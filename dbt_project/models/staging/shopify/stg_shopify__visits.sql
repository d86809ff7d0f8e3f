with documents as (

    select * from {{ source('raw_shopify', 'orders') }}

)

{% for visit in ('first', 'last') %}
    {%- set column = 'customer_journey_summary_' ~ visit ~ '_visit_' %}
    select
        id as source_order_id,
        '{{ visit }}' as visit_position,
        {{ column }}id as source_visit_id,
        {{ column }}occurred_at as visited_at,
        {{ column }}landing_page as landing_page,
        coalesce({{ column }}utm_parameters_source, {{ column }}source) as visit_source,
        {{ column }}utm_parameters_medium as utm_medium,
        {{ column }}utm_parameters_campaign as utm_campaign,
        {{ column }}source_type as tactic,
        customer_journey_summary_days_to_conversion as days_to_conversion,
        _load_number as load_number
    from documents
    where {{ column }}id is not null
    {% if not loop.last %}union all{% endif %}
{% endfor %}
