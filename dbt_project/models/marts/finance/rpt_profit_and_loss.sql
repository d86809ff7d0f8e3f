with movements as (

    select * from {{ ref('fct_account_movements') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where statement_name = 'profit_and_loss'

)

select
    movements.accounting_basis,
    movements.month_start_date,
    movements.account_key,
    accounts.account_name,
    accounts.account_type,
    accounts.statement_section,
    accounts.section_order,
    -- As the statement shows it: income and expenses are both positive.
    cast(movements.moved_amount * accounts.natural_sign as {{ dbt.type_numeric() }}) as amount,
    cast(-movements.moved_amount as {{ dbt.type_numeric() }}) as profit_amount,
    cast(movements.implicit_amount * accounts.natural_sign as {{ dbt.type_numeric() }})
        as implicit_amount,
    movements.currency_code,
    movements.load_number
from movements
inner join accounts on movements.account_key = accounts.account_key
