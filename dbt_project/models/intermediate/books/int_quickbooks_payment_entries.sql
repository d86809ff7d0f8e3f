{{ quickbooks_moved_entries(
    'payment', 'source_account_id', 'other_account_id', 'undeposited_funds', 'receivable'
) }}
