"""Measures finding and refusing on labelled questions: R@1, R@3, MRR, refusal AUROC, error rates at the threshold.

Labels: `knowledge.labels`. Nothing may be fitted on the test split.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from knowledge.answering import Answerer, Found
from knowledge.decision import FEATURE_NAMES, Features, Judge, Model
from knowledge.labels import Place, Question
from search import Mode

MODES: tuple[Mode, ...] = ("lexical", "dense", "fusion")
NEAR = frozenset({"near", "city", "draft", "future"})
RESAMPLES = 10_000
_SEED = 20261124
_REGULARISATION = 1.0
_FOLDS = 10


@dataclass(frozen=True)
class Figures:
    """What one mode reached. Shares are 0-1; the error rates are at the shipped threshold.

    `in_scope_declined` and `out_of_scope_answered` are of all questions in and out of scope; `wrong_clause` is the
    share of the answered questions in scope whose first clause is not the right one.
    """

    mode: str
    split: str
    in_scope: int
    out_of_scope: int
    r_at_1: float
    r_at_3: float
    mrr: float
    refusal_auroc: float
    threshold: float
    in_scope_declined: float
    out_of_scope_answered: float
    wrong_clause: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """One question with what was found: the rank of the right clause (None: not found), the features, and whether
    the question is about a place that the base has nothing for (which is declined before anything else)."""

    question: Question
    rank: int | None
    features: Features
    elsewhere: bool = False

    def score(self, model: Model) -> float:
        """Confidence that the first clause states what was asked, 0-1."""
        return 0.0 if self.elsewhere else model.probability(self.features)

    def answered(self, model: Model) -> bool:
        return self.score(model) >= model.threshold


@dataclass(frozen=True)
class Ranking:
    """How well the right clause is ranked, of the questions in scope, nothing declined. Shares are 0-1."""

    r_at_1: float
    r_at_3: float
    mrr: float

    @classmethod
    def of(cls, ranks: Sequence[int | None]) -> Ranking:
        return cls(
            r_at_1=share([rank == 1 for rank in ranks]),
            r_at_3=share([rank is not None and rank <= 3 for rank in ranks]),
            mrr=float(np.mean([1 / rank if rank else 0.0 for rank in ranks])) if ranks else 0.0,
        )


@dataclass(frozen=True)
class Interval:
    """A mean with its 95% interval."""

    low: float
    mean: float
    high: float


async def run(
    answerer: Answerer,
    questions: Sequence[Question],
    mode: Mode,
    *,
    as_of: date,
    region: str,
    progress: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Find for every question, by one mode. `as_of` and `region` are for questions that do not say them."""
    outcomes = []
    for question in questions:
        day, place = question.as_of or as_of, question.region or region
        found = await answerer.find(question.text, as_of=day, region=place, mode=mode)
        rank = question.rank(places_of(found))
        outcomes.append(Outcome(question, rank, found.features, found.elsewhere is not None))
        progress()
    return outcomes


def places_of(found: Found) -> tuple[Place, ...]:
    """Where the clauses that were found stand, best first."""
    return tuple(Place(clause.path, clause.document_id) for clause, _ in found.clauses)


def figures(mode: str, split: str, outcomes: Sequence[Outcome], judge: Judge) -> Figures:
    """The figures of one mode on one split, each question decided on by the model that is for it."""
    inside = [outcome for outcome in outcomes if outcome.question.in_scope]
    outside = [outcome for outcome in outcomes if not outcome.question.in_scope]
    answered = [o for o in inside if o.answered(judge.model(o.features))]
    ranking = Ranking.of([o.rank for o in inside])
    return Figures(
        mode=mode,
        split=split,
        in_scope=len(inside),
        out_of_scope=len(outside),
        **asdict(ranking),
        refusal_auroc=_auroc([o.score(judge.model(o.features)) for o in [*inside, *outside]], len(inside)),
        threshold=(judge.lexical if mode == "lexical" else judge.fusion).threshold,
        in_scope_declined=1 - len(answered) / max(1, len(inside)),
        out_of_scope_answered=share([o.answered(judge.model(o.features)) for o in outside]),
        wrong_clause=share([o.rank != 1 for o in answered]),
    )


