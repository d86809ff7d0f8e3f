{# ISO weekday, 1 = Monday: whole days since a known Monday, so no dialect's own numbering. #}
{% macro iso_weekday(day) -%}
    (mod({{ dbt.datediff("cast('1900-01-01' as date)", day, "day") }}, 7) + 1)
{%- endmacro %}

{% macro month_start(day) -%}
    cast({{ dbt.date_trunc("month", day) }} as date)
{%- endmacro %}

{% macro local_hour(moment) -%}
    cast(extract(hour from {{ moment }}) as {{ dbt.type_int() }})
{%- endmacro %}

{# Whole months from one month's first day to another's. #}
{% macro months_between(first_month, later_month) -%}
    cast(
        (extract(year from {{ later_month }}) - extract(year from {{ first_month }})) * 12
        + extract(month from {{ later_month }}) - extract(month from {{ first_month }})
        as {{ dbt.type_int() }}
    )
{%- endmacro %}

{% macro day_name(day_of_week_number) -%}
    case {{ day_of_week_number }}
        when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday'
        when 4 then 'Thursday' when 5 then 'Friday' when 6 then 'Saturday' else 'Sunday'
    end
{%- endmacro %}

{# The ISO number of a weekday, from its English name in lower case. #}
{% macro weekday_number(day_name) -%}
    case {{ day_name }}
        when 'monday' then 1 when 'tuesday' then 2 when 'wednesday' then 3
        when 'thursday' then 4 when 'friday' then 5 when 'saturday' then 6 when 'sunday' then 7
    end
{%- endmacro %}

{# The newest day before today with counted sales; null before the first one is over. #}
{% macro last_complete_day() -%}
    (
        select max(sale_date)
        from {{ ref('rpt_sales_daily') }}
        where orders_count > 0 and sale_date < {{ clock_setting('today_date') }}
    )
{%- endmacro %}

{# The date to report as of, as a subquery that is evaluated once. #}
{% macro as_of_date() -%}
    (select as_of_date from {{ ref('dim_report_date') }})
{%- endmacro %}

{# A moment as a clock in a time zone shows it. #}
{% macro local_time(moment, time_zone) -%}
    {{ adapter.dispatch('local_time')(moment, time_zone) }}
{%- endmacro %}

{% macro default__local_time(moment, time_zone) -%}
    timezone({{ time_zone }}, {{ moment }})
{%- endmacro %}

{% macro spark__local_time(moment, time_zone) -%}
    from_utc_timestamp({{ moment }}, {{ time_zone }})
{%- endmacro %}

{# The calendar year in which a month's fiscal year begins. #}
{% macro fiscal_year(day, first_month_number) -%}
    cast(
        extract(year from {{ day }})
        - case when extract(month from {{ day }}) < {{ first_month_number }} then 1 else 0 end
        as {{ dbt.type_int() }}
    )
{%- endmacro %}
