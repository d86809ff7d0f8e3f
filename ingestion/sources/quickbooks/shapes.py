"""QuickBooks' documents and lists: which fields they have, and which of them are personal.

After Intuit's own schema (QuickBooks-V3-Java-SDK, Finance.xsd and IntuitNamesTypes.xsd); names of
people and firms come with every reference and are sealed there, too.
"""

from __future__ import annotations

from ingestion.api.shapes import (
    ADDRESS,
    BOOLEAN,
    DAY,
    DECIMAL,
    DERIVED,
    EMAIL,
    INSTANT_TEXT,
    INTEGER,
    JSON,
    NAME,
    NOTE,
    OPAQUE,
    PHONE,
    TEXT,
    DocumentTable,
    Shape,
    reference,
    snake,
)

ID = TEXT.always
# What connector apps write into notes and descriptions: the name of a shop's order.
ORDER_REFERENCE = reference(
    r"(?<=payout )\w{3,}|#\d{3,}|\b[A-Z]{2,5}-\d{3,}\b|\b\d{4}-\d{2}-\d{2}\b"
)
REFERENCE = {"value": TEXT, "name": TEXT}
PERSON = {"value": TEXT, "name": NAME, "type": TEXT}
EMAILS = {"Address": EMAIL}
PHONES = {"FreeFormNumber": PHONE}
PLACE = {
    "Id": TEXT, "Line1": ADDRESS, "Line2": ADDRESS, "Line3": ADDRESS, "Line4": ADDRESS,
    "Line5": ADDRESS, "City": TEXT, "Country": TEXT, "CountryCode": TEXT, "County": TEXT,
    "CountrySubDivisionCode": TEXT, "PostalCode": TEXT, "PostalCodeSuffix": TEXT, "Lat": OPAQUE,
    "Long": OPAQUE, "Tag": TEXT, "Note": NOTE,
}  # fmt: skip
BASE = {
    "Id": ID, "SyncToken": TEXT, "domain": TEXT, "sparse": BOOLEAN, "status": TEXT,
    "MetaData": {"CreateTime": INSTANT_TEXT, "LastUpdatedTime": INSTANT_TEXT.always,
                 "CreatedByRef": PERSON, "LastModifiedByRef": PERSON,
                 "LastChangedInQB": INSTANT_TEXT},
    "CustomField": OPAQUE, "AttachableRef": OPAQUE,
}  # fmt: skip
LINKED = {"TxnId": TEXT, "TxnType": TEXT, "TxnLineId": TEXT}
MARKUP = JSON
ITEM_DETAIL = {
    "ItemRef": REFERENCE, "ClassRef": REFERENCE, "UnitPrice": DECIMAL, "UnitCostPrice": DECIMAL,
    "RatePercent": DECIMAL, "PriceLevelRef": REFERENCE, "MarkupInfo": MARKUP, "Qty": DECIMAL,
    "UOMRef": JSON, "ItemAccountRef": REFERENCE, "InventorySiteRef": REFERENCE,
    "TaxCodeRef": REFERENCE, "TaxClassificationRef": REFERENCE, "TaxInclusiveAmt": DECIMAL,
}  # fmt: skip
DETAILS = {
    "SalesItemLineDetail": ITEM_DETAIL | {
        "ServiceDate": DAY, "DiscountRate": DECIMAL, "DiscountAmt": DECIMAL,
        "DeferredRevenue": BOOLEAN,
    },
    "ItemBasedExpenseLineDetail": ITEM_DETAIL | {"CustomerRef": PERSON, "BillableStatus": TEXT},
    "AccountBasedExpenseLineDetail": {
        "CustomerRef": PERSON, "ClassRef": REFERENCE, "AccountRef": REFERENCE,
        "BillableStatus": TEXT, "MarkupInfo": MARKUP, "TaxAmount": DECIMAL,
        "TaxCodeRef": REFERENCE, "TaxInclusiveAmt": DECIMAL,
    },
    "JournalEntryLineDetail": {
        "PostingType": TEXT, "Entity": {"Type": TEXT, "EntityRef": PERSON},
        "AccountRef": REFERENCE, "ClassRef": REFERENCE, "DepartmentRef": REFERENCE,
        "TaxCodeRef": REFERENCE, "TaxRateRef": REFERENCE, "TaxApplicableOn": TEXT,
        "TaxAmount": DECIMAL, "TaxInclusiveAmt": DECIMAL, "BillableStatus": TEXT,
        "JournalCodeRef": REFERENCE,
    },
    "DepositLineDetail": {
        "Entity": PERSON, "ClassRef": REFERENCE, "AccountRef": REFERENCE,
        "PaymentMethodRef": REFERENCE, "CheckNum": OPAQUE, "TxnType": TEXT,
        "TaxCodeRef": REFERENCE, "TaxApplicableOn": TEXT,
    },
    "DiscountLineDetail": {
        "DiscountRef": REFERENCE, "PercentBased": BOOLEAN, "DiscountPercent": DECIMAL,
        "DiscountAccountRef": REFERENCE, "ServiceDate": DAY, "ClassRef": REFERENCE,
        "TaxCodeRef": REFERENCE,
    },
    "SubTotalLineDetail": {"ItemRef": REFERENCE, "ServiceDate": DAY},
    "DescriptionLineDetail": {"ServiceDate": DAY, "TaxCodeRef": REFERENCE},
    # QuickBooks' JSON calls it so where its schema says DescriptionLineDetail.
    "DescriptionOnly": {"ServiceDate": DAY, "TaxCodeRef": REFERENCE},
    "PaymentLineDetail": JSON, "TDSLineDetail": JSON, "ReimburseLineDetail": JSON,
}  # fmt: skip
LINE: Shape = {
    "Id": TEXT, "LineNum": INTEGER, "Description": ORDER_REFERENCE, "Amount": DECIMAL,
    "Received": DECIMAL, "DetailType": TEXT, "LinkedTxn": [LINKED], **DETAILS, "LineEx": OPAQUE,
    "CustomField": OPAQUE, "ProjectRef": REFERENCE, "CostAmount": DECIMAL,
    "HomeCostAmount": DECIMAL,
}  # fmt: skip
LINES = [{**LINE, "GroupLineDetail": {
    "GroupItemRef": REFERENCE, "Quantity": DECIMAL, "UOMRef": JSON, "ServiceDate": DAY,
    "Line": [LINE],
}}]  # fmt: skip
TAX = {
    "DefaultTaxCodeRef": REFERENCE, "TxnTaxCodeRef": REFERENCE, "TotalTax": DECIMAL,
    "TaxReviewStatus": TEXT, "UseAutomatedSalesTax": BOOLEAN,
    "TaxLine": [{
        "Id": TEXT, "LineNum": INTEGER, "Amount": DECIMAL, "DetailType": TEXT,
        "TaxLineDetail": {
            "TaxRateRef": REFERENCE, "PercentBased": BOOLEAN, "TaxPercent": DECIMAL,
            "NetAmountTaxable": DECIMAL, "TaxInclusiveAmount": DECIMAL,
            "OverrideDeltaAmount": DECIMAL, "ServiceDate": DAY,
        },
    }],
}  # fmt: skip
TRANSACTION = BASE | {
    "DocNumber": TEXT, "TxnDate": DAY.always, "DepartmentRef": REFERENCE,
    "CurrencyRef": REFERENCE, "ExchangeRate": DECIMAL, "PrivateNote": ORDER_REFERENCE,
    "IsVoided": BOOLEAN.always, "TxnStatus": TEXT, "LinkedTxn": [LINKED], "Line": LINES,
    "TxnTaxDetail": TAX, "TxnSource": TEXT, "TaxFormType": TEXT, "TaxFormNum": TEXT,
    "TransactionLocationType": TEXT, "Tag": OPAQUE, "TxnApprovalInfo": OPAQUE,
    "RecurDataRef": REFERENCE, "RecurringInfo": OPAQUE, "ProjectRef": REFERENCE,
    "TotalCostAmount": DECIMAL, "HomeTotalCostAmount": DECIMAL,
}  # fmt: skip
PAID = {
    "PaymentMethodRef": REFERENCE, "PaymentRefNum": OPAQUE, "PaymentType": TEXT,
    "CheckPayment": OPAQUE, "CreditCardPayment": OPAQUE, "DepositToAccountRef": REFERENCE,
}  # fmt: skip
SALE = TRANSACTION | PAID | {
    "AutoDocNumber": BOOLEAN, "CustomerRef": PERSON, "CustomerMemo": {"value": NOTE},
    "BillAddr": PLACE, "ShipAddr": PLACE, "ShipFromAddr": PLACE, "FreeFormAddress": BOOLEAN,
    "RemitToRef": REFERENCE, "ClassRef": REFERENCE, "SalesTermRef": REFERENCE, "DueDate": DAY,
    "SalesRepRef": PERSON, "PONumber": OPAQUE, "FOB": TEXT, "ShipMethodRef": REFERENCE,
    "ShipDate": DAY, "TrackingNum": OPAQUE, "GlobalTaxCalculation": TEXT,
    "TotalAmt": DECIMAL.always, "HomeTotalAmt": DECIMAL, "ApplyTaxAfterDiscount": BOOLEAN,
    "ShippingTaxIncludedInTotalTax": BOOLEAN, "TemplateRef": REFERENCE, "PrintStatus": TEXT,
    "EmailStatus": TEXT, "BillEmail": EMAILS, "BillEmailCc": EMAILS, "BillEmailBcc": EMAILS,
    "ARAccountRef": REFERENCE, "Balance": DECIMAL, "HomeBalance": DECIMAL,
    "FinanceCharge": BOOLEAN, "DeliveryInfo": OPAQUE, "DiscountRate": DECIMAL,
    "DiscountAmt": DECIMAL, "GovtTxnRefIdentifier": TEXT, "TaxExemptionRef": REFERENCE,
    "LessCIS": DECIMAL,
}  # fmt: skip
INVOICE = SALE | {
    "Deposit": DECIMAL, "AllowIPNPayment": BOOLEAN, "AllowOnlinePayment": BOOLEAN,
    "AllowOnlineCreditCardPayment": BOOLEAN, "AllowOnlineACHPayment": BOOLEAN,
    "AllowOnlinePayPalPayment": BOOLEAN, "EInvoiceStatus": TEXT,
    "ECloudStatusTimeStamp": INSTANT_TEXT, "invoiceStatus": TEXT, "callToAction": TEXT,
    "invoiceStatusLog": JSON, "InvoiceLink": OPAQUE, "AutoPayEligible": BOOLEAN,
    "SchedulePayEligible": BOOLEAN, "ScheduledPaymentId": TEXT, "GratuityEnabled": BOOLEAN,
}  # fmt: skip
COST = TRANSACTION | {
    "VendorRef": PERSON, "APAccountRef": REFERENCE, "GlobalTaxCalculation": TEXT,
    "TotalAmt": DECIMAL.always, "Balance": DECIMAL, "HomeBalance": DECIMAL, "VendorAddr": PLACE,
    "Memo": NOTE, "ReplyEmail": EMAILS, "BillEmail": EMAILS, "IncludeInAnnualTPAR": BOOLEAN,
}  # fmt: skip
SHAPES: dict[str, Shape] = {
    "Invoice": INVOICE,
    "SalesReceipt": SALE,
    "CreditMemo": SALE | {"RemainingCredit": DECIMAL, "InvoiceRef": REFERENCE},
    "RefundReceipt": SALE | {"RemainingCredit": DECIMAL},
    "Payment": TRANSACTION | PAID | {
        "CustomerRef": PERSON, "RemitToRef": REFERENCE, "ARAccountRef": REFERENCE,
        "TotalAmt": DECIMAL.always, "UnappliedAmt": DECIMAL, "ProcessPayment": BOOLEAN,
    },
    "Bill": COST | {
        "SalesTermRef": REFERENCE, "DueDate": DAY, "ShipAddr": PLACE, "RemitToAddr": PLACE,
        "PayerRef": PERSON, "LessCIS": DECIMAL,
    },
    "BillPayment": COST | {
        "PayType": TEXT.always,
        "CheckPayment": {"BankAccountRef": REFERENCE, "PrintStatus": TEXT},
        "CreditCardPayment": {"CCAccountRef": REFERENCE},
    },
    "VendorCredit": COST,
    "Purchase": TRANSACTION | PAID | {
        "AccountRef": REFERENCE, "EntityRef": PERSON, "Credit": BOOLEAN, "Memo": NOTE,
        "TotalAmt": DECIMAL.always, "PrintStatus": TEXT, "RemitToAddr": PLACE,
        "GlobalTaxCalculation": TEXT, "LessCIS": DECIMAL, "IncludeInAnnualTPAR": BOOLEAN,
    },
    "Deposit": TRANSACTION | {
        "DepositToAccountRef": REFERENCE, "TotalAmt": DECIMAL.always, "HomeTotalAmt": DECIMAL,
        "GlobalTaxCalculation": TEXT,
        "CashBack": {"AccountRef": REFERENCE, "Amount": DECIMAL, "Memo": NOTE},
    },
    "Transfer": TRANSACTION | {
        "FromAccountRef": REFERENCE, "ToAccountRef": REFERENCE, "Amount": DECIMAL.always,
        "ClassRef": REFERENCE,
    },
    "CreditCardPayment": TRANSACTION | {
        "CreditCardAccountRef": REFERENCE, "BankAccountRef": REFERENCE, "VendorRef": PERSON,
        "Amount": DECIMAL.always, "CheckNum": OPAQUE, "Memo": NOTE, "PrintStatus": TEXT,
    },
    "JournalEntry": TRANSACTION | {
        "Adjustment": BOOLEAN, "HomeCurrencyAdjustment": BOOLEAN,
        "EnteredInHomeCurrency": BOOLEAN, "TotalAmt": DECIMAL, "HomeTotalAmt": DECIMAL,
        "GlobalTaxCalculation": TEXT,
    },
}  # fmt: skip
# Lists. Balances and stock change without a change of their object, so all but customers, who may
# be many, are read whole each time.
SUBLIST = {"Name": TEXT, "FullyQualifiedName": TEXT, "Active": BOOLEAN, "ParentRef": REFERENCE}
WHO = BASE | {
    "Title": NAME, "GivenName": NAME, "MiddleName": NAME, "FamilyName": NAME, "Suffix": NAME,
    "FullyQualifiedName": NAME, "CompanyName": NAME, "DisplayName": NAME,
    "PrintOnCheckName": NAME, "UserId": TEXT, "Active": BOOLEAN, "V4IDPseudonym": TEXT,
    "IntuitId": TEXT, "Organization": BOOLEAN, "PrimaryPhone": PHONES, "AlternatePhone": PHONES,
    "Mobile": PHONES, "Fax": PHONES, "PrimaryEmailAddr": EMAILS, "WebAddr": OPAQUE,
    "OtherContactInfo": OPAQUE, "DefaultTaxCodeRef": REFERENCE, "BillAddr": PLACE,
    "ShipAddr": PLACE, "OtherAddr": OPAQUE, "ContactName": NAME, "AltContactName": NAME,
    "Notes": NOTE, "ParentRef": PERSON, "Balance": DECIMAL, "OpenBalanceDate": DAY,
    "CreditLimit": DECIMAL, "AcctNum": OPAQUE, "CurrencyRef": REFERENCE, "Source": TEXT,
    "TDSEnabled": BOOLEAN, "BusinessNumber": OPAQUE, "GSTIN": OPAQUE, "GSTRegistrationType": TEXT,
}  # fmt: skip
LISTS: dict[str, Shape] = {
    "Account": BASE | SUBLIST | {
        "SubAccount": BOOLEAN, "Description": TEXT, "AccountAlias": TEXT, "TxnLocationType": TEXT,
        "Classification": TEXT, "AccountType": TEXT.always, "AccountSubType": TEXT,
        "AccountPurposes": JSON, "AcctNum": OPAQUE, "AcctNumExtn": OPAQUE, "BankNum": OPAQUE,
        "OpeningBalance": DECIMAL, "OpeningBalanceDate": DAY, "CurrentBalance": DECIMAL,
        "CurrentBalanceWithSubAccounts": DECIMAL, "CurrencyRef": REFERENCE, "TaxAccount": BOOLEAN,
        "TaxCodeRef": REFERENCE, "OnlineBankingEnabled": BOOLEAN, "FIName": TEXT,
    },
    "Class": BASE | SUBLIST | {"SubClass": BOOLEAN},
    "Department": BASE | SUBLIST | {"SubDepartment": BOOLEAN, "Address": PLACE},
    "Item": BASE | SUBLIST | {
        "Sku": TEXT, "Description": TEXT, "SubItem": BOOLEAN, "Level": INTEGER,
        "Taxable": BOOLEAN, "SalesTaxIncluded": BOOLEAN, "PercentBased": BOOLEAN,
        "UnitPrice": DECIMAL, "RatePercent": DECIMAL, "Type": TEXT.always,
        "PaymentMethodRef": REFERENCE, "UOMSetRef": REFERENCE, "IncomeAccountRef": REFERENCE,
        "PurchaseDesc": TEXT, "PurchaseTaxIncluded": BOOLEAN, "PurchaseCost": DECIMAL,
        "ExpenseAccountRef": REFERENCE, "COGSAccountRef": REFERENCE, "AssetAccountRef": REFERENCE,
        "PrefVendorRef": PERSON, "AvgCost": DECIMAL, "TrackQtyOnHand": BOOLEAN,
        "QtyOnHand": DECIMAL, "QtyOnPurchaseOrder": DECIMAL, "QtyOnSalesOrder": DECIMAL,
        "ReorderPoint": DECIMAL, "ManPartNum": TEXT, "DepositToAccountRef": REFERENCE,
        "SalesTaxCodeRef": REFERENCE, "PurchaseTaxCodeRef": REFERENCE, "InvStartDate": DAY,
        "BuildPoint": DECIMAL, "PrintGroupedItems": BOOLEAN, "SpecialItem": BOOLEAN,
        "SpecialItemType": TEXT, "ItemCategoryType": TEXT, "ServiceType": TEXT, "Source": TEXT,
        "ClassRef": REFERENCE, "TaxClassificationRef": REFERENCE, "DeferredRevenue": BOOLEAN,
        "ItemGroupDetail": {"ItemGroupLine": [{"ItemRef": REFERENCE | {"type": TEXT},
                                               "Qty": DECIMAL}]},
    },
    "Customer": WHO | {
        "Balance": DERIVED, "BalanceWithJobs": DERIVED, "OverDueBalance": DERIVED,
        "TotalRevenue": DERIVED, "TotalExpense": DERIVED,
        "Taxable": BOOLEAN, "Job": BOOLEAN, "BillWithParent": BOOLEAN, "RootCustomerRef": PERSON,
        "Level": INTEGER, "CustomerTypeRef": REFERENCE, "SalesTermRef": REFERENCE,
        "SalesRepRef": PERSON, "TaxGroupCodeRef": REFERENCE, "TaxRateRef": REFERENCE,
        "PaymentMethodRef": REFERENCE, "CCDetail": OPAQUE, "PriceLevelRef": REFERENCE,
        "PreferredDeliveryMethod": TEXT, "ResaleNum": OPAQUE,
        "JobInfo": OPAQUE, "SecondaryTaxIdentifier": OPAQUE, "ARAccountRef": REFERENCE,
        "PrimaryTaxIdentifier": OPAQUE, "TaxExemptionReasonId": TEXT, "IsProject": BOOLEAN,
        "ClientEntityId": TEXT, "ClientCompanyId": TEXT, "TaxRegime": TEXT,
    },
    "Vendor": WHO | {
        "TaxCountry": TEXT, "TaxIdentifier": OPAQUE, "TaxIdEffectiveDate": DAY,
        "VendorTypeRef": REFERENCE, "TermRef": REFERENCE, "PrefillAccountRef": REFERENCE,
        "BillRate": DECIMAL, "CostRate": DECIMAL, "Vendor1099": BOOLEAN, "T4AEligible": BOOLEAN,
        "T5018Eligible": BOOLEAN, "TaxReportingBasis": TEXT, "APAccountRef": REFERENCE,
        "VendorPaymentBankDetail": OPAQUE,
    },
    "Employee": WHO | {
        "EmployeeType": TEXT, "EmployeeNumber": OPAQUE, "SSN": OPAQUE, "PrimaryAddr": PLACE,
        "BillableTime": BOOLEAN, "BillRate": DECIMAL, "CostRate": DECIMAL, "BirthDate": OPAQUE,
        "Gender": OPAQUE, "HiredDate": DAY, "ReleasedDate": DAY, "UseTimeEntry": TEXT,
    },
    "Term": BASE | {
        "Name": TEXT, "Active": BOOLEAN, "Type": TEXT, "DiscountPercent": DECIMAL,
        "DueDays": INTEGER, "DiscountDays": INTEGER, "DayOfMonthDue": INTEGER,
        "DueNextMonthDays": INTEGER, "DiscountDayOfMonth": INTEGER,
    },
    "PaymentMethod": BASE | {"Name": TEXT, "Active": BOOLEAN, "Type": TEXT},
}  # fmt: skip
RATES = {"TaxRateDetail": [{"TaxRateRef": REFERENCE, "TaxTypeApplicable": TEXT,
                            "TaxOrder": INTEGER}]}  # fmt: skip
