with ad_spend as (

    select * from {{ source('raw_spreadsheets', 'ad_spend') }}

),

renamed as (

    select
        _row_key as source_record_id,
        spend_date,
        platform_name,
        campaign_name,
        currency_code,
        spend_amount,
        clicks_count,
        impressions_count,
        conversions_count,
        _load_number as load_number,
        _superseded_number as superseded_number
    from ad_spend

)

select * from renamed
