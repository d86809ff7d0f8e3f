with reconciled as (

    select
        report_name,
        accounting_basis,
        month_start_date,
        account_name,
        difference_amount
    from {{ ref('rpt_books_reconciliation') }}
    where explanation = 'unexplained'

),

-- A posting of the general ledger that no document and no known rule explains.
posted as (

    select
        'general_ledger' as report_name,
        'accrual' as accounting_basis,
        {{ month_start('entry_date') }} as month_start_date,
        source_account_id as account_name,
        difference_amount
    from {{ ref('int_quickbooks_ledger_differences') }}
    where
        posting_reason = 'unexplained'
        and abs(difference_amount) > {{ var('books_tolerance_amount') }}

)

select * from reconciled
union all
select * from posted
