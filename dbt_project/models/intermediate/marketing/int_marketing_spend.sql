with spend as (

    select * from {{ ref('stg_spreadsheets__ad_spend') }}
    where superseded_at is null

)

select
    spend_date,
    platform_name,
    coalesce(campaign_name, 'All campaigns') as campaign_name,
    coalesce(currency_code, '{{ var("currency_code") }}') as currency_code,
    spend_amount,
    clicks_count,
    impressions_count,
    conversions_count,
    loaded_at
from spend
