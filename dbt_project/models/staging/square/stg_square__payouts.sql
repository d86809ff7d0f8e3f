with documents as (

    select * from {{ source('raw_square', 'payouts') }}

)

select
    id as source_payout_id,
    location_id as source_location_id,
    status,
    amount_money as net_amount,
    amount_money_currency as currency_code,
    created_at as issued_at,
    arrival_date,
    _load_number as load_number
from documents
where _deleted_at is null
