with purchases as (

    select * from {{ ref('stg_spreadsheets__purchases') }}
    where superseded_number is null

),

identities as (

    select * from {{ ref('int_product_identities') }}
    where source_system = 'spreadsheets'

),

-- A file that has no list of products of its own names them by their numbers.
numbered as (

    select
        sku,
        min(product_key) as product_key
    from {{ ref('int_product_identities') }}
    where sku is not null
    group by sku

)

select
    purchases.source_record_id as purchase_line_key,
    purchases.source_purchase_id,
    coalesce(
        identities.product_key,
        numbered.product_key,
        {{ surrogate_key(["'spreadsheets'", 'purchases.source_product_id']) }}
    ) as product_key,
    purchases.source_product_id,
    purchases.product_name,
    purchases.supplier_name,
    {{ location_key("coalesce(purchases.location_name, " ~ default_location() ~ ")") }}
        as location_key,
    purchases.ordered_date,
    purchases.received_date,
    cast(purchases.quantity as {{ dbt.type_numeric() }}) as quantity,
    cast(purchases.received_quantity as {{ dbt.type_numeric() }}) as received_quantity,
    cast(purchases.unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    coalesce(purchases.currency_code, {{ business_setting('currency_code') }}) as currency_code,
    purchases.load_number
from purchases
left join identities on purchases.source_product_id = identities.source_product_id
left join numbered on {{ normalised_sku('purchases.source_product_id') }} = numbered.sku
