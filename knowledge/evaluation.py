"""Measures finding and refusing on labelled questions: R@1, R@3, MRR, refusal AUROC, error rates at the threshold.

The file is TSV with the columns `question`, `gold` (clause paths separated by `|`, or `-` for what must be declined)
and, if it has parts, `split` (build, test). Nothing may be fitted on the test split.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInput
from knowledge.answering import Answerer, Found
from knowledge.decision import FEATURE_NAMES, Features, Model
from search import Mode

MODES: tuple[Mode, ...] = ("lexical", "dense", "fusion")
NEAR = "near"
_REGULARISATION = 1.0


class BadEvaluationFile(BadInput):
    """An evaluation file does not have the expected columns."""

    code = "bad_evaluation_file"
    default = "评测文件应为 TSV，含 question 和 gold 两列（gold 为条款号，或 - 表示应拒答）。"


@dataclass(frozen=True)
class Question:
    """A labelled question; `gold` empty: it must be declined."""

    text: str
    gold: frozenset[str]
    kind: str
    split: str

    @property
    def in_scope(self) -> bool:
        return bool(self.gold)


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


def read(path: Path) -> list[Question]:
    """The questions of a file. Raises BadEvaluationFile."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise BadEvaluationFile(f"{path.name}：{error}") from error
    if not rows or not {"question", "gold"} <= set(rows[0]):
        raise BadEvaluationFile()
    return [
        Question(
            row["question"],
            frozenset(path for path in row["gold"].split("|") if path != "-"),
            row.get("kind") or "",
            row.get("split") or "all",
        )
        for row in rows
    ]


def digest(path: Path) -> str:
    """The file's sha256, printed with every result so that one cannot be passed off as another's."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def run(
    answerer: Answerer,
    questions: Sequence[Question],
    mode: Mode,
    *,
    as_of: date,
    region: str,
    progress: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Find for every question, by one mode."""
    outcomes = []
    for question in questions:
        found = await answerer.find(question.text, as_of=as_of, region=region, mode=mode)
        rank = _rank(found, question.gold)
        outcomes.append(Outcome(question, rank, found.features, found.elsewhere is not None))
        progress()
    return outcomes


def figures(mode: str, split: str, outcomes: Sequence[Outcome], model: Model) -> Figures:
    """The figures of one mode on one split."""
    inside = [outcome for outcome in outcomes if outcome.question.in_scope]
    outside = [outcome for outcome in outcomes if not outcome.question.in_scope]
    answered = [o for o in inside if o.answered(model)]
    return Figures(
        mode=mode,
        split=split,
        in_scope=len(inside),
        out_of_scope=len(outside),
        r_at_1=_share([o.rank == 1 for o in inside]),
        r_at_3=_share([o.rank is not None and o.rank <= 3 for o in inside]),
        mrr=float(np.mean([1 / o.rank if o.rank else 0.0 for o in inside])) if inside else 0.0,
        refusal_auroc=_auroc([o.score(model) for o in [*inside, *outside]], len(inside)),
        threshold=model.threshold,
        in_scope_declined=1 - len(answered) / max(1, len(inside)),
        out_of_scope_answered=_share([o.answered(model) for o in outside]),
        wrong_clause=_share([o.rank != 1 for o in answered]),
    )


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
    held_back = cross_val_predict(classifier, inputs / scale, wanted, cv=10, method="predict_proba")[:, 1]
    classifier.fit(inputs / scale, wanted)
    outside = ~wanted
    near = np.array([o.question.kind == NEAR for o in outcomes])[outside]
    field = LogisticRegression(C=_REGULARISATION, class_weight="balanced", max_iter=1000)
    field.fit((inputs / scale)[outside], near)
    return {
        "weights": _rounded(classifier.coef_[0] / scale),
        "intercept": round(float(classifier.intercept_[0]), 6),
        "threshold": round(_equal_error(held_back, wanted), 4),
        "field_weights": _rounded(field.coef_[0] / scale),
        "field_intercept": round(float(field.intercept_[0]), 6),
    }


def _rank(found: Found, gold: frozenset[str]) -> int | None:
    for rank, (clause, _) in enumerate(found.clauses, start=1):
        if clause.path in gold:
            return rank
    return None


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


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0
