{{ open_items_by_age('receivable', 'source_customer_id') }}