# Read whole each time: change data capture does not tell changes of these.
WHOLE: dict[str, Shape] = {
    "TaxCode": BASE | {
        "Name": TEXT, "Description": TEXT, "Active": BOOLEAN, "Hidden": BOOLEAN,
        "Taxable": BOOLEAN, "TaxGroup": BOOLEAN, "SalesTaxRateList": RATES,
        "PurchaseTaxRateList": RATES, "AdjustmentTaxRateList": RATES, "TaxCodeConfigType": TEXT,
    },
    "TaxRate": BASE | {
        "Name": TEXT, "Description": TEXT, "Active": BOOLEAN, "RateValue": DECIMAL,
        "AgencyRef": REFERENCE, "TaxReturnLineRef": REFERENCE, "EffectiveTaxRate": JSON,
        "SpecialTaxType": TEXT, "DisplayType": TEXT, "OriginalTaxRate": REFERENCE,
    },
    "TaxAgency": BASE | {
        "DisplayName": TEXT, "TaxTrackedOnPurchases": BOOLEAN, "TaxTrackedOnSales": BOOLEAN,
        "TaxRegistrationNumber": OPAQUE, "ReportingPeriod": TEXT, "LastFileDate": DAY,
        "TaxAgencyConfig": TEXT,
    },
    "CompanyInfo": BASE | {
        "CompanyName": TEXT, "LegalName": TEXT, "CompanyAddr": OPAQUE, "LegalAddr": OPAQUE,
        "CustomerCommunicationAddr": OPAQUE, "CompanyEmailAddr": OPAQUE,
        "CustomerCommunicationEmailAddr": OPAQUE, "CompanyURL": OPAQUE, "PrimaryPhone": OPAQUE,
        "CompanyStartDate": DAY, "EmployerId": OPAQUE, "FiscalYearStartMonth": TEXT,
        "TaxYearStartMonth": TEXT, "Country": TEXT, "Email": OPAQUE, "WebAddr": OPAQUE,
        "SupportedLanguages": TEXT, "DefaultTimeZone": TEXT, "NameValue": OPAQUE,
    },
    "Preferences": BASE | {
        "AccountingInfoPrefs": JSON, "ProductAndServicesPrefs": JSON, "SalesFormsPrefs": OPAQUE,
        "EmailMessagesPrefs": OPAQUE, "VendorAndPurchasesPrefs": JSON, "TimeTrackingPrefs": JSON,
        "TaxPrefs": JSON, "CurrencyPrefs": JSON, "ReportPrefs": JSON, "OtherPrefs": OPAQUE,
        "PrintDocumentPrefs": OPAQUE, "FinanceChargesPrefs": JSON, "AdvancedInventoryPrefs": JSON,
    },
}  # fmt: skip
PERIOD = {
    "id": ID, "report": TEXT.always, "accounting_basis": TEXT.always, "start_date": DAY.always,
    "end_date": DAY.always, "currency": TEXT, "read_at": INSTANT_TEXT.always,
}  # fmt: skip
REPORTS = DocumentTable("reports", PERIOD | {"rows": [{
    "account_id": TEXT, "account_name": TEXT, "section": TEXT, "amount": DECIMAL,
}]})  # fmt: skip
GENERAL_LEDGER = DocumentTable("general_ledger", PERIOD | {"entries": [{
    "account_id": TEXT.always, "account_name": TEXT, "txn_date": DAY, "txn_type": TEXT,
    "txn_id": TEXT, "doc_number": TEXT, "name": NAME, "memo": NOTE, "split_account_id": TEXT,
    "split_account_name": TEXT, "amount": DECIMAL, "balance": DECIMAL,
}]}, parent_key="general_ledger_id")  # fmt: skip


def table_of(entity: str) -> DocumentTable:
    """The raw table of an entity: ``SalesReceipt`` in ``sales_receipts``."""

    shape = {**SHAPES, **LISTS, **WHOLE}[entity]
    name = snake(entity)
    plurals = {"class": "classes", "tax_agency": "tax_agencies", "journal_entry":
               "journal_entries", "company_info": "company_info",
               "preferences": "preferences"}  # fmt: skip
    return DocumentTable(plurals.get(name, f"{name}s"), shape, key="Id", parent_key=f"{name}_id")


TABLES = (*(table_of(entity) for entity in (*WHOLE, *LISTS, *SHAPES)), REPORTS, GENERAL_LEDGER)
