{{ quickbooks_moved_entries(
    'bill_payment', 'other_account_id', 'source_account_id', 'payable', 'unknown'
) }}
