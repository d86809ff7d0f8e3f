"""Square's documents: which fields they have, and which of them are personal.

After the types of Square's own SDK (squareup 46, API version 2026-09-16).
"""

from __future__ import annotations

from ingestion.api.shapes import (
    ADDRESS,
    BOOLEAN,
    DAY,
    DECIMAL,
    EMAIL,
    INSTANT_TEXT,
    INTEGER,
    JSON,
    MINOR_MONEY,
    NAME,
    NOTE,
    OPAQUE,
    PHONE,
    TEXT,
    DocumentTable,
    reference,
)

ID, UID = TEXT.always, TEXT
CHANGED = INSTANT_TEXT.always
ORDER_REFERENCE = reference(r"#?[A-Z]{0,4}-?\d{3,}")

PLACE = {
    "address_line_1": ADDRESS, "address_line_2": ADDRESS, "address_line_3": ADDRESS,
    "locality": TEXT, "sublocality": TEXT, "sublocality_2": TEXT, "sublocality_3": TEXT,
    "administrative_district_level_1": TEXT, "administrative_district_level_2": TEXT,
    "administrative_district_level_3": TEXT, "postal_code": TEXT, "country": TEXT,
    "first_name": NAME, "last_name": NAME,
}  # fmt: skip
AMOUNTS = {
    "total_money": MINOR_MONEY, "tax_money": MINOR_MONEY, "discount_money": MINOR_MONEY,
    "tip_money": MINOR_MONEY, "service_charge_money": MINOR_MONEY,
}  # fmt: skip
ROUNDING = {"uid": UID, "name": TEXT, "amount_money": MINOR_MONEY}
APPLIED_TAX = {"uid": UID, "tax_uid": TEXT, "applied_money": MINOR_MONEY, "auto_applied": BOOLEAN}
APPLIED_DISCOUNT = {"uid": UID, "discount_uid": TEXT, "applied_money": MINOR_MONEY}
APPLIED_CHARGE = {"uid": UID, "service_charge_uid": TEXT, "applied_money": MINOR_MONEY}
MODIFIER = {
    "uid": UID, "source_modifier_uid": TEXT, "catalog_object_id": TEXT, "catalog_version": INTEGER,
    "name": TEXT, "quantity": DECIMAL, "base_price_money": MINOR_MONEY,
    "total_price_money": MINOR_MONEY, "metadata": OPAQUE,
}  # fmt: skip
LINE = {
    "uid": UID, "name": TEXT, "quantity": DECIMAL.always, "quantity_unit": JSON, "note": NOTE,
    "catalog_object_id": TEXT, "catalog_version": INTEGER, "variation_name": TEXT,
    "item_type": TEXT, "applied_taxes": [APPLIED_TAX], "applied_discounts": [APPLIED_DISCOUNT],
    "applied_service_charges": [APPLIED_CHARGE], "base_price_money": MINOR_MONEY,
    "variation_total_price_money": MINOR_MONEY, "total_tax_money": MINOR_MONEY,
    "total_discount_money": MINOR_MONEY, "total_money": MINOR_MONEY,
    "total_service_charge_money": MINOR_MONEY,
}  # fmt: skip
TAX = {
    "uid": UID, "source_tax_uid": TEXT, "catalog_object_id": TEXT, "catalog_version": INTEGER,
    "name": TEXT, "type": TEXT, "percentage": DECIMAL, "applied_money": MINOR_MONEY, "scope": TEXT,
    "auto_applied": BOOLEAN, "metadata": OPAQUE,
}  # fmt: skip
DISCOUNT = {
    "uid": UID, "source_discount_uid": TEXT, "catalog_object_id": TEXT, "catalog_version": INTEGER,
    "name": TEXT, "type": TEXT, "percentage": DECIMAL, "amount_money": MINOR_MONEY,
    "applied_money": MINOR_MONEY, "scope": TEXT, "reward_ids": JSON, "pricing_rule_id": TEXT,
    "metadata": OPAQUE,
}  # fmt: skip
CHARGE = {
    "uid": UID, "source_service_charge_uid": TEXT, "name": TEXT, "catalog_object_id": TEXT,
    "catalog_version": INTEGER, "percentage": DECIMAL, "amount_money": MINOR_MONEY,
    "applied_money": MINOR_MONEY, "total_money": MINOR_MONEY, "total_tax_money": MINOR_MONEY,
    "calculation_phase": TEXT, "taxable": BOOLEAN, "applied_taxes": [APPLIED_TAX], "type": TEXT,
    "treatment_type": TEXT, "scope": TEXT, "metadata": OPAQUE,
}  # fmt: skip
RETURN = {
    "uid": UID, "source_order_id": TEXT,
    "return_line_items": [LINE | {
        "source_line_item_uid": TEXT, "gross_return_money": MINOR_MONEY,
        "return_modifiers": [MODIFIER],
    }],
    "return_service_charges": [CHARGE], "return_taxes": [TAX], "return_discounts": [DISCOUNT],
    "return_tips": [{"uid": UID, "applied_money": MINOR_MONEY, "source_tender_uid": TEXT,
                     "source_tender_id": TEXT}],
    "rounding_adjustment": ROUNDING, "return_amounts": AMOUNTS,
}  # fmt: skip
TENDER = {
    "id": TEXT, "location_id": TEXT, "transaction_id": TEXT, "created_at": INSTANT_TEXT,
    "note": ORDER_REFERENCE, "amount_money": MINOR_MONEY, "tip_money": MINOR_MONEY,
    "processing_fee_money": MINOR_MONEY, "customer_id": TEXT, "type": TEXT, "card_details": OPAQUE,
    "cash_details": OPAQUE, "bank_account_details": OPAQUE, "buy_now_pay_later_details": OPAQUE,
    "square_account_details": OPAQUE, "additional_recipients": OPAQUE, "payment_id": TEXT,
}  # fmt: skip
ORDER = {
    "id": ID, "location_id": ID, "reference_id": TEXT, "source": {"name": TEXT},
    "customer_id": TEXT,
    "line_items": [LINE | {
        "metadata": OPAQUE, "modifiers": [MODIFIER], "gross_sales_money": MINOR_MONEY,
        "pricing_blocklists": OPAQUE,
    }],
    "taxes": [TAX], "discounts": [DISCOUNT], "service_charges": [CHARGE], "fulfillments": OPAQUE,
    "returns": [RETURN], "return_amounts": AMOUNTS, "net_amounts": AMOUNTS,
    "rounding_adjustment": ROUNDING, "tenders": [TENDER],
    "refunds": [{
        "id": TEXT, "location_id": TEXT, "transaction_id": TEXT, "tender_id": TEXT,
        "created_at": INSTANT_TEXT, "reason": NOTE, "amount_money": MINOR_MONEY, "status": TEXT,
        "processing_fee_money": MINOR_MONEY, "additional_recipients": OPAQUE,
    }],
    "metadata": OPAQUE, "created_at": INSTANT_TEXT, "updated_at": CHANGED,
    "closed_at": INSTANT_TEXT,
    "state": TEXT.always, "version": INTEGER, "total_money": MINOR_MONEY.always,
    "total_tax_money": MINOR_MONEY.always, "total_discount_money": MINOR_MONEY.always,
    "total_tip_money": MINOR_MONEY, "total_service_charge_money": MINOR_MONEY,
    "ticket_name": NOTE, "pricing_options": JSON, "rewards": JSON,
    "net_amount_due_money": MINOR_MONEY,
}  # fmt: skip
FEE = {"effective_at": INSTANT_TEXT, "type": TEXT, "amount_money": MINOR_MONEY}
PAYMENT = {
    "id": ID, "created_at": CHANGED, "updated_at": CHANGED, "amount_money": MINOR_MONEY.always,
    "tip_money": MINOR_MONEY, "total_money": MINOR_MONEY, "app_fee_money": MINOR_MONEY,
    "approved_money": MINOR_MONEY, "processing_fee": [FEE], "refunded_money": MINOR_MONEY,
    "status": TEXT.always, "delay_duration": TEXT, "delay_action": TEXT,
    "delayed_until": INSTANT_TEXT, "source_type": TEXT,
    "card_details": {
        "status": TEXT, "entry_method": TEXT, "cvv_status": TEXT, "avs_status": TEXT,
        "auth_result_code": OPAQUE, "application_identifier": OPAQUE, "application_name": TEXT,
        "application_cryptogram": OPAQUE, "verification_method": TEXT,
        "verification_results": TEXT, "statement_description": TEXT, "device_details": OPAQUE,
        "card_payment_timeline": JSON, "refund_requires_card_presence": BOOLEAN, "errors": OPAQUE,
        "card": {
            "id": OPAQUE, "card_brand": TEXT, "last_4": OPAQUE, "exp_month": OPAQUE,
            "exp_year": OPAQUE, "cardholder_name": NAME, "billing_address": OPAQUE,
            "fingerprint": OPAQUE, "customer_id": TEXT, "merchant_id": TEXT, "reference_id": TEXT,
            "enabled": BOOLEAN, "card_type": TEXT, "prepaid_type": TEXT, "bin": OPAQUE,
            "version": INTEGER, "card_co_brand": TEXT, "issuer_alert": TEXT,
            "issuer_alert_at": INSTANT_TEXT, "hsa_fsa": BOOLEAN,
        },
    },
    "cash_details": {"buyer_supplied_money": MINOR_MONEY, "change_back_money": MINOR_MONEY},
    "bank_account_details": OPAQUE,
    "external_details": {"type": TEXT, "source": TEXT, "source_id": TEXT,
                         "source_fee_money": MINOR_MONEY},
    "wallet_details": OPAQUE, "buy_now_pay_later_details": OPAQUE,
    "square_account_details": OPAQUE, "location_id": TEXT.always, "order_id": TEXT,
    "reference_id": TEXT, "customer_id": TEXT, "employee_id": TEXT, "team_member_id": TEXT,
    "refund_ids": JSON, "risk_evaluation": JSON, "terminal_checkout_id": TEXT,
    "buyer_email_address": EMAIL, "billing_address": PLACE, "shipping_address": PLACE,
    "note": ORDER_REFERENCE, "statement_description_identifier": TEXT, "capabilities": JSON,
    "receipt_number": TEXT, "receipt_url": OPAQUE, "device_details": OPAQUE,
    "application_details": {"square_product": TEXT, "application_id": TEXT},
    "is_offline_payment": BOOLEAN, "offline_payment_details": JSON, "version_token": TEXT,
}  # fmt: skip
REFUND = {
    "id": ID, "status": TEXT.always, "location_id": TEXT, "unlinked": BOOLEAN,
    "destination_type": TEXT, "destination_details": OPAQUE, "amount_money": MINOR_MONEY.always,
    "app_fee_money": MINOR_MONEY, "app_fee_allocations": JSON, "processing_fee": [FEE],
    "payment_id": TEXT, "order_id": TEXT, "reason": NOTE, "created_at": CHANGED,
    "updated_at": CHANGED, "team_member_id": TEXT, "terminal_refund_id": TEXT,
}  # fmt: skip
CUSTOMER = {
    "id": ID, "created_at": CHANGED, "updated_at": CHANGED, "given_name": NAME,
    "family_name": NAME, "nickname": NAME, "company_name": NAME, "email_address": EMAIL,
    "address": PLACE, "phone_number": PHONE, "birthday": OPAQUE, "reference_id": TEXT,
    "note": NOTE, "preferences": {"email_unsubscribed": BOOLEAN}, "creation_source": TEXT,
    "group_ids": JSON, "segment_ids": JSON, "version": INTEGER, "tax_ids": OPAQUE,
}  # fmt: skip
LOCATION = {
    "id": ID, "name": TEXT, "address": PLACE, "timezone": TEXT.always, "capabilities": JSON,
    "status": TEXT, "created_at": INSTANT_TEXT, "merchant_id": TEXT, "country": TEXT,
    "language_code": TEXT, "currency": TEXT.always, "phone_number": PHONE, "business_name": TEXT,
    "type": TEXT, "website_url": TEXT, "business_hours": JSON, "business_email": EMAIL,
    "description": TEXT, "twitter_username": OPAQUE, "instagram_username": OPAQUE,
    "facebook_url": OPAQUE, "coordinates": {"latitude": DECIMAL, "longitude": DECIMAL},
    "logo_url": TEXT, "pos_background_url": TEXT, "mcc": TEXT, "full_format_logo_url": TEXT,
    "tax_ids": OPAQUE,
}  # fmt: skip
MERCHANT = {
    "id": ID, "business_name": TEXT, "country": TEXT, "language_code": TEXT, "currency": TEXT,
    "status": TEXT, "main_location_id": TEXT, "created_at": INSTANT_TEXT,
}  # fmt: skip
JOB = {
    "job_title": TEXT, "pay_type": TEXT, "hourly_rate": MINOR_MONEY, "annual_rate": MINOR_MONEY,
    "weekly_hours": INTEGER, "job_id": TEXT,
}  # fmt: skip
TEAM_MEMBER = {
    "id": ID, "reference_id": TEXT, "is_owner": BOOLEAN, "status": TEXT, "given_name": NAME,
    "family_name": NAME, "email_address": EMAIL, "phone_number": PHONE,
    "created_at": INSTANT_TEXT, "updated_at": INSTANT_TEXT,
    "assigned_locations": {"assignment_type": TEXT, "location_ids": JSON},
    "wage_setting": {
        "team_member_id": TEXT, "job_assignments": [JOB], "is_overtime_exempt": BOOLEAN,
        "version": INTEGER, "created_at": INSTANT_TEXT, "updated_at": INSTANT_TEXT,
    },
}  # fmt: skip
TIMECARD = {
    "id": ID, "location_id": TEXT.always, "timezone": TEXT, "start_at": CHANGED,
    "end_at": INSTANT_TEXT,
    "wage": {"title": TEXT, "hourly_rate": MINOR_MONEY, "job_id": TEXT, "tip_eligible": BOOLEAN},
    "breaks": [{"id": TEXT, "start_at": INSTANT_TEXT, "end_at": INSTANT_TEXT,
                "break_type_id": TEXT, "name": TEXT, "expected_duration": TEXT,
                "is_paid": BOOLEAN}],
    "status": TEXT, "version": INTEGER, "created_at": INSTANT_TEXT, "updated_at": CHANGED,
    "team_member_id": TEXT, "employee_id": TEXT, "declared_cash_tip_money": MINOR_MONEY,
}  # fmt: skip
INVENTORY_COUNT = {
    "id": ID, "catalog_object_id": TEXT.always, "catalog_object_type": TEXT, "state": TEXT.always,
    "location_id": TEXT, "quantity": DECIMAL, "calculated_at": CHANGED, "is_estimated": BOOLEAN,
}  # fmt: skip
APPLICATION = {"product": TEXT, "application_id": TEXT, "name": TEXT}
COUNTED = {
    "id": TEXT, "reference_id": TEXT, "catalog_object_id": TEXT, "catalog_object_type": TEXT,
    "location_id": TEXT, "quantity": DECIMAL, "source": APPLICATION, "employee_id": TEXT,
    "team_member_id": TEXT, "occurred_at": INSTANT_TEXT, "created_at": INSTANT_TEXT,
}  # fmt: skip
INVENTORY_CHANGE = {
    "id": ID, "occurred_at": CHANGED, "created_at": CHANGED, "type": TEXT.always,
    "physical_count": COUNTED | {"state": TEXT},
    "adjustment": COUNTED | {
        "from_state": TEXT, "to_state": TEXT, "total_price_money": MINOR_MONEY,
        "cost_money": MINOR_MONEY, "transaction_id": TEXT, "refund_id": TEXT, "vendor_id": TEXT,
        "purchase_order_id": TEXT, "goods_receipt_id": TEXT, "adjustment_group": JSON,
        "physical_count_id": TEXT, "to_location_id": TEXT, "from_location_id": TEXT,
    },
    "transfer": COUNTED | {"state": TEXT, "from_location_id": TEXT, "to_location_id": TEXT},
    "measurement_unit": JSON, "measurement_unit_id": TEXT,
}  # fmt: skip
ENTRY = {
    "id": ID, "effective_at": INSTANT_TEXT, "type": TEXT,
    "gross_amount_money": MINOR_MONEY, "fee_amount_money": MINOR_MONEY,
    "net_amount_money": MINOR_MONEY,
    "type_charge_details": {"payment_id": TEXT}, "type_fee_details": {"payment_id": TEXT},
    "type_refund_details": {"payment_id": TEXT, "refund_id": TEXT},
    "type_dispute_details": {"payment_id": TEXT, "dispute_id": TEXT},
    "type_tax_on_fee_details": {"payment_id": TEXT, "tax_rate_description": TEXT},
}  # fmt: skip
PAYOUT = {
    "id": ID, "status": TEXT, "location_id": TEXT, "created_at": CHANGED, "updated_at": CHANGED,
    "amount_money": MINOR_MONEY, "destination": {"type": TEXT, "id": OPAQUE}, "version": INTEGER,
    "type": TEXT, "payout_fee": [FEE], "arrival_date": DAY, "end_to_end_id": TEXT,
    "entries": [ENTRY],
}  # fmt: skip
CATALOG_OBJECT = {
    "id": ID, "type": TEXT.always, "updated_at": CHANGED, "created_at": INSTANT_TEXT,
    "version": INTEGER, "is_deleted": BOOLEAN, "custom_attribute_values": OPAQUE,
    "catalog_v1_ids": JSON, "present_at_all_locations": BOOLEAN, "present_at_location_ids": JSON,
    "absent_at_location_ids": JSON, "image_id": TEXT,
    "item_data": {
        "name": TEXT, "description": TEXT, "abbreviation": TEXT, "label_color": TEXT,
        "is_taxable": BOOLEAN, "category_id": TEXT, "tax_ids": JSON, "modifier_list_info": JSON,
        "variations": JSON, "product_type": TEXT, "skip_modifier_screen": BOOLEAN,
        "item_options": JSON, "ecom_uri": TEXT, "ecom_image_uris": JSON, "image_ids": JSON,
        "sort_name": TEXT, "categories": [{"id": TEXT, "ordinal": INTEGER}],
        "description_html": TEXT, "description_plaintext": TEXT, "channels": JSON,
        "is_archived": BOOLEAN, "ecom_seo_data": JSON, "food_and_beverage_details": JSON,
        "reporting_category": {"id": TEXT, "ordinal": INTEGER}, "is_alcoholic": BOOLEAN,
        "visibility": TEXT, "ecom_available": BOOLEAN, "ecom_visibility": TEXT,
        "available_online": BOOLEAN, "available_for_pickup": BOOLEAN,
        "available_electronically": BOOLEAN,
    },
    "category_data": {
        "name": TEXT, "image_ids": JSON, "category_type": TEXT,
        "parent_category": {"id": TEXT, "ordinal": INTEGER}, "is_top_level": BOOLEAN,
        "channels": JSON, "availability_period_ids": JSON, "online_visibility": BOOLEAN,
        "root_category": TEXT, "ecom_seo_data": JSON, "path_to_root": JSON,
    },
    "item_variation_data": {
        "item_id": TEXT, "name": TEXT, "sku": TEXT, "upc": TEXT, "ordinal": INTEGER,
        "pricing_type": TEXT, "price_money": MINOR_MONEY, "location_overrides": JSON,
        "track_inventory": BOOLEAN, "inventory_alert_type": TEXT,
        "inventory_alert_threshold": INTEGER, "user_data": OPAQUE, "service_duration": INTEGER,
        "available_for_booking": BOOLEAN, "item_option_values": JSON,
        "measurement_unit_id": TEXT, "sellable": BOOLEAN, "stockable": BOOLEAN,
        "image_ids": JSON, "team_member_ids": JSON, "stockable_conversion": JSON,
        "item_variation_vendor_infos": JSON, "default_unit_cost": MINOR_MONEY,
    },
    "tax_data": {
        "name": TEXT, "calculation_phase": TEXT, "inclusion_type": TEXT, "percentage": DECIMAL,
        "applies_to_custom_amounts": BOOLEAN, "enabled": BOOLEAN,
        "applies_to_product_set_id": TEXT,
    },
    "discount_data": {
        "name": TEXT, "discount_type": TEXT, "percentage": DECIMAL, "amount_money": MINOR_MONEY,
        "pin_required": BOOLEAN, "label_color": TEXT, "modify_tax_basis": TEXT,
        "maximum_amount_money": MINOR_MONEY,
    },
    "modifier_list_data": {
        "name": TEXT, "ordinal": INTEGER, "selection_type": TEXT, "modifiers": JSON,
        "image_ids": JSON, "allow_quantities": BOOLEAN, "is_conversational": BOOLEAN,
        "modifier_type": TEXT, "max_length": INTEGER, "text_required": BOOLEAN,
        "internal_name": TEXT, "min_selected_modifiers": INTEGER,
        "max_selected_modifiers": INTEGER, "hidden_from_customer": BOOLEAN,
    },
    "modifier_data": {
        "name": TEXT, "price_money": MINOR_MONEY, "on_by_default": BOOLEAN, "ordinal": INTEGER,
        "modifier_list_id": TEXT, "location_overrides": JSON, "image_id": TEXT,
        "hidden_online": BOOLEAN,
    },
}  # fmt: skip
SALES_DAY = {
    "id": ID, "sale_date": DAY.always, "location_id": TEXT.always,
    "gross_sales": DECIMAL, "discounts_amount": DECIMAL, "returns_amount": DECIMAL,
    "net_sales": DECIMAL, "sales_tax_amount": DECIMAL, "tips_amount": DECIMAL,
    "service_charges_amount": DECIMAL, "gift_card_sales": DECIMAL, "order_count": INTEGER,
}  # fmt: skip

