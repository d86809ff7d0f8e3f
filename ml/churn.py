"""Who will stop buying: the probability of no purchase in the next days, with reasons in words.

A customer is looked at from a cut in time: what lies before it makes the features, what comes
after it the answer. Models learn on older cuts, are calibrated on a later one and judged on a
still later one, beside the rules they have to beat; if they do not, the best rule is published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ml.customer_value import purchase_days, purchase_pasts
from ml.evidence import evaluation_rows, refusal_rows
from ml.lifetime import Floats, fit_bg_nbd

SCORE_COLUMNS = (
    "customer_key", "as_of_date", "model", "churn_horizon_days", "churn_probability", "is_active",
    "churn_reasons",
)  # fmt: skip
FEATURES = (
    "recency_days", "lateness", "quiet_log_odds", "orders_count", "usual_gap_days", "age_days",
    "recent_orders", "earlier_orders", "mean_net_amount",
)  # fmt: skip
# What is exchanged together for the usual when a score is explained.
REASON_GROUPS: Mapping[str, tuple[str, ...]] = {
    "recency": ("recency_days", "lateness", "quiet_log_odds"),
    "frequency": ("orders_count", "usual_gap_days", "age_days"),
    "trend": ("recent_orders", "earlier_orders"),
    "amount": ("mean_net_amount",),
}

SUBJECT = "churn"
MINIMUM_ACTIVE_CUSTOMERS = 200
MINIMUM_OF_EACH_KIND = 30
MINIMUM_REPEAT_CUSTOMERS = 20
# In a shorter past all intervals look short.
MINIMUM_DAYS = 112
SHORTEST_HORIZON_DAYS, LONGEST_HORIZON_DAYS = 14, 182
HORIZON_QUANTILE = 0.8
# A customer is active for twice the horizon; older ones are easy to tell and would flatter.
ACTIVE_HORIZONS = 2
TRAINING_CUTS = 3
TRAINED_ROWS = 60_000
SUSPECT_AUC = 0.85
# What a more complex model has to rank better by, in PR-AUC: less is chance in a small shop.
CLEARLY_BETTER = 0.01
# An effect of so many standard deviations of the score is worth a word.
_NOTABLE_EFFECT = 0.1

Score = Callable[[pd.DataFrame], Floats]


@dataclass(frozen=True)
class CustomerChurn:
    """Columns as in the constants of this module and of :mod:`ml.customer_value`."""

    scores: pd.DataFrame
    evaluations: pd.DataFrame
    refusals: pd.DataFrame
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class _Scorer:
    """A way to order customers, and the calibration that makes a probability of it."""

    name: str
    score: Score
    calibrate: Callable[[Floats], Floats]
    is_rule: bool

    def probability(self, features: pd.DataFrame) -> Floats:
        return self.calibrate(self.score(features))


# Each orders customers from the safest to the likeliest to leave.
RULES: Mapping[str, Score] = {
    "recency": lambda f: f["recency_days"].to_numpy(np.float64),
    "frequency": lambda f: -f["orders_count"].to_numpy(np.float64),
    "p_alive": lambda f: 1 - f["is_alive_probability"].to_numpy(np.float64),
}


def churn_horizon(days: pd.DataFrame, quantile: float = HORIZON_QUANTILE) -> int | None:
    """Days without a purchase that count as having left, from the customers' own intervals.

    A percentile of the repeat customers' median intervals in whole weeks, between two weeks and
    half a year; None where too few customers came back.

    Args:
        days: one row per customer and day of purchase, sorted (``purchase_days``).
        quantile: of the customers, how many come back within the horizon.
    """
    gaps = days["order_date"].diff().dt.days
    same = days["customer_key"].cat.codes.diff() == 0
    own = gaps[same].groupby(days.loc[same, "customer_key"], observed=True).median()
    if len(own) < MINIMUM_REPEAT_CUSTOMERS:
        return None
    weeks = int(np.ceil(own.quantile(quantile) / 7))
    return int(np.clip(weeks * 7, SHORTEST_HORIZON_DAYS, LONGEST_HORIZON_DAYS))


def churn_features(
    days: pd.DataFrame, cut: date, horizon_days: int, *, seed: int = 0
) -> pd.DataFrame:
    """What was known of each customer at the end of a day; nothing after it is looked at.

    Args:
        days: one row per customer and day of purchase (``purchase_days``).
        cut: the last day that is seen.
        horizon_days: length of the two latest spans in which purchases are counted.

    Returns:
        One row per customer who had bought: ``customer_key``, the ``FEATURES``, and
        ``is_alive_probability``. ``lateness`` is the time since the last purchase in usual
        intervals; ``quiet_log_odds`` are BG/NBD's odds of no purchase within the horizon.
    """
    seen = days[days["order_date"] <= pd.Timestamp(cut)]
    past = purchase_pasts(seen, cut)
    model = fit_bg_nbd(past, seed=seed)
    quiet = np.clip(model.quiet_probability(past, horizon_days / 7), 1e-6, 1 - 1e-6)
    # The usual interval of a customer, drawn to that of all: one purchase has none of its own.
    gap = 7 * (model.alpha + past["recency_weeks"]) / (model.r + past["repeat_orders"])
    recency = (past["age_weeks"] - past["recency_weeks"]) * 7
    ago = (pd.Timestamp(cut) - seen["order_date"]).dt.days

    def orders_within(first: int, last: int) -> Floats:
        counted = seen.loc[(ago >= first) & (ago < last), "customer_key"].value_counts()
        return np.asarray(counted.reindex(past["customer_key"]).fillna(0), np.float64)

    return pd.DataFrame(
        {
            "customer_key": past["customer_key"].astype(str),
            "recency_days": recency,
            "lateness": recency / gap,
            "quiet_log_odds": np.log(quiet / (1 - quiet)),
            "orders_count": past["orders_count"].astype(float),
            "usual_gap_days": gap,
            "age_days": past["age_weeks"] * 7,
            "recent_orders": orders_within(0, horizon_days),
            "earlier_orders": orders_within(horizon_days, 2 * horizon_days),
            "mean_net_amount": past["mean_net_amount"],
            "is_alive_probability": model.alive_probability(past),
        }
    )


def forecast_churn(orders: pd.DataFrame, as_of_date: date, *, seed: int = 0) -> CustomerChurn:
    """The probability that each customer buys nothing in the next days.

    Args:
        orders: columns ``customer_key``, ``order_date``, ``net_amount``, ``margin_amount``;
            counted purchases with positive net sales.
        as_of_date: the last complete day.
        seed: of everything random.

    Returns:
        One score per customer with the method that earned it and the reasons that moved it, or
        none and a refusal.
    """
    days = purchase_days(orders)
    days = days[days["order_date"] <= pd.Timestamp(as_of_date)].reset_index(drop=True)
    horizon = _judgeable_horizon(days, as_of_date)
    if isinstance(horizon, str):
        return _refused(horizon, len(days))
    cuts = [as_of_date - timedelta(days=horizon * back) for back in range(TRAINING_CUTS + 3)]
    first = days["order_date"].min().date()
    usable = [cut for cut in cuts if (cut - first).days >= horizon]
    seen = [churn_features(days, cut, horizon, seed=seed) for cut in usable]
    # The newest cut has no answer yet: it is what is asked.
    known = [
        rows.assign(is_lost=~_returned(days, rows, cut, horizon))
        for rows, cut in zip(seen[1:], usable[1:], strict=True)
    ]
    few = _too_few(known, horizon)
    if few is not None:
        return _refused(few, len(days))
    judged, chosen = _judge(known, horizon, usable[1], seed)
    final = _fit_all(known[1:], known[0], horizon, seed, only=chosen)[chosen]
    return CustomerChurn(
        _scores(seen[0], final, horizon, as_of_date),
        judged,
        refusal_rows(),
        {"model": chosen, "horizon_days": horizon, "cuts": [str(cut) for cut in usable]},
    )


def _returned(days: pd.DataFrame, rows: pd.DataFrame, cut: date, horizon: int) -> Any:
    date_of = days["order_date"]
    end = pd.Timestamp(cut) + pd.Timedelta(days=horizon)
    later = days.loc[(date_of > pd.Timestamp(cut)) & (date_of <= end), "customer_key"]
    return rows["customer_key"].isin(later.astype(str))


def _active(rows: pd.DataFrame, horizon: int) -> pd.Series[bool]:
    return rows["recency_days"] < ACTIVE_HORIZONS * horizon


def _judge(
    known: list[pd.DataFrame], horizon: int, cut: date, seed: int
) -> tuple[pd.DataFrame, str]:
    """Evidence on the newest cut with an answer, and the name of the method it chooses.

    ``known`` is newest first: judged on the first, calibrated on the second, learnt on the rest.
    """
    test, calibration = known[0], known[1]
    scorers = _fit_all(known[2:], calibration, horizon, seed)
    tried = calibration[_active(calibration, horizon)]
    # Which model is tried is decided before the judging cut is looked at.
    model = _simplest_good(scorers, tried)
    active = test[_active(test, horizon)]
    found = {name: _figures(one, active) for name, one in scorers.items()}
    rule = max(RULES, key=lambda name: found[name]["pr_auc"])
    is_better = (
        found[model.name]["pr_auc"] > found[rule]["pr_auc"]
        and found[model.name]["brier"] <= found[rule]["brier"]
    )
    chosen = model.name if is_better else rule
    note = _note(cut, horizon, found, model.name, rule, is_better)
    groups = {SUBJECT: (active, found)}
    if len(active) < len(test) and test["is_lost"].nunique() == 2:
        everyone = {name: _figures(one, test) for name, one in scorers.items()}
        groups[f"{SUBJECT}, long gone customers included"] = (test, everyone)
    rows = [
        (subject, name, metric, value, name in RULES, name == chosen, len(asked), note)
        for subject, (asked, figures) in groups.items()
        for name, metrics in figures.items()
        for metric, value in metrics.items()
    ]
    return evaluation_rows(rows), chosen


def _simplest_good(scorers: dict[str, _Scorer], tried: pd.DataFrame) -> _Scorer:
    """The candidates are ordered by simplicity; a later one has to be clearly better."""
    best, reached = "", -np.inf
    for name in CANDIDATES:
        found = _ranking(tried["is_lost"], scorers[name].score(tried))["pr_auc"]
        if found > reached + CLEARLY_BETTER:
            best, reached = name, found
    return scorers[best]


def _note(
    cut: date, horizon: int, found: dict[str, dict[str, float]], model: str, rule: str, wins: bool
) -> str:
    ours, theirs = found[model]["pr_auc"], found[rule]["pr_auc"]
    said = f"Customers as of {cut}, judged on the {horizon} days after. "
    if wins:
        said += f"{model} beat the best rule ({rule}): PR-AUC {ours:.3f} against {theirs:.3f}."
    else:
        said += f"No model beat the rule {rule}, so its score is published: "
        said += f"PR-AUC {theirs:.3f}, {model} {ours:.3f}."
    auc = found[model if wins else rule]["roc_auc"]
    if auc > SUSPECT_AUC:
        said += (
            f" ROC-AUC {auc:.2f} is above {SUSPECT_AUC}, which is suspect: look for features "
            "that know the future before relying on it."
        )
    return said


def _fit_all(
    training: list[pd.DataFrame],
    calibration: pd.DataFrame,
    horizon: int,
    seed: int,
    only: str | None = None,
) -> dict[str, _Scorer]:
    """Models and rules, each calibrated on customers that no model has learnt from."""
    learnt = pd.concat(training, ignore_index=True)
    # Longer gone ones teach nothing about those who may still be kept.
    learnt = learnt[learnt["recency_days"] < 2 * ACTIVE_HORIZONS * horizon]
    if len(learnt) > TRAINED_ROWS:
        learnt = learnt.sample(TRAINED_ROWS, random_state=seed)
    scores: dict[str, tuple[Score, bool]] = {name: (score, True) for name, score in RULES.items()}
    for name, learn in CANDIDATES.items():
        if only in (None, name):
            scores[name] = (learn(learnt, seed), False)
    lost = calibration["is_lost"].to_numpy(np.float64)
    return {
        name: _Scorer(name, score, _calibration(score(calibration), lost, is_rule), is_rule)
        for name, (score, is_rule) in scores.items()
    }


def _bg_nbd(_rows: pd.DataFrame, _seed: int) -> Score:
    """Nothing more to learn: the lifetime model's own odds."""
    return lambda rows: rows["quiet_log_odds"].to_numpy(np.float64)


