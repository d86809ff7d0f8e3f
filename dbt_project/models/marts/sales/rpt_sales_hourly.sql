{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='sale_date',
    on_schema_change='fail',
    pre_hook="{{ delete_changed('sale_date') }}", indexes=[{'columns': ['sale_date']}]
) }}

with changes as (

    select * from {{ ref('fct_sale_changes') }}

),

lines as (

    select * from {{ ref('fct_counted_sale_lines') }}
    {% if is_incremental() %}
    where sale_date in (select sale_date from changes where {{ loaded_since_last_build() }})
    {% endif %}

),

-- An order belongs to the hour of its first line, so that hours add up to the day's orders.
timed as (

    select
        lines.*,
        min(case when action_type = 'order' then sale_hour end)
            over (partition by order_key, sale_date) as order_hour
    from lines

),

hours as (

    select
        sale_date,
        location_key,
        coalesce(order_hour, sale_hour) as sale_hour,
        sum(net_amount) as net_amount,
        count(distinct case
            when action_type = 'order' and line_type = 'product' then order_key
        end) as orders_count,
        sum(quantity) as units,
        max(load_number) as load_number
    from timed
    group by 1, 2, 3

)

select
    hours.sale_date,
    hours.sale_hour,
    {{ iso_weekday('hours.sale_date') }} as day_of_week_number,
    {{ day_name(iso_weekday('hours.sale_date')) }} as day_name,
    hours.location_key,
    locations.location_name,
    cast(hours.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    hours.orders_count,
    cast(hours.units as {{ dbt.type_numeric() }}) as units,
    hours.load_number
from hours
left join {{ ref('dim_locations') }} as locations on hours.location_key = locations.location_key
