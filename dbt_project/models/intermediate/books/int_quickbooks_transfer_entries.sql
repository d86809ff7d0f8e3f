{{ quickbooks_moved_entries(
    'transfer', 'other_account_id', 'source_account_id', 'unknown', 'unknown'
) }}
