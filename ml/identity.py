"""Which records of customers are one person: certain rules first, then scored matching.

Clear names live only in the memory of the caller; what is returned speaks of record ids. Scored
matching is the model of Fellegi and Sunter (1969) as splink fits it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

# Addresses that stand for a till or an office, not for a person.
NOBODYS_ADDRESS = re.compile(
    r"^(no-?reply|do-?not-?reply|none|no-?email|guest|walk-?in|unknown|test|info|office|sales|"
    r"orders?|contact|admin)([.+_-]?\d*)@"
)
# A family shares an address; what carries more names than this belongs to nobody.
NAMES_PER_ADDRESS = 2
# Fewer records, or fewer pairs of them that are surely one person, teach a scoring model nothing.
SCORING_MINIMUM_RECORDS, TRAINING_MINIMUM_PAIRS = 200, 20
CHANCE_RECORDS, CHANCE_PAIRS = 700, 1e6  # the pairs of so many records are fewer: all are taken
TRAINED_BY = (["email"], ["phone", "family"])
MATCH_PROBABILITY, REVIEW_PROBABILITY = 0.99, 0.5
EDGE_COLUMNS = ["left_record_id", "right_record_id", "method", "probability"]
MEMBER_COLUMNS = ["record_id", "person_id", "match_method", "match_confidence"]
REASON_PRIORITY = ("forced", "email", "phone_and_name", "scored")


@dataclass(frozen=True)
class Identities:
    """Who is who.

    Attributes:
        members: one row per record: its person (the record id of its oldest record) and how it
            came to that person; ``match_confidence`` is 1 for certain rules.
        edges: the pairs that joined records, one row each, with the reason.
        reviews: pairs that may be one person and were not joined, with the reason.
    """

    members: pd.DataFrame
    edges: pd.DataFrame
    reviews: pd.DataFrame


def resolve_customers(
    records: pd.DataFrame,
    *,
    do_not_merge: Sequence[tuple[str, str]] = (),
    force_merge: Sequence[tuple[str, str]] = (),
    seed: int = 1,
) -> Identities:
    """Join records of the same person.

    Args:
        records: ``record_id`` (unique), ``email``, ``phone``, ``given_name``, ``family_name``,
            ``postal_code``, ``first_seen_at``; missing values are None.
        do_not_merge: pairs of record ids that are never joined, nor through others.
        force_merge: pairs that are joined whatever else is known.
        seed: of the sample from which the scoring model learns.

    The answer depends on the set of records alone, not on their order.
    """
    known = _normalised(records)
    blocked = {frozenset(pair) for pair in do_not_merge}
    ids = set(known["record_id"])
    edges = pd.concat(
        [
            _frame([(a, b) for a, b in force_merge if {a, b} <= ids], "forced", 1.0),
            _frame(_chains(known, ["email"]), "email", 1.0),
            _frame(_chains(known, ["phone", "given", "family"]), "phone_and_name", 1.0),
            _scored(known, seed),
        ],
        ignore_index=True,
    )
    order = edges["method"].map(REASON_PRIORITY.index)
    edges = edges.assign(order=order).sort_values(
        ["order", "probability", "left_record_id", "right_record_id"],
        ascending=[True, False, True, True],
    )
    certain = edges[edges["probability"] >= MATCH_PROBABILITY]
    groups = _Groups(known, blocked)
    joined = [edge for edge in certain.itertuples() if groups.join(*edge[1:3])]
    used = pd.DataFrame(joined, columns=["Index", *EDGE_COLUMNS, "order"])[EDGE_COLUMNS]
    return Identities(
        _members(known, groups, used),
        used.reset_index(drop=True),
        _reviews(known, edges, groups),
    )


def _normalised(records: pd.DataFrame) -> pd.DataFrame:
    """Records in one order, with what they are compared by; nobody's addresses are left out."""
    known = records.sort_values(["first_seen_at", "record_id"], ignore_index=True).copy()
    known["given"] = known["given_name"].map(_plain)
    known["family"] = known["family_name"].map(_plain)
    known["email"] = known["email"].map(_address)
    names = known["given"].fillna("") + " " + known["family"].fillna("")
    counted = names.where(names != " ").groupby(known["email"]).nunique()
    crowded = set(counted[counted > NAMES_PER_ADDRESS].index)
    known["email"] = known["email"].where(~known["email"].isin(crowded), None)
    for column in ("email", "phone", "given", "family", "postal_code"):
        known[column] = known[column].astype(object).where(known[column].notna(), None)
    return known


def _plain(name: object) -> str | None:
    if not isinstance(name, str):
        return None
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum()) or None


def _address(email: object) -> str | None:
    if not isinstance(email, str):
        return None
    address = email.strip().casefold()
    return None if not address or NOBODYS_ADDRESS.match(address) else address


def _chains(known: pd.DataFrame, columns: list[str]) -> Iterator[tuple[str, str]]:
    """Neighbouring pairs of the records that agree in all columns."""
    return _neighbours(known.dropna(subset=columns), columns)


def _neighbours(records: pd.DataFrame, columns: list[str]) -> Iterator[tuple[str, str]]:
    """Each record with the next one that agrees in all columns, which are filled."""
    ordered = records.sort_values(columns, kind="stable")
    keys = ordered[columns].itertuples(index=False, name=None)
    for (key, record), (next_key, next_record) in pairwise(
        zip(keys, ordered["record_id"], strict=True)
    ):
        if key == next_key:
            yield record, next_record


def _frame(
    pairs: Iterator[tuple[str, str]] | list[tuple[str, str]], method: str, probability: float
) -> pd.DataFrame:
    rows = [(*sorted(pair), method, probability) for pair in pairs]
    return pd.DataFrame(rows, columns=EDGE_COLUMNS).astype({"probability": float})


