"""Shopify's documents: what is asked for, which tables it fills, and what of it is personal.

Fields of the Admin API 2026-10. The queries are made of these shapes (see queries.py), so a field
is asked for exactly when it has a column.
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
    MONEY,
    MONEY_BAG,
    NAME,
    NOTE,
    OPAQUE,
    PHONE,
    TEXT,
    Connection,
    DocumentTable,
)

ID = TEXT.always
CHANGED = INSTANT_TEXT.always
REFERENCE = {"id": TEXT}
TAX = {"title": TEXT, "rate": DECIMAL, "priceSet": MONEY_BAG, "source": TEXT,
       "channelLiable": BOOLEAN}  # fmt: skip
DISCOUNT = {
    "allocatedAmountSet": MONEY_BAG,
    "discountApplication": {
        "index": INTEGER, "allocationMethod": TEXT, "targetSelection": TEXT, "targetType": TEXT,
        "code": TEXT,
    },
}  # fmt: skip
MAILING = {
    "address1": ADDRESS, "address2": ADDRESS, "city": TEXT, "company": NAME, "countryCodeV2": TEXT,
    "firstName": NAME, "lastName": NAME, "phone": PHONE, "provinceCode": TEXT, "zip": TEXT,
}  # fmt: skip
SHOP = {
    "id": ID, "name": TEXT, "email": EMAIL, "contactEmail": EMAIL, "myshopifyDomain": TEXT,
    "currencyCode": TEXT.always, "ianaTimezone": TEXT.always, "taxesIncluded": BOOLEAN,
    "taxShipping": BOOLEAN, "createdAt": INSTANT_TEXT, "updatedAt": INSTANT_TEXT,
    "plan": {"publicDisplayName": TEXT, "partnerDevelopment": BOOLEAN, "shopifyPlus": BOOLEAN},
}  # fmt: skip
LOCATION = {
    "id": ID, "legacyResourceId": TEXT, "name": TEXT, "isActive": BOOLEAN,
    "fulfillsOnlineOrders": BOOLEAN, "shipsInventory": BOOLEAN, "createdAt": INSTANT_TEXT,
    "updatedAt": INSTANT_TEXT,
    "address": {"address1": ADDRESS, "city": TEXT, "provinceCode": TEXT, "countryCode": TEXT,
                "zip": TEXT},
}  # fmt: skip
CUSTOMER = {
    "id": ID, "legacyResourceId": TEXT, "firstName": NAME, "lastName": NAME, "locale": TEXT,
    "defaultEmailAddress": {"emailAddress": EMAIL, "marketingState": TEXT,
                            "marketingUpdatedAt": INSTANT_TEXT},
    "defaultPhoneNumber": {"phoneNumber": PHONE},
    "defaultAddress": MAILING, "note": NOTE, "numberOfOrders": TEXT, "state": TEXT, "tags": JSON,
    "taxExempt": BOOLEAN, "verifiedEmail": BOOLEAN, "createdAt": CHANGED, "updatedAt": CHANGED,
}  # fmt: skip
VARIANT = {
    "id": ID, "legacyResourceId": TEXT, "title": TEXT, "displayName": TEXT, "sku": TEXT,
    "barcode": TEXT, "price": DECIMAL, "compareAtPrice": DECIMAL, "position": INTEGER,
    "taxable": BOOLEAN, "inventoryQuantity": INTEGER, "inventoryItem": REFERENCE,
    "selectedOptions": [{"name": TEXT, "value": TEXT}], "createdAt": INSTANT_TEXT,
    "updatedAt": INSTANT_TEXT,
}  # fmt: skip
PRODUCT = {
    "id": ID, "legacyResourceId": TEXT, "title": TEXT, "handle": TEXT, "status": TEXT,
    "vendor": TEXT, "productType": TEXT, "tags": JSON, "isGiftCard": BOOLEAN,
    "category": {"id": TEXT, "fullName": TEXT}, "createdAt": CHANGED, "updatedAt": CHANGED,
    "publishedAt": INSTANT_TEXT, "variants": Connection([VARIANT]),
}  # fmt: skip
INVENTORY_ITEM = {
    "id": ID, "legacyResourceId": TEXT, "sku": TEXT, "tracked": BOOLEAN,
    "requiresShipping": BOOLEAN, "unitCost": MONEY, "createdAt": INSTANT_TEXT,
    "updatedAt": CHANGED,
    "inventoryLevels": Connection([{
        "id": ID, "isActive": BOOLEAN, "location": REFERENCE, "updatedAt": INSTANT_TEXT,
        "quantities": [{"name": TEXT, "quantity": INTEGER, "updatedAt": INSTANT_TEXT}],
    }]),
}  # fmt: skip
LINE_ITEM = {
    "id": ID, "title": TEXT.always, "name": TEXT, "variantTitle": TEXT, "vendor": TEXT,
    "sku": TEXT, "quantity": INTEGER.always, "currentQuantity": INTEGER,
    "isGiftCard": BOOLEAN, "taxable": BOOLEAN,
    "requiresShipping": BOOLEAN, "product": REFERENCE, "variant": REFERENCE,
    "originalUnitPriceSet": MONEY_BAG, "originalTotalSet": MONEY_BAG,
    "discountedTotalSet": MONEY_BAG, "totalDiscountSet": MONEY_BAG,
    "taxLines": [TAX], "discountAllocations": [DISCOUNT],
}  # fmt: skip
SALE = {
    "id": ID, "actionType": TEXT.always, "lineType": TEXT.always, "quantity": INTEGER,
    "totalAmount": MONEY_BAG.always, "totalTaxAmount": MONEY_BAG.always,
    "totalDiscountAmountBeforeTaxes": MONEY_BAG.always,
    "totalDiscountAmountAfterTaxes": MONEY_BAG.always,
    "lineItem": REFERENCE, "shippingLine": {"id": TEXT, "title": TEXT},
    "taxes": [{"id": TEXT, "amount": MONEY_BAG, "taxLine": {"title": TEXT, "rate": DECIMAL}}],
}  # fmt: skip
AGREEMENT = {
    "id": ID, "happenedAt": CHANGED, "reason": TEXT.always, "app": {"id": TEXT, "title": TEXT},
    "sales": Connection([SALE]),
}  # fmt: skip
TRANSACTION = {
    "id": ID, "kind": TEXT.always, "status": TEXT.always, "test": BOOLEAN, "gateway": TEXT,
    "formattedGateway": TEXT, "createdAt": CHANGED, "processedAt": INSTANT_TEXT,
    "paymentId": TEXT, "amountSet": MONEY_BAG.always, "parentTransaction": REFERENCE,
    "errorCode": TEXT, "settlementCurrency": TEXT, "settlementCurrencyRate": DECIMAL,
    "fees": [{"id": TEXT, "type": TEXT, "rate": DECIMAL, "amount": MONEY, "flatFee": MONEY,
              "taxAmount": MONEY}],
}  # fmt: skip
VISIT = {
    "id": TEXT, "occurredAt": INSTANT_TEXT, "landingPage": TEXT, "referrerUrl": TEXT,
    "source": TEXT, "sourceDescription": TEXT, "sourceType": TEXT,
    "utmParameters": {"campaign": TEXT, "content": TEXT, "medium": TEXT, "source": TEXT,
                      "term": TEXT},
}  # fmt: skip
# Bulk operations cannot go below a list: a refund's connections are asked for afterwards.
REFUND = {
    "id": ID, "legacyResourceId": TEXT, "createdAt": INSTANT_TEXT, "processedAt": INSTANT_TEXT,
    "updatedAt": INSTANT_TEXT, "note": NOTE, "return": REFERENCE, "totalRefundedSet": MONEY_BAG,
    "refundLineItems": Connection([{
        "id": TEXT, "lineItem": REFERENCE, "quantity": INTEGER.always, "restockType": TEXT,
        "restocked": BOOLEAN, "location": REFERENCE, "priceSet": MONEY_BAG,
        "subtotalSet": MONEY_BAG, "totalTaxSet": MONEY_BAG,
    }]),
    "orderAdjustments": Connection([{
        "id": ID, "reason": TEXT, "amountSet": MONEY_BAG, "taxAmountSet": MONEY_BAG,
    }]),
    "refundShippingLines": Connection([{
        "id": ID, "shippingLine": REFERENCE, "subtotalAmountSet": MONEY_BAG,
        "taxAmountSet": MONEY_BAG,
    }]),
    "transactions": Connection([{"id": ID, "kind": TEXT, "status": TEXT, "amountSet": MONEY_BAG}]),
}  # fmt: skip
ORDER = {
    "id": ID, "legacyResourceId": TEXT, "name": TEXT.always, "number": INTEGER,
    "sourceIdentifier": TEXT, "sourceName": TEXT, "email": EMAIL, "phone": PHONE, "note": NOTE,
    "tags": JSON, "createdAt": CHANGED, "processedAt": CHANGED, "updatedAt": CHANGED,
    "cancelledAt": INSTANT_TEXT, "cancelReason": TEXT, "closedAt": INSTANT_TEXT,
    "closed": BOOLEAN, "confirmed": BOOLEAN, "test": BOOLEAN.always, "edited": BOOLEAN,
    "currencyCode": TEXT.always, "presentmentCurrencyCode": TEXT.always,
    "taxesIncluded": BOOLEAN, "taxExempt": BOOLEAN, "poNumber": TEXT,
    "displayFinancialStatus": TEXT, "displayFulfillmentStatus": TEXT, "returnStatus": TEXT,
    "discountCodes": JSON, "paymentGatewayNames": JSON, "app": {"id": TEXT, "name": TEXT},
    "customer": REFERENCE, "retailLocation": REFERENCE,
    "shippingAddress": {"city": TEXT, "countryCodeV2": TEXT, "provinceCode": TEXT, "zip": TEXT},
    "billingAddress": {"city": TEXT, "countryCodeV2": TEXT, "provinceCode": TEXT, "zip": TEXT},
    "shippingLine": {"id": TEXT, "title": TEXT, "code": TEXT, "originalPriceSet": MONEY_BAG,
                     "discountedPriceSet": MONEY_BAG},
    "originalTotalPriceSet": MONEY_BAG, "totalPriceSet": MONEY_BAG.always,
    "currentTotalPriceSet": MONEY_BAG, "subtotalPriceSet": MONEY_BAG,
    "totalDiscountsSet": MONEY_BAG, "totalTaxSet": MONEY_BAG, "currentTotalTaxSet": MONEY_BAG,
    "totalShippingPriceSet": MONEY_BAG, "totalTipReceivedSet": MONEY_BAG,
    "totalReceivedSet": MONEY_BAG, "totalRefundedSet": MONEY_BAG, "netPaymentSet": MONEY_BAG,
    "totalOutstandingSet": MONEY_BAG,
    "customerJourneySummary": {
        "customerOrderIndex": INTEGER, "daysToConversion": INTEGER, "ready": BOOLEAN,
        "firstVisit": VISIT, "lastVisit": VISIT,
    },
    "fulfillments": [{
        "id": ID, "name": TEXT, "status": TEXT, "displayStatus": TEXT, "totalQuantity": INTEGER,
        "location": REFERENCE, "createdAt": INSTANT_TEXT, "updatedAt": INSTANT_TEXT,
        "deliveredAt": INSTANT_TEXT, "inTransitAt": INSTANT_TEXT,
        "trackingInfo": OPAQUE,
    }],
    "refunds": [REFUND],
    "transactions": [TRANSACTION], "lineItems": Connection([LINE_ITEM]),
    "agreements": Connection([AGREEMENT]),
    "returns": Connection([{
        "id": ID, "name": TEXT, "status": TEXT.always, "totalQuantity": INTEGER.always,
        "createdAt": INSTANT_TEXT, "closedAt": INSTANT_TEXT,
    }]),
}  # fmt: skip
DRAFT_ORDER = {
    "id": ID, "name": TEXT, "status": TEXT.always, "order": REFERENCE, "customer": REFERENCE,
    "email": EMAIL, "note2": NOTE, "currencyCode": TEXT, "taxesIncluded": BOOLEAN, "tags": JSON,
    "totalPriceSet": MONEY_BAG, "subtotalPriceSet": MONEY_BAG, "createdAt": CHANGED,
    "updatedAt": CHANGED, "completedAt": INSTANT_TEXT,
    "lineItems": Connection([{
        "id": ID, "title": TEXT, "sku": TEXT, "quantity": INTEGER.always, "variant": REFERENCE,
        "originalUnitPriceSet": MONEY_BAG, "discountedTotalSet": MONEY_BAG,
    }]),
}  # fmt: skip
ABANDONED_CHECKOUT = {
    "id": ID, "name": TEXT, "createdAt": CHANGED, "updatedAt": CHANGED,
    "completedAt": INSTANT_TEXT, "customer": REFERENCE, "discountCodes": JSON,
    "abandonedCheckoutUrl": OPAQUE, "note": NOTE, "totalPriceSet": MONEY_BAG,
    "subtotalPriceSet": MONEY_BAG, "totalTaxSet": MONEY_BAG,
    "lineItems": Connection([{
        "id": ID, "title": TEXT, "sku": TEXT, "quantity": INTEGER.always, "variant": REFERENCE,
        "originalUnitPriceSet": MONEY_BAG, "discountedTotalPriceSet": MONEY_BAG,
    }]),
}  # fmt: skip
PAYOUT = {
    "id": ID, "legacyResourceId": TEXT, "issuedAt": CHANGED, "status": TEXT.always, "net": MONEY,
    "transactionType": TEXT, "externalTraceId": TEXT,
    "summary": dict.fromkeys((
        "adjustmentsFee", "adjustmentsGross", "chargesFee", "chargesGross", "refundsFee",
        "refundsFeeGross", "reservedFundsFee", "reservedFundsGross", "retriedPayoutsFee",
        "retriedPayoutsGross",
    ), MONEY),
}  # fmt: skip
BALANCE_TRANSACTION = {
    "id": ID, "type": TEXT.always, "test": BOOLEAN, "transactionDate": CHANGED, "amount": MONEY,
    "fee": MONEY, "net": MONEY, "sourceType": TEXT, "sourceId": TEXT,
    "sourceOrderTransactionId": TEXT, "associatedOrder": {"id": TEXT, "name": TEXT},
    "associatedPayout": {"id": TEXT, "status": TEXT},
}  # fmt: skip
REPORT_MEASURES = (
    "gross_sales", "discounts", "sales_reversals", "net_sales", "shipping_charges", "taxes",
    "fees", "tips", "total_sales", "gift_card_sales",
)  # fmt: skip
REPORT_COUNTS = ("orders", "quantity_ordered", "reversed_quantity")
SALES_DAY = {
    "id": ID, "day": DAY.always, "salesChannel": TEXT, "posLocationName": TEXT,
    **dict.fromkeys(REPORT_MEASURES, DECIMAL),
    **dict.fromkeys(REPORT_COUNTS, INTEGER),
}  # fmt: skip

SHOPS = DocumentTable("shop", SHOP)
LOCATIONS = DocumentTable("locations", LOCATION)
CUSTOMERS = DocumentTable("customers", CUSTOMER)
PRODUCTS = DocumentTable("products", PRODUCT)
INVENTORY_ITEMS = DocumentTable("inventory_items", INVENTORY_ITEM)
ORDERS = DocumentTable("orders", ORDER)
DRAFT_ORDERS = DocumentTable("draft_orders", DRAFT_ORDER)
ABANDONED_CHECKOUTS = DocumentTable("abandoned_checkouts", ABANDONED_CHECKOUT)
PAYOUTS = DocumentTable("payouts", PAYOUT)
BALANCE_TRANSACTIONS = DocumentTable("balance_transactions", BALANCE_TRANSACTION)
SALES_DAYS = DocumentTable("sales_report", SALES_DAY)
TABLES = (
    SHOPS, LOCATIONS, CUSTOMERS, PRODUCTS, INVENTORY_ITEMS, ORDERS, DRAFT_ORDERS,
    ABANDONED_CHECKOUTS, PAYOUTS, BALANCE_TRANSACTIONS, SALES_DAYS,
)  # fmt: skip
