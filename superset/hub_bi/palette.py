"""Colours, themes and the logo: how the product looks in light and in dark.

The categorical colours stay apart for colour-blind readers (they differ in lightness as well
as in hue) and keep at least 3:1 contrast to a card in both themes.
"""

from typing import Any
from urllib.parse import quote

PRODUCT = "Small Business Intelligence Hub"
CATEGORICAL_SCHEME = "hub_categorical"
SEQUENTIAL_SCHEME = "hub_blues"

BLUE, ORANGE, TEAL, PINK = "#2F74C0", "#D9731A", "#12937F", "#C2518D"
VIOLET, OLIVE, RED, SLATE = "#7B64C8", "#8A7B1E", "#CF4446", "#71809A"
SKY, BROWN = "#3E9BD1", "#A0643C"

CATEGORICAL = [BLUE, ORANGE, TEAL, PINK, VIOLET, OLIVE, SKY, BROWN, RED, SLATE]
SEQUENTIAL = ["#E3EEF9", "#B4D2EE", "#7CB0DF", "#4488C9", "#2463A4", "#123F73"]

QUADRANT_COLOURS = {
    "Star": TEAL,
    "Plowhorse": BLUE,
    "Puzzle": ORANGE,
    "Dog": RED,
    "Cost unknown": SLATE,
}
STATUS_COLOURS = {"pass": TEAL, "warn": ORANGE, "fail": RED, "error": PINK}
SEGMENT_COLOURS = {
    "Champions": TEAL,
    "Loyal": BLUE,
    "Loyal customers": BLUE,
    "Potential loyalists": SKY,
    "New": VIOLET,
    "New customers": VIOLET,
    "Promising": OLIVE,
    "Need attention": ORANGE,
    "Needs attention": ORANGE,
    "About to sleep": BROWN,
    "At risk": PINK,
    "Cannot lose them": RED,
    "Hibernating": SLATE,
    "Lost": "#8E97A6",
}

PAGE_LIGHT, CARD_LIGHT = "#F3F5F9", "#FFFFFF"
PAGE_DARK, CARD_DARK = "#12161F", "#1C2230"


def rgb(colour: str) -> dict[str, int]:
    """Return a colour as Superset's colour pickers write it."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return {"r": red, "g": green, "b": blue, "a": 1}


SPINNER = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40' width='40' height='40'>"
    f"<circle cx='20' cy='20' r='15' fill='none' stroke='{BLUE}' stroke-opacity='.25'"
    " stroke-width='4'/>"
    f"<path d='M20 5a15 15 0 0 1 15 15' fill='none' stroke='{BLUE}' stroke-width='4'"
    " stroke-linecap='round'><animateTransform attributeName='transform' type='rotate'"
    " from='0 20 20' to='360 20 20' dur='0.9s' repeatCount='indefinite'/></path></svg>"
)


def logo(ink: str, accent: str) -> str:
    """Return the product's word mark as a data: address of an SVG image."""
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 214 40' width='214' height='40'>"
        f"<rect x='2' y='4' width='32' height='32' rx='8' fill='{accent}'/>"
        "<g fill='none' stroke='#fff' stroke-width='2.6' stroke-linecap='round'"
        " stroke-linejoin='round'><path d='M9 27l6-7 5 4 8-11'/></g>"
        "<circle cx='28' cy='13' r='2.6' fill='#fff'/>"
        f"<text x='44' y='18' font-family='Inter,Helvetica,Arial,sans-serif' font-size='15'"
        f" font-weight='700' fill='{ink}'>Small Business</text>"
        f"<text x='44' y='34' font-family='Inter,Helvetica,Arial,sans-serif' font-size='13'"
        f" fill='{ink}' fill-opacity='0.75'>Intelligence Hub</text></svg>"
    )
    return "data:image/svg+xml," + quote(svg)


def favicon() -> str:
    """Return the product's square mark as a data: address."""
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 36 36'>"
        f"<rect x='2' y='2' width='32' height='32' rx='8' fill='{BLUE}'/>"
        "<path d='M9 25l6-7 5 4 8-11' fill='none' stroke='#fff' stroke-width='2.8'"
        " stroke-linecap='round' stroke-linejoin='round'/></svg>"
    )
    return "data:image/svg+xml," + quote(svg)


def light_theme(home: str) -> dict[str, Any]:
    """Return Superset's light theme: white cards on a light page."""
    return {
        "algorithm": "default",
        "token": {
            **_shared_tokens(home),
            "brandLogoUrl": logo("#1B2638", BLUE),
            "colorPrimary": "#1F66B0",
            "colorLink": "#1F66B0",
            "colorInfo": "#1F66B0",
            "colorSuccess": "#0F7F6E",
            "colorWarning": "#B45F06",
            "colorError": "#C2333A",
            "colorBgLayout": PAGE_LIGHT,
            "colorBgContainer": CARD_LIGHT,
            "colorText": "#1B2638",
            "colorTextSecondary": "#4A5870",
            "colorTextTertiary": "#5F6C83",
            "colorBorderSecondary": "#E3E8F0",
        },
    }


def dark_theme(home: str) -> dict[str, Any]:
    """Return Superset's dark theme: the same accents, lighter, on blue-black cards."""
    return {
        "algorithm": "dark",
        "token": {
            **_shared_tokens(home),
            "brandLogoUrl": logo("#EAF0FA", BLUE),
            "colorPrimary": "#4F9BE8",
            "colorLink": "#7DB7F2",
            "colorInfo": "#4F9BE8",
            "colorSuccess": "#35B79F",
            "colorWarning": "#E89A45",
            "colorError": "#F0787A",
            "colorBgBase": PAGE_DARK,
            "colorBgLayout": PAGE_DARK,
            "colorBgContainer": CARD_DARK,
            "colorBgElevated": "#242C3D",
            "colorText": "#E8EDF6",
            "colorTextSecondary": "#B5C0D3",
            "colorTextTertiary": "#94A1B8",
            "colorBorderSecondary": "#2C3547",
        },
    }


def _shared_tokens(home: str) -> dict[str, Any]:
    return {
        "brandAppName": PRODUCT,
        "brandLogoAlt": PRODUCT,
        "brandLogoHref": home,
        "brandLogoHeight": "36px",
        "brandLogoMargin": "8px 0",
        "brandIconMaxWidth": 220,
        "brandSpinnerSvg": SPINNER,
        "fontUrls": [],
        "fontFamily": "Inter, Helvetica, Arial, sans-serif",
        "fontFamilyCode": "'IBM Plex Mono', 'Courier New', monospace",
        "borderRadius": 8,
        "borderRadiusLG": 10,
        "fontWeightStrong": "600",
    }


def categorical_schemes() -> list[dict[str, Any]]:
    """Return the product's categorical colour scheme, which is the default."""
    return [
        {
            "id": CATEGORICAL_SCHEME,
            "description": "Ten colours that stay apart for colour-blind readers",
            "label": "Hub",
            "isDefault": True,
            "colors": CATEGORICAL,
        }
    ]


def sequential_schemes() -> list[dict[str, Any]]:
    """Return the product's sequential colour scheme for heatmaps."""
    return [
        {
            "id": SEQUENTIAL_SCHEME,
            "description": "Light to dark blue",
            "label": "Hub blues",
            "isDiverging": False,
            "isDefault": True,
            "colors": SEQUENTIAL,
        }
    ]
