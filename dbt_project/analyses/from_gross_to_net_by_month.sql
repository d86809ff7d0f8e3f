-- What became of gross sales each month: discounts, reversals, net, tax, tips, total?
select
    {{ month_start('sale_date') }} as month_start_date,
    sum(gross_amount) as gross_amount,
    sum(discount_amount) as discount_amount,
    sum(reversal_amount) as reversal_amount,
    sum(net_amount) as net_amount,
    sum(tax_amount) as tax_amount,
    sum(tip_amount) as tip_amount,
    sum(total_amount) as total_amount
from {{ ref('rpt_sales_daily') }}
group by 1
order by 1