def _logistic(learnt: pd.DataFrame, _seed: int) -> Score:
    return _learnt(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)), learnt)


def _gradient_boosting(learnt: pd.DataFrame, seed: int) -> Score:
    trees = HistGradientBoostingClassifier(
        learning_rate=0.06, max_iter=120, max_leaf_nodes=15, min_samples_leaf=40,
        l2_regularization=1.0, early_stopping=False, random_state=seed,
    )  # fmt: skip
    return _learnt(trees, learnt)


def _learnt(model: Any, learnt: pd.DataFrame) -> Score:
    # Threads that wait for each other at each split take ten times as long on a busy host.
    with threadpool_limits(limits=1):
        model.fit(_matrix(learnt), learnt["is_lost"])

    def score(features: pd.DataFrame) -> Floats:
        with threadpool_limits(limits=1):
            return np.asarray(model.decision_function(_matrix(features)), np.float64)

    return score


CANDIDATES: Mapping[str, Callable[[pd.DataFrame, int], Score]] = {
    "bg_nbd": _bg_nbd,
    "logistic": _logistic,
    "gradient_boosting": _gradient_boosting,
}


def _matrix(features: pd.DataFrame) -> Floats:
    """Skewed features in logarithms; trees do not mind, the logistic model needs it."""
    values = features[list(FEATURES)].to_numpy(np.float64, copy=True)
    skewed = [number for number, name in enumerate(FEATURES) if name != "quiet_log_odds"]
    values[:, skewed] = np.log1p(np.maximum(values[:, skewed], 0.0))
    return values


