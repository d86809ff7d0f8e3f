{{ quickbooks_expense_entries('vendor_credit', 'payable') }}
