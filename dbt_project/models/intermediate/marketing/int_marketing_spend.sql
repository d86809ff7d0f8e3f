with spend as (

    select * from {{ ref('stg_spreadsheets__ad_spend') }}
    where superseded_number is null

),

rates as (

    select * from {{ ref('int_exchange_rates') }}

)

select
    spend.spend_date,
    spend.platform_name,
    coalesce(spend.campaign_name, 'All campaigns') as campaign_name,
    case
        when rates.exchange_rate is null
            then coalesce(spend.currency_code, {{ business_setting('currency_code') }})
        else {{ business_setting('currency_code') }}
    end as currency_code,
    spend.spend_amount * coalesce(rates.exchange_rate, 1) as spend_amount,
    spend.clicks_count,
    spend.impressions_count,
    spend.conversions_count,
    greatest(spend.load_number, coalesce(rates.load_number, spend.load_number)) as load_number
from spend
left join rates
    on
        spend.currency_code = rates.currency_code
        and spend.spend_date = rates.rate_date