def _calibration(scores: Floats, lost: Floats, is_rule: bool) -> Callable[[Floats], Floats]:
    """Rules have scores of any unit (isotonic); log-odds need two parameters only (Platt)."""
    if is_rule:
        steps = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, lost)
        return lambda values: np.asarray(steps.predict(values), np.float64)
    line = LogisticRegression(C=1e6).fit(scores[:, None], lost)
    return lambda values: np.asarray(line.predict_proba(values[:, None])[:, 1], np.float64)


def _figures(scorer: _Scorer, rows: pd.DataFrame) -> dict[str, float]:
    scores, lost = scorer.score(rows), rows["is_lost"]
    probability = scorer.calibrate(scores)
    return {
        **_ranking(lost, scores),
        "brier": float(brier_score_loss(lost, probability)),
        "expected_share": float(probability.mean()),
        "observed_share": float(lost.mean()),
    }


def _ranking(lost: pd.Series[bool], scores: Floats) -> dict[str, float]:
    return {
        "pr_auc": float(average_precision_score(lost, scores)),
        "roc_auc": float(roc_auc_score(lost, scores)),
        "lift_10": lift_at(np.asarray(lost, np.float64), scores, 0.1),
    }


def lift_at(lost: Floats, scores: Floats, share: float) -> float:
    """Share of lost customers among the highest scores ÷ among all; ties are taken in part."""
    wanted = max(share * len(scores), 1.0)
    bound = np.sort(scores)[::-1][int(np.ceil(wanted)) - 1]
    above, equal = scores > bound, scores == bound
    caught = lost[above].sum() + lost[equal].mean() * (wanted - above.sum())
    return float(caught / wanted / lost.mean())


