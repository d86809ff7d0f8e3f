-- South of the equator the seasons are the other way round.
with hemisphere as (

    select
        country_code in (
            'AR', 'AU', 'BO', 'BR', 'BW', 'CL', 'LS', 'MG', 'MU', 'MZ', 'NA', 'NZ', 'PE', 'PY',
            'SZ', 'UY', 'ZA', 'ZM', 'ZW'
        ) as is_south
    from {{ ref('stg_settings__business') }}

),

order_days as (

    select * from {{ ref('fct_product_orders_daily') }}

),

products as (

    select * from {{ ref('dim_products') }}
    where product_key not in (select product_key from {{ ref('int_fuel_like_products') }})

),

-- What was given back or cancelled counts where it was ordered: an order that came to nothing
-- leads no ranking.
months as (

    select
        {{ month_start('order_date') }} as month_start_date,
        product_key,
        sum(units) as units,
        sum(net_amount) as net_amount,
        max(load_number) as load_number
    from order_days
    group by 1, 2

),

periods as (

    select
        'month' as period_type,
        month_start_date as period_start_date,
        months.product_key,
        months.units,
        months.net_amount,
        months.load_number
    from months
    union all
    select
        'season' as period_type,
        cast({{ dbt.dateadd(
            'month', '-cast(mod(extract(month from month_start_date), 3) as ' ~ dbt.type_int() ~ ')',
            'month_start_date'
        ) }} as date) as period_start_date,
        months.product_key,
        months.units,
        months.net_amount,
        months.load_number
    from months

),

summed as (

    select
        period_type,
        period_start_date,
        product_key,
        sum(units) as units,
        sum(net_amount) as net_amount,
        max(load_number) as load_number
    from periods
    group by period_type, period_start_date, product_key
    having sum(units) > 0

)

select
    summed.period_type,
    summed.period_start_date,
    case
        when summed.period_type = 'month' then dates.month_name
        when dates.month_number = case when hemisphere.is_south then 6 else 12 end then 'Winter'
        when dates.month_number = case when hemisphere.is_south then 9 else 3 end then 'Spring'
        when dates.month_number = case when hemisphere.is_south then 12 else 6 end then 'Summer'
        else 'Autumn'
    end as period_name,
    summed.product_key,
    products.product_name,
    products.category_name,
    cast(summed.units as {{ dbt.type_numeric() }}) as units,
    cast(summed.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    rank() over (
        partition by summed.period_type, summed.period_start_date
        order by summed.units desc
    ) as units_rank,
    rank() over (
        partition by summed.period_type, summed.period_start_date
        order by summed.net_amount desc
    ) as net_amount_rank,
    summed.load_number
from summed
cross join hemisphere
inner join products on summed.product_key = products.product_key
inner join {{ ref('dim_dates') }} as dates on summed.period_start_date = dates.date_day
