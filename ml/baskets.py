"""What is bought together: rules from FP-growth that are more than chance and hold later on.

Supports count all baskets, also those of one item. Significance is Fisher's exact test with the
false-discovery rate held by Benjamini and Hochberg; stability is looked at in the latest part of
the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from mlxtend.frequent_patterns import association_rules
from mlxtend.frequent_patterns.fpcommon import FPTree
from mlxtend.frequent_patterns.fpgrowth import fpg_step
from scipy.sparse import csr_matrix
from scipy.stats import false_discovery_control, hypergeom

from ml.evidence import evaluation_rows, refusal_rows
from ml.lifetime import Floats

RULE_COLUMNS = (
    "antecedents", "consequent", "antecedents_count", "baskets_count", "both_count",
    "support_rate", "confidence_rate", "lift", "leverage", "p_value", "q_value", "later_lift",
    "later_both_count", "is_stable", "rank_for_antecedents",
)  # fmt: skip
FALSE_DISCOVERY_RATE = 0.05
MINIMUM_BASKETS = 500
MINIMUM_SHARED_BASKETS = 200
MINIMUM_BOTH_COUNT = 10
MINIMUM_SUPPORT = 0.0005
LARGEST_SET = 3
LATER_SHARE = 0.3
# Between the items of a rule of several; no product key or category holds it.
SEPARATOR = " | "

Items = tuple[str, ...]


@dataclass(frozen=True)
class BasketRules:
    """Rules by ``RULE_COLUMNS``, evidence and refusals of one level of items."""

    rules: pd.DataFrame
    evaluations: pd.DataFrame
    refusals: pd.DataFrame


@dataclass(frozen=True)
class _Baskets:
    """Baskets by items, true where an item is in a basket."""

    matrix: csr_matrix
    items: pd.Index[str]

    @property
    def count(self) -> int:
        return int(self.matrix.shape[0])

    def part(self, rows: npt.NDArray[np.bool_]) -> _Baskets:
        return _Baskets(self.matrix[np.flatnonzero(rows)], self.items)

    def counts_of(self, sets: Sequence[Items]) -> npt.NDArray[np.int64]:
        """In how many baskets all items of each set are."""
        columns = self.matrix.tocsc()
        place = {name: number for number, name in enumerate(self.items)}
        held = {
            name: columns.indices[columns.indptr[place[name]] : columns.indptr[place[name] + 1]]
            for name in {name for items in sets for name in items}
        }
        counts = []
        for items in sets:
            rows = held[items[0]]
            for name in items[1:]:
                rows = np.intersect1d(rows, held[name], assume_unique=True)
            counts.append(len(rows))
        return np.asarray(counts, np.int64)


def find_rules(lines: pd.DataFrame, *, subject: str) -> BasketRules:
    """Rules "who buys these also buys that" of a level of items.

    Args:
        lines: columns ``basket``, ``basket_date``, ``item``; an item that is several times in a
            basket counts once; all baskets, also those of a single item.
        subject: name of the level in evidence and refusals.

    Returns:
        Significant rules with a lift above 1 over the whole time, each with its lift in the
        latest 30 % of the baskets; ``is_stable`` says whether it was significant there alone.
        Rules with the same antecedents are ranked by lift, stable ones first.
    """
    baskets, dates = _baskets(lines)
    shared = int((np.diff(baskets.matrix.indptr) > 1).sum())
    if baskets.count < MINIMUM_BASKETS or shared < MINIMUM_SHARED_BASKETS:
        reason = (
            f"Not enough data: {baskets.count} baskets, {shared} of several items; rules need "
            f"{MINIMUM_BASKETS} and {MINIMUM_SHARED_BASKETS}."
        )
        return _refused(subject, baskets.count, reason)
    is_later = dates > np.quantile(dates, 1 - LATER_SHARE, method="lower")
    earlier, later = baskets.part(~is_later), baskets.part(is_later)
    candidates = candidate_rules(baskets)
    rules = _judged_later(_significant(candidates), later)
    stable_first = rules.sort_values(
        ["antecedents", "is_stable", "lift", "consequent"], ascending=[True, False, False, True]
    )
    stable_first["rank_for_antecedents"] = stable_first.groupby("antecedents").cumcount() + 1
    return BasketRules(
        stable_first[list(RULE_COLUMNS)].reset_index(drop=True),
        _evidence(earlier, later, subject),
        refusal_rows()
        if len(rules)
        else _refused(subject, baskets.count, "No items are bought together more often than "
                      "chance explains.").refusals,
    )  # fmt: skip


def association(lines: pd.DataFrame, *, support: float, confidence: float) -> pd.DataFrame:
    """All rules of a support and confidence, whatever their significance, for comparison.

    Columns as of :func:`candidate_rules`.
    """
    baskets, _ = _baskets(lines)
    rules = candidate_rules(baskets, least=int(np.ceil(support * baskets.count)), largest=None)
    return rules[rules["confidence_rate"] >= confidence].reset_index(drop=True)


def candidate_rules(
    baskets: _Baskets, *, least: int | None = None, largest: int | None = LARGEST_SET
) -> pd.DataFrame:
    """All rules of item sets that are frequent enough, with their figures and p-values.

    Leverage is the support beyond chance; ``p_value`` is Fisher's exact test against the
    hypothesis that antecedents and consequent are bought independently, one-sided.
    """
    total = baskets.count
    needed = least or max(MINIMUM_BOTH_COUNT, int(np.ceil(MINIMUM_SUPPORT * total)))
    sets = _frequent_sets(baskets, needed, largest)
    if sets.empty:
        return _rules_of_none()
    # Some of its figures divide by zero for items of every basket; they are not used.
    with np.errstate(divide="ignore", invalid="ignore"):
        found = association_rules(sets, num_itemsets=total, metric="support", min_threshold=0.0)
    found = found[found["consequents"].str.len() == 1]
    both = np.rint(found["support"].to_numpy() * total).astype(np.int64)
    if_count = np.rint(found["antecedent support"].to_numpy() * total).astype(np.int64)
    then_count = np.rint(found["consequent support"].to_numpy() * total).astype(np.int64)
    p_value = np.asarray(hypergeom.sf(both - 1, total, if_count, then_count), np.float64)
    return pd.DataFrame(
        {
            "items_if": [tuple(sorted(items)) for items in found["antecedents"]],
            "consequent": [next(iter(items)) for items in found["consequents"]],
            "antecedents_count": found["antecedents"].str.len().to_numpy(),
            "baskets_count": total,
            "both_count": both,
            "support_rate": found["support"].to_numpy(),
            "confidence_rate": found["confidence"].to_numpy(),
            "lift": found["lift"].to_numpy(),
            "leverage": found["leverage"].to_numpy(),
            "p_value": np.clip(p_value, 0.0, 1.0),
        }
    ).assign(antecedents=lambda rules: rules["items_if"].map(SEPARATOR.join))


def _frequent_sets(baskets: _Baskets, needed: int, largest: int | None) -> pd.DataFrame:
    """Sets of several items from mlxtend's tree, those of one item counted in all baskets.

    The library's own ``fpgrowth`` ends in a Python loop over all baskets per set (for missing
    values, which there are none of here): twelve seconds for 6,000 baskets.
    """
    widths = np.diff(baskets.matrix.indptr)
    singles = np.asarray(baskets.matrix.sum(axis=0)).ravel()
    frequent = singles >= needed
    # Items are inserted from the most frequent one on, which keeps the tree narrow.
    place = np.empty(len(singles), np.int64)
    place[np.argsort(singles, kind="stable")] = np.arange(len(singles))
    tree = FPTree({int(item): int(place[item]) for item in np.flatnonzero(frequent)})
    for items, count in _equal_baskets(baskets.matrix[np.flatnonzero(widths > 1)], frequent):
        tree.insert_itemset(sorted(items, key=place.__getitem__, reverse=True), count)
    grown = [
        (count, frozenset(baskets.items[items]))
        for count, items in fpg_step(tree, needed, None, largest, 0)
        if len(items) > 1
    ]
    names = baskets.items[frequent]
    counts = np.concatenate([singles[frequent], [count for count, _ in grown]])
    return pd.DataFrame(
        {
            "support": counts / baskets.count,
            "itemsets": [frozenset([name]) for name in names] + [items for _, items in grown],
        }
    )


def _equal_baskets(
    matrix: csr_matrix, frequent: npt.NDArray[np.bool_]
) -> list[tuple[tuple[int, ...], int]]:
    """Each kind of basket once, with its number; small shops sell few kinds."""
    kinds = Counter(
        tuple(item for item in items.tolist() if frequent[item])
        for items in np.split(np.asarray(matrix.indices), matrix.indptr[1:-1])
    )
    return [(items, count) for items, count in sorted(kinds.items()) if len(items) > 1]


def _significant(candidates: pd.DataFrame) -> pd.DataFrame:
    """The family of tests is every rule that was frequent enough to be looked at."""
    if candidates.empty:
        return candidates.assign(q_value=pd.Series(dtype=float))
    tested = candidates.assign(q_value=false_discovery_control(candidates["p_value"]))
    return tested[(tested["q_value"] <= FALSE_DISCOVERY_RATE) & (tested["lift"] > 1)]


def _judged_later(rules: pd.DataFrame, later: _Baskets) -> pd.DataFrame:
    """What became of rules in baskets of another time."""
    if rules.empty:
        return rules.assign(later_lift=None, later_both_count=0, is_stable=False)
    before: list[Items] = list(rules["items_if"])
    after: list[Items] = [(item,) for item in rules["consequent"]]
    both = later.counts_of([left + right for left, right in zip(before, after, strict=True)])
    if_count, then_count = later.counts_of(before), later.counts_of(after)
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = both * later.count / (if_count * then_count)
    p_value = hypergeom.sf(both - 1, later.count, if_count, then_count)
    return rules.assign(
        later_lift=np.where(np.isfinite(lift), lift, np.nan),
        later_both_count=both,
        is_stable=(p_value <= FALSE_DISCOVERY_RATE) & (np.nan_to_num(lift) > 1),
    )


def _evidence(earlier: _Baskets, later: _Baskets, subject: str) -> pd.DataFrame:
    """How many rules found in earlier baskets hold in later ones; the rule: take the top lifts."""
    candidates = candidate_rules(earlier)
    chosen = _significant(candidates)
    top = candidates.sort_values(["lift", "antecedents", "consequent"], ascending=False)
    groups = {
        "fp_growth_significant": (chosen, False),
        "highest_lift": (top.head(len(chosen)), True),
        "all_frequent": (candidates, True),
    }
    note = (
        f"Found in {earlier.count:,} earlier baskets, held when significant on their own in "
        f"{later.count:,} later ones."
    )
    rows = []
    for name, (rules, is_baseline) in groups.items():
        if len(rules):
            held = float(_judged_later(rules, later)["is_stable"].mean())
            rows.append(
                (subject, name, "held_later_share", held, is_baseline, not is_baseline,
                 len(rules), note)
            )  # fmt: skip
    return evaluation_rows(rows)


def _baskets(lines: pd.DataFrame) -> tuple[_Baskets, Floats]:
    """The matrix of baskets, and the day of each as a number."""
    pairs = lines[["basket", "basket_date", "item"]].drop_duplicates(["basket", "item"])
    rows, keys = pd.factorize(pairs["basket"], sort=True)
    columns, items = pd.factorize(pairs["item"].astype(str), sort=True)
    shape = (len(keys), len(items))
    matrix = csr_matrix((np.ones(len(pairs), np.int32), (rows, columns)), shape=shape)
    matrix.sort_indices()
    days = pd.to_datetime(pairs["basket_date"]).astype("datetime64[s]").astype("int64")
    dates = np.zeros(len(keys))
    dates[rows] = days.to_numpy(np.float64)
    return _Baskets(matrix, pd.Index(items, dtype=object)), dates


def _rules_of_none() -> pd.DataFrame:
    return pd.DataFrame(columns=["items_if", *RULE_COLUMNS[:10]])


def _refused(subject: str, observations: int, reason: str) -> BasketRules:
    return BasketRules(
        pd.DataFrame(columns=list(RULE_COLUMNS)),
        evaluation_rows(),
        refusal_rows([(subject, observations, reason)]),
    )
