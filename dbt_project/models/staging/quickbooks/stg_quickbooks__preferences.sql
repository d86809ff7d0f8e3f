with objects as (

    select * from {{ source('raw_quickbooks', 'preferences') }}

)

select
    id as source_preferences_id,
    {{ json_text('currency_prefs', ['HomeCurrency', 'value']) }} as home_currency_code,
    {{ json_text('accounting_info_prefs', ['FirstMonthOfFiscalYear']) }} as fiscal_year_first_month,
    {{ json_text('report_prefs', ['ReportBasis']) }} as report_basis
from objects
where _deleted_at is null
