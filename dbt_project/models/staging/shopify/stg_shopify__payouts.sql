with documents as (

    select * from {{ source('raw_shopify', 'payouts') }}

)

select
    id as source_payout_id,
    legacy_resource_id as payout_number,
    status,
    net as net_amount,
    net_currency as currency_code,
    issued_at,
    _load_number as load_number
from documents
where _deleted_at is null
