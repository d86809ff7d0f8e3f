"""The dbt project, and the matching of customers in its midst."""
