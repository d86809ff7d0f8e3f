{#- Where accounts of a type stand in the statements, in their order. -#}
{%- set types = [
    ('Bank', 'Asset', 'Bank Accounts'),
    ('Accounts Receivable', 'Asset', 'Accounts Receivable'),
    ('Other Current Asset', 'Asset', 'Other Current Assets'),
    ('Fixed Asset', 'Asset', 'Fixed Assets'),
    ('Other Asset', 'Asset', 'Other Assets'),
    ('Accounts Payable', 'Liability', 'Accounts Payable'),
    ('Credit Card', 'Liability', 'Credit Cards'),
    ('Other Current Liability', 'Liability', 'Other Current Liabilities'),
    ('Long Term Liability', 'Liability', 'Long-Term Liabilities'),
    ('Equity', 'Equity', 'Equity'),
    ('Income', 'Revenue', 'Income'),
    ('Cost of Goods Sold', 'Expense', 'Cost of Goods Sold'),
    ('Expense', 'Expense', 'Expenses'),
    ('Other Income', 'Revenue', 'Other Income'),
    ('Other Expense', 'Expense', 'Other Expenses'),
] -%}
with account_types as (

    {% for account_type, classification, section in types %}
        select
            '{{ account_type }}' as account_type,
            '{{ classification }}' as classification,
            '{{ section }}' as statement_section,
            {{ loop.index }} as section_order
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

accounts as (

    select
        source_account_id,
        parent_account_id,
        account_name,
        account_full_name,
        account_type,
        account_sub_type,
        currency_code,
        is_active,
        load_number
    from {{ ref('stg_quickbooks__accounts') }}

),

books as (

    select max(load_number) as load_number from accounts

),

names as (

    select
        'net_income' as source_account_id,
        'Net Income' as account_name,
        'Equity' as account_type,
        'NetIncome' as account_sub_type
    union all
    select
        'unknown' as source_account_id,
        'Unknown account' as account_name,
        'Expense' as account_type,
        'Unknown' as account_sub_type

),

-- The year's profit stands in the balance sheet without an account of the books; what names no
-- account must show up all the same.
added_accounts as (

    select
        names.source_account_id,
        cast(null as {{ dbt.type_string() }}) as parent_account_id,
        names.account_name,
        names.account_name as account_full_name,
        names.account_type,
        names.account_sub_type,
        cast(null as {{ dbt.type_string() }}) as currency_code,
        true as is_active,
        books.load_number
    from names
    cross join books
    where books.load_number is not null

),

all_accounts as (

    select * from accounts
    union all
    select * from added_accounts

)

select
    all_accounts.*,
    account_types.classification,
    account_types.statement_section,
    account_types.section_order,
    case
        when account_types.classification in ('Revenue', 'Expense') then 'profit_and_loss'
        else 'balance_sheet'
    end as statement_name,
    case
        when account_types.classification in ('Liability', 'Equity', 'Revenue') then -1
        else 1
    end as natural_sign
from all_accounts
left join account_types on all_accounts.account_type = account_types.account_type
