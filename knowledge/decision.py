"""Whether to answer: a calibrated probability that the best clause states what was asked.

Decided apart from ranking: rank fusion blurs the very signal that refusal needs. The weights are data
(`data/decision.json`), fitted by `qiban knowledge evaluate --calibrate` on the building split alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Self

from core.datafile import BadDataFile
from knowledge.answer import Why
from knowledge.library import ClauseText, TopicText
from search import Hit


@dataclass(frozen=True)
class Features:
    """What the decision is made on. Without vectors the dense ones are 0 and the lexical weights are used.

    `coverage`: share of the question's keywords, weighted by rarity, in the best clause and its typical questions;
    `best_coverage`: the highest of all clauses. `dense`: the highest cosine of any clause's view; `dense_lead`: that
    less the mean of the ten highest (how much it stands out). `topic_lead`: the highest cosine of a silent topic less
    `dense`; `score_lead`: the best silent topic's score less the best clause's. Both leads are 0 without silent topics.
    `typical`: 1 where the best clause was found by a typical question that somebody wrote (questions are nearer to each
    other than to clauses), else 0. `named`: share of the question's own words that the best clause, its headings or its
    document have, in other words too. `stated`: 1 where the best clause has the kind of value that is asked for, -1
    where not, 0 where none is. `rank`: the best clause's score by `knowledge.ranking`, which means the same for every
    question; `rank_lead`: that less the next document's.
    """

    coverage: float = 0.0
    best_coverage: float = 0.0
    dense: float = 0.0
    dense_lead: float = 0.0
    topic_lead: float = 0.0
    score_lead: float = 0.0
    typical: float = 0.0
    named: float = 0.0
    stated: float = 0.0
    rank: float = 0.0
    rank_lead: float = 0.0
    has_dense: bool = False

    @classmethod
    def of(cls, clauses: Sequence[tuple[ClauseText, Hit]], topics: Sequence[tuple[TopicText, Hit]]) -> Self:
        """The features of one question's findings, best first."""
        if not clauses:
            return cls()
        best = clauses[0][1]
        cosines = sorted((hit.dense for _, hit in clauses if hit.dense is not None), reverse=True)
        silent = [hit.dense for _, hit in topics if hit.dense is not None]
        dense = max(cosines, default=0.0)
        return cls(
            coverage=best.coverage,
            best_coverage=max(hit.coverage for _, hit in clauses),
            dense=dense,
            dense_lead=dense - sum(cosines[:10]) / max(1, len(cosines[:10])),
            topic_lead=max(silent) - dense if silent else 0.0,
            score_lead=topics[0][1].score - best.score if topics else 0.0,
            has_dense=best.dense is not None,
        )


FEATURE_NAMES = tuple(field.name for field in fields(Features) if field.name != "has_dense")


@dataclass(frozen=True)
class Decision:
    """`why` None: answer. `score`: probability that the best clause states what was asked."""

    why: Why | None
    score: float


@dataclass(frozen=True)
class Model:
    """A logistic model over `FEATURE_NAMES`: answer at or above `threshold`; below it, `field` tells a question of
    this field that is not stated (at or above 0) from one that is out of scope."""

    weights: tuple[float, ...]
    intercept: float
    threshold: float
    field_weights: tuple[float, ...]
    field_intercept: float

    def probability(self, features: Features) -> float:
        return 1 / (1 + math.exp(-self._linear(self.weights, self.intercept, features)))

    def in_field(self, features: Features) -> bool:
        return self._linear(self.field_weights, self.field_intercept, features) >= 0

    @staticmethod
    def _linear(weights: Sequence[float], intercept: float, features: Features) -> float:
        values = astuple(features)[: len(FEATURE_NAMES)]
        total = intercept + sum(weight * value for weight, value in zip(weights, values, strict=True))
        return float(max(-50.0, min(50.0, total)))


@dataclass(frozen=True)
class Judge:
    """Decides by one model where a clause was found by vectors, by another where a typical question led to it, and by a
    third when there are only keywords."""

    fusion: Model
    lexical: Model
    typical: Model

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the fitted weights. Raises BadDataFile."""
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if tuple(data["features"]) != FEATURE_NAMES:
                raise BadDataFile(f"{path.name}: features differ; run qiban knowledge evaluate --calibrate")
            fusion = _model(data["fusion"])
            return cls(fusion, _model(data["lexical"]), _model(data["typical"]) if "typical" in data else fusion)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadDataFile(f"{path.name}: {error}") from error

    def model(self, features: Features) -> Model:
        if not features.has_dense:
            return self.lexical
        return self.typical if features.typical else self.fusion

    def decide(self, features: Features) -> Decision:
        """Answer or decline, and why."""
        model = self.model(features)
        score = model.probability(features)
        if score >= model.threshold:
            return Decision(None, score)
        return Decision("not_stated" if model.in_field(features) else "out_of_scope", score)


def _model(data: dict[str, Any]) -> Model:
    weights, field_weights = tuple(data["weights"]), tuple(data["field_weights"])
    if len(weights) != len(FEATURE_NAMES) or len(field_weights) != len(FEATURE_NAMES):
        raise ValueError("wrong number of weights")
    return Model(weights, data["intercept"], data["threshold"], field_weights, data["field_intercept"])
