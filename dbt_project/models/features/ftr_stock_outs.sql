-- What is thrown away in the evening was there all day.
select
    product_key,
    location_key,
    stock_date
from {{ ref('fct_inventory_daily') }}
where is_out_of_stock and wasted_quantity = 0 and stock_date <= {{ feature_date() }}
