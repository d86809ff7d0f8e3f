{{ config(materialized='table') }}
-- A table, so that what reports as of a date is made anew when the date moves on, not with each sale.
with clock as (

    select * from {{ ref('stg_settings__clock') }}

),

days as (

    select sale_date
    from {{ ref('rpt_sales_daily') }}
    where orders_count > 0

),

dates as (

    select
        coalesce(
            clock.as_of_date,
            max(case when days.sale_date < clock.today_date then days.sale_date end)
        ) as complete_date,
        max(days.sale_date) as newest_date
    from clock
    left join days on true
    group by clock.as_of_date, clock.today_date

)

select
    complete_date,
    coalesce(complete_date, newest_date) as as_of_date
from dates
