select
    stock_date as date_day,
    location_name,
    cast(count(*) as {{ dbt.type_float() }}) as shelves_count,
    cast(sum(case when is_out_of_stock then 1 else 0 end) as {{ dbt.type_float() }})
        as empty_shelves_count
from {{ ref('fct_inventory_daily') }}
where stock_date <= {{ feature_date() }} and location_name is not null
group by 1, 2
