with lines as (

    select * from {{ ref('fct_counted_sale_lines') }}

),

-- A day without a sale yet shows the last one that had some.
day_shown as (

    select max(sale_date) as sale_date
    from lines
    where
        line_type = 'product' and action_type = 'order'
        and sale_date <= {{ clock_setting('today_date') }}

)

select
    lines.sale_line_key,
    lines.order_key,
    lines.source_system,
    lines.location_key,
    locations.location_name,
    lines.channel_key,
    channels.channel_name,
    lines.product_key,
    case
        when lines.line_type = 'product' then coalesce(products.product_name, 'New product')
    end as product_name,
    case
        when lines.line_type = 'product' then coalesce(products.category_name, 'Uncategorised')
    end as category_name,
    lines.line_type,
    lines.action_type,
    lines.quantity,
    lines.net_amount,
    {{ local_time(
        'lines.occurred_at',
        'coalesce(locations.time_zone, ' ~ business_setting('time_zone') ~ ')'
    ) }} as sold_local_at,
    lines.sale_date,
    lines.sale_hour,
    lines.load_number
from lines
left join {{ ref('dim_locations') }} as locations on lines.location_key = locations.location_key
left join {{ ref('dim_channels') }} as channels on lines.channel_key = channels.channel_key
left join {{ ref('dim_products') }} as products on lines.product_key = products.product_key
where lines.sale_date = (select sale_date from day_shown)
