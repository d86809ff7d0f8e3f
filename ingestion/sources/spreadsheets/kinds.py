"""What a spreadsheet may hold: one specification per kind (sales, products, ...).

Roles are the columns a kind understands, in the owner's words; from them follow the templates,
the documentation, the raw tables and what a mapping may say. No file is read here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SemanticType = Literal[
    "id", "text", "amount", "quantity", "timestamp", "date", "time", "flag", "currency",
    "email", "phone", "name", "address", "note",
]  # fmt: skip
PERSONAL_TYPES = ("email", "phone", "name", "address", "note")
NUMBER_TYPES = ("amount", "quantity")
AMOUNT_SQL = "numeric"  # read as decimal(18,6); a scale here would be checked per value again


@dataclass(frozen=True)
class Role:
    """One column that a kind understands.

    ``is_stored`` is false for roles that only help to compute others (a date and a time that
    together make ``sold_at``). ``has_fallback``: a template's column, but a mapping may do without.
    """

    name: str
    type: SemanticType
    description: str
    example: str = ""
    is_required: bool = False
    synonyms: tuple[str, ...] = ()
    is_stored: bool = True
    has_fallback: bool = False

    @property
    def is_indispensable(self) -> bool:
        """Whether a mapping must say where it comes from."""
        return self.is_required and not self.has_fallback

    @property
    def is_personal(self) -> bool:
        """Whether the vault keeps the value and the raw table only its token."""
        return self.type in PERSONAL_TYPES

    @property
    def column(self) -> str:
        """The raw table's column for this role."""
        return f"{self.name}_token" if self.is_personal else self.name


