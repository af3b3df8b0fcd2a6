"""Rankings that the shipped one is compared with: BM25 over words, and a reranker's order. They serve no answers."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import date

import numpy as np
from numpy.typing import NDArray
from pypinyin.seg.mmseg import seg

from core.text import fold
from knowledge.answering import Found
from knowledge.indexing import headings
from knowledge.labels import Place
from knowledge.library import ClauseText, Snapshot
from search import Reranker

RERANKED = 20
_RUN = re.compile(r"(?P<han>[\u3400-\u9fff]+)|\d+(?:\.\d+)?|[^\W\d_\u3400-\u9fff]+")
_K1, _B = 1.2, 0.75


class WordRanking:
    """BM25 (k1 1.2, b 0.75) over words by longest match, of clauses with their headings and typical questions."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._clauses = list(snapshot.clauses.values())
        counts = [Counter(words(self._text(clause))) for clause in self._clauses]
        lengths = np.array([count.total() for count in counts], dtype=float)
        relative: NDArray[np.float64] = lengths / lengths.mean()
        self._lengths = 1 - _B + _B * relative
        self._holding: dict[str, list[tuple[int, int]]] = {}
        for index, count in enumerate(counts):
            for word, times in count.items():
                self._holding.setdefault(word, []).append((index, times))

    def _text(self, clause: ClauseText) -> str:
        context = [self._snapshot.documents[clause.document_id].title, *headings(self._snapshot, clause)]
        return "\n".join((*context, clause.text, *self._snapshot.questions.get(clause.id, ())))

    def places(self, question: str, as_of: date, region: str) -> tuple[Place, ...]:
        """The clauses that may be used, best first; ties in the order of the library."""
        usable = self._snapshot.applicable(as_of, region)
        scores = np.zeros(len(self._clauses))
        for word in words(question):
            self._add(word, scores)
        order = [int(index) for index in np.argsort(-scores, kind="stable") if scores[index] > 0]
        chosen = [self._clauses[index] for index in order if self._clauses[index].document_id in usable]
        return tuple(Place(clause.path, clause.document_id) for clause in chosen)

    def _add(self, word: str, scores: NDArray[np.float64]) -> None:
        holding = self._holding.get(word, [])
        weight = math.log(1 + (len(self._clauses) - len(holding) + 0.5) / (len(holding) + 0.5))
        for index, times in holding:
            scores[index] += weight * times * (_K1 + 1) / (times + _K1 * self._lengths[index])


def words(text: str) -> list[str]:
    """The words of a text: Chinese by longest match in the phrase list of pypinyin, other runs whole."""
    return [word for run in _RUN.finditer(fold(text)) for word in (seg.cut(run[0]) if run["han"] else (run[0],))]


def reranked(found: Found, question: str, reranker: Reranker) -> tuple[Place, ...]:
    """What was found, the first `RERANKED` in the reranker's order."""
    head, rest = found.clauses[:RERANKED], found.clauses[RERANKED:]
    scores = reranker.rerank(question, [clause.text for clause, _ in head])
    order = np.argsort(-scores, kind="stable")
    chosen = [*(head[int(index)][0] for index in order), *(clause for clause, _ in rest)]
    return tuple(Place(clause.path, clause.document_id) for clause in chosen)
