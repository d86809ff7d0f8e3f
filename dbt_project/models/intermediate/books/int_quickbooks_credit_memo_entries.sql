{{ quickbooks_sale_entries('credit_memo', -1, 'receivable') }}
