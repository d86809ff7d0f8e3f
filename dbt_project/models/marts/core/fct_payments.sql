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
            exclusion_reason,
            loaded_at
        from {{ ref('int_payments_from_' ~ system) }}
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

matches as (

    select * from {{ ref('int_sale_matches') }}
    where canonical_system = 'shopify'

)

select
    {{ surrogate_key(['payments.source_system', 'payments.source_payment_id']) }} as payment_key,
    payments.source_system,
    payments.source_payment_id,
    case
        when matches.canonical_order_id is not null
            then {{ order_key('shopify', 'matches.canonical_order_id') }}
        else {{ surrogate_key(['payments.source_system', 'payments.source_order_id']) }}
    end as order_key,
    payments.payment_type,
    payments.payment_method,
    payments.currency_code,
    cast(payments.payment_amount as {{ dbt.type_numeric() }}) as payment_amount,
    cast(coalesce(payments.tip_amount, 0) as {{ dbt.type_numeric() }}) as tip_amount,
    cast(payments.fee_amount as {{ dbt.type_numeric() }}) as fee_amount,
    payments.fee_amount is not null as is_fee_known,
    cast(payments.payment_amount - coalesce(payments.fee_amount, 0) as {{ dbt.type_numeric() }})
        as net_amount,
    payments.paid_at,
    cast({{ local_time('payments.paid_at', 'payments.time_zone') }} as date) as payment_date,
    {{ location_key('coalesce(payments.location_name, ' ~ default_location() ~ ')') }}
        as location_key,
    payments.source_payout_id,
    payments.exclusion_reason,
    payments.loaded_at
from payments
left join matches
    on
        payments.source_system = matches.source_system
        and payments.source_order_id = matches.source_order_id
