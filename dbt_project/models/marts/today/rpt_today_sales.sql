-- depends_on: {{ ref('int_sale_arrivals') }}
-- depends_on: {{ ref('rpt_sales_daily') }}
{%- set pending = is_pending() %}
with ledger as (

    select * from {{ ref('fct_sale_lines') }}

),

arrived as (

    select * from {{ ref('int_sale_lines') }}
    where {{ pending }} and superseded_number is null

),

-- Repeats of a Shopify order are known at once; what the books repeat comes days later.
repeats as (

    select source_order_id from {{ ref('int_sale_matches_from_square') }}

),

locations as (

    select * from {{ ref('dim_locations') }}

),

channels as (

    select * from {{ ref('dim_channels') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

identities as (

    select * from {{ ref('int_product_identities') }}

),

-- The ledger of today, as it was built last.
settled as (

    select
        sale_line_key,
        order_key,
        source_system,
        location_key,
        cast(null as {{ dbt.type_string() }}) as location_name,
        channel_key,
        cast(null as {{ dbt.type_string() }}) as channel_name,
        product_key,
        line_type,
        action_type,
        quantity,
        net_amount,
        occurred_at,
        sale_date,
        sale_hour,
        load_number
    from ledger
    where
        exclusion_reason is null
        and sale_date >= {{ last_day_of_ledger() }}
        and not ({{ pending }})

),

-- What came since, by the rules of the ledger.
fresh as (

    select
        {{ surrogate_key([
            'arrived.source_system', 'arrived.source_record_id', 'arrived.source_version_id',
            'arrived.version_load_number', 'arrived.line_type'
        ]) }} as sale_line_key,
        {{ surrogate_key(['arrived.source_system', 'arrived.source_order_id']) }} as order_key,
        arrived.source_system,
        {{ location_key('coalesce(arrived.location_name, ' ~ default_location() ~ ')') }}
            as location_key,
        coalesce(arrived.location_name, {{ default_location() }}) as location_name,
        {{ channel_key('coalesce(arrived.channel_name, ' ~ default_channel() ~ ')') }}
            as channel_key,
        coalesce(arrived.channel_name, {{ default_channel() }}) as channel_name,
        identities.product_key,
        arrived.line_type,
        arrived.action_type,
        case when arrived.line_type = 'product' then arrived.signed_quantity else 0 end as quantity,
        arrived.line_gross_amount - arrived.line_discount_amount - arrived.line_reversal_amount
            as net_amount,
        arrived.sold_at as occurred_at,
        arrived.sale_date,
        case when arrived.is_time_known then {{ local_hour('arrived.sold_local_at') }} end
            as sale_hour,
        arrived.load_number
    from arrived
    left join identities
        on
            arrived.source_system = identities.source_system
            and arrived.source_product_id = identities.source_product_id
    where
        arrived.exclusion_reason is null
        and not (
            arrived.source_system = 'square'
            and arrived.source_order_id in (select source_order_id from repeats)
        )

),

lines as (

    select * from settled
    union all
    select * from fresh

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
    coalesce(locations.location_name, lines.location_name) as location_name,
    lines.channel_key,
    coalesce(channels.channel_name, lines.channel_name) as channel_name,
    lines.product_key,
    case
        when lines.line_type = 'product' then coalesce(products.product_name, 'New product')
    end as product_name,
    case
        when lines.line_type = 'product' then coalesce(products.category_name, 'Uncategorised')
    end as category_name,
    lines.line_type,
    lines.action_type,
    cast(lines.quantity as {{ dbt.type_numeric() }}) as quantity,
    cast(lines.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    {{ local_time(
        'lines.occurred_at',
        'coalesce(locations.time_zone, ' ~ business_setting('time_zone') ~ ')'
    ) }} as sold_local_at,
    lines.sale_date,
    lines.sale_hour,
    lines.load_number
from lines
inner join day_shown on lines.sale_date = day_shown.sale_date
left join locations on lines.location_key = locations.location_key
left join channels on lines.channel_key = channels.channel_key
left join products on lines.product_key = products.product_key
