{{ config(materialized='view') }}

select
    order_key,
    customer_key,
    sale_date,
    order_date,
    load_number
from {{ ref('fct_sale_lines') }}
union all
-- What an order has left: it has no line there any more that could be newer.
select
    order_key,
    customer_key,
    sale_date,
    order_date,
    left_number as load_number
from {{ ledger_departures() }}
