"""A local server that speaks Shopify's Admin GraphQL API for generated documents."""
