"""When people buy: weeks, seasons, growth, closed days, promotions and days out of the ordinary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sandbox.world.columns import Columns, Floats, Ints
from sandbox.world.settings import WorldSettings

EPOCH = date(1970, 1, 1)
WEEKDAYS = np.array([0.82, 0.86, 0.92, 1.0, 1.2, 1.28, 0.92])
# Local hours; the café's morning and noon, the shops' afternoon, the evening of the online store.
HOURS = {
    "cafe": (0, 0, 0, 0, 0, 0, 0, 6, 12, 11, 8, 7, 11, 9, 6, 6, 5, 4, 2, 0, 0, 0, 0, 0),
    "retail": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 6, 9, 9, 9, 10, 11, 10, 7, 4, 0, 0, 0, 0),
    "online": (3, 1.5, 1, 0.5, 0.5, 1, 2, 3, 4, 5, 6, 6, 6, 5, 5, 5, 5, 6, 7, 9, 11, 11, 8, 5),
}


@dataclass
class Calendar:
    """``expected[place, day]``: orders expected; ``boost[place, day]``: what is out of the
    ordinary, as a factor; ``promotion[day]``: the promotion that runs, or 0."""

    first_day: int
    expected: Floats
    boost: Floats
    promotion: Ints
    promotions: Columns
    closures: Columns
    anomalies: Columns


def make_calendar(settings: WorldSettings) -> Calendar:
    """The calendar of a world."""
    dice = np.random.default_rng([settings.seed, 4])
    days = settings.days_count
    last = (settings.last_day - EPOCH).days
    first = last - days + 1
    number = np.arange(first, last + 1)
    weekday = (number + 3) % 7
    year_part = (number % 365.25) / 365.25
    season = (
        1
        + 0.12 * np.cos(2 * np.pi * (year_part - 0.96))
        + 0.08 * np.cos(4 * np.pi * (year_part - 0.46))
    )
    growth = np.linspace(0.88, 1.12, days)
    wander = np.exp(np.cumsum(dice.normal(0, 0.008, days)) - 0.02)
    shape = WEEKDAYS[weekday] * season * growth * wander
    shape *= settings.orders_per_day / shape.mean()
    expected = np.array([place.share for place in settings.places])[:, None] * shape
    closures = _closures(dice, settings, first, days)
    expected[closures["place_id"] - 1, closures["closed_date"] - first] = 0
    boost, anomalies = _anomalies(dice, settings, first, days)
    promotion, promotions = _promotions(dice, first, days)
    return Calendar(first, expected, boost, promotion, promotions, closures, anomalies)


def _closures(dice: np.random.Generator, settings: WorldSettings, first: int, days: int) -> Columns:
    places, closed, reasons = [], [], []
    for place in settings.places:
        if place.trade == "online":
            continue
        for day in range(days):
            today = EPOCH + timedelta(first + day)
            if (today.month, today.day) in ((12, 25), (1, 1)):
                places.append(place.place_id)
                closed.append(first + day)
                reasons.append("holiday")
        for day in dice.integers(0, days, dice.poisson(2.5 * days / 365)).tolist():
            if first + day not in [c for p, c in zip(places, closed, strict=True)
                                   if p == place.place_id]:  # fmt: skip
                places.append(place.place_id)
                closed.append(first + day)
                reasons.append("unplanned")
    return {"place_id": np.array(places, np.int64), "closed_date": np.array(closed, np.int64),
            "reason": np.array(reasons, object)}  # fmt: skip


def _anomalies(dice: np.random.Generator, settings: WorldSettings, first: int,
               days: int) -> tuple[Floats, Columns]:  # fmt: skip
    count = max(1, days // 45)
    place = dice.integers(0, len(settings.places), count)
    start = np.sort(dice.integers(14, max(15, days - 3), count))
    length = dice.integers(1, 3, count)
    factor = dice.choice([0.6, 0.65, 1.6, 1.9, 2.2], count)
    boost = np.ones((len(settings.places), days))
    for p, s, n, f in zip(place, start, length, factor, strict=True):
        boost[p, s : s + n] = f
    return boost, {
        "place_id": place.astype(np.int64) + 1, "from_date": first + start,
        "days_count": length.astype(np.int64), "factor": factor,
    }  # fmt: skip


def _promotions(dice: np.random.Generator, first: int, days: int) -> tuple[Ints, Columns]:
    starts = np.arange(20, days - 10, 45) + dice.integers(0, 10, len(range(20, days - 10, 45)))
    running = np.zeros(days, np.int64)
    for index, start in enumerate(starts.tolist()):
        running[start : start + 9] = index + 1
    percent = dice.choice([10, 15, 20], len(starts)).astype(np.int64)
    return running, {
        "promotion_id": np.arange(1, len(starts) + 1, dtype=np.int64),
        "code": np.array([f"SAVE{p}-{i + 1}" for i, p in enumerate(percent.tolist())], object),
        "discount_ppm": percent * 10_000,
        "from_date": first + starts,
        "until_date": np.minimum(first + starts + 8, first + days - 1),
    }