def _scored(known: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Pairs that no certain rule joins, with the probability that they are one person."""
    named = known.dropna(subset=["given", "family"])
    rules = [
        columns
        for columns in TRAINED_BY
        if sum(1 for _ in _chains(named, columns)) >= TRAINING_MINIMUM_PAIRS
    ]
    if len(named) < SCORING_MINIMUM_RECORDS or not rules:
        return _frame([], "scored", 0.0)
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    compared_by = ["record_id", "email", "phone", "given", "family", "postal_code"]
    records = named[compared_by].astype("string")
    compared: list[Any] = [
        cl.JaroWinklerAtThresholds("given", [0.92, 0.8]),
        cl.JaroWinklerAtThresholds("family", [0.92, 0.8]).configure(
            term_frequency_adjustments=True
        ),
        cl.ExactMatch("phone"),
        cl.EmailComparison("email"),
    ]
    if named["postal_code"].notna().any():
        compared.append(cl.ExactMatch("postal_code"))
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=compared,
        blocking_rules_to_generate_predictions=[
            block_on("phone"),
            block_on("given", "family"),
            block_on("family", "postal_code"),
        ],
    )
    # How often two people agree by chance is learned from the oldest: a new customer changes
    # nothing of that, and the time that it takes does not grow with them.
    oldest = DuckDBAPI().register(records.head(CHANCE_RECORDS))
    chance = Linker(oldest, settings, log_level="ERROR")
    chance.training.estimate_u_using_random_sampling(max_pairs=CHANCE_PAIRS, seed=seed)
    learned = chance.misc.save_model_to_json()
    linker = Linker(DuckDBAPI().register(records), learned, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(
        [block_on("email"), block_on("phone", "given", "family")], recall=0.9
    )
    for columns in rules:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
    found = linker.inference.predict(threshold_match_probability=REVIEW_PROBABILITY)
    pairs: pd.DataFrame = found.as_pandas_dataframe()  # type: ignore[no-untyped-call]
    left = np.minimum(pairs["record_id_l"].astype(object), pairs["record_id_r"].astype(object))
    right = np.maximum(pairs["record_id_l"].astype(object), pairs["record_id_r"].astype(object))
    return pd.DataFrame(
        {
            "left_record_id": left,
            "right_record_id": right,
            "method": "scored",
            "probability": pairs["match_probability"].astype(float).round(6),
        }
    )


class _Groups:
    """Disjoint sets of records that never hold a pair which must not be merged."""

    def __init__(self, known: pd.DataFrame, blocked: set[frozenset[str]]) -> None:
        self.rank = {record: number for number, record in enumerate(known["record_id"])}
        self.parent = {record: record for record in known["record_id"]}
        self.members = {record: [record] for record in known["record_id"]}
        self.blocked = blocked

    def find(self, record: str) -> str:
        while self.parent[record] != record:
            self.parent[record] = self.parent[self.parent[record]]
            record = self.parent[record]
        return record

    def join(self, left: str, right: str) -> bool:
        """Whether the pair became one person now; the oldest record names the person."""
        one, other = sorted((self.find(left), self.find(right)), key=self.rank.__getitem__)
        if one == other or self._is_blocked(one, other):
            return False
        self.parent[other] = one
        self.members[one] += self.members.pop(other)
        return True

    def _is_blocked(self, one: str, other: str) -> bool:
        return bool(self.blocked) and any(
            frozenset((left, right)) in self.blocked
            for left in self.members[one]
            for right in self.members[other]
        )


def _members(known: pd.DataFrame, groups: _Groups, used: pd.DataFrame) -> pd.DataFrame:
    """Each record with its person, and the weakest reason that tied it there."""
    both = pd.concat(
        [
            used[[side, "method", "probability"]].rename(columns={side: "record_id"})
            for side in EDGE_COLUMNS[:2]
        ]
    )
    both["order"] = both["method"].map(REASON_PRIORITY.index)
    strongest = both.sort_values(["order", "probability"], ascending=[True, False])
    strongest = strongest.drop_duplicates("record_id").set_index("record_id")
    rows = [
        (
            record,
            groups.find(record),
            strongest["method"].get(record, "source_id"),
            float(strongest["probability"].get(record, 1.0)),
        )
        for record in known["record_id"]
    ]
    return pd.DataFrame(rows, columns=MEMBER_COLUMNS)


def _reviews(known: pd.DataFrame, edges: pd.DataFrame, groups: _Groups) -> pd.DataFrame:
    """Pairs a person should look at: likely matches, refused merges, phones under two names."""
    rest = edges[["left_record_id", "right_record_id", "method", "probability"]].copy()
    apart = [
        groups.find(left) != groups.find(right)
        for left, right in zip(rest["left_record_id"], rest["right_record_id"], strict=True)
    ]
    rest = rest[np.array(apart, bool)]
    rest["reason"] = np.where(
        rest["probability"] >= MATCH_PROBABILITY, "on the list of pairs not to merge",
        "likely, but not certain",
    )  # fmt: skip
    shared = pd.DataFrame(
        [
            (*sorted(pair), "phone", 0.0, "one phone under two names")
            for pair in _shared_phones(known)
            if groups.find(pair[0]) != groups.find(pair[1])
        ],
        columns=[*rest.columns],
    )
    found = pd.concat([rest, shared]) if len(shared) else rest
    return found.drop_duplicates(EDGE_COLUMNS[:2]).reset_index(drop=True)


def _shared_phones(known: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Neighbouring pairs of the names that share a phone."""
    named = known.dropna(subset=["phone"]).drop_duplicates(["phone", "given", "family"])
    return _neighbours(named, ["phone"])
