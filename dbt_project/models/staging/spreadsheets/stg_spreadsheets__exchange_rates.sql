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
        _load_number as load_number,
        _superseded_number as superseded_number
    from exchange_rates

)

select * from renamed
