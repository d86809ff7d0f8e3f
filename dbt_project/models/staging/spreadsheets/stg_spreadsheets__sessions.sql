with sessions as (

    select * from {{ source('raw_spreadsheets', 'sessions') }}

),

renamed as (

    select
        _row_key as source_record_id,
        session_date,
        channel_name,
        sessions_count,
        visitors_count,
        add_to_carts_count,
        checkouts_count,
        orders_count,
        _load_number as load_number,
        _superseded_number as superseded_number
    from sessions

)

select * from renamed
