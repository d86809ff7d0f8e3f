-- depends_on: {{ ref('int_changed_orders') }}
-- depends_on: {{ ref('int_exchange_rates') }}
{%- set changed_orders = changed_sale_orders() if is_incremental() -%}
{{ config(
    materialized='incremental', incremental_strategy='rebuild_orders', unique_key='order_key',
    on_schema_change='fail',
    indexes=[
        {'columns': ['order_key']}, {'columns': ['source_order_id']}, {'columns': ['sale_date']},
        {'columns': ['order_date']}, {'columns': ['load_number']}, {'columns': ['customer_key']},
        {'columns': ['customer_record_id']}, {'columns': ['shop_currency_code']}
    ]
) }}

with lines as (

    select * from {{ ref('int_sale_lines') }}

),

costs as (

    select * from {{ ref('int_product_costs') }}

),

products as (

    select * from {{ ref('int_product_identities') }}

),

identities as (

    select * from {{ ref('stg_ml__customer_identities') }}

),

affected as (

    select * from lines
    {% if is_incremental() %}
    where {{ is_among('source_order_id', changed_orders) }}
    {% endif %}

),

keyed as (

    select
        affected.*,
        case
            when affected.line_type = 'product' and affected.source_product_id is not null
                then coalesce(
                    products.product_key,
                    {{ surrogate_key(['affected.source_system', 'affected.source_product_id']) }}
                )
        end as product_key,
        products.changed_number as product_changed_number
    from affected
    left join products
        on
            affected.source_system = products.source_system
            and affected.source_product_id = products.source_product_id

),

costed as (

    select
        keyed.*,
        case
            when keyed.line_type <> 'product' then null
            when keyed.cost_amount is not null and keyed.action_type = 'order'
                then keyed.cost_amount
            when keyed.cost_amount is not null then -abs(keyed.cost_amount)
            else costs.unit_cost_amount * keyed.signed_quantity
        end as line_cost_amount,
        costs.load_number as cost_load_number
    from keyed
    left join costs
        on
            keyed.product_key = costs.product_key
            and keyed.sale_date >= costs.valid_from_date
            and (costs.valid_until_date is null or keyed.sale_date < costs.valid_until_date)

),

order_dates as (

    select
        source_system,
        source_order_id,
        min(sale_date) as order_date
    from affected
    where superseded_number is null
    group by source_system, source_order_id

),

final as (

    select
        -- ids
        {{ surrogate_key([
            'costed.source_system', 'costed.source_record_id', 'costed.source_version_id',
            'costed.version_load_number', 'costed.line_type'
        ]) }} as sale_line_key,
        costed.source_system,
        costed.source_record_id,
        {{ surrogate_key(['costed.source_system', 'costed.source_order_id']) }} as order_key,
        costed.source_order_id,
        {{ location_key('coalesce(costed.location_name, ' ~ default_location() ~ ')') }}
            as location_key,
        {{ channel_key('coalesce(costed.channel_name, ' ~ default_channel() ~ ')') }}
            as channel_key,
        costed.customer_record_id,
        {{ customer_key('coalesce(identities.person_record_id, costed.customer_record_id)') }}
            as customer_key,
        costed.product_key,
        costed.staff_token as staff_key,

        -- what happened
        costed.line_type,
        costed.action_type,
        costed.payment_method,
        costed.currency_code,
        costed.shop_currency_code,
        costed.source_currency_code,
        costed.exchange_rate,
        costed.exchange_rate_source,
        costed.source_total_amount,

        -- numbers
        case when costed.line_type = 'product' then costed.signed_quantity else 0 end as quantity,
        costed.line_gross_amount as gross_amount,
        costed.line_discount_amount as discount_amount,
        costed.line_reversal_amount as reversal_amount,
        costed.line_tax_amount as tax_amount,
        costed.line_gross_amount - costed.line_discount_amount - costed.line_reversal_amount
            as net_amount,
        costed.line_gross_amount - costed.line_discount_amount - costed.line_reversal_amount
        + costed.line_tax_amount + costed.charge_amount as total_amount,
        costed.line_cost_amount as cost_amount,
        costed.line_cost_amount is not null as is_cost_known,

        -- counted or not
        case
            when costed.canonical_system is not null
                then {{ surrogate_key(['costed.canonical_system', 'costed.canonical_order_id']) }}
            else {{ surrogate_key(['costed.source_system', 'costed.source_order_id']) }}
        end as canonical_sale_id,
        costed.exclusion_reason,
        costed.match_method,
        costed.match_confidence,

        -- times
        costed.sold_at as occurred_at,
        costed.sale_date,
        case when costed.is_time_known then {{ local_hour('costed.sold_local_at') }} end
            as sale_hour,
        coalesce(costed.order_date, order_dates.order_date, costed.sale_date) as order_date,
        costed.source_updated_at,
        greatest(
            costed.load_number,
            coalesce(costed.superseded_number, costed.load_number),
            coalesce(costed.cost_load_number, costed.load_number),
            coalesce(costed.product_changed_number, costed.load_number),
            coalesce(identities.changed_number, costed.load_number)
        ) as load_number
    from costed
    left join identities on costed.customer_record_id = identities.customer_record_id
    left join order_dates
        on
            costed.source_system = order_dates.source_system
            and costed.source_order_id = order_dates.source_order_id

)

select
    sale_line_key,
    source_system,
    source_record_id,
    order_key,
    source_order_id,
    line_type,
    action_type,
    cast(quantity as {{ dbt.type_numeric() }}) as quantity,
    cast(gross_amount as {{ dbt.type_numeric() }}) as gross_amount,
    cast(discount_amount as {{ dbt.type_numeric() }}) as discount_amount,
    cast(reversal_amount as {{ dbt.type_numeric() }}) as reversal_amount,
    cast(tax_amount as {{ dbt.type_numeric() }}) as tax_amount,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(total_amount as {{ dbt.type_numeric() }}) as total_amount,
    cast(cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    is_cost_known,
    currency_code,
    shop_currency_code,
    cast(exchange_rate as numeric(28, 10)) as exchange_rate,
    exchange_rate_source,
    source_currency_code,
    cast(source_total_amount as {{ dbt.type_numeric() }}) as source_total_amount,
    payment_method,
    occurred_at,
    sale_date,
    sale_hour,
    order_date,
    location_key,
    channel_key,
    customer_key,
    customer_record_id,
    product_key,
    staff_key,
    canonical_sale_id,
    exclusion_reason,
    exclusion_reason is null as is_counted,
    match_method,
    cast(match_confidence as {{ dbt.type_numeric() }}) as match_confidence,
    source_updated_at,
    load_number
from final