@dataclass(frozen=True)
class Kind:
    """A kind of file: its roles, its business key and its further computed columns."""

    name: str
    description: str
    roles: tuple[Role, ...]
    key: tuple[str, ...]
    computed: tuple[tuple[str, str], ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    role_by_name: dict[str, Role] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        """Index the roles by name."""
        object.__setattr__(self, "role_by_name", {role.name: role for role in self.roles})

    def columns(self) -> dict[str, str]:
        """The raw table's columns with their PostgreSQL types, technical ones last."""
        stored = {role.column: SQL_TYPES[role.type] for role in self.roles if role.is_stored}
        return {**stored, **dict(self.computed), "extra": "text", **TECHNICAL_COLUMNS}


SQL_TYPES: dict[str, str] = {
    **dict.fromkeys(("id", "text", "currency", *PERSONAL_TYPES), "text"),
    **dict.fromkeys(NUMBER_TYPES, AMOUNT_SQL),
    "timestamp": "timestamptz", "date": "date", "time": "time", "flag": "boolean",
}  # fmt: skip
TECHNICAL_COLUMNS = {
    "_row_key": "text", "_row_hash": "text", "_file_name": "text",
    "_row_number": "bigint", "_load_id": "text", "_loaded_at": "timestamptz",
    "_superseded_at": "timestamptz", "_load_number": "bigint", "_superseded_number": "bigint",
}  # fmt: skip


def _role(name: str, type_: SemanticType, description: str, example: str = "", *,
          synonyms: str = "", required: bool = False, stored: bool = True,
          fallback: bool = False) -> Role:  # fmt: skip
    words = tuple(word.strip() for word in synonyms.split(",") if word.strip())
    return Role(name, type_, description, example, required, words, stored, fallback)


_PRODUCT_ID = _role(
    "product_id", "id", "The product's id or SKU.", "SKU-0042",
    synonyms="sku, product id, item id, article, artikelnummer, artikel nr, codigo, stockcode, "
    "stock code, pizza id, item code, référence, référence produit, código de producto, codice, "
    "product code",
)  # fmt: skip
_PRODUCT_NAME = _role(
    "product_name", "text", "The product's name.", "Flat white",
    synonyms="product, product name, item, item name, description, produkt, bezeichnung, "
    "artikelbezeichnung, produit, désignation, producto, prodotto, descrizione, title, "
    "produktname, nombre",
)  # fmt: skip
_CATEGORY = _role(
    "category_name", "text", "The product's category.", "Coffee",
    synonyms="category, product category, kategorie, warengruppe, catégorie, categoría, "
    "categoria, department, group",
)  # fmt: skip
_LOCATION = _role(
    "location_name", "text", "Shop or warehouse; the business's first location when absent.",
    "High Street",
    synonyms="location, store, shop, branch, filiale, standort, magasin, tienda, negozio, outlet, "
    "warehouse, lager",
)  # fmt: skip
_CURRENCY = _role(
    "currency_code", "currency", "Three letters (ISO 4217); the business's when absent.", "USD",
    synonyms="currency, währung, waehrung, devise, moneda, valuta, currency code",
)  # fmt: skip

SALES = Kind(
    "sales",
    "One row per line of a sale (or per sale, when the till exports no lines).",
    (
        _role("order_id", "id", "The order's or receipt's number.", "1001", required=True,
              fallback=True,
              synonyms="order, order id, order no, order number, invoice, invoice no, invoiceno, "
              "receipt, receipt no, transaction, transaction id, bestellnummer, bestellung, "
              "belegnummer, bon, rechnung, rechnungsnummer, commande, numéro de commande, "
              "facture, pedido, número de pedido, ordine, scontrino"),
        _role("line_id", "id", "The line's id, unique within the order.", "1",
              synonyms="line, line id, line no, row id, position, pos, order details id, "
              "order line id, zeile, ligne, línea, riga"),
        _role("sold_at", "timestamp", "When it was sold; local time unless it names a zone.",
              "2024-03-05 14:30:00", stored=False,
              synonyms="timestamp, sold at, datetime, date time, invoicedate, invoice date, "
              "order date, created at, zeitpunkt, paid at, date de commande, fecha y hora"),
        _role("sale_date", "date", "The day, when date and time are two columns.", "",
              stored=False, synonyms="date, day, datum, fecha, data, jour, verkaufsdatum, "
              "order date, sale date"),
        _role("sale_time", "time", "The time of day, beside sale_date.", "", stored=False,
              synonyms="time, uhrzeit, zeit, heure, hora, ora, order time, sale time"),
        _PRODUCT_ID, _PRODUCT_NAME, _CATEGORY,
        _role("quantity", "quantity", "Units sold; negative for returns.", "2",
              synonyms="qty, quantity, units, menge, anzahl, stück, quantité, qté, cantidad, "
              "quantità, count"),
        _role("unit_price_amount", "amount", "Price of one unit.", "3.50",
              synonyms="price, unit price, unitprice, einzelpreis, preis, prix unitaire, prix, "
              "precio, precio unitario, prezzo, prezzo unitario, price each"),
        _role("line_amount", "amount", "Amount of the line, instead of the unit price.", "",
              synonyms="sales, amount, total, line total, net amount, revenue, betrag, umsatz, "
              "gesamtpreis, montant, importe, importo, totale, line amount, subtotal"),
        _role("discount_amount", "amount", "Discount on the line, as a positive amount.", "0.50",
              synonyms="discount, rabatt, remise, descuento, sconto, discount amount"),
        _role("tax_amount", "amount", "Tax on the line.", "0.48",
              synonyms="tax, vat, mwst, ust, steuer, tva, taxe, iva, gst, sales tax"),
        _role("tip_amount", "amount", "Tip.", "",
              synonyms="tip, gratuity, trinkgeld, pourboire, propina, mancia"),
        _role("shipping_amount", "amount", "Shipping charged to the customer.", "",
              synonyms="shipping, versand, versandkosten, livraison, frais de port, envío, "
              "spedizione, delivery, freight"),
        _role("cost_amount", "amount", "What the line cost the shop (see cost_is).", "",
              synonyms="cost, cogs, einkaufspreis, ek, coût, coste, costo, cost price, "
              "unit cost, wareneinsatz"),
        _role("customer_id", "id", "The customer's id in the till.", "C-17",
              synonyms="customer id, customerid, customer, kunde, kundennummer, client, cliente, "
              "member id, kunden-nr"),
        _role("customer_email", "email", "The customer's e-mail.", "ann@example.com",
              synonyms="email, e-mail, mail, customer email, correo, courriel, e-mail-adresse"),
        _role("customer_phone", "phone", "The customer's phone.", "",
              synonyms="phone, telephone, mobile, telefon, téléphone, teléfono, telefono, tel"),
        _role("customer_name", "name", "The customer's name.", "",
              synonyms="customer name, client name, kundenname, nom du client, nombre cliente, "
              "buyer"),
        _LOCATION,
        _role("channel_name", "text", "Where it was sold: shop, online, market ...", "",
              synonyms="channel, sales channel, kanal, canal, canale, source"),
        _role("staff", "name", "Who sold it.", "",
              synonyms="staff, employee, cashier, server, mitarbeiter, verkäufer, kassierer, "
              "vendeur, empleado, cameriere, sold by"),
        _CURRENCY,
        _role("payment_method", "text", "Cash, card ...", "card",
              synonyms="payment, payment method, payment type, zahlungsart, paiement, tender, "
              "mode de paiement, forma de pago, pagamento"),
        _role("status", "text", "The order's status; see the status lists of the mapping.", "",
              synonyms="status, order status, statut, estado, stato, financial status"),
    ),
    key=("order_id", "line_id"),
    computed=(
        ("sold_at", "timestamptz"), ("sold_local_at", "timestamp"), ("time_zone", "text"),
        ("is_time_known", "boolean"), ("gross_amount", AMOUNT_SQL), ("event_type", "text"),
    ),
    one_of=(("sold_at", "sale_date"), ("product_id", "product_name")),
)  # fmt: skip

PRODUCTS = Kind(
    "products", "One row per product (variant) and the day its price or cost begins.",
    (
        _role("product_id", "id", "The product's id.", "SKU-0042", required=True,
              synonyms=", ".join(_PRODUCT_ID.synonyms)),
        _role("sku", "id", "Stock keeping unit, when it differs from the id.", "SKU-0042",
              synonyms="sku, article number"),
        _role("gtin", "id", "Barcode: GTIN, EAN or UPC.", "04006381333931",
              synonyms="gtin, ean, upc, barcode, strichcode, code-barres, código de barras"),
        _PRODUCT_NAME, _CATEGORY,
        _role("description", "text", "What it is, such as its ingredients.", "Flour, butter, salt",
              synonyms="description, details, ingredients, beschreibung, zutaten, descripción"),
        _role("unit_price_amount", "amount", "Sales price of one unit.", "3.50",
              synonyms="price, unit price, verkaufspreis, vk, preis, prix, precio, prezzo"),
        _role("unit_cost_amount", "amount", "Cost of one unit.", "1.05",
              synonyms="cost, unit cost, einkaufspreis, ek, coût, coste, costo, cost price"),
        _CURRENCY,
        _role("unit", "text", "Unit of measure.", "piece", synonyms="unit, einheit, unité, uom"),
        _role("supplier_name", "text", "Who supplies it.", "",
              synonyms="supplier, vendor, lieferant, fournisseur, proveedor, fornitore"),
        _role("valid_from_date", "date", "First day of this price and cost.", "2024-01-01",
              synonyms="valid from, gültig ab, from date, effective date"),
        _role("is_active", "flag", "Whether it is still sold.", "yes",
              synonyms="active, aktiv, actif, activo, enabled"),
    ),
    key=("product_id", "valid_from_date"),
)  # fmt: skip

CUSTOMERS = Kind(
    "customers", "One row per customer.",
    (
        _role("customer_id", "id", "The customer's id.", "C-17", required=True,
              synonyms="customer id, customerid, id, kundennummer, member id, client id"),
        _role("customer_email", "email", "E-mail.", "ann@example.com",
              synonyms="email, e-mail, mail, correo, courriel"),
        _role("customer_phone", "phone", "Phone.", "+1 212 555 0142",
              synonyms="phone, telephone, mobile, telefon, téléphone, teléfono, tel"),
        _role("customer_name", "name", "Name.", "Ann Lee",
              synonyms="name, customer name, full name, kundenname, nom, nombre, nome"),
        _role("street_address", "address", "Street and number.", "1 Main St",
              synonyms="address, street, adresse, straße, strasse, rue, dirección, indirizzo"),
        _role("postal_code", "text", "Postal code.", "10001",
              synonyms="zip, postal code, postcode, plz, code postal, código postal, cap"),
        _role("city", "text", "City.", "New York", synonyms="city, ort, stadt, ville, ciudad"),
        _role("region", "text", "State or region.", "NY",
              synonyms="state, region, bundesland, région, provincia"),
        _role("country_code", "text", "Country.", "US",
              synonyms="country, land, pays, país, paese, country code"),
        _role("first_seen_date", "date", "Customer since.", "2023-05-01",
              synonyms="created, customer since, signup date, kunde seit, registered"),
        _role("accepts_marketing", "flag", "Whether marketing mail is allowed.", "yes",
              synonyms="accepts marketing, newsletter, opt in, consent"),
        _role("note", "note", "Free text.", "", synonyms="note, notes, bemerkung, comment"),
    ),
    key=("customer_id",),
)  # fmt: skip

INVENTORY = Kind(
    "inventory", "One row per product, location and day of a stock count.",
    (
        _role("counted_date", "date", "Day of the count.", "2024-03-31", required=True,
              synonyms="date, count date, datum, stichtag, fecha, data, inventory date"),
        _role("product_id", "id", "The product's id.", "SKU-0042", required=True,
              synonyms=", ".join(_PRODUCT_ID.synonyms)),
        _PRODUCT_NAME, _LOCATION,
        _role("on_hand_quantity", "quantity", "Units on hand.", "12", required=True,
              synonyms="on hand, stock, quantity, qty, bestand, lagerbestand, stock actuel, "
              "existencias, giacenza"),
        _role("on_order_quantity", "quantity", "Units ordered, not yet received.", "0",
              synonyms="on order, bestellt, incoming"),
        _role("unit_cost_amount", "amount", "Cost of one unit.", "1.05",
              synonyms="cost, unit cost, einkaufspreis, coût, coste"),
        _role("unit", "text", "Unit of measure.", "piece", synonyms="unit, einheit, unité, uom"),
        _CURRENCY,
    ),
    key=("counted_date", "product_id", "location_name"),
)  # fmt: skip

PURCHASES = Kind(
    "purchases", "One row per line of a purchase from a supplier.",
    (
        _role("purchase_id", "id", "Purchase order or delivery number.", "PO-12", required=True,
              synonyms="purchase order, po, po number, purchase id, bestellnummer, delivery"),
        _role("line_id", "id", "The line's id.", "1", synonyms="line, line id, position, pos"),
        _role("ordered_date", "date", "Day of the order.", "2024-03-01",
              synonyms="ordered, order date, date, bestelldatum"),
        _role("received_date", "date", "Day of the delivery.", "2024-03-04",
              synonyms="received, delivery date, lieferdatum, received date"),
        _role("supplier_name", "text", "Supplier.", "Roastery Ltd",
              synonyms="supplier, vendor, lieferant, fournisseur, proveedor"),
        _PRODUCT_ID, _PRODUCT_NAME,
        _role("quantity", "quantity", "Units ordered.", "24", required=True,
              synonyms="qty, quantity, menge, quantité, cantidad"),
        _role("received_quantity", "quantity", "Units received.", "24",
              synonyms="received qty, received quantity, geliefert"),
        _role("unit_cost_amount", "amount", "Cost of one unit.", "1.05",
              synonyms="cost, unit cost, price, einkaufspreis, coût, coste"),
        _LOCATION, _CURRENCY,
    ),
    key=("purchase_id", "line_id"), one_of=(("product_id", "product_name"),),
)  # fmt: skip

RECIPES = Kind(
    "recipes", "One row per ingredient of a product.",
    (
        _role("product_id", "id", "The product sold.", "latte_m", required=True,
              synonyms=", ".join(_PRODUCT_ID.synonyms)),
        _role("ingredient_id", "id", "The ingredient's id.", "milk", synonyms="ingredient id"),
        _role("ingredient_name", "text", "The ingredient.", "Milk", required=True,
              synonyms="ingredient, zutat, ingrédient, ingrediente"),
        _role("quantity", "quantity", "How much of it one product takes.", "0.25", required=True,
              synonyms="qty, quantity, menge, amount, quantité, cantidad"),
        _role("unit", "text", "Unit of measure.", "l", synonyms="unit, einheit, unité, uom"),
        _role("yield_rate", "quantity", "Usable share after waste, 0 to 1.", "0.95",
              synonyms="yield, ausbeute, rendement"),
        _role("unit_cost_amount", "amount", "Cost of one unit of the ingredient.", "0.90",
              synonyms="cost, unit cost, coût, coste"),
        _CURRENCY,
    ),
    key=("product_id", "ingredient_name"),
)  # fmt: skip

AD_SPEND = Kind(
    "ad_spend", "One row per day, platform and campaign.",
    (
        _role("spend_date", "date", "Day.", "2024-03-05", required=True,
              synonyms="date, day, datum, fecha, tag, jour"),
        _role("platform_name", "text", "Platform.", "Google Ads", required=True,
              synonyms="platform, source, network, plattform, publisher"),
        _role("campaign_name", "text", "Campaign.", "Spring",
              synonyms="campaign, kampagne, campagne, campaña, campaign name"),
        _role("spend_amount", "amount", "Money spent.", "42.10", required=True,
              synonyms="spend, cost, amount spent, kosten, dépense, gasto"),
        _role("clicks_count", "quantity", "Clicks.", "120", synonyms="clicks, klicks, clics"),
        _role("impressions_count", "quantity", "Impressions.", "8000",
              synonyms="impressions, impressionen"),
        _role("conversions_count", "quantity", "Conversions.", "6",
              synonyms="conversions, conversionen"),
        _CURRENCY,
    ),
    key=("spend_date", "platform_name", "campaign_name"),
)  # fmt: skip

SESSIONS = Kind(
    "sessions", "One row per day and channel of visits to the web shop.",
    (
        _role("session_date", "date", "Day.", "2024-03-05", required=True,
              synonyms="date, day, datum, fecha, jour"),
        _role("channel_name", "text", "Channel.", "Organic search",
              synonyms="channel, source, kanal, session default channel group"),
        _role("sessions_count", "quantity", "Sessions.", "340", required=True,
              synonyms="sessions, visits, besuche, sitzungen"),
        _role("visitors_count", "quantity", "Visitors.", "310", synonyms="visitors, users"),
        _role("add_to_carts_count", "quantity", "Sessions with an added item.", "41",
              synonyms="add to carts, added to cart"),
        _role("checkouts_count", "quantity", "Checkouts begun.", "22", synonyms="checkouts"),
        _role("orders_count", "quantity", "Orders.", "13",
              synonyms="orders, transactions, purchases"),
    ),
    key=("session_date", "channel_name"),
)  # fmt: skip

TARGETS = Kind(
    "targets", "One row per month (or day) and measure that is aimed at.",
    (
        _role("period_start_date", "date", "First day of the period.", "2024-03-01",
              required=True, synonyms="date, month, period, monat, mois, mes"),
        _role("period", "text", "day, week, month or year.", "month", synonyms="granularity"),
        _role("measure", "text", "net_sales, orders, margin ...", "net_sales", required=True,
              synonyms="measure, metric, kpi, kennzahl"),
        _role("target_amount", "amount", "The target.", "25000", required=True,
              synonyms="target, goal, budget, ziel, objectif, objetivo, plan"),
        _LOCATION, _CURRENCY,
    ),
    key=("period_start_date", "period", "measure", "location_name"),
)  # fmt: skip

OPENING_HOURS = Kind(
    "opening_hours", "One row per weekday (the rule) or per date (the exception).",
    (
        _LOCATION,
        _role("day_of_week", "text", "monday ... sunday, for the usual hours.", "monday",
              synonyms="weekday, day, wochentag, jour, día, giorno"),
        _role("open_date", "date", "A single date, for exceptions.", "",
              synonyms="date, datum, fecha, data"),
        _role("opens_at", "time", "Opening time.", "09:00",
              synonyms="opens, open, öffnet, von, ouvre, abre, apre"),
        _role("closes_at", "time", "Closing time.", "18:00",
              synonyms="closes, close, schließt, bis, ferme, cierra, chiude"),
        _role("is_closed", "flag", "Whether it is closed that day.", "no",
              synonyms="closed, geschlossen, fermé, cerrado, chiuso"),
        _role("reason", "text", "Why.", "", synonyms="reason, grund, raison, motivo"),
    ),
    key=("location_name", "day_of_week", "open_date"), one_of=(("day_of_week", "open_date"),),
)  # fmt: skip

PRICE_TESTS = Kind(
    "price_tests", "One row per price test, variant and day.",
    (
        _role("test_name", "text", "The test.", "latte-price", required=True,
              synonyms="test, experiment"),
        _role("variant_name", "text", "The variant.", "B", required=True,
              synonyms="variant, group, variante, arm"),
        _role("test_date", "date", "Day.", "2024-03-05", required=True, synonyms="date, day"),
        _role("product_id", "id", "The product.", "SKU-0042",
              synonyms=", ".join(_PRODUCT_ID.synonyms)),
        _role("unit_price_amount", "amount", "Price shown.", "3.90", synonyms="price"),
        _role("expected_share", "quantity", "Share of visitors planned, 0 to 1.", "0.5",
              synonyms="share, allocation"),
        _role("visitors_count", "quantity", "Visitors.", "210", required=True,
              synonyms="visitors, sessions"),
        _role("orders_count", "quantity", "Orders.", "17", synonyms="orders, conversions"),
        _role("units", "quantity", "Units sold.", "19", synonyms="units, quantity"),
        _role("net_amount", "amount", "Net sales.", "74.10", synonyms="revenue, net sales"),
        _CURRENCY,
    ),
    key=("test_name", "variant_name", "test_date", "product_id"),
)  # fmt: skip

EXCHANGE_RATES = Kind(
    "exchange_rates", "One row per day and pair of currencies.",
    (
        _role("rate_date", "date", "Day; a rate holds until the next one, ten days at most.",
              "2024-03-05", required=True, synonyms="date, day, datum, fecha, jour"),
        _role("currency_code", "currency", "Whose one unit the rate tells the worth of.", "EUR",
              required=True, synonyms="currency, from, base, base currency, währung, devise"),
        _role("to_currency_code", "currency", "In what it is told; the business's when absent.",
              "USD", synonyms="to, quote, quote currency, counter currency"),
        _role("rate", "quantity", "What one unit is worth (six decimals: for a weak currency "
              "give the rate of the strong one).", "1.085600", required=True,
              synonyms="rate, exchange rate, kurs, wechselkurs, taux, tipo de cambio"),
        _role("rate_source", "text", "Who published it.", "European Central Bank",
              synonyms="source, publisher, quelle"),
    ),
    key=("rate_date", "currency_code", "to_currency_code"),
)  # fmt: skip

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (SALES, PRODUCTS, CUSTOMERS, INVENTORY, PURCHASES, RECIPES, AD_SPEND, SESSIONS,
                 TARGETS, OPENING_HOURS, PRICE_TESTS, EXCHANGE_RATES)
}  # fmt: skip
