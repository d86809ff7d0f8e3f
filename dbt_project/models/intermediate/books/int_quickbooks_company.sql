with preferences as (

    select * from {{ ref('stg_quickbooks__preferences') }}

)

select
    coalesce(max(home_currency_code), {{ business_setting('currency_code') }}) as home_currency_code,
    coalesce(
        max(case fiscal_year_first_month
            {% for month in (
                'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
                'September', 'October', 'November', 'December'
            ) -%}
                when '{{ month }}' then {{ loop.index }}
            {% endfor %}
        end), 1
    ) as fiscal_year_first_month_number
from preferences
