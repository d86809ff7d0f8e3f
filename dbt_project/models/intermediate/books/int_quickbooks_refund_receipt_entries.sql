{{ quickbooks_sale_entries('refund_receipt', -1, 'undeposited_funds') }}
