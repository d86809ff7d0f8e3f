with recipes as (

    select * from {{ source('raw_spreadsheets', 'recipes') }}

),

renamed as (

    select
        _row_key as source_record_id,
        product_id as source_product_id,
        coalesce(ingredient_id, ingredient_name) as source_ingredient_id,
        ingredient_name,
        unit as unit_of_measure,
        currency_code,
        quantity,
        yield_rate,
        unit_cost_amount,
        _load_number as load_number,
        _superseded_number as superseded_number
    from recipes

)

select * from renamed
