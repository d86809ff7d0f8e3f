"""Where the dashboards show what a message is about."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from orchestration.ops import services
from warehouse.business import Business

_ASSETS = services.SUPERSET_ROOM / "assets"
_START = "owner-overview"


def dashboards_url(business: Business) -> str:
    """``dashboards_url`` of the business, else where the dashboards run on this computer."""
    if business.dashboards_url:
        return business.dashboards_url
    running = [each.url for each in services.started() if each.name == "superset"]
    return next(filter(None, running), f"http://127.0.0.1:{services.PREFERRED_PORTS['superset']}")


def chart_link(business: Business, mart: str | None = None) -> str:
    """The first chart that reads a mart; the overview where no chart does."""
    slug, chart = _charts().get(mart or "", (_START, None))
    anchor = f"#{chart}" if chart else ""
    return f"{dashboards_url(business)}/superset/dashboard/{slug}/{anchor}"


@cache
def _charts() -> dict[str, tuple[str, str | None]]:
    """Dashboard and chart of each mart, as the exported dashboards have them."""
    marts = {each["uuid"]: each["table_name"] for each in _documents("datasets")}
    marts = {each["uuid"]: marts.get(each["dataset_uuid"]) for each in _documents("charts")}
    found: dict[str, tuple[str, str | None]] = {}
    for board in _documents("dashboards"):
        if str(board["slug"]).endswith("-phone"):
            continue
        for node in board["position"].values():
            if isinstance(node, dict) and node.get("type") == "CHART":
                mart = marts.get(node["meta"].get("uuid"))
                # The overview shows a little of everything; the board of its own shows more.
                if mart and (mart not in found or found[mart][0] == _START):
                    found[mart] = (board["slug"], node["id"])
    return found


def _documents(folder: str) -> list[dict[str, Any]]:
    return [
        yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in sorted((_ASSETS / folder).rglob("*.yaml"))
    ]
