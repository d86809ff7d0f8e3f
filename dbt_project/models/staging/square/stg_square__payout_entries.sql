with documents as (

    select * from {{ source('raw_square', 'payouts__entries') }}

)

select
    payout_id as source_payout_id,
    entries_position as entry_position,
    lower(type) as entry_type,
    gross_amount_money as gross_amount,
    fee_amount_money as fee_amount,
    net_amount_money as net_amount,
    coalesce(type_charge_details_payment_id, type_refund_details_payment_id)
        as source_payment_id,
    type_refund_details_refund_id as source_refund_id
from documents
where _is_emptied is null
