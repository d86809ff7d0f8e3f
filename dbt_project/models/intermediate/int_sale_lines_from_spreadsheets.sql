with sales as (

    select * from {{ ref('stg_spreadsheets__sales') }}

),

judged as (

    select
        sales.*,
        cast(sold_local_at as date) as sale_date,
        -- A file does not tell when its rows changed: what it says is as old as its arrival.
        loaded_at as source_updated_at,
        case
            when event_type in ('return', 'cancellation') then -abs(quantity)
            else quantity
        end as signed_quantity,
        case
            when event_type in ('sale', 'test', 'draft') then 'order'
            else event_type
        end as action_type,
        case
            when superseded_number is not null then 'superseded'
            when event_type = 'test' then 'test_order'
            when event_type = 'draft' then 'draft'
            when event_type = 'cancellation' and quantity >= 0 then 'cancelled'
        end as exclusion_reason
    from sales

),

-- One row of a file is a product line, and a line of its tip and of its shipping where it has any.
-- A cross join reads the rows once, and lets the filter of an incremental build reach them.
line_types as (

    select 'product' as line_type
    union all
    select 'tip' as line_type
    union all
    select 'shipping' as line_type

),

typed as (

    select
        judged.*,
        {{ customer_record_id(
            'spreadsheets',
            'coalesce(source_customer_id, customer_email_token, customer_phone_token)'
        ) }} as customer_record_id,
        line_types.line_type,
        case line_types.line_type
            when 'tip' then judged.tip_amount
            when 'shipping' then judged.shipping_amount
            else 0
        end as charge_amount,
        line_types.line_type = 'product' and judged.action_type = 'order' as is_sold,
        line_types.line_type = 'product' and judged.action_type <> 'order' as is_reversed
    from judged
    cross join line_types
    where
        line_types.line_type = 'product'
        or (line_types.line_type = 'tip' and judged.tip_amount <> 0)
        or (line_types.line_type = 'shipping' and judged.shipping_amount <> 0)

),

lines as (

    select
        typed.*,
        case when is_sold then coalesce(gross_amount, 0) else 0 end as line_gross_amount,
        case when is_sold then abs(coalesce(discount_amount, 0)) else 0 end
            as line_discount_amount,
        case
            when is_reversed
                then abs(coalesce(gross_amount, 0)) - abs(coalesce(discount_amount, 0))
            else 0
        end as line_reversal_amount,
        case
            when is_sold then coalesce(tax_amount, 0)
            when is_reversed then -abs(coalesce(tax_amount, 0))
            else 0
        end as line_tax_amount
    from typed

)

select * from lines
