with identities as (

    select * from {{ ref('int_product_identities') }}

),

from_spreadsheets as (

    select * from {{ ref('int_product_costs_from_spreadsheets') }}

),

versions as (

    select
        history.*,
        row_number() over (partition by cost_id order by load_number, dbt_valid_from) as version_number
    from {{ ref('unit_costs_history') }} as history

),

-- An API tells what a product costs now. The first that was seen holds for all days before.
from_apis as (

    select
        source_system,
        source_product_id,
        unit_cost_amount,
        case
            when version_number = 1 then cast('1900-01-01' as date)
            else cast(dbt_valid_from as date)
        end as valid_from_date,
        cast(dbt_valid_to as date) as valid_until_date,
        load_number
    from versions

),

known as (

    select
        'spreadsheets' as source_system,
        source_product_id,
        unit_cost_amount,
        valid_from_date,
        valid_until_date,
        load_number,
        1 as priority
    from from_spreadsheets
    union all
    select
        from_apis.*,
        case source_system when 'shopify' then 2 else 3 end as priority
    from from_apis

),

-- A product that several systems know has one cost: of the source whose word counts most.
keyed as (

    select
        known.*,
        identities.product_key,
        min(known.priority) over (partition by identities.product_key) as best_priority
    from known
    inner join identities
        on
            known.source_system = identities.source_system
            and known.source_product_id = identities.source_product_id

)

select
    product_key,
    source_system as cost_source,
    unit_cost_amount,
    valid_from_date,
    valid_until_date,
    load_number
from keyed
where priority = best_priority and (valid_until_date is null or valid_until_date > valid_from_date)
