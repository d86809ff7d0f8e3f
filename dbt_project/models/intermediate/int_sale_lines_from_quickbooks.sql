with sales as (

    select * from {{ ref('int_quickbooks_sales') }}

),

items as (

    select * from {{ ref('stg_quickbooks__items') }}

),

accounts as (

    select * from {{ ref('stg_quickbooks__accounts') }}

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

),

-- Subtotals repeat, bundles repeat their parts, and descriptions are worth nothing.
lines as (

    select
        told.document_type,
        told.source_document_id,
        told.line_position,
        coalesce(told.bundle_position, -1) as bundle_position,
        told.source_item_id,
        coalesce(told.quantity, 0) as quantity,
        told.line_amount,
        case
            when told.source_item_id = 'SHIPPING_ITEM_ID' then 'shipping'
            when accounts.classification = 'Liability' and lower(items.item_name) like '%tip%'
                then 'tip'
            when accounts.classification = 'Liability' then 'gift_card'
            else 'product'
        end as line_type
    from {{ ref('stg_quickbooks__lines') }} as told
    left join items on told.source_item_id = items.source_item_id
    left join accounts on items.income_account_id = accounts.source_account_id
    where told.detail_type = 'SalesItemLineDetail'

),

discounts as (

    select
        document_type,
        source_document_id,
        sum(line_amount) as discount_amount
    from {{ ref('stg_quickbooks__lines') }}
    where detail_type = 'DiscountLineDetail'
    group by document_type, source_document_id

),

-- Discount and tax stand below the document: each line bears its share, to the cent in sum.
running as (

    select
        lines.*,
        sum(case when line_type = 'product' then line_amount else 0 end) over (
            partition by document_type, source_document_id
        ) as goods_amount,
        sum(case when line_type = 'product' then line_amount else 0 end) over (
            partition by document_type, source_document_id
            order by line_position, bundle_position
            rows between unbounded preceding and current row
        ) as goods_so_far
    from lines

),

shared as (

    select
        running.document_type,
        running.source_document_id,
        running.line_position,
        running.bundle_position,
        running.source_item_id,
        running.line_type,
        running.quantity,
        {% set goods = "case when running.line_type = 'product' then running.line_amount else 0 end" %}
        {% for name, total in (
            ('discount', 'coalesce(discounts.discount_amount, 0)'), ('tax', 'sales.tax_amount')
        ) %}
            case
                when running.goods_amount = 0 then 0
                else
                    round({{ total }} * running.goods_so_far / running.goods_amount, 2)
                    - round(
                        {{ total }} * (running.goods_so_far - {{ goods }})
                        / running.goods_amount, 2
                    )
            end as {{ name }}_amount,
        {% endfor %}
        coalesce(sales.exchange_rate, 1) as rate,
        running.line_amount
    from running
    inner join sales
        on
            running.document_type = sales.document_type
            and running.source_document_id = sales.source_document_id
    left join discounts
        on
            running.document_type = discounts.document_type
            and running.source_document_id = discounts.source_document_id

),

-- The books hold the amounts in the document's currency; home is amount times rate, once.
at_home as (

    select
        shared.*,
        round(line_amount * rate, 2) as home_amount,
        round(discount_amount * rate, 2) as home_discount_amount,
        round(tax_amount * rate, 2) as home_tax_amount,
        line_type = 'product' as is_goods
    from shared

)

select
    {{ dbt.concat([
        "sales.source_order_id", "' '", "at_home.line_position", "' '", "at_home.bundle_position"
    ]) }} as source_record_id,
    cast(null as {{ dbt.type_string() }}) as source_version_id,
    sales.source_order_id,
    case when at_home.is_goods then at_home.source_item_id end as source_product_id,
    sales.customer_record_id,
    cast(null as {{ dbt.type_string() }}) as staff_token,
    coalesce(sales.department_name, {{ no_location() }}) as location_name,
    coalesce(sales.class_name, 'QuickBooks') as channel_name,
    cast(null as {{ dbt.type_string() }}) as payment_method,
    company.home_currency_code as currency_code,
    coalesce(sales.currency_code, company.home_currency_code) as source_currency_code,
    sales.sign * (at_home.line_amount - at_home.discount_amount + at_home.tax_amount)
        as source_total_amount,
    at_home.line_type,
    case when sales.sign = 1 then 'order' else 'return' end as action_type,
    sales.sign * at_home.quantity as signed_quantity,
    cast(null as {{ dbt.type_numeric() }}) as cost_amount,
    case when at_home.is_goods then 0 else sales.sign * at_home.home_amount end as charge_amount,
    case when at_home.is_goods and sales.sign = 1 then at_home.home_amount else 0 end
        as line_gross_amount,
    case when at_home.is_goods and sales.sign = 1 then at_home.home_discount_amount else 0 end
        as line_discount_amount,
    case
        when at_home.is_goods and sales.sign = -1
            then at_home.home_amount - at_home.home_discount_amount
        else 0
    end as line_reversal_amount,
    sales.sign * at_home.home_tax_amount as line_tax_amount,
    case
        when sales.deleted_at is not null then 'deleted'
        when sales.is_voided then 'voided'
        when sales.currency_code <> company.home_currency_code and sales.exchange_rate is null
            then 'no_exchange_rate'
        when at_home.line_type = 'gift_card' then 'gift_card_sale'
    end as exclusion_reason,
    -- The books know the day alone.
    cast(sales.document_date as {{ dbt.type_timestamp() }}) as sold_at,
    cast(sales.document_date as timestamp) as sold_local_at,
    false as is_time_known,
    sales.document_date as sale_date,
    cast(null as date) as order_date,
    sales.source_updated_at,
    sales.load_number
from at_home
cross join company
inner join sales
    on
        at_home.document_type = sales.document_type
        and at_home.source_document_id = sales.source_document_id
