with rules as (

    select * from {{ ref('stg_ml__basket_rules') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

parted as (

    select
        rules.*,
        {{ dbt.split_part('antecedents', "' | '", 1) }} as first_antecedent,
        case when antecedents_count > 1 then {{ dbt.split_part('antecedents', "' | '", 2) }} end
            as second_antecedent
    from rules

),

named as (

    select
        parted.*,
        coalesce(first_products.product_name, parted.first_antecedent) as first_name,
        coalesce(second_products.product_name, parted.second_antecedent) as second_name,
        coalesce(then_products.product_name, parted.consequent) as consequent_name
    from parted
    left join products as first_products
        on parted.rule_level = 'product' and parted.first_antecedent = first_products.product_key
    left join products as second_products
        on parted.rule_level = 'product' and parted.second_antecedent = second_products.product_key
    left join products as then_products
        on parted.rule_level = 'product' and parted.consequent = then_products.product_key

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    rule_level,
    antecedents,
    consequent,
    case
        when second_name is null then first_name
        else {{ dbt.concat(['first_name', "' and '", 'second_name']) }}
    end as antecedent_names,
    consequent_name,
    antecedents_count,
    baskets_count,
    both_count,
    {% for figure in (
        'support_rate', 'confidence_rate', 'lift', 'leverage', 'p_value', 'q_value', 'later_lift'
    ) %}
        cast({{ figure }} as {{ dbt.type_numeric() }}) as {{ figure }},
    {% endfor %}
    later_both_count,
    is_stable,
    rank_for_antecedents,
    is_stable and antecedents_count = 1 and rank_for_antecedents <= 3 as is_cross_sell,
    runs.created_at as loaded_at
from named
left join runs on named.run_id = runs.run_id
