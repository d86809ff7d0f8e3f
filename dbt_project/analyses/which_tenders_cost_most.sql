-- Which tenders cost most in fees?
select
    source_system,
    payment_method,
    count(*) as payments_count,
    sum(payment_amount) as payment_amount,
    sum(fee_amount) as fee_amount,
    round(sum(fee_amount) / nullif(sum(payment_amount), 0), 4) as fee_rate
from {{ ref('fct_payments') }}
where is_counted and payment_type = 'payment'
group by source_system, payment_method
order by fee_amount desc nulls last
