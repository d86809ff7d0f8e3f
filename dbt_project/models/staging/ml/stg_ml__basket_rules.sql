with rules as (

    select * from {{ source('ml', 'basket_rules') }}

)

select
    rule_level,
    antecedents,
    consequent,
    antecedents_count,
    baskets_count,
    both_count,
    support_rate,
    confidence_rate,
    lift,
    leverage,
    p_value,
    q_value,
    later_lift,
    later_both_count,
    is_stable,
    rank_for_antecedents,
    run_id
from rules
