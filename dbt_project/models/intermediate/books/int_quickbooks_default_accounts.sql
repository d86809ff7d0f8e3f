{#- Accounts that documents mean without naming them. -#}
{%- set roles = {
    'receivable': "account_type = 'Accounts Receivable'",
    'payable': "account_type = 'Accounts Payable'",
    'undeposited_funds': "account_sub_type = 'UndepositedFunds'",
    'exchange': "account_sub_type = 'ExchangeGainOrLoss'",
    'retained_earnings': "account_sub_type = 'RetainedEarnings'",
    'unapplied_payment': "account_sub_type = 'UnappliedCashPaymentIncome'",
    'unapplied_bill_payment': "account_sub_type = 'UnappliedCashBillPaymentExpense'",
} -%}
with accounts as (

    select * from {{ ref('stg_quickbooks__accounts') }}

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

),

candidates as (

    {% for role, condition in roles.items() %}
        select
            '{{ role }}' as account_role,
            {% if role in ('receivable', 'payable') %}
                coalesce(accounts.currency_code, company.home_currency_code) as currency_code,
            {% else %}
                cast(null as {{ dbt.type_string() }}) as currency_code,
            {% endif %}
            accounts.source_account_id,
            accounts.is_active
        from accounts
        cross join company
        where {{ condition }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

ranked as (

    select
        *,
        row_number() over (
            partition by account_role, currency_code
            order by is_active desc, length(source_account_id) asc, source_account_id asc
        ) as place
    from candidates

)

select
    account_role,
    currency_code,
    source_account_id
from ranked
where place = 1
