{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key=['location_name', 'channel_name'], on_schema_change='fail'
) }}

with sales as (

    select * from {{ ref('stg_spreadsheets__sales') }}
    {% if is_incremental() %}
    where {{ loaded_since_last_build() }}
    {% endif %}

)

select
    coalesce(location_name, {{ default_location() }}) as location_name,
    coalesce(channel_name, {{ default_channel() }}) as channel_name,
    max(load_number) as load_number
from sales
group by 1, 2
