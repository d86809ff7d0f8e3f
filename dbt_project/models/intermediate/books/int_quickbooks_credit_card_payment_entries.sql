{{ quickbooks_moved_entries(
    'credit_card_payment', 'other_account_id', 'source_account_id', 'unknown', 'unknown'
) }}