def difference(ours: Sequence[bool], theirs: Sequence[bool]) -> Interval:
    """The difference of two shares of right answers to the same questions, with the 95% interval of a bootstrap over
    the questions (percentiles of `RESAMPLES` resamples, seeded)."""
    each = np.array(ours, dtype=float) - np.array(theirs, dtype=float)
    if not len(each):
        return Interval(0.0, 0.0, 0.0)
    drawn = np.random.default_rng(_SEED).integers(0, len(each), size=(RESAMPLES, len(each)))
    low, high = np.percentile(each[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(float(low), float(each.mean()), float(high))


def fits(outcomes: Sequence[Outcome]) -> bool:
    """Whether there are enough labelled outcomes of each kind to fit a decision on in ten folds."""
    here = [outcome for outcome in outcomes if not outcome.elsewhere]
    near = [bool(outcome.question.kinds & NEAR) for outcome in here if not outcome.question.in_scope]
    inside = sum(outcome.question.in_scope for outcome in here)
    return inside >= _FOLDS and len(near) >= _FOLDS and any(near) and not all(near)


def fit(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Fit the decision on labelled outcomes (of the building split): JSON for `data/decision.json`.

    The threshold is where the two error rates of held-back folds are nearest to equal.
    """
    from sklearn.linear_model import LogisticRegression  # seconds to import, needed by nothing else
    from sklearn.model_selection import cross_val_predict

    outcomes = [outcome for outcome in outcomes if not outcome.elsewhere]
    inputs = np.array([_vector(o.features) for o in outcomes])
    scale = np.where(inputs.std(axis=0) > 1e-9, inputs.std(axis=0), 1.0)
    wanted = np.array([o.question.in_scope for o in outcomes])
    classifier = LogisticRegression(C=_REGULARISATION, class_weight="balanced", max_iter=1000)
    held_back = cross_val_predict(classifier, inputs / scale, wanted, cv=_FOLDS, method="predict_proba")[:, 1]
    classifier.fit(inputs / scale, wanted)
    outside = ~wanted
    near = np.array([bool(o.question.kinds & NEAR) for o in outcomes])[outside]
    field = LogisticRegression(C=_REGULARISATION, class_weight="balanced", max_iter=1000)
    field.fit((inputs / scale)[outside], near)
    return {
        "weights": _rounded(classifier.coef_[0] / scale),
        "intercept": round(float(classifier.intercept_[0]), 6),
        "threshold": round(_equal_error(held_back, wanted), 4),
        "field_weights": _rounded(field.coef_[0] / scale),
        "field_intercept": round(float(field.intercept_[0]), 6),
    }


def share(hits: Sequence[bool]) -> float:
    """The share that is true, 0-1; 0 of none."""
    return sum(hits) / len(hits) if hits else 0.0


def _vector(features: Features) -> list[float]:
    return [float(getattr(features, name)) for name in FEATURE_NAMES]


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(float(value), 6) for value in values]


def _equal_error(scores: Any, wanted: Any) -> float:
    """The threshold at which as large a share of wanted ones falls below as of unwanted ones stays above."""
    candidates = np.unique(scores)
    gaps = [abs(np.mean(scores[wanted] < t) - np.mean(scores[~wanted] >= t)) for t in candidates]
    return float(candidates[int(np.argmin(gaps))])


def _auroc(scores: Sequence[float], inside: int) -> float:
    from sklearn.metrics import roc_auc_score

    if not 0 < inside < len(scores):
        return float("nan")
    labels = [1] * inside + [0] * (len(scores) - inside)
    return float(roc_auc_score(labels, scores))