def _scores(
    features: pd.DataFrame, scorer: _Scorer, horizon: int, as_of_date: date
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_key": features["customer_key"],
            "as_of_date": as_of_date,
            "model": scorer.name,
            "churn_horizon_days": horizon,
            "churn_probability": scorer.probability(features),
            "is_active": _active(features, horizon),
            "churn_reasons": explain_scores(features, scorer.score, horizon),
        }
    )[list(SCORE_COLUMNS)]


def explain_scores(features: pd.DataFrame, score: Score, horizon: int) -> list[str]:
    """Per customer, in words, what moved the score most away from that of the usual customer.

    The effect of a group of features is how far the score falls when the group is exchanged for
    what is usual among active customers.
    """
    active = features[_active(features, horizon)]
    usual = (active if len(active) else features)[list(FEATURES)].median()
    now = score(features)
    spread = float(now.std()) or 1.0
    phrases = _phrases(features, usual, horizon)
    names = list(REASON_GROUPS)
    exchanged = [
        features.assign(**{str(name): usual[name] for name in group})
        for group in REASON_GROUPS.values()
    ]
    effects = np.column_stack([(now - score(rows)) / spread for rows in exchanged])
    order = np.argsort(-np.abs(effects), axis=1)[:, :3]
    reasons = []
    for row, places in enumerate(order):
        higher: list[str] = []
        lower: list[str] = []
        for place in places:
            effect = effects[row, place]
            if abs(effect) >= _NOTABLE_EFFECT:
                (higher if effect > 0 else lower).append(phrases[names[place]][row])
        parts = [
            f"{word}: {', '.join(found)}."
            for word, found in (("Higher risk", higher), ("Lower risk", lower))
            if found
        ]
        reasons.append(" ".join(parts) or "Much like the usual customer.")
    return reasons


