"""How a number differs from another period's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down", "same"]


@dataclass(frozen=True)
class Change:
    """Against another period.

    Attributes:
        text: such as ``8 %``, or why there is none.
        direction: None where there is nothing to compare with.
    """

    text: str
    direction: Direction | None = None
