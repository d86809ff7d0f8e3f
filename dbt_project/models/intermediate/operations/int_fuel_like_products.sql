with units as (

    select * from {{ ref('fuel_like_units') }}

),

products as (

    select * from {{ ref('stg_spreadsheets__products') }}
    where superseded_number is null

),

identities as (

    select * from {{ ref('int_product_identities') }}

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

select distinct identities.product_key
from measured
inner join identities
    on
        measured.source_system = identities.source_system
        and measured.source_product_id = identities.source_product_id
inner join units on lower(trim(measured.unit_of_measure)) = units.unit_of_measure
where measured.source_product_id is not null
