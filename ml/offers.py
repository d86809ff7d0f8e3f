"""What each customer is likeliest to buy next, from what others bought beside the same products.

The methods are judged on the latest weeks by the share of what was then bought that they had named
(recall), beside popularity and the customers' own favourites; the best one chooses the offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix

from ml.evidence import evaluation_rows, refusal_rows
from ml.lifetime import Floats

OFFER_COLUMNS = (
    "customer_key", "offer_rank", "product_key", "because_product_key", "score", "model",
)  # fmt: skip
SUBJECT = "next best offer"
OFFERS = 3
JUDGED_OFFERS = 5
MINIMUM_CUSTOMERS = 100
MINIMUM_JUDGED_CUSTOMERS = 50
MINIMUM_PRODUCTS = 5
# A product is used up when so many of its buyers bought it on another day again.
CONSUMABLE_SHARE = 0.2
_RIDGE_PER_CUSTOMER = 0.02
_CHUNK = 5_000


@dataclass(frozen=True)
class CustomerOffers:
    """Offers by ``OFFER_COLUMNS``, evidence and refusals."""

    offers: pd.DataFrame
    evaluations: pd.DataFrame
    refusals: pd.DataFrame


# From the days on which customers bought products to the scores of all products, per customer.
Method = Callable[[csr_matrix], Callable[[csr_matrix], Floats]]


def choose_offers(purchases: pd.DataFrame, products: pd.DataFrame) -> CustomerOffers:
    """The products to offer to each customer, the likeliest first.

    Args:
        purchases: one row per customer and product, columns ``customer_key``, ``product_key``,
            ``earlier_days`` and ``later_days``: days with a purchase before and in the weeks that
            judge.
        products: columns ``product_key``, ``is_available`` (false: out of stock, or no longer
            sold) and ``unit_margin_amount`` (null where unknown).

    Returns:
        Up to three offers per customer. What cannot be had or brings no margin is never offered,
        and what a customer has is only offered again when it is used up (a fifth of its buyers
        came back for it). ``because_product_key`` is what the customer bought that speaks for it.
    """
    table = _Table.of(purchases, products)
    earlier = table.days(purchases["earlier_days"])
    later = table.days(purchases["later_days"])
    judged = np.flatnonzero((earlier.getnnz(axis=1) > 0) & (later.getnnz(axis=1) > 0))
    if len(table.customers) < MINIMUM_CUSTOMERS or len(judged) < MINIMUM_JUDGED_CUSTOMERS:
        return _refused(len(table.customers), len(judged), len(table.products))
    if len(table.products) < MINIMUM_PRODUCTS:
        return _refused(len(table.customers), len(judged), len(table.products))
    recalls = {
        name: _recall(method(earlier), earlier[judged], later[judged])
        for name, method in METHODS.items()
    }
    chosen = max(METHODS, key=lambda name: recalls[name])
    rule = max(RULES, key=lambda name: recalls[name])
    note = f"Share of what was bought in the latest weeks among {JUDGED_OFFERS} offers."
    if chosen in RULES:
        note += f" No model beat the rule {rule}, so its offers are published."
    rows = [
        (SUBJECT, name, f"recall_at_{JUDGED_OFFERS}", recall, name in RULES, name == chosen,
         len(judged), note)
        for name, recall in recalls.items()
    ]  # fmt: skip
    return CustomerOffers(
        _offers(table, earlier + later, chosen),
        evaluation_rows(rows),
        refusal_rows(),
    )


@dataclass(frozen=True)
class _Table:
    customers: pd.Index[str]
    products: pd.Index[str]
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    may_offer: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, purchases: pd.DataFrame, products: pd.DataFrame) -> _Table:
        rows, customers = pd.factorize(purchases["customer_key"].astype(str), sort=True)
        columns, keys = pd.factorize(purchases["product_key"].astype(str), sort=True)
        known = products.drop_duplicates("product_key").set_index("product_key").reindex(keys)
        margin = known["unit_margin_amount"].astype(float)
        may_offer = known["is_available"].eq(True).to_numpy() & ~(margin <= 0).to_numpy()
        return cls(pd.Index(customers), pd.Index(keys), rows, columns, may_offer)

    def days(self, counts: pd.Series[int]) -> csr_matrix:
        """Days with a purchase, customers by products."""
        shape = (len(self.customers), len(self.products))
        values = counts.to_numpy(np.float64)
        matrix = csr_matrix((values, (self.rows, self.columns)), shape=shape)
        matrix.eliminate_zeros()
        return matrix


def _popularity(bought: csr_matrix) -> Callable[[csr_matrix], Floats]:
    buyers = np.asarray(bought.getnnz(axis=0), np.float64)
    return lambda rows: np.tile(buyers, (rows.shape[0], 1))


def _favourites(bought: csr_matrix) -> Callable[[csr_matrix], Floats]:
    """What the customer bought most often, then what most people buy."""
    buyers = np.asarray(bought.getnnz(axis=0), np.float64)
    return lambda rows: rows.toarray() + buyers / (buyers.max() + 1)


def _co_purchase(bought: csr_matrix) -> Callable[[csr_matrix], Floats]:
    """Cosine between the buyers of products (Sarwar et al. 2001); a product speaks for itself."""
    weights = _damped(bought)
    norms = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=0)).ravel())
    likeness = np.asarray((weights.T @ weights).todense()) / np.outer(
        np.maximum(norms, 1e-9), np.maximum(norms, 1e-9)
    )
    return lambda rows: np.asarray(_damped(rows) @ likeness)


def _linear_items(bought: csr_matrix) -> Callable[[csr_matrix], Floats]:
    """Each product from all others and itself by ridge regression, popular things allowed for.

    After EASE (Steck 2019), without its empty diagonal: what is used up is bought again.
    """
    weights = _damped(bought)
    gram = np.asarray((weights.T @ weights).todense(), np.float64)
    ridge = _RIDGE_PER_CUSTOMER * bought.shape[0] + 1.0
    pull = np.linalg.solve(gram + ridge * np.eye(len(gram)), gram)
    base = np.asarray(weights.mean(axis=0)).ravel()
    return lambda rows: np.asarray(_damped(rows) @ pull) + base


def _blended(bought: csr_matrix) -> Callable[[csr_matrix], Floats]:
    """Own favourites first, what goes with them and what is popular next; weighed alike."""
    likeness = _co_purchase(bought)
    buyers = np.asarray(bought.getnnz(axis=0), np.float64)

    def score(rows: csr_matrix) -> Floats:
        alike = likeness(rows)
        alike /= np.maximum(alike.max(axis=1, keepdims=True), 1e-9)
        return np.asarray(_damped(rows).toarray() + alike + buyers / max(buyers.max(), 1.0))

    return score


METHODS: Mapping[str, Method] = {
    "popularity": _popularity,
    "favourites": _favourites,
    "co_purchase": _co_purchase,
    "linear_items": _linear_items,
    "blended": _blended,
}
RULES = ("popularity", "favourites")


def _damped(days: csr_matrix) -> csr_matrix:
    """The tenth purchase of a product tells less than the first."""
    damped = days.copy()
    damped.data = np.log1p(damped.data)
    return damped


def _closed(days: csr_matrix, consumable: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Products that a customer has and does not use up."""
    return np.asarray(days.toarray() > 0) & ~consumable


