with documents as (

    select * from {{ source('raw_square', 'payments__processing_fee') }}

)

select
    payment_id as source_payment_id,
    processing_fee_position as fee_position,
    amount_money as fee_amount
from documents
where _is_emptied is null
