"""Which records are one person: rules, refusals, and independence of the order they come in."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.identity import resolve_customers

COLUMNS = ["record_id", "email", "phone", "given_name", "family_name", "postal_code"]


def _records(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    """Records in the order in which they were first seen."""
    found = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    found["first_seen_at"] = pd.date_range("2026-01-01", periods=len(rows), tz="UTC")
    return found


def _groups(records: pd.DataFrame, **options: object) -> set[frozenset[str]]:
    members = resolve_customers(records, **options).members  # type: ignore[arg-type]
    return {frozenset(group["record_id"]) for _, group in members.groupby("person_id")}


def _sets(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


def test_the_same_address_in_two_systems_is_one_person_whatever_its_case() -> None:
    records = _records(
        ("a", "Ada@Example.com ", None, "Ada", "Abara", None),
        ("b", "ada@example.com", None, None, None, None),
        ("c", "ben@example.com", None, "Ben", "Abara", None),
    )
    assert _groups(records) == _sets("a b", "c")
    members = resolve_customers(records).members.set_index("record_id")
    assert members.loc["b", "person_id"] == "a", "the oldest record names the person"
    assert members.loc["b", "match_method"] == "email"
    assert members.loc["c", "match_method"] == "source_id"


def test_a_phone_joins_only_records_of_one_name() -> None:
    records = _records(
        ("a", "a@example.com", "+1", "Zoë", "Schäfer", None),
        ("b", "b@example.com", "+1", "Zoe", "Schafer", None),
        ("c", "c@example.com", "+1", "Quinn", "Schäfer", None),
        ("d", None, "+1", None, None, None),
    )
    found = resolve_customers(records)
    assert _groups(records) == _sets("a b", "c", "d")
    assert list(found.reviews["reason"].unique()) == ["one phone under two names"]


def test_addresses_of_nobody_merge_nobody() -> None:
    records = _records(
        ("a", "noreply@shop.example", None, "Ada", "Abara", None),
        ("b", "no-reply@shop.example", None, "Ben", "Weber", None),
        ("c", "NOREPLY@shop.example", None, "Uma", "Rossi", None),
        ("d", "guest2@shop.example", None, None, None, None),
        ("e", "guest2@shop.example", None, None, None, None),
        ("f", "till@shop.example", None, "Ada", "Petrov", None),
        ("g", "till@shop.example", None, "Kofi", "Jensen", None),
        ("h", "till@shop.example", None, "Wei", "Xu", None),
    )
    assert _groups(records) == _sets("a", "b", "c", "d", "e", "f", "g", "h")


def test_what_the_owner_decided_holds_and_forbidden_pairs_do_not_meet_through_others() -> None:
    records = _records(
        ("a", "a@example.com", None, "Ada", "Abara", None),
        ("b", "a@example.com", "+2", "Ada", "Abara", None),
        ("c", "c@example.com", "+2", "Ada", "Abara", None),
        ("d", "d@example.com", None, "Ben", "Weber", None),
    )
    assert _groups(records) == _sets("a b c", "d")
    assert _groups(records, do_not_merge=[("a", "c")]) == _sets("a b", "c", "d")
    assert _groups(records, force_merge=[("a", "d")]) == _sets("a b c d")
    refused = resolve_customers(records, do_not_merge=[("a", "c")]).reviews
    assert list(refused["reason"]) == ["on the list of pairs not to merge"]


def test_no_records_and_one_record() -> None:
    assert resolve_customers(_records()).members.empty
    assert _groups(_records(("a", None, None, None, None, None))) == _sets("a")


def test_records_without_a_single_sure_pair_are_people_of_their_own() -> None:
    """As of one system that knows nobody twice: there is nothing to learn a score from."""
    rows = [(f"r{n}", f"p{n}@a.example", f"+{n}", "Ada", f"Family{n}", None) for n in range(250)]
    found = resolve_customers(_records(*rows))
    assert found.members["person_id"].nunique() == 250
    assert found.edges.empty


NAMES = st.sampled_from([("Ada", "Abara"), ("Ben", "Weber"), (None, None)])
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["x@a.example", "y@a.example", "noreply@a.example", None]),
        st.sampled_from(["+1", "+2", None]),
        NAMES,
    ),
    max_size=12,
)


@given(PEOPLE, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_records_changes_nothing(rows: list[tuple], dice: object) -> None:
    records = _records(
        *((f"r{n:02}", email, phone, *name, None) for n, (email, phone, name) in enumerate(rows))
    )
    found = resolve_customers(records)
    order = list(range(len(records)))
    dice.shuffle(order)  # type: ignore[attr-defined]
    shuffled = resolve_customers(records.iloc[order])
    pd.testing.assert_frame_equal(found.members, shuffled.members)
    pd.testing.assert_frame_equal(found.edges, shuffled.edges)
    pd.testing.assert_frame_equal(found.reviews, shuffled.reviews)


@pytest.mark.parametrize("typo", ["Nakamurra", "Nakamua"])
def test_scored_matching_finds_a_misspelt_name_with_the_same_phone(typo: str) -> None:
    given = ["Ada", "Ben", "Chloe", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Ines", "Jamal"]
    family = ["Abara", "Bianchi", "Castillo", "Eriksen", "Fontaine", "Garcia", "Haddad",
              "Ivanova", "Jensen", "Kowalski", "Lindqvist", "Moreau"]  # fmt: skip
    rows: list[tuple[str | None, ...]] = []
    for number, (first, last) in enumerate(product(given, family)):
        phone = f"+1212555{number:04}"
        rows.append((f"square|{number}", f"{first}.{last}@a.example", phone, first, last, None))
        if number % 2 == 0:
            address = f"{first}.{last}@a.example" if number % 4 else f"{first}{number}@b.example"
            rows.append((f"shopify|{number}", address, phone, first, last, None))
    rows.append(("square|typo", "yuki.n@a.example", "+19995550000", "Yuki", "Nakamura", None))
    rows.append(("shopify|typo", "yuki@b.example", "+19995550000", "Yuki", typo, None))
    found = resolve_customers(_records(*rows))
    pair = {"shopify|typo", "square|typo"}
    joined = [{*edge} == pair for edge in found.edges[found.edges.columns[:2]].to_numpy()]
    doubtful = [{*edge} == pair for edge in found.reviews[found.reviews.columns[:2]].to_numpy()]
    assert any(joined) or any(doubtful)
    persons = found.members["person_id"].nunique()
    assert persons in (121, 122)
