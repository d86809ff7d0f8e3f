{{ quickbooks_expense_entries('purchase', 'unknown') }}
