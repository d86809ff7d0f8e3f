with source_totals as (

    select * from {{ source('quality', 'source_totals') }}

)

select
    load_id,
    source_system,
    table_name,
    sale_date,
    currency_code,
    measure,
    amount
from source_totals
