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

days as (

    select
        sale_date,
        location_key,
        channel_key,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(reversal_amount) as reversal_amount,
        sum(net_amount) as net_amount,
        sum(tax_amount) as tax_amount,
        sum(case when line_type = 'tip' then total_amount else 0 end) as tip_amount,
        sum(case when line_type = 'tip' then 0 else total_amount end) as total_amount,
        count(distinct case
            when action_type = 'order' and line_type = 'product' then order_key
        end) as orders_count,
        count(distinct case
            when action_type = 'order' and line_type = 'product' and net_amount > 0 then order_key
        end) as positive_orders_count,
        count(distinct case
            when
                action_type = 'order' and line_type = 'product'
                and customer_key is not null then order_key
        end) as identified_orders_count,
        sum(case when customer_key is not null then net_amount else 0 end) as identified_net_amount,
        sum(quantity) as units,
        max(source_updated_at) as source_updated_at,
        max(load_number) as load_number
    from lines
    group by sale_date, location_key, channel_key

)

select
    days.sale_date,
    days.location_key,
    locations.location_name,
    days.channel_key,
    channels.channel_name,
    cast(days.gross_amount as {{ dbt.type_numeric() }}) as gross_amount,
    cast(days.discount_amount as {{ dbt.type_numeric() }}) as discount_amount,
    cast(days.reversal_amount as {{ dbt.type_numeric() }}) as reversal_amount,
    cast(days.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(days.tax_amount as {{ dbt.type_numeric() }}) as tax_amount,
    cast(days.tip_amount as {{ dbt.type_numeric() }}) as tip_amount,
    cast(days.total_amount as {{ dbt.type_numeric() }}) as total_amount,
    days.orders_count,
    days.positive_orders_count,
    days.identified_orders_count,
    cast(days.identified_net_amount as {{ dbt.type_numeric() }}) as identified_net_amount,
    cast(days.units as {{ dbt.type_numeric() }}) as units,
    days.source_updated_at,
    days.load_number
from days
left join {{ ref('dim_locations') }} as locations on days.location_key = locations.location_key
left join {{ ref('dim_channels') }} as channels on days.channel_key = channels.channel_key
