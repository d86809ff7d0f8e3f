"""Who works where and when: staff with wages, and the timecards that cover the opening hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.world.calendar import Calendar
from sandbox.world.clock import DAY, HOUR, MINUTE, to_utc
from sandbox.world.columns import NEVER, Columns, Ints, repeated, stacked
from sandbox.world.people import FAMILY, GIVEN
from sandbox.world.settings import Place, WorldSettings

# Orders that one person serves on a day, and jobs with their wages per hour in cents.
SERVED = {"cafe": 38.0, "retail": 18.0, "online": 34.0}
JOBS = {
    "cafe": (("Shift lead", 2_350), ("Barista", 1_850), ("Kitchen", 1_900)),
    "retail": (("Store manager", 2_600), ("Sales assistant", 1_800)),
    "online": (("Warehouse lead", 2_400), ("Packer", 1_850)),
}


@dataclass
class Staffing:
    """Staff, and one timecard per person and day worked."""

    staff: Columns
    timecards: Columns


def make_staffing(settings: WorldSettings, calendar: Calendar) -> Staffing:
    """The staff of every place and their timecards; more of them work on busy days."""
    dice = np.random.default_rng([settings.seed, 13])
    staff, cards, known = [], [], 0
    for place in settings.places:
        people, worked = _of_place(dice, settings, calendar, place, known)
        known += len(people["staff_id"])
        staff.append(people)
        cards.append(worked)
    timecards = stacked(cards)
    sequence = np.lexsort((timecards["staff_id"], timecards["started_at"]))
    timecards = {name: values[sequence] for name, values in timecards.items()}
    number = np.arange(1, len(sequence) + 1, dtype=np.int64)
    return Staffing(stacked(staff), {"timecard_id": number, **timecards})


def _of_place(dice: np.random.Generator, settings: WorldSettings, calendar: Calendar,
              place: Place, known: int) -> tuple[Columns, Columns]:  # fmt: skip
    expected = calendar.expected[place.place_id - 1] * calendar.boost[place.place_id - 1].clip(0.8)
    # At least one person for each of the two shifts of an open day.
    heads = np.where(
        expected > 0, np.maximum(2, np.ceil(expected / SERVED[place.trade])), 0
    ).astype(np.int64)
    posts = max(3, int(np.ceil(heads.max() * 7 / 5)))
    staff, from_day, post_of = _staff(dice, settings, calendar, place, known, posts)
    day, slot = repeated(heads)
    post = (day * 3 + slot) % posts
    # Of a post that changed hands, whoever holds it on that day.
    worker = np.zeros(len(day), np.int64)
    for index in range(len(post_of)):
        holds = (post == post_of[index]) & (day >= from_day[index])
        worker[holds] = index
    opens, closes = (place.opens, place.closes) if place.trade != "online" else (8, 18)
    middle = (opens + closes) // 2
    is_early = slot % 2 == 0
    local = (calendar.first_day + day) * DAY
    jitter = dice.integers(0, 12, (2, len(day))) * MINUTE
    start = np.where(is_early, opens * HOUR - HOUR // 2, (middle - 1) * HOUR) - jitter[0]
    end = np.where(is_early, (middle + 1) * HOUR, closes * HOUR + HOUR // 2) + jitter[1]
    pause = start + (end - start) // 2 + dice.integers(-20, 20, len(day)) * MINUTE
    has_lunch = (end - start >= 6 * HOUR) & (dice.random(len(day)) < 0.8)
    length = np.where(has_lunch, 30 * MINUTE, 10 * MINUTE)
    years = (day - from_day[worker]) // 365
    wage = np.rint(staff["hourly_wage_cents"][worker] * 1.03**years).astype(np.int64)
    zone = place.time_zone
    return staff, {
        "staff_id": staff["staff_id"][worker],
        "place_id": np.full(len(day), place.place_id, np.int64),
        "started_at": to_utc(local + start, zone),
        "ended_at": to_utc(local + end, zone),
        "break_started_at": to_utc(local + pause, zone),
        "break_ended_at": to_utc(local + pause + length, zone),
        # Half an hour is the worker's own time, ten minutes are paid.
        "is_break_paid": ~has_lunch,
        "hourly_wage_cents": wage,
    }


def _staff(dice: np.random.Generator, settings: WorldSettings, calendar: Calendar, place: Place,
           known: int, posts: int) -> tuple[Columns, Ints, Ints]:  # fmt: skip
    """(staff, the day each came, the post each holds); a third of the posts change hands."""
    days = settings.days_count
    changes = dice.random(posts) < min(0.5, 0.35 * days / 365)
    change = dice.integers(days // 5, max(days // 5 + 1, days * 4 // 5), posts)
    post = np.concatenate([np.arange(posts), np.flatnonzero(changes)])
    began = np.concatenate([np.full(posts, -400, np.int64), change[changes]])
    left = np.concatenate([np.where(changes, change, NEVER), np.full(int(changes.sum()), NEVER)])
    count = len(post)
    jobs = JOBS[place.trade]
    job = np.where(post == 0, 0, 1 + post % (len(jobs) - 1))
    wage = np.array([row[1] for row in jobs], np.int64)[job]
    first = calendar.first_day
    midnight = 5 * HOUR
    staff = {
        "staff_id": known + np.arange(1, count + 1, dtype=np.int64),
        "place_id": np.full(count, place.place_id, np.int64),
        "given_name": np.array(GIVEN, object)[dice.integers(0, len(GIVEN), count)],
        "family_name": np.array(FAMILY, object)[dice.integers(0, len(FAMILY), count)],
        "job": np.array([row[0] for row in jobs], object)[job],
        "hourly_wage_cents": wage + dice.integers(0, 5, count) * 25,
        "hired_at": (first + began) * DAY + midnight,
        "left_at": np.where(left == NEVER, NEVER, (first + left) * DAY + midnight),
    }
    return staff, np.where(began < 0, 0, began), post
