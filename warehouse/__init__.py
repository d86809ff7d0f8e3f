"""The warehouse: the PostgreSQL server, its databases, roles and grants, the settings of a
business, and the vault that keeps personal data apart. It knows no other room."""
