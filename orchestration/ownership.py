"""Who answers for which part of the graph, shown in Dagster beside each asset."""

DATA_ENGINEERING = "team:data-engineering"
ANALYTICS = "team:analytics"
DATA_SCIENCE = "team:data-science"

OWNER_BY_GROUP = {
    "staging": DATA_ENGINEERING,
    "modelling": DATA_ENGINEERING,
    "features": DATA_SCIENCE,
    "core": ANALYTICS,
    "sales": ANALYTICS,
    "finance": ANALYTICS,
    "customers": ANALYTICS,
    "identity": DATA_SCIENCE,
    "inventory": ANALYTICS,
    "marketing": ANALYTICS,
    "forecasting": DATA_SCIENCE,
    "pricing": DATA_SCIENCE,
    "purchasing": DATA_SCIENCE,
    "insights": DATA_SCIENCE,
    "quality": DATA_ENGINEERING,
    "ingest_spreadsheets": DATA_ENGINEERING,
    "ingest_shopify": DATA_ENGINEERING,
    "ingest_square": DATA_ENGINEERING,
    "ingest_quickbooks": DATA_ENGINEERING,
    "publishing": ANALYTICS,
}
