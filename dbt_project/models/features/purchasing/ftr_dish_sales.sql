-- Half a year is more than the last same weekdays and their back-test need.
select
    sales.product_key,
    sales.location_key,
    locations.location_name,
    sales.sale_date,
    sales.units
from {{ ref('fct_product_sales_daily') }} as sales
inner join {{ ref('dim_locations') }} as locations on sales.location_key = locations.location_key
where
    {{ in_last_days('sales.sale_date', 182) }}
    and sales.product_key in (select product_key from {{ ref('fct_recipe_ingredients') }})
