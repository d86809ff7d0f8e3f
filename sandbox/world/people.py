"""Who buys: people with true rates, lifetimes and tastes, and the names they leave behind."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from sandbox.world.columns import Columns, Floats, Ints, repeated
from sandbox.world.settings import WorldSettings

GIVEN = ("Ada", "Ben", "Chloé", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Ines", "Jamal", "Kofi",
         "Lena", "Mateo", "Noor", "Olga", "Priya", "Quinn", "Rosa", "Sven", "Tariq", "Uma", "Vera",
         "Wei", "Ximena", "Yuki", "Zoë")  # fmt: skip
FAMILY = ("Abara", "Bianchi", "Castillo", "Dvořák", "Eriksen", "Fontaine", "García", "Haddad",
          "Ivanova", "Jensen", "Kowalski", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov",
          "Qureshi", "Rossi", "Schäfer", "Tanaka", "Ueda", "Vargas", "Weber", "Xu", "Yilmaz",
          "Zielinski")  # fmt: skip
IDENTIFIED_SHARE = 0.55


@dataclass
class People:
    """People and their purchases: the person and the day (with its fraction) of each."""

    people: Columns
    contacts: Columns
    person: Ints
    day: Floats


def make_people(settings: WorldSettings, intensity: Floats) -> People:
    """People who arrive, buy at their own rate and leave unseen (Pareto/NBD).

    Args:
        intensity: expected orders per day; purchases follow it, so that seasons touch all.
    """
    dice = np.random.default_rng([settings.seed, 2])
    days = len(intensity)
    clock = np.concatenate([[0.0], np.cumsum(intensity)]) / intensity.mean()
    wanted = intensity.sum() * IDENTIFIED_SHARE
    # Mean purchases of one person within the span, found by a sample of the same draw.
    count = max(20, int(wanted / _mean_purchases(settings, days)))
    arrived, rate, lifetime = _lives(dice, count, days)
    ended = np.minimum(arrived + lifetime, days)
    from_time = np.interp(arrived, np.arange(days + 1), clock)
    until_time = np.interp(ended, np.arange(days + 1), clock)
    # The first purchase is the arrival, but of those who were customers before the first day.
    more = dice.poisson(rate * (until_time - from_time))
    person, position = repeated(more + 1)
    moment = from_time[person] + dice.random(len(person)) * (until_time - from_time)[person]
    is_arrival = (position == 0) & (arrived[person] > 0)
    moment[is_arrival] = from_time[person[is_arrival]]
    day = np.interp(moment, clock, np.arange(days + 1)).clip(0, days - 1e-6)
    given = dice.integers(0, len(GIVEN), count)
    family = dice.integers(0, len(FAMILY), count)
    number = np.arange(1, count + 1, dtype=np.int64)
    people = {
        "person_id": number,
        "given_name": np.array(GIVEN, object)[given],
        "family_name": np.array(FAMILY, object)[family],
        "orders_per_day": rate,
        "arrived_day": arrived,
        "lifetime_days": lifetime,
        "taste": dice.random(count),
        "is_marketing_allowed": dice.random(count) < 0.6,
        "home_place_id": dice.choice(
            [place.place_id for place in settings.places], count,
            p=np.array([place.share for place in settings.places]),
        ),
    }  # fmt: skip
    return People(people, _contacts(dice, people), person, day)


def _lives(dice: np.random.Generator, count: int, days: int) -> tuple[Floats, Floats, Floats]:
    # A third were customers before the first day.
    arrived = np.where(dice.random(count) < 0.33, 0.0, dice.random(count) * days)
    rate = dice.gamma(0.55, 1 / 22.0, count)
    lifetime = dice.exponential(1 / dice.gamma(0.9, 1 / 150.0, count).clip(1 / 3000))
    return arrived, rate, lifetime


def _mean_purchases(settings: WorldSettings, days: int) -> float:
    dice = np.random.default_rng([settings.seed, 3])
    arrived, rate, lifetime = _lives(dice, 20_000, days)
    return float(1 + (rate * (np.minimum(arrived + lifetime, days) - arrived)).mean())


def _contacts(dice: np.random.Generator, people: Columns) -> Columns:
    """E-mails and phones: some people use up to three, some families share a phone."""
    count = len(people["person_id"])
    more = (dice.random(count) < 0.12).astype(np.int64) + (dice.random(count) < 0.03)
    person, position = repeated(more + 1)
    hosts = np.array(["example.com", "example.org", "example.net"], object)
    given, family = people["given_name"][person], people["family_name"][person]
    emails = [
        f"{_plain(g)}.{_plain(f)}{number + 1}{'' if not p else '.' + 'ab'[p - 1]}@{hosts[p]}"
        for g, f, number, p in zip(given, family, person, position, strict=True)
    ]
    phone_owner = np.arange(count)
    shared = dice.random(count) < 0.03
    phone_owner[shared] = np.maximum(phone_owner[shared] - 1, 0)
    phones = [f"+1212555{owner % 10_000:04d}" if owner < 10_000 else f"+1646{owner % 10**7:07d}"
              for owner in phone_owner[person].tolist()]  # fmt: skip
    return {
        "contact_id": np.arange(1, len(person) + 1, dtype=np.int64),
        "person_id": people["person_id"][person],
        "email": np.array(emails, object),
        "phone": np.array(phones, object),
    }


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
