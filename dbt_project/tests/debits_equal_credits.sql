-- In the home currency every document balances on both bases; in its own currency it does without
-- what QuickBooks books itself.
with entries as (

    select * from {{ ref('fct_ledger_entries') }}

)

select
    accounting_basis,
    document_key,
    'home currency' as measure,
    sum(debit_amount - credit_amount) as difference_amount
from entries
group by accounting_basis, document_key
having sum(debit_amount - credit_amount) <> 0
union all
select
    accounting_basis,
    document_key,
    currency_code as measure,
    sum(document_amount) as difference_amount
from entries
where accounting_basis = 'accrual' and entry_source = 'document'
group by accounting_basis, document_key, currency_code
having sum(document_amount) <> 0
