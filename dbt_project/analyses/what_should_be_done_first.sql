-- What is worth acting on, how much money is at stake, and where are the rows behind it?
select
    insight_rank,
    topic,
    headline,
    action,
    round(impact_amount, 2) as impact_amount,
    impact_basis,
    act_by_date,
    evidence_mart,
    evidence_filter
from {{ ref('rpt_insights') }}
order by insight_rank
