{{ quickbooks_expense_entries('bill', 'payable') }}
