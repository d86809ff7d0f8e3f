with exchange_rates as (

    select * from {{ source('raw_spreadsheets', 'exchange_rates') }}

),

renamed as (

    select
        _row_key as source_record_id,
        rate_date,
        currency_code,
        to_currency_code,
        rate as exchange_rate,
        rate_source,
        _loaded_at as loaded_at,
        _superseded_at as superseded_at
    from exchange_rates

)

select * from renamed
