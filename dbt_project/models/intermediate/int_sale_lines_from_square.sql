with orders as (

    select * from {{ ref('int_square_orders') }}

),

-- Goods and charges of orders, and of their returns with what they give back as negative.
parts as (

    select
        source_order_id,
        {{ dbt.concat(["'line '", "line_position"]) }} as part_id,
        case when item_type = 'GIFT_CARD' then 'gift_card' else 'product' end as line_type,
        source_variation_id,
        false as is_back,
        quantity,
        gross_amount,
        coalesce(discount_amount, 0) as discount_amount,
        coalesce(tax_amount, 0) as tax_amount,
        0 as charge_amount
    from {{ ref('stg_square__order_lines') }}
    union all
    select
        source_order_id,
        {{ dbt.concat(["'return '", "return_position", "' line '", "line_position"]) }} as part_id,
        case when item_type = 'GIFT_CARD' then 'gift_card' else 'product' end as line_type,
        source_variation_id,
        true as is_back,
        -quantity as quantity,
        gross_amount,
        coalesce(discount_amount, 0) as discount_amount,
        -coalesce(tax_amount, 0) as tax_amount,
        0 as charge_amount
    from {{ ref('stg_square__return_lines') }}
    union all
    select
        source_order_id,
        {{ dbt.concat(["'service charge '", "line_position"]) }} as part_id,
        'service_charge' as line_type,
        null as source_variation_id,
        false as is_back,
        0 as quantity,
        0 as gross_amount,
        0 as discount_amount,
        coalesce(tax_amount, 0) as tax_amount,
        total_amount - coalesce(tax_amount, 0) as charge_amount
    from {{ ref('stg_square__service_charges') }}
    union all
    select
        source_order_id,
        {{ dbt.concat(["'return '", "return_position", "' service charge '", "line_position"]) }}
            as part_id,
        'service_charge' as line_type,
        null as source_variation_id,
        true as is_back,
        0 as quantity,
        0 as gross_amount,
        0 as discount_amount,
        -coalesce(tax_amount, 0) as tax_amount,
        coalesce(tax_amount, 0) - total_amount as charge_amount
    from {{ ref('stg_square__return_service_charges') }}
    union all
    select
        source_order_id,
        {{ dbt.concat(["'return '", "return_position", "' tip '", "line_position"]) }} as part_id,
        'tip' as line_type,
        null as source_variation_id,
        true as is_back,
        0 as quantity,
        0 as gross_amount,
        0 as discount_amount,
        0 as tax_amount,
        -tip_amount as charge_amount
    from {{ ref('stg_square__return_tips') }}
    union all
    select
        source_order_id,
        'tip' as part_id,
        'tip' as line_type,
        null as source_variation_id,
        false as is_back,
        0 as quantity,
        0 as gross_amount,
        0 as discount_amount,
        0 as tax_amount,
        tip_amount as charge_amount
    from {{ ref('stg_square__orders') }}
    where tip_amount <> 0

)

select
    {{ dbt.concat(["parts.source_order_id", "' '", "parts.part_id"]) }} as source_record_id,
    cast(null as {{ dbt.type_string() }}) as source_version_id,
    orders.sold_in_order_id as source_order_id,
    parts.source_variation_id as source_product_id,
    orders.customer_record_id,
    cast(null as {{ dbt.type_string() }}) as staff_token,
    orders.location_name,
    'Point of Sale' as channel_name,
    orders.payment_method,
    orders.currency_code,
    parts.line_type,
    -- What is sold together with a return is an exchange, and no order of its own.
    case
        when parts.is_back then 'return'
        when orders.has_return then 'edit'
        else 'order'
    end as action_type,
    parts.quantity as signed_quantity,
    cast(null as {{ dbt.type_numeric() }}) as cost_amount,
    case
        when parts.line_type = 'gift_card' and parts.is_back then -parts.gross_amount
        when parts.line_type = 'gift_card' then parts.gross_amount
        else parts.charge_amount
    end as charge_amount,
    case
        when parts.line_type = 'product' and not parts.is_back then parts.gross_amount
        else 0
    end as line_gross_amount,
    case
        when parts.line_type = 'product' and not parts.is_back then parts.discount_amount
        else 0
    end as line_discount_amount,
    case
        when parts.line_type = 'product' and parts.is_back
            then parts.gross_amount - parts.discount_amount
        else 0
    end as line_reversal_amount,
    parts.tax_amount as line_tax_amount,
    coalesce(
        orders.exclusion_reason,
        case
            when parts.line_type = 'gift_card' then 'gift_card_sale'
        end
    ) as exclusion_reason,
    orders.closed_at as sold_at,
    orders.closed_local_at as sold_local_at,
    true as is_time_known,
    cast(orders.closed_local_at as date) as sale_date,
    orders.order_date,
    orders.source_updated_at,
    orders.load_number
from parts
inner join orders on parts.source_order_id = orders.source_order_id
