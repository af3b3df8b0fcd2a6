"""The order of what was found: a linear score over what a question and a clause have in common. Pure.

Search blends keywords and vectors without knowing what a clause is. Here counts too whether the question's own words
stand in the clause, its headings or its document's title, whether the clause has the kind of value that is asked for,
and that typical questions are nearer to questions than clauses are. The weights are data (`data/ranking.json`), fitted
on building splits alone (`fit`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from pathlib import Path

from core.datafile import BadDataFile

DATA = Path(__file__).parent / "data" / "ranking.json"
_REGULARISATION = 0.3
_MOST_RIVALS = 12


@dataclass(frozen=True)
class Common:
    """What a question and a clause have in common. Shares are 0 to 1.

    `dense`: cosine of the nearest view, less .85 and tenfold; `typical`: that view is a typical question, and
    `dense_typical` is `dense` then; `lexical`: BM25 as a share of the highest among the candidates.
    `within`: the same of the rest of the question within the clause's document (`Finder.within`). `own`,
    `headings`, `title`: share of the question's own words in the clause's text, the headings above it, the title;
    `rest`: those of them in the text that are not in the title. `synonyms`: share of documents' words for the
    question's in it, `title_synonyms` in the title. `document`: the highest `dense` of any candidate of the same
    document. `frame`: why a document was made, from when it applies, who explains it, where that is not asked.
    `stated`: 1 where the kind of value asked for is there, -1 where it is not, 0 where none is asked. `head`: it is
    what stands before the first label, or a bare heading; `list`: a list, asked for as one; `part`: a sub-clause where
    a list is asked for; `expired`: over without a successor; `near`: how near the document's region is.
    """

    dense: float = 0.0
    typical: float = 0.0
    dense_typical: float = 0.0
    lexical: float = 0.0
    within: float = 0.0
    coverage: float = 0.0
    own: float = 0.0
    rest: float = 0.0
    headings: float = 0.0
    title: float = 0.0
    title_synonyms: float = 0.0
    stated: float = 0.0
    head: float = 0.0
    list: float = 0.0
    part: float = 0.0
    frame: float = 0.0
    document: float = 0.0
    synonyms: float = 0.0
    expired: float = 0.0
    near: float = 0.0


NAMES = tuple(field.name for field in fields(Common))
_values = attrgetter(*NAMES)


@dataclass(frozen=True)
class Weights:
    """One weight for each of `NAMES`; without vectors others."""

    fusion: tuple[float, ...]
    lexical: tuple[float, ...]

    @classmethod
    def load(cls, path: Path = DATA) -> Weights:
        """Read the fitted weights. Raises BadDataFile."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if tuple(data["features"]) != NAMES:
                raise BadDataFile(f"{path.name}: features differ")
            return cls(tuple(data["fusion"]), tuple(data["lexical"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadDataFile(f"{path.name}: {error}") from error

    def score(self, common: Common, *, has_dense: bool) -> float:
        """The higher the nearer; means the same for every question."""
        weights = self.fusion if has_dense else self.lexical
        return float(sum(weight * value for weight, value in zip(weights, _values(common), strict=True)))


@cache
def built_in() -> Weights:
    """The weights that come with the product, read once."""
    return Weights.load()


def fit(questions: Sequence[tuple[Sequence[Common], Sequence[bool]]]) -> tuple[float, ...]:
    """Weights that put right candidates before wrong ones: logistic regression on differences of pairs.

    `questions` are labelled candidates of questions of building splits, nearest first.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression  # seconds to import, needed by nothing else

    rows = []
    for candidates, right in questions:
        values = np.array([_values(candidate) for candidate in candidates], dtype=np.float64)
        good = [place for place, is_right in enumerate(right) if is_right]
        bad = [place for place, is_right in enumerate(right) if not is_right][:_MOST_RIVALS]
        rows += [(values[one] - values[other]) / len(good) ** 0.5 for one in good for other in bad]
    differences = np.array([*rows, *(-row for row in rows)])
    model = LogisticRegression(C=_REGULARISATION, fit_intercept=False, max_iter=2000)
    model.fit(differences, [1] * len(rows) + [0] * len(rows))
    return tuple(round(float(weight), 4) for weight in model.coef_[0])
