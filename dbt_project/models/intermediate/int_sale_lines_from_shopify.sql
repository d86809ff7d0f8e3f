with orders as (

    select * from {{ ref('int_shopify_orders') }}

),

agreements as (

    select * from {{ ref('stg_shopify__agreements') }}

),

sales as (

    select * from {{ ref('stg_shopify__sales') }}

),

items as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

-- An amount is after discounts and with tax: without the tax it is net sales.
events as (

    select
        sales.*,
        agreements.happened_at,
        agreements.reason,
        sales.total_amount - sales.tax_amount as untaxed_amount,
        case
            when sales.line_type in ('product', 'shipping', 'tip', 'gift_card', 'duty', 'fee')
                then sales.line_type
            when sales.line_type = 'additional_fee' then 'fee'
            else 'adjustment'
        end as ledger_line_type,
        sales.action_type = 'return' or sales.total_amount - sales.tax_amount < 0 as is_back
    from sales
    inner join agreements
        on
            sales.source_order_id = agreements.source_order_id
            and sales.agreement_position = agreements.agreement_position

),

judged as (

    select
        events.*,
        ledger_line_type in ('product', 'adjustment') as is_goods
    from events

)

select
    judged.source_sale_id as source_record_id,
    cast(null as {{ dbt.type_string() }}) as source_version_id,
    judged.source_order_id,
    items.source_product_id,
    orders.customer_record_id,
    cast(null as {{ dbt.type_string() }}) as staff_token,
    orders.location_name,
    orders.channel_name,
    orders.payment_method,
    judged.currency_code,
    judged.source_currency_code,
    judged.source_total_amount,
    judged.ledger_line_type as line_type,
    case
        when judged.is_back and orders.cancelled_at = judged.happened_at then 'cancellation'
        when judged.reason = 'ORDER_EDIT' then 'edit'
        when judged.is_back then 'return'
        when judged.reason = 'ORDER' then 'order'
        else 'edit'
    end as action_type,
    coalesce(judged.quantity, 0) as signed_quantity,
    cast(null as {{ dbt.type_numeric() }}) as cost_amount,
    case when judged.is_goods then 0 else judged.untaxed_amount end as charge_amount,
    case
        when judged.is_goods and not judged.is_back
            then judged.untaxed_amount + judged.discount_amount
        else 0
    end as line_gross_amount,
    case when judged.is_goods and not judged.is_back then judged.discount_amount else 0 end
        as line_discount_amount,
    case when judged.is_goods and judged.is_back then -judged.untaxed_amount else 0 end
        as line_reversal_amount,
    judged.tax_amount as line_tax_amount,
    coalesce(
        orders.exclusion_reason,
        case
            when judged.ledger_line_type = 'gift_card' then 'gift_card_sale'
        end
    ) as exclusion_reason,
    judged.happened_at as sold_at,
    {{ local_time('judged.happened_at', 'orders.time_zone') }} as sold_local_at,
    true as is_time_known,
    cast({{ local_time('judged.happened_at', 'orders.time_zone') }} as date) as sale_date,
    orders.order_date,
    orders.source_updated_at,
    orders.load_number
from judged
inner join orders on judged.source_order_id = orders.source_order_id
left join items
    on
        judged.source_order_id = items.source_order_id
        and judged.source_line_id = items.source_line_id
