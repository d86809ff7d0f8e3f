{# Where a visit came from, in the words of web analytics. `tactic` is Shopify's own judgement. #}
{% macro marketing_channel(visit_source, medium, tactic) -%}
    case
        when {{ is_paid_visit(medium, tactic) }} and {{ is_social(visit_source) }} then 'Paid Social'
        when {{ is_paid_visit(medium, tactic) }} and {{ is_search_engine(visit_source) }}
            then 'Paid Search'
        when {{ is_paid_visit(medium, tactic) }} then 'Other Paid'
        when lower({{ medium }}) in ('email', 'e-mail', 'newsletter') or {{ tactic }} = 'NEWSLETTER'
            then 'Email'
        when {{ is_search_engine(visit_source) }} or {{ tactic }} = 'SEO' then 'Organic Search'
        when {{ is_social(visit_source) }} then 'Organic Social'
        when {{ visit_source }} is null or lower({{ visit_source }}) = 'direct' then 'Direct'
        else 'Referral'
    end
{%- endmacro %}

{% macro is_paid_visit(medium, tactic) -%}
    coalesce(
        lower({{ medium }}) in (
            'cpc', 'ppc', 'cpm', 'cpv', 'paid', 'paidsearch', 'paid_search', 'paidsocial',
            'paid_social', 'display', 'banner', 'retargeting'
        )
        or {{ tactic }} in ('AD', 'RETARGETING'), false
    )
{%- endmacro %}

{% macro is_search_engine(visit_source) -%}
    coalesce(lower({{ visit_source }}) in ('google', 'bing', 'yahoo', 'duckduckgo', 'baidu'), false)
{%- endmacro %}

{% macro is_social(visit_source) -%}
    coalesce(
        lower({{ visit_source }}) in (
            'facebook', 'instagram', 'tiktok', 'pinterest', 'twitter', 'x', 'youtube', 'reddit',
            'linkedin', 'snapchat', 'meta'
        ), false
    )
{%- endmacro %}
