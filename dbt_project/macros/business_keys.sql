{# Keys of the business's things, made in one place so that every layer agrees on them. #}
{% macro order_key(source_system, source_order_id) -%}
    {{ surrogate_key(["'" ~ source_system ~ "'", source_order_id]) }}
{%- endmacro %}

{% macro product_key(source_system, source_product_id) -%}
    {{ surrogate_key(["'" ~ source_system ~ "'", source_product_id]) }}
{%- endmacro %}

{% macro location_key(location_name) -%}
    {{ surrogate_key(["'location'", location_name]) }}
{%- endmacro %}

{% macro channel_key(channel_name) -%}
    {{ surrogate_key(["'channel'", channel_name]) }}
{%- endmacro %}

{# A customer is who the file's own id says, else the e-mail, else the phone; null for guests. #}
{% macro customer_key(source_customer_id, email_token, phone_token) -%}
    case
        when coalesce({{ source_customer_id }}, {{ email_token }}, {{ phone_token }}) is not null
            then {{ surrogate_key([
                "'customer'",
                "coalesce(" ~ source_customer_id ~ ", " ~ email_token ~ ", " ~ phone_token ~ ")"
            ]) }}
    end
{%- endmacro %}

{% macro default_location() -%}
    '{{ var("default_location_name") | replace("'", "''") }}'
{%- endmacro %}

{% macro default_channel() -%}
    '{{ var("default_channel_name") | replace("'", "''") }}'
{%- endmacro %}

{# Who a shop system's customer is: the e-mail joins the systems, the system's own id is the rest. #}
{% macro source_person(email_token, source_customer_id) -%}
    coalesce({{ email_token }}, {{ source_customer_id }})
{%- endmacro %}

{# A variant is named after its product; a sole variant has no name worth telling. #}
{% macro product_name(product_name, variation_name) -%}
    case
        when {{ variation_name }} is null or {{ variation_name }} in ('', 'Default Title', 'Regular')
            then {{ product_name }}
        else {{ dbt.concat([product_name, "' – '", variation_name]) }}
    end
{%- endmacro %}
