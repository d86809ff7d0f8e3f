{%- set columns = [
    'source_record_id', 'source_version_id', 'source_order_id', 'source_product_id',
    'customer_record_id', 'staff_token', 'location_name', 'channel_name',
    'payment_method', 'currency_code', 'line_type', 'action_type',
    'signed_quantity', 'cost_amount', 'charge_amount', 'line_gross_amount',
    'line_discount_amount', 'line_reversal_amount', 'line_tax_amount', 'exclusion_reason',
    'sold_at', 'sold_local_at', 'is_time_known', 'sale_date', 'source_updated_at',
] -%}
{%- set amounts = [
    'cost_amount', 'charge_amount', 'line_gross_amount', 'line_discount_amount',
    'line_reversal_amount', 'line_tax_amount',
] -%}
-- All parts of a union have the same types, so that a filter on orders reaches each of them.
with shop_lines as (

    {% for system in ('shopify', 'square', 'quickbooks') %}
        select
            '{{ system }}' as source_system,
            {{ columns | join(', ')
                | replace('source_order_id', 'cast(source_order_id as ' ~ dbt.type_string() ~ ') as source_order_id')
            }},
            {% if system == 'square' %}
                currency_code as source_currency_code,
                cast(null as {{ dbt.type_numeric() }}) as source_total_amount,
            {% else %}
                source_currency_code,
                source_total_amount,
            {% endif %}
            exclusion_reason is null as is_counted,
            order_date,
            load_number
        from {{ ref('int_sale_lines_from_' ~ system) }}
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

matches as (

    select * from {{ ref('int_sale_matches') }}

),

shopify_orders as (

    select * from {{ ref('int_shopify_orders') }}

),

-- What another system has sold already belongs to the place and the channel of that sale.
matched as (

    select
        shop_lines.*,
        matches.canonical_system,
        matches.canonical_order_id,
        matches.match_method,
        matches.match_confidence,
        case
            when matches.canonical_system = 'shopify' then shopify_orders.location_name
            -- The sale is a day at a place there.
            when matches.canonical_system = 'square'
                then left(
                    matches.canonical_order_id,
                    length(matches.canonical_order_id) - length(' 2026-12-31')
                )
            when shop_lines.source_system = 'quickbooks' and not shop_lines.is_counted
                then {{ no_location() }}
        end as canonical_location_name,
        case
            when matches.canonical_system = 'shopify' then shopify_orders.channel_name
            when matches.canonical_system = 'square' then 'Point of Sale'
            when shop_lines.source_system = 'quickbooks' and not shop_lines.is_counted
                then 'QuickBooks'
        end as canonical_channel_name,
        greatest(
            matches.changed_number, coalesce(shopify_orders.load_number, matches.changed_number)
        ) as changed_number
    from shop_lines
    left join matches
        on
            shop_lines.source_system = matches.source_system
            and shop_lines.source_order_id = matches.source_order_id
    left join shopify_orders
        on
            matches.canonical_system = 'shopify'
            and matches.canonical_order_id = shopify_orders.source_order_id

),

united as (

    select
        'spreadsheets' as source_system,
        {{ columns | join(', ') }},
        currency_code as source_currency_code,
        cast(null as {{ dbt.type_numeric() }}) as source_total_amount,
        cast(null as date) as order_date,
        cast(null as {{ dbt.type_string() }}) as canonical_system,
        cast(null as {{ dbt.type_string() }}) as canonical_order_id,
        'source_id' as match_method,
        cast(1 as {{ dbt.type_numeric() }}) as match_confidence,
        load_number,
        superseded_number
    from {{ ref('int_sale_lines_from_spreadsheets') }}
    union all
    select
        source_system,
        {% for column in columns -%}
            {%- if column in ('location_name', 'channel_name') -%}
                coalesce(canonical_{{ column }}, {{ column }}) as {{ column }},
            {% elif column == 'exclusion_reason' -%}
                coalesce(
                    exclusion_reason,
                    case
                        when canonical_system is not null
                            then {{ dbt.concat(["'duplicate_of_'", 'canonical_system']) }}
                    end
                ) as exclusion_reason,
            {% else -%}
                {{ column }},
            {% endif -%}
        {%- endfor %}
        source_currency_code,
        source_total_amount,
        order_date,
        canonical_system,
        canonical_order_id,
        coalesce(match_method, 'source_id') as match_method,
        coalesce(match_confidence, cast(1 as {{ dbt.type_numeric() }})) as match_confidence,
        greatest(load_number, coalesce(changed_number, load_number)) as load_number,
        cast(null as {{ dbt.type_bigint() }}) as superseded_number
    from matched

),

rates as (

    select * from {{ ref('int_exchange_rates') }}

)

-- Amounts are in the shop's currency until here. They keep six decimals, not two: a day's sum in
-- the business's currency is then the shop's sum times the day's rate, to the cent.
select
    united.source_system,
    {% for column in columns -%}
        {%- if column in amounts -%}
            case
                when rates.exchange_rate is null then united.{{ column }}
                else round(united.{{ column }} * rates.exchange_rate, 6)
            end as {{ column }},
        {% elif column == 'currency_code' -%}
            case
                when rates.exchange_rate is null then united.currency_code
                else {{ business_setting('currency_code') }}
            end as currency_code,
        {% elif column == 'exclusion_reason' -%}
            coalesce(
                united.exclusion_reason,
                case
                    when
                        united.currency_code <> {{ business_setting('currency_code') }}
                        and rates.exchange_rate is null
                        then 'no_exchange_rate'
                end
            ) as exclusion_reason,
        {% else -%}
            united.{{ column }},
        {% endif -%}
    {%- endfor %}
    united.currency_code as shop_currency_code,
    united.source_currency_code,
    coalesce(
        united.source_total_amount,
        united.line_gross_amount - united.line_discount_amount - united.line_reversal_amount
        + united.line_tax_amount + united.charge_amount
    ) as source_total_amount,
    rates.exchange_rate,
    rates.rate_source as exchange_rate_source,
    united.order_date,
    united.canonical_system,
    united.canonical_order_id,
    united.match_method,
    united.match_confidence,
    -- A row of a file that was corrected and corrected back is there twice, apart in time alone.
    case when united.source_system = 'spreadsheets' then united.load_number end as version_load_number,
    greatest(united.load_number, coalesce(rates.load_number, united.load_number)) as load_number,
    united.superseded_number
from united
left join rates
    on
        united.currency_code = rates.currency_code
        and united.sale_date = rates.rate_date
