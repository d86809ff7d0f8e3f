-- The API does not tell an agency's liability account: QuickBooks makes it under the agency's name.
with tax_rates as (

    select * from {{ ref('stg_quickbooks__tax_rates') }}

),

agencies as (

    select * from {{ ref('stg_quickbooks__tax_agencies') }}

),

liabilities as (

    select
        *,
        count(*) over () as liabilities_count
    from {{ ref('stg_quickbooks__accounts') }}
    where account_sub_type in ('SalesTaxPayable', 'GlobalTaxPayable')

)

select
    tax_rates.source_tax_rate_id,
    max(liabilities.source_account_id) as source_account_id
from tax_rates
left join agencies on tax_rates.source_tax_agency_id = agencies.source_tax_agency_id
left join liabilities
    on
        liabilities.account_name = {{ dbt.concat(["agencies.tax_agency_name", "' Payable'"]) }}
        or liabilities.liabilities_count = 1
group by tax_rates.source_tax_rate_id
