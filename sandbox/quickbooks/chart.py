"""The lists that the owner of the books set up by hand: accounts, vendors, taxes, terms and so on.

Their ids are fixed; the books and the documents refer to them by the names of this module.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

Row = dict[str, Any]
HOME = "USD"
CURRENCIES = {
    "USD": "United States Dollar",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "CAD": "Canadian Dollar",
}
# Millionths of a dollar for one unit; a day's rate moves up to two hundredths around it.
RATES_PPM = {"USD": 1_000_000, "EUR": 1_087_000, "GBP": 1_265_000, "CAD": 735_000}


class Account(IntEnum):
    """Accounts by id."""

    RECEIVABLE = 1
    RECEIVABLE_EUR = 2
    RECEIVABLE_GBP = 3
    RECEIVABLE_CAD = 4
    PAYABLE = 5
    PAYABLE_EUR = 6
    CHECKING = 10
    SAVINGS = 11
    CASH = 12
    CARD = 13
    UNDEPOSITED = 14
    SHOPIFY = 15
    SQUARE = 16
    INVENTORY = 17
    INVESTED = 18
    EQUIPMENT = 19
    DEPRECIATED = 20
    TAX_NEW_YORK = 21
    TAX_ILLINOIS = 22
    TAX_BRITAIN = 23
    GIFT_CARDS = 24
    TIPS = 25
    PAYROLL_DUE = 26
    LOAN = 27
    OPENING = 28
    RETAINED = 29
    DRAWS = 30
    PRODUCT_SALES = 31
    CAFE_SALES = 32
    SQUARE_SALES = 33
    SHIPPING = 35
    SERVICE_CHARGES = 36
    DISCOUNTS = 37
    RETURNS = 38
    RESTOCKING = 39
    SALES = 40
    GOODS_SOLD = 41
    INGREDIENTS = 42
    RENT = 51
    UTILITIES = 52
    POWER = 53
    INTERNET = 54
    WAGES = 55
    PAYROLL_TAX = 56
    ADVERTISING = 57
    CARD_FEES = 58
    SOFTWARE = 59
    OFFICE = 60
    DEPRECIATION = 63
    EXCHANGE = 64
    INTEREST = 65
    OLD_TELEPHONE = 66


# id, name, type, subtype, classification, parent, currency
ACCOUNTS: tuple[tuple[int, str, str, str, str, int | None, str], ...] = (
    (1, "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "Asset", None,
     "USD"),
    (2, "Accounts Receivable (A/R) - EUR", "Accounts Receivable", "AccountsReceivable", "Asset",
     None, "EUR"),
    (3, "Accounts Receivable (A/R) - GBP", "Accounts Receivable", "AccountsReceivable", "Asset",
     None, "GBP"),
    (4, "Accounts Receivable (A/R) - CAD", "Accounts Receivable", "AccountsReceivable", "Asset",
     None, "CAD"),
    (5, "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable", "Liability", None, "USD"),
    (6, "Accounts Payable (A/P) - EUR", "Accounts Payable", "AccountsPayable", "Liability", None,
     "EUR"),
    (10, "Checking", "Bank", "Checking", "Asset", None, "USD"),
    (11, "Savings", "Bank", "Savings", "Asset", None, "USD"),
    (12, "Cash on hand", "Bank", "CashOnHand", "Asset", None, "USD"),
    (13, "Business Visa", "Credit Card", "CreditCard", "Liability", None, "USD"),
    (14, "Undeposited Funds", "Other Current Asset", "UndepositedFunds", "Asset", None, "USD"),
    (15, "Shopify Clearing", "Other Current Asset", "OtherCurrentAssets", "Asset", None, "USD"),
    (16, "Square Clearing", "Other Current Asset", "OtherCurrentAssets", "Asset", None, "USD"),
    (17, "Inventory Asset", "Other Current Asset", "Inventory", "Asset", None, "USD"),
    (19, "Equipment", "Fixed Asset", "MachineryAndEquipment", "Asset", None, "USD"),
    (20, "Accumulated Depreciation", "Fixed Asset", "AccumulatedDepreciation", "Asset", None,
     "USD"),
    (21, "New York Department of Taxation Payable", "Other Current Liability", "SalesTaxPayable",
     "Liability", None, "USD"),
    (22, "Illinois Department of Revenue Payable", "Other Current Liability", "SalesTaxPayable",
     "Liability", None, "USD"),
    (23, "HM Revenue & Customs Payable", "Other Current Liability", "SalesTaxPayable", "Liability",
     None, "USD"),
    (24, "Gift Cards Outstanding", "Other Current Liability", "OtherCurrentLiabilities",
     "Liability", None, "USD"),
    (25, "Tips Payable", "Other Current Liability", "OtherCurrentLiabilities", "Liability", None,
     "USD"),
    (26, "Payroll Liabilities", "Other Current Liability", "PayrollTaxPayable", "Liability", None,
     "USD"),
    (27, "Loan Payable", "Long Term Liability", "NotesPayable", "Liability", None, "USD"),
    (28, "Opening Balance Equity", "Equity", "OpeningBalanceEquity", "Equity", None, "USD"),
    (29, "Retained Earnings", "Equity", "RetainedEarnings", "Equity", None, "USD"),
    (30, "Owner's Draws", "Equity", "OwnersEquity", "Equity", None, "USD"),
    (18, "Owner's Investment", "Equity", "OwnersEquity", "Equity", None, "USD"),
    (40, "Sales", "Income", "SalesOfProductIncome", "Revenue", None, "USD"),
    (31, "Product Sales", "Income", "SalesOfProductIncome", "Revenue", 40, "USD"),
    (32, "Café Sales", "Income", "SalesOfProductIncome", "Revenue", 40, "USD"),
    (33, "Square Sales", "Income", "SalesOfProductIncome", "Revenue", 40, "USD"),
    (35, "Shipping Income", "Income", "ServiceFeeIncome", "Revenue", None, "USD"),
    (36, "Service Charges", "Income", "ServiceFeeIncome", "Revenue", None, "USD"),
    (37, "Discounts Given", "Income", "DiscountsRefundsGiven", "Revenue", None, "USD"),
    (38, "Refunds and Returns", "Income", "DiscountsRefundsGiven", "Revenue", None, "USD"),
    (39, "Restocking Fees", "Income", "OtherPrimaryIncome", "Revenue", None, "USD"),
    (41, "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs", "Expense", None,
     "USD"),
    (42, "Café Ingredients", "Cost of Goods Sold", "SuppliesMaterialsCogs", "Expense", None, "USD"),
    (51, "Rent or Lease", "Expense", "RentOrLeaseOfBuildings", "Expense", None, "USD"),
    (52, "Utilities", "Expense", "Utilities", "Expense", None, "USD"),
    (53, "Gas and Electric", "Expense", "Utilities", "Expense", 52, "USD"),
    (54, "Internet and Telephone", "Expense", "Utilities", "Expense", 52, "USD"),
    (55, "Wages", "Expense", "PayrollExpenses", "Expense", None, "USD"),
    (56, "Payroll Taxes", "Expense", "PayrollExpenses", "Expense", None, "USD"),
    (57, "Advertising and Marketing", "Expense", "AdvertisingPromotional", "Expense", None, "USD"),
    (58, "Merchant Fees", "Expense", "BankCharges", "Expense", None, "USD"),
    (59, "Software and Subscriptions", "Expense", "OfficeGeneralAdministrativeExpenses", "Expense",
     None, "USD"),
    (60, "Office Supplies", "Expense", "OfficeGeneralAdministrativeExpenses", "Expense", None,
     "USD"),
    (63, "Depreciation", "Other Expense", "Depreciation", "Expense", None, "USD"),
    (64, "Exchange Gain or Loss", "Other Expense", "ExchangeGainOrLoss", "Expense", None, "USD"),
    (65, "Interest Earned", "Other Income", "InterestEarned", "Revenue", None, "USD"),
    (66, "Telephone (old)", "Expense", "Utilities", "Expense", None, "USD"),
)  # fmt: skip

RECEIVABLES = {"USD": 1, "EUR": 2, "GBP": 3, "CAD": 4}
PAYABLES = {"USD": 5, "EUR": 6}
CLASSES = ("Café", "Retail", "Online", "Wholesale", "Catering (closed)")
CAFE, RETAIL, ONLINE, WHOLESALE = 1, 2, 3, 4
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30))
PAYMENT_METHODS = (
    ("Cash", "NON_CREDIT_CARD"), ("Check", "NON_CREDIT_CARD"), ("Visa", "CREDIT_CARD"),
    ("Shopify Payments", "CREDIT_CARD"), ("Bank transfer", "NON_CREDIT_CARD"),
)  # fmt: skip
# Agencies, and rates as (name, agency, millionths); a rate has the tax code of its own id.
TAX_AGENCIES = (
    ("New York Department of Taxation", Account.TAX_NEW_YORK),
    ("Illinois Department of Revenue", Account.TAX_ILLINOIS),
    ("HM Revenue & Customs", Account.TAX_BRITAIN),
)
TAX_RATES = (
    ("New York City", 1, 88_750), ("Chicago", 2, 102_500), ("New York State", 1, 40_000),
    ("UK VAT standard", 3, 200_000), ("Out of state", 1, 0),
)  # fmt: skip
VENDORS = (
    ("Harbour Properties LLC", "USD", True), ("Lakeside Realty", "USD", True),
    ("Consolidated Power", "USD", True), ("Prairie Electric", "USD", True),
    ("Meta Platforms", "USD", True), ("Google Ads", "USD", True),
    ("City Roasters", "USD", True), ("Riverside Bakery", "USD", True),
    ("Garden Tea & Drinks", "USD", True), ("Studio Keramik GmbH", "EUR", True),
    ("Northwind Apparel", "USD", True), ("Paper & Page", "USD", True),
    ("Brewing Tools Inc.", "USD", True), ("Pantry Goods Co.", "USD", True),
    ("Cloudware", "USD", True), ("Bluebird Couriers (closed)", "USD", False),
    ("Office & Co", "USD", True), ("Eastern Telecom", "USD", True),
    ("Department of Payroll Taxes", "USD", True), ("Owner", "USD", True),
)  # fmt: skip
# Vendors of the world's deliveries have their supplier's id above this.
FIRST_SUPPLIER = 100
# Which vendor delivers a category of goods for wholesale.
SUPPLIERS = {
    "Coffee": 7, "Beans": 7, "Bakery": 8, "Lunch": 8, "Tea": 9, "Cold drinks": 9, "Mugs": 10,
    "Apparel": 11, "Books": 12, "Gifts": 12, "Brewing": 13, "Pantry": 14,
}  # fmt: skip
CAFE_CATEGORIES = ("Coffee", "Tea", "Cold drinks", "Bakery", "Lunch")
# Business customers: name, currency, city, region, country, whether they pay sales tax.
BUYERS = (
    ("Anchor Hotel Group", "USD", "Newport", "RI", "US", False),
    ("Brooklyn Corner Deli", "USD", "Brooklyn", "NY", "US", False),
    ("Chelsea Offices", "USD", "New York", "NY", "US", True),
    ("Dockside Market", "USD", "Boston", "MA", "US", False),
    ("Elm & Ivy Gifts", "USD", "Hartford", "CT", "US", False),
    ("Fulton Coworking", "USD", "New York", "NY", "US", False),
    ("Gramercy Law Partners", "USD", "New York", "NY", "US", True),
    ("Hudson Valley Farm Shop", "USD", "Beacon", "NY", "US", False),
    ("Island Ferries", "USD", "Providence", "RI", "US", False),
    ("Kaffeekontor Hamburg", "EUR", "Hamburg", "", "DE", False),
    ("Portobello Pantry Ltd", "GBP", "London", "", "GB", False),
    ("Quai des Thés", "CAD", "Montréal", "QC", "CA", False),
)  # fmt: skip
SQUARE_CUSTOMER, GUEST_CUSTOMER, CLOSED_CUSTOMER, FIRST_CONTACT = 13, 14, 15, 1000
# Service items: name, account that their sales are posted to, whether they are in use.
SERVICES = (
    ("Gift card", Account.GIFT_CARDS, True), ("Square sales", Account.SQUARE_SALES, True),
    ("Square refunds", Account.RETURNS, True), ("Service charge", Account.SERVICE_CHARGES, True),
    ("Tips", Account.TIPS, True), ("Cash to the drawer", Account.CASH, True),
    ("Restocking fee", Account.RESTOCKING, True), ("Refund adjustment", Account.RETURNS, True),
    ("Wholesale delivery", Account.SHIPPING, True), ("Barista course", Account.CAFE_SALES, False),
)  # fmt: skip
GIFT_CARD, SQUARE_SALES, SQUARE_REFUNDS, SERVICE_CHARGE, TIPS, DRAWER = 1, 2, 3, 4, 5, 6
RESTOCKING, ADJUSTMENT, DELIVERY = 7, 8, 9
# Shipping is no item of the list: documents carry this fixed id in its place.
SHIPPING_ITEM = -1
FIRST_CATEGORY, FIRST_VARIANT, FIRST_BUNDLE = 100, 1000, 900
BUNDLES = ("Morning starter set", "Tea time set", "Office brewing set", "Gift table set")