def _consumable(days: csr_matrix) -> npt.NDArray[np.bool_]:
    again = np.asarray((days > 1).sum(axis=0)).ravel()
    buyers = np.asarray(days.getnnz(axis=0))
    return np.asarray(again >= CONSUMABLE_SHARE * np.maximum(buyers, 1))


def _recall(score: Callable[[csr_matrix], Floats], earlier: csr_matrix, later: csr_matrix) -> float:
    """Mean share of the later products of a customer that were among the offers.

    Stock is left out of account: what lay on the shelf then is not known now.
    """
    consumable = _consumable(earlier)
    found = []
    for rows in _chunks(earlier.shape[0]):
        scores = score(earlier[rows])
        closed = _closed(earlier[rows], consumable)
        scores[closed] = -np.inf
        wanted = (later[rows].toarray() > 0) & ~closed
        offered = np.zeros_like(wanted)
        np.put_along_axis(offered, _best(scores, JUDGED_OFFERS), True, axis=1)
        many = wanted.sum(axis=1)
        hits = (wanted & offered).sum(axis=1)
        found.append(hits[many > 0] / np.minimum(many[many > 0], JUDGED_OFFERS))
    shares = np.concatenate(found)
    return float(shares.mean()) if len(shares) else 0.0


def _best(scores: Floats, count: int) -> npt.NDArray[np.int64]:
    """Columns of the highest scores, best first; ties go to the first product."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]


def _offers(table: _Table, days: csr_matrix, name: str) -> pd.DataFrame:
    score, consumable = METHODS[name](days), _consumable(days)
    # What speaks for an offer: the score that each of the customer's products would add alone.
    count = len(table.products)
    alone = score(csr_matrix(np.eye(count))) - score(csr_matrix((1, count)))
    parts = []
    for rows in _chunks(days.shape[0]):
        some = days[rows]
        scores = score(some)
        scores[_closed(some, consumable) | ~table.may_offer] = -np.inf
        best = _best(scores, OFFERS)
        held = some.toarray()
        for rank in range(min(OFFERS, best.shape[1])):
            product = best[:, rank]
            # A rule has no other reason than the product itself.
            if name in RULES:
                reason, speaks = product, held[np.arange(len(held)), product] > 0
            else:
                weights = np.where(held > 0, held * alone[:, product].T, -np.inf)
                reason, speaks = np.argmax(weights, axis=1), held.any(axis=1)
            part = pd.DataFrame(
                {
                    "customer_key": table.customers[rows],
                    "offer_rank": rank + 1,
                    "product_key": table.products[product],
                    "because_product_key": pd.Series(table.products[reason]).where(speaks),
                    "score": np.take_along_axis(scores, product[:, None], axis=1)[:, 0],
                    "model": name,
                }
            )
            parts.append(part[np.isfinite(part["score"])])
    offers: pd.DataFrame = pd.concat(parts)
    offers = offers.sort_values(["customer_key", "offer_rank"], ignore_index=True)
    return offers[list(OFFER_COLUMNS)]


def _chunks(count: int) -> Iterator[slice]:
    for start in range(0, count, _CHUNK):
        yield slice(start, min(start + _CHUNK, count))


def _refused(customers: int, judged: int, products: int) -> CustomerOffers:
    reason = (
        f"Not enough data: {customers} customers, {judged} of them bought both before and in the "
        f"latest weeks, {products} products; offers need {MINIMUM_CUSTOMERS}, "
        f"{MINIMUM_JUDGED_CUSTOMERS} and {MINIMUM_PRODUCTS}."
    )
    return CustomerOffers(
        pd.DataFrame(columns=list(OFFER_COLUMNS)),
        evaluation_rows(),
        refusal_rows([(SUBJECT, customers, reason)]),
    )
