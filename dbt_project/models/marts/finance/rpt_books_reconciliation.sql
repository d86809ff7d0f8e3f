with reported as (

    select * from {{ ref('int_quickbooks_reported_balances') }}

),

-- A report that was not loaded says nothing; an account that a report leaves out is zero there.
reports as (

    select distinct
        report_name,
        accounting_basis,
        month_start_date
    from reported

),

ours as (

    {% for mart, amount, sign in (
        ('profit_and_loss', 'amount', 1), ('balance_sheet', 'amount', 1),
        ('trial_balance', 'balance_amount', 1),
    ) %}
        select
            '{{ mart }}' as report_name,
            accounting_basis,
            month_start_date,
            account_key,
            {{ amount }} as our_amount,
            implicit_amount,
            currency_code,
            load_number
        from {{ ref('rpt_' ~ mart) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

theirs as (

    select
        report_name,
        accounting_basis,
        month_start_date,
        {{ account_key('source_account_id') }} as account_key,
        reported_amount as source_amount,
        load_number
    from reported
    where source_account_id is not null

),

compared as (

    select
        coalesce(ours.report_name, theirs.report_name) as report_name,
        coalesce(ours.accounting_basis, theirs.accounting_basis) as accounting_basis,
        coalesce(ours.month_start_date, theirs.month_start_date) as month_start_date,
        coalesce(ours.account_key, theirs.account_key) as account_key,
        coalesce(ours.our_amount, 0) as our_amount,
        coalesce(ours.implicit_amount, 0) as implicit_amount,
        coalesce(theirs.source_amount, 0) as source_amount,
        coalesce(ours.our_amount, 0) - coalesce(theirs.source_amount, 0) as difference_amount,
        greatest(
            coalesce(ours.load_number, theirs.load_number), coalesce(theirs.load_number, ours.load_number)
        ) as load_number
    from ours
    full outer join theirs
        on
            ours.report_name = theirs.report_name
            and ours.accounting_basis = theirs.accounting_basis
            and ours.month_start_date = theirs.month_start_date
            and ours.account_key = theirs.account_key
    where coalesce(ours.our_amount, 0) <> 0 or coalesce(theirs.source_amount, 0) <> 0

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

)

select
    compared.report_name,
    compared.accounting_basis,
    compared.month_start_date,
    compared.account_key,
    accounts.account_name,
    cast(compared.our_amount as {{ dbt.type_numeric() }}) as our_amount,
    cast(compared.implicit_amount as {{ dbt.type_numeric() }}) as implicit_amount,
    cast(compared.source_amount as {{ dbt.type_numeric() }}) as source_amount,
    cast(compared.difference_amount as {{ dbt.type_numeric() }}) as difference_amount,
    company.home_currency_code as currency_code,
    case
        when compared.difference_amount = 0 and compared.implicit_amount = 0 then 'equal'
        when compared.difference_amount = 0 then 'implicit posting'
        when abs(compared.difference_amount) <= {{ var('books_tolerance_amount') }} then 'rounding'
        else 'unexplained'
    end as explanation,
    compared.load_number
from compared
cross join company
inner join reports
    on
        compared.report_name = reports.report_name
        and compared.accounting_basis = reports.accounting_basis
        and compared.month_start_date = reports.month_start_date
left join accounts on compared.account_key = accounts.account_key
