{{ open_items_by_age('payable', 'source_vendor_id') }}
