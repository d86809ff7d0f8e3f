"""What kind of world is generated: its size, its seed and its four places of sale."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

System = Literal["shopify", "square"]
Trade = Literal["cafe", "retail", "online"]
# Raised when other files are written, or others of the same settings.
VERSION = 4
TRADES: tuple[Trade, ...] = ("cafe", "retail", "online")


@dataclass(frozen=True)
class Place:
    """A location or the online store.

    ``share`` is its part of all orders; ``tax_ppm`` the sales tax in millionths.
    """

    place_id: int
    name: str
    trade: Trade
    system: System
    time_zone: str
    share: float
    tax_ppm: int
    city: str
    region: str
    opens: int
    closes: int


PLACES = (
    Place(1, "Harbour Café", "cafe", "square", "America/New_York", 0.46, 88_750,
          "New York", "NY", 7, 19),
    Place(2, "Market Street", "retail", "square", "America/New_York", 0.2, 88_750,
          "New York", "NY", 10, 20),
    Place(3, "Lakeside", "retail", "shopify", "America/Chicago", 0.14, 102_500,
          "Chicago", "IL", 10, 19),
    Place(4, "Online store", "online", "shopify", "America/New_York", 0.2, 40_000,
          "New York", "NY", 0, 24),
)  # fmt: skip


@dataclass(frozen=True)
class WorldSettings:
    """Size and seed. The same settings give the same world, bit for bit.

    Args:
        orders_per_day: mean over the whole span; days, seasons and growth move around it.
        last_day: the last complete day; the first lies ``years`` before it.
    """

    seed: int = 1
    years: float = 1.0
    orders_per_day: float = 100.0
    last_day: date = date(2026, 9, 30)
    name: str = "Harbour & Hearth"
    currency: str = "USD"
    places: tuple[Place, ...] = field(default=PLACES)

    @property
    def days_count(self) -> int:
        """Whole days from the first to the last."""
        return max(28, round(self.years * 365))
