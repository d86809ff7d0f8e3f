with sales as (

    select * from {{ ref('stg_spreadsheets__sales') }}

),

judged as (

    select
        sales.*,
        cast(sold_local_at as date) as sale_date,
        case
            when event_type in ('return', 'cancellation') then -abs(quantity)
            else quantity
        end as signed_quantity,
        case
            when event_type in ('sale', 'test', 'draft') then 'order'
            else event_type
        end as action_type,
        case
            when superseded_at is not null then 'superseded'
            when event_type = 'test' then 'test_order'
            when event_type = 'draft' then 'draft'
            when event_type = 'cancellation' and quantity >= 0 then 'cancelled'
            when currency_code <> '{{ var("currency_code") }}' then 'other_currency'
        end as exclusion_reason
    from sales

),

product_lines as (

    select
        judged.*,
        'product' as line_type,
        case when action_type = 'order' then coalesce(gross_amount, 0) else 0 end
            as line_gross_amount,
        case when action_type = 'order' then abs(coalesce(discount_amount, 0)) else 0 end
            as line_discount_amount,
        case
            when action_type = 'order' then 0
            else abs(coalesce(gross_amount, 0)) - abs(coalesce(discount_amount, 0))
        end as line_reversal_amount,
        case
            when action_type = 'order' then coalesce(tax_amount, 0)
            else -abs(coalesce(tax_amount, 0))
        end as line_tax_amount,
        cast(0 as {{ dbt.type_numeric() }}) as charge_amount
    from judged

),

tip_lines as (

    select
        judged.*,
        'tip' as line_type,
        0 as line_gross_amount,
        0 as line_discount_amount,
        0 as line_reversal_amount,
        0 as line_tax_amount,
        tip_amount as charge_amount
    from judged
    where tip_amount <> 0

),

shipping_lines as (

    select
        judged.*,
        'shipping' as line_type,
        0 as line_gross_amount,
        0 as line_discount_amount,
        0 as line_reversal_amount,
        0 as line_tax_amount,
        shipping_amount as charge_amount
    from judged
    where shipping_amount <> 0

),

lines as (

    select * from product_lines
    union all
    select * from tip_lines
    union all
    select * from shipping_lines

)

select * from lines
