{{ config(
    materialized='table', indexes=[{'columns': ['currency_code', 'rate_date'], 'unique': True}]
) }}
{#- A rate holds until the next one; weekends and holidays are bridged, longer gaps are not. -#}
{%- set longest_days = 10 -%}
with quotes as (

    select
        rate_date,
        currency_code,
        coalesce(to_currency_code, {{ business_setting('currency_code') }}) as to_currency_code,
        exchange_rate,
        coalesce(rate_source, 'exchange_rates') as rate_source,
        1 as preference,
        source_record_id,
        load_number
    from {{ ref('stg_spreadsheets__exchange_rates') }}
    where superseded_number is null and exchange_rate > 0
    union all
    -- What the books converted a document at.
    select
        documents.document_date as rate_date,
        documents.currency_code,
        company.home_currency_code as to_currency_code,
        documents.exchange_rate,
        'quickbooks' as rate_source,
        2 as preference,
        documents.source_document_id as source_record_id,
        documents.load_number
    from {{ ref('int_quickbooks_documents') }} as documents
    cross join {{ ref('int_quickbooks_company') }} as company
    where
        documents.is_foreign
        and documents.is_counted
        and documents.exchange_rate > 0

),

-- Told as the business needs it, told the other way around, or through a third currency.
worths as (

    select
        rate_date,
        currency_code,
        exchange_rate,
        rate_source,
        preference,
        1 as steps,
        source_record_id,
        load_number
    from quotes
    where to_currency_code = {{ business_setting('currency_code') }}
    union all
    select
        rate_date,
        to_currency_code as currency_code,
        1 / exchange_rate as exchange_rate,
        rate_source,
        preference,
        2 as steps,
        source_record_id,
        load_number
    from quotes
    where currency_code = {{ business_setting('currency_code') }}
    union all
    select
        told.rate_date,
        told.to_currency_code as currency_code,
        ours.exchange_rate / told.exchange_rate as exchange_rate,
        told.rate_source,
        told.preference,
        3 as steps,
        told.source_record_id,
        greatest(told.load_number, ours.load_number) as load_number
    from quotes as told
    inner join quotes as ours
        on
            told.rate_date = ours.rate_date
            and told.currency_code = ours.currency_code
            and told.rate_source = ours.rate_source
            and ours.to_currency_code = {{ business_setting('currency_code') }}

),

ranked as (

    select
        worths.*,
        row_number() over (
            partition by currency_code, rate_date
            order by preference asc, steps asc, source_record_id desc
        ) as rank_of_rate
    from worths
    where currency_code <> {{ business_setting('currency_code') }}

),

published as (

    select
        ranked.*,
        lead(rate_date) over (partition by currency_code order by rate_date) as next_rate_date
    from ranked
    where rank_of_rate = 1

),

offsets as (

    {% for days in range(longest_days) %}
        select {{ days }} as days_later
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

)

select
    published.currency_code,
    cast({{ dbt.dateadd('day', 'offsets.days_later', 'published.rate_date') }} as date) as rate_date,
    published.rate_date as published_date,
    round(published.exchange_rate, 10) as exchange_rate,
    published.rate_source,
    published.load_number
from published
cross join offsets
where
    published.next_rate_date is null
    or {{ dbt.dateadd('day', 'offsets.days_later', 'published.rate_date') }} < published.next_rate_date
