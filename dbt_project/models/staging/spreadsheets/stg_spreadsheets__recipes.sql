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
        _loaded_at as loaded_at,
        _superseded_at as superseded_at
    from recipes

)

select * from renamed
