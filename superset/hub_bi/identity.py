"""Stable ids: the same thing has the same id on every machine and after every build."""

from uuid import NAMESPACE_URL, UUID, uuid5

_PRODUCT = uuid5(NAMESPACE_URL, "small-business-intelligence-hub/superset")


def stable_uuid(kind: str, name: str) -> UUID:
    """Return the id of a database, dataset, chart, dashboard or filter by its kind and name."""
    return uuid5(_PRODUCT, f"{kind}/{name}")


def short_id(prefix: str, kind: str, name: str) -> str:
    """Return a layout or filter id such as `CHART-1f0c3a9b72`."""
    return f"{prefix}-{stable_uuid(kind, name).hex[:10]}"
