"""The hub's dashboards as code, and what installs and serves them with Apache Superset.

Building and validating the bundle needs the standard library and PyYAML alone; only
`install`, `access` and `throttle` run inside a Superset application.
"""