def _phrases(features: pd.DataFrame, usual: pd.Series[float], horizon: int) -> dict[str, list[str]]:
    rounded = features[list(FEATURES)].round().astype(int)
    typical = f"{usual['mean_net_amount']:,.2f}"
    return {
        "recency": [
            f"last purchase {_counted(recency, 'day')} ago, usual interval {_counted(gap, 'day')}"
            for recency, gap in zip(rounded["recency_days"], rounded["usual_gap_days"], strict=True)
        ],
        "frequency": [
            f"{_counted(orders, 'purchase')} in {_counted(age, 'day')}"
            for orders, age in zip(rounded["orders_count"], rounded["age_days"], strict=True)
        ],
        "trend": [
            f"{recent} in the last {horizon} days after {earlier} in the {horizon} before"
            for recent, earlier in zip(
                rounded["recent_orders"], rounded["earlier_orders"], strict=True
            )
        ],
        "amount": [
            f"spends {amount:,.2f} a purchase, usual is {typical}"
            for amount in features["mean_net_amount"]
        ],
    }


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _judgeable_horizon(days: pd.DataFrame, as_of_date: date) -> int | str:
    """The customers' own horizon, or the longest that the past can judge; else what is missing.

    Learning, calibrating and judging need four horizons. A horizon below the usual interval of
    half of the customers would call them lost between two purchases.
    """
    if days.empty:
        return "Not enough data: no purchase names its customer yet."
    own, shortest = churn_horizon(days), churn_horizon(days, 0.5)
    if own is None or shortest is None:
        return (
            f"Not enough data: {MINIMUM_REPEAT_CUSTOMERS} customers have to come back before "
            "their usual interval, and so a churn, can be told."
        )
    length = int((as_of_date - days["order_date"].min().date()).days)
    needed = max(4 * shortest, MINIMUM_DAYS)
    if length >= needed:
        return min(own, length // 4 // 7 * 7)
    return (
        f"Not enough data: {length} days; half of the customers come back within {shortest} days, "
        f"and learning, calibrating and judging on that need {needed} days."
    )


def _too_few(known: list[pd.DataFrame], horizon: int) -> str | None:
    """Every part needs enough active customers of both kinds."""
    for rows in known[:3]:
        lost = rows.loc[_active(rows, horizon), "is_lost"]
        rarer = int(min(lost.sum(), (~lost).sum()))
        if len(lost) < MINIMUM_ACTIVE_CUSTOMERS or rarer < MINIMUM_OF_EACH_KIND:
            return (
                f"Not enough data: {len(lost)} active customers, {rarer} of the rarer kind; a "
                f"judged score needs {MINIMUM_ACTIVE_CUSTOMERS}, {MINIMUM_OF_EACH_KIND} of each "
                "kind, in each of three periods."
            )
    return None


def _refused(reason: str, observations: int) -> CustomerChurn:
    return CustomerChurn(
        pd.DataFrame(columns=list(SCORE_COLUMNS)),
        evaluation_rows(),
        refusal_rows([(SUBJECT, observations, reason)]),
    )
