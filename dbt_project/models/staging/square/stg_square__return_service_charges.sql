with documents as (

    select * from {{ source('raw_square', 'orders__returns__return_service_charges') }}

)

select
    order_id as source_order_id,
    returns_position as return_position,
    return_service_charges_position as line_position,
    total_money as total_amount,
    total_tax_money as tax_amount
from documents
where _is_emptied is null
