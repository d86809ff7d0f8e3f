with scored as (

    select count(*) as customers_count from {{ ref('fct_customer_rfm') }}

),

segmented as (

    select sum(customers_count) as customers_count from {{ ref('rpt_rfm_segments') }}

)

select scored.customers_count
from scored
cross join segmented
where scored.customers_count <> segmented.customers_count