MERCHANTS = DocumentTable("merchants", MERCHANT)
LOCATIONS = DocumentTable("locations", LOCATION)
TEAM_MEMBERS = DocumentTable("team_members", TEAM_MEMBER)
TIMECARDS = DocumentTable("timecards", TIMECARD)
CUSTOMERS = DocumentTable("customers", CUSTOMER)
CATALOG_OBJECTS = DocumentTable("catalog_objects", CATALOG_OBJECT)
ORDERS = DocumentTable("orders", ORDER)
PAYMENTS = DocumentTable("payments", PAYMENT)
REFUNDS = DocumentTable("refunds", REFUND)
INVENTORY_COUNTS = DocumentTable("inventory_counts", INVENTORY_COUNT)
INVENTORY_CHANGES = DocumentTable("inventory_changes", INVENTORY_CHANGE)
PAYOUTS = DocumentTable("payouts", PAYOUT)
SALES_DAYS = DocumentTable("sales_report", SALES_DAY)
TABLES = (
    MERCHANTS, LOCATIONS, TEAM_MEMBERS, TIMECARDS, CUSTOMERS, CATALOG_OBJECTS, ORDERS, PAYMENTS,
    REFUNDS, INVENTORY_COUNTS, INVENTORY_CHANGES, PAYOUTS, SALES_DAYS,
)  # fmt: skip
