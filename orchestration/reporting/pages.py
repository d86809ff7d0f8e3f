"""Texts and pages from the templates beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from orchestration.reporting.changes import Change

# The product's colours, as in superset/hub_bi/palette.py, which another environment runs.
INK, SOFT, LINE, PAGE, CARD = "#1B2638", "#4A5870", "#E3E8F0", "#F3F5F9", "#FFFFFF"
BLUE, ORANGE, TEAL, RED, SLATE = "#1F66B0", "#B45F06", "#0F7F6E", "#C2333A", "#71809A"
FONT = "Inter, Helvetica, Arial, sans-serif"


def render(template: str, values: Mapping[str, object]) -> str:
    """A template with its values; what goes into HTML is escaped."""
    colours = {
        "ink": INK, "soft": SOFT, "line": LINE, "page": PAGE, "card": CARD, "blue": BLUE,
        "orange": ORANGE, "teal": TEAL, "red": RED, "font": FONT,
    }  # fmt: skip
    return _templates().get_template(f"{template}.j2").render(**colours, **values).strip() + "\n"


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("orchestration.reporting", "templates"),
        autoescape=select_autoescape(("html.j2", "html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def told(change: Change, than: str) -> str:
    """A change in words and with a sign, so that it does not rest on its colour."""
    sign = {"up": "▲ ", "down": "▼ ", "same": "= ", None: ""}[change.direction]
    compared = f" on the {than} before" if change.direction in ("up", "down") else ""
    return f"{sign}{change.text}{compared}"


def colour(change: Change) -> str:
    """Of a change."""
    return {"up": TEAL, "down": ORANGE}.get(change.direction or "", SOFT)
