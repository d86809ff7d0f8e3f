with documents as (

    select * from {{ source('raw_shopify', 'balance_transactions') }}

)

select
    id as source_balance_transaction_id,
    lower(type) as balance_type,
    source_order_transaction_id,
    associated_order_id as source_order_id,
    associated_payout_id as source_payout_id,
    amount as gross_amount,
    fee as fee_amount,
    net as net_amount,
    transaction_date as settled_at,
    _load_number as load_number
from documents
where _deleted_at is null and not coalesce(test, false)
