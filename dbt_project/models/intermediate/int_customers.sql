{# Looked at several times in each build, so it is computed once. -#}
{{ config(
    materialized='table', indexes=[{'columns': ['customer_key']}, {'columns': ['load_number']}]
) }}
with records as (

    select * from {{ ref('int_customer_records') }}

),

identities as (

    select * from {{ ref('stg_ml__customer_identities') }}

),

identified as (

    select
        records.*,
        {{ customer_key(
            'coalesce(identities.person_record_id, records.customer_record_id)'
        ) }} as customer_key,
        coalesce(identities.match_method, 'source_id') as match_method,
        coalesce(identities.match_confidence, 1) as match_confidence,
        greatest(records.load_number, coalesce(identities.changed_number, records.load_number))
            as known_number
    from records
    left join identities on records.customer_record_id = identities.customer_record_id

)

select
    customer_key,
    {{ dbt.listagg('source_customer_id', "', '", 'order by source_customer_id') }}
        as source_customer_ids,
    count(*) as records_count,
    max(case when match_method = 'scored' then 1 else 0 end) = 1 as is_scored_match,
    min(match_confidence) as match_confidence,
    min(postal_code) as postal_code,
    min(country_code) as country_code,
    -- Who said no in one system has said no.
    min(case accepts_marketing when false then 0 when true then 1 end) = 1 as accepts_marketing,
    min(first_seen_at) as first_seen_at,
    max(known_number) as load_number
from identified
group by customer_key
