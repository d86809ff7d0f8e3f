select
    source_customer_id,
    currency_code,
    oldest_due_date,
    overdue_31_60_amount + overdue_61_90_amount + overdue_over_90_amount as late_amount
from {{ ref('rpt_receivables_ageing') }}
