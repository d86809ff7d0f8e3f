with forecasts as (

    select * from {{ ref('fct_forecast_log') }}

),

sales as (

    select
        product_days.sale_date,
        locations.location_name,
        coalesce(products.category_name, 'Uncategorised') as category_name,
        products.product_name,
        product_days.net_amount
    from {{ ref('fct_product_sales_daily') }} as product_days
    inner join {{ ref('dim_locations') }} as locations
        on product_days.location_key = locations.location_key
    left join {{ ref('dim_products') }} as products on product_days.product_key = products.product_key

),

actuals as (

    select
        'total' as series_key,
        sale_date,
        sum(net_amount) as actual_amount
    from sales
    group by sale_date
    {% for level, name in (
        ('location', 'location_name'), ('category', 'category_name'),
        ('location_category', dbt.concat(['location_name', "' · '", 'category_name'])),
        ('product', 'product_name'),
    ) %}
        union all
        select
            {{ dbt.concat(["'" ~ level ~ ":'", name]) }} as series_key,
            sale_date,
            sum(net_amount) as actual_amount
        from sales
        where product_name is not null or '{{ level }}' <> 'product'
        group by {{ dbt.concat(["'" ~ level ~ ":'", name]) }}, sale_date
    {% endfor %}

),

-- A day counts when it is over: the newest forecast has seen all days up to its own.
over_days as (

    select max(as_of_date) as last_date from forecasts

)

select
    forecasts.as_of_date,
    forecasts.series_key,
    forecasts.series_level,
    forecasts.series_name,
    forecasts.horizon_days,
    forecasts.sale_date,
    {{ dbt.datediff('forecasts.as_of_date', 'forecasts.sale_date', 'day') }} as days_ahead,
    forecasts.model,
    forecasts.forecast_amount,
    cast(coalesce(actuals.actual_amount, 0) as {{ dbt.type_numeric() }}) as actual_amount,
    cast(
        coalesce(actuals.actual_amount, 0) - forecasts.forecast_amount
        as {{ dbt.type_numeric() }}
    ) as error_amount,
    coalesce(actuals.actual_amount, 0) between forecasts.lower_80_amount
    and forecasts.upper_80_amount as is_inside_80,
    coalesce(actuals.actual_amount, 0) between forecasts.lower_95_amount
    and forecasts.upper_95_amount as is_inside_95,
    forecasts.loaded_at
from forecasts
cross join over_days
left join actuals
    on forecasts.series_key = actuals.series_key and forecasts.sale_date = actuals.sale_date
where forecasts.sale_date <= over_days.last_date
