{{ quickbooks_sale_entries('sales_receipt', 1, 'undeposited_funds') }}
