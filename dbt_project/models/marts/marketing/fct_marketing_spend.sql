with spend as (

    select * from {{ ref('int_marketing_spend') }}

)

select
    spend_date,
    platform_name,
    campaign_name,
    currency_code,
    cast(sum(spend_amount) as {{ dbt.type_numeric() }}) as spend_amount,
    cast(sum(impressions_count) as {{ dbt.type_bigint() }}) as impressions_count,
    cast(sum(clicks_count) as {{ dbt.type_bigint() }}) as clicks_count,
    cast(sum(conversions_count) as {{ dbt.type_numeric() }}) as claimed_conversions_count,
    max(load_number) as load_number
from spend
group by spend_date, platform_name, campaign_name, currency_code
