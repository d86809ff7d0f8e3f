with units as (

    select * from {{ ref('fuel_like_units') }}

),

products as (

    select * from {{ ref('stg_spreadsheets__products') }}
    where superseded_at is null

),

square_lines as (

    select * from {{ ref('stg_square__order_lines') }}

),

measured as (

    select
        'spreadsheets' as source_system,
        source_product_id,
        unit_of_measure
    from products
    union all
    select
        'square' as source_system,
        source_variation_id as source_product_id,
        unit_of_measure
    from square_lines

)

select distinct
    {{ surrogate_key(['measured.source_system', 'measured.source_product_id']) }} as product_key
from measured
inner join units on lower(trim(measured.unit_of_measure)) = units.unit_of_measure
where measured.source_product_id is not null
