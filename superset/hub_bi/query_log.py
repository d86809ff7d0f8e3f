"""A record of the queries people run, without the address or password of the warehouse."""

import logging
from typing import Any

LOGGER = logging.getLogger("hub_bi.queries")
LOGGER.setLevel(logging.INFO)  # Superset itself logs warnings only
LONGEST_QUERY = 4000


def log_query(
    database: Any,  # noqa: ARG001 - it holds the password
    query: str,
    schema: str | None = None,
    client: Any = None,  # noqa: ARG001
    security_manager: Any = None,  # noqa: ARG001
    log_params: Any = None,  # noqa: ARG001
) -> None:
    """Log who asked what; Superset's own first argument, the address, is left out."""
    from flask import g

    user = getattr(getattr(g, "user", None), "username", None)
    shown = " ".join(query.split())[:LONGEST_QUERY]
    LOGGER.info("user=%s schema=%s sql=%s", user or "-", schema or "-", shown)
