with sessions as (

    select * from {{ ref('stg_spreadsheets__sessions') }}
    where superseded_number is null

)

select
    session_date,
    coalesce(channel_name, 'All channels') as channel_name,
    sessions_count,
    add_to_carts_count,
    checkouts_count,
    orders_count,
    load_number
from sessions
