{{ config(indexes=[{'columns': ['order_key']}, {'columns': ['payment_date']}]) }}

with payments as (

    {% for system in ('shopify', 'square') %}
        select
            '{{ system }}' as source_system,
            source_payment_id,
            source_order_id,
            location_name,
            time_zone,
            payment_type,
            payment_method,
            currency_code,
            payment_amount,
            tip_amount,
            fee_amount,
            source_payout_id,
            paid_at,
            exclusion_reason as source_exclusion_reason,
            source_updated_at,
            load_number
        from {{ ref('int_payments_from_' ~ system) }}
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

matches as (

    select * from {{ ref('int_sale_matches') }}
    where canonical_system = 'shopify'

),

rates as (

    select * from {{ ref('int_exchange_rates') }}

),

dated as (

    select
        payments.*,
        cast({{ local_time('paid_at', 'time_zone') }} as date) as payment_date
    from payments

),

-- In the business's currency at the rate of the day, as the sale is.
converted as (

    select
        dated.*,
        dated.currency_code as source_currency_code,
        dated.payment_amount as source_amount,
        rates.exchange_rate,
        case
            when rates.exchange_rate is null then dated.currency_code
            else {{ business_setting('currency_code') }}
        end as reported_currency_code,
        coalesce(
            dated.source_exclusion_reason,
            case
                when
                    dated.currency_code <> {{ business_setting('currency_code') }}
                    and rates.exchange_rate is null
                    then 'no_exchange_rate'
            end
        ) as exclusion_reason,
        coalesce(rates.exchange_rate, 1) as factor,
        greatest(dated.load_number, coalesce(rates.load_number, dated.load_number)) as known_number
    from dated
    left join rates
        on
            dated.currency_code = rates.currency_code
            and dated.payment_date = rates.rate_date

)

select
    {{ surrogate_key(['converted.source_system', 'converted.source_payment_id']) }} as payment_key,
    converted.source_system,
    converted.source_payment_id,
    case
        when matches.canonical_order_id is not null
            then {{ order_key('shopify', 'matches.canonical_order_id') }}
        else {{ surrogate_key(['converted.source_system', 'converted.source_order_id']) }}
    end as order_key,
    converted.payment_type,
    converted.payment_method,
    converted.reported_currency_code as currency_code,
    cast(converted.payment_amount * converted.factor as {{ dbt.type_numeric() }}) as payment_amount,
    cast(coalesce(converted.tip_amount, 0) * converted.factor as {{ dbt.type_numeric() }}) as tip_amount,
    cast(converted.fee_amount * converted.factor as {{ dbt.type_numeric() }}) as fee_amount,
    converted.fee_amount is not null as is_fee_known,
    cast(
        (converted.payment_amount - coalesce(converted.fee_amount, 0)) * converted.factor
        as {{ dbt.type_numeric() }}
    ) as net_amount,
    converted.source_currency_code,
    cast(converted.source_amount as {{ dbt.type_numeric() }}) as source_amount,
    cast(converted.exchange_rate as numeric(28, 10)) as exchange_rate,
    converted.paid_at,
    converted.payment_date,
    {{ location_key('coalesce(converted.location_name, ' ~ default_location() ~ ')') }}
        as location_key,
    converted.source_payout_id,
    converted.exclusion_reason,
    converted.exclusion_reason is null as is_counted,
    converted.source_updated_at,
    converted.known_number as load_number
from converted
left join matches
    on
        converted.source_system = matches.source_system
        and converted.source_order_id = matches.source_order_id
