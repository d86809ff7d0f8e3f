{{ quickbooks_sale_entries('invoice', 1, 'receivable') }}
