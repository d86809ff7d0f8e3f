with from_sales as (

    select * from {{ ref('int_spreadsheet_customers') }}

),

files as (

    select
        files.*,
        {{ customer_record_id(
            'spreadsheets',
            'coalesce(source_customer_id, customer_email_token, customer_phone_token)'
        ) }} as customer_record_id,
        row_number() over (
            partition by coalesce(source_customer_id, customer_email_token, customer_phone_token)
            order by load_number desc
        ) as version_rank
    from {{ ref('stg_spreadsheets__customers') }} as files
    where
        superseded_number is null
        and coalesce(source_customer_id, customer_email_token, customer_phone_token) is not null

),

from_files as (

    select * from files
    where version_rank = 1

),

guests_of_shopify as (

    select
        customer_email_token as source_customer_id,
        min(processed_at) as first_seen_at,
        max(load_number) as load_number
    from {{ ref('stg_shopify__orders') }}
    where source_customer_id is null and customer_email_token is not null
    group by customer_email_token

),

records as (

    {% for system in ('shopify', 'square') %}
        select
            '{{ system }}' as source_system,
            {{ customer_record_id(system, 'source_customer_id') }} as customer_record_id,
            source_customer_id,
            customer_email_token,
            customer_phone_token,
            given_name_token,
            family_name_token,
            cast(null as {{ dbt.type_string() }}) as full_name_token,
            postal_code,
            country_code,
            accepts_marketing,
            first_seen_at,
            load_number
        from {{ ref('stg_' ~ system ~ '__customers') }}
        union all
    {% endfor %}
    select
        'shopify' as source_system,
        {{ customer_record_id('shopify', 'source_customer_id') }} as customer_record_id,
        source_customer_id,
        source_customer_id as customer_email_token,
        cast(null as {{ dbt.type_string() }}) as customer_phone_token,
        cast(null as {{ dbt.type_string() }}) as given_name_token,
        cast(null as {{ dbt.type_string() }}) as family_name_token,
        cast(null as {{ dbt.type_string() }}) as full_name_token,
        cast(null as {{ dbt.type_string() }}) as postal_code,
        cast(null as {{ dbt.type_string() }}) as country_code,
        cast(null as {{ dbt.type_boolean() }}) as accepts_marketing,
        first_seen_at,
        load_number
    from guests_of_shopify
    union all
    select
        'quickbooks' as source_system,
        {{ customer_record_id('quickbooks', 'source_customer_id') }} as customer_record_id,
        source_customer_id,
        email_token as customer_email_token,
        phone_token as customer_phone_token,
        given_name_token,
        family_name_token,
        cast(null as {{ dbt.type_string() }}) as full_name_token,
        postal_code,
        cast(null as {{ dbt.type_string() }}) as country_code,
        cast(null as {{ dbt.type_boolean() }}) as accepts_marketing,
        first_seen_at,
        load_number
    from {{ ref('stg_quickbooks__customers') }}
    union all
    -- A customer of a file that bought nothing is a customer, too.
    select
        'spreadsheets' as source_system,
        coalesce(from_sales.customer_record_id, from_files.customer_record_id)
            as customer_record_id,
        coalesce(from_sales.source_customer_id, from_files.source_customer_id)
            as source_customer_id,
        coalesce(from_files.customer_email_token, from_sales.customer_email_token)
            as customer_email_token,
        coalesce(from_files.customer_phone_token, from_sales.customer_phone_token)
            as customer_phone_token,
        cast(null as {{ dbt.type_string() }}) as given_name_token,
        cast(null as {{ dbt.type_string() }}) as family_name_token,
        from_files.full_name_token,
        from_files.postal_code,
        from_files.country_code,
        from_files.accepts_marketing,
        least(
            coalesce(from_sales.first_seen_at, from_files.first_seen_at),
            coalesce(from_files.first_seen_at, from_sales.first_seen_at)
        ) as first_seen_at,
        greatest(
            coalesce(from_sales.load_number, from_files.load_number),
            coalesce(from_files.load_number, from_sales.load_number)
        ) as load_number
    from from_sales
    full outer join from_files on from_sales.customer_record_id = from_files.customer_record_id

)

select * from records
