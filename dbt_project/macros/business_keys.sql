{# Keys of the business's things, made in one place so that every layer agrees on them. #}
{% macro order_key(source_system, source_order_id) -%}
    {{ surrogate_key(["'" ~ source_system ~ "'", source_order_id]) }}
{%- endmacro %}

{# One spelling of a SKU or GTIN: no case, no spaces, and a number without leading zeros. #}
{% macro normalised_sku(sku) -%}
    case
        when translate(trim({{ sku }}), '0123456789', '') = '' and length(trim({{ sku }})) >= 8
            then nullif(ltrim(trim({{ sku }}), '0'), '')
        else nullif(upper(replace(trim({{ sku }}), ' ', '')), '')
    end
{%- endmacro %}

{% macro location_key(location_name) -%}
    {{ surrogate_key(["'location'", location_name]) }}
{%- endmacro %}

{% macro channel_key(channel_name) -%}
    {{ surrogate_key(["'channel'", channel_name]) }}
{%- endmacro %}

{# What one system knows of a customer: its own id, else the e-mail or phone; null for nobody. #}
{% macro customer_record_id(source_system, source_customer_id) -%}
    {{ dbt.concat(["'" ~ source_system ~ "|'", source_customer_id]) }}
{%- endmacro %}

{# A person is named by the oldest of their records; null for guests who left nothing. #}
{% macro customer_key(person_record_id) -%}
    case
        when {{ person_record_id }} is not null
            then {{ surrogate_key(["'customer'", person_record_id]) }}
    end
{%- endmacro %}

{% macro default_location() -%}
    {{ business_setting('default_location_name') }}
{%- endmacro %}

{# Where the books sold something that no shop or till did. #}
{% macro no_location() -%}
    'No location'
{%- endmacro %}

{% macro default_channel() -%}
    {{ business_setting('default_channel_name') }}
{%- endmacro %}

{# A variant is named after its product; a sole variant has no name worth telling. #}
{% macro product_name(product_name, variation_name) -%}
    case
        when {{ variation_name }} is null or {{ variation_name }} in ('', 'Default Title', 'Regular')
            then {{ product_name }}
        else {{ dbt.concat([product_name, "' – '", variation_name]) }}
    end
{%- endmacro %}
