-- A table, so that what reports as of a date is made anew when the date moves on, not with each sale.
-- The date that was asked for, else the last complete day; a business that opened today has none yet
-- and reports as of today.
select
    cast(coalesce({{ clock_setting('as_of_date') }}, {{ last_complete_day() }}, (
        select max(sale_date) from {{ ref('rpt_sales_daily') }}
        where orders_count > 0
    )) as date) as as_of_date
