"""Keyword search: BM25 over characters and character pairs, by tantivy.

Chinese needs no word list this way: a character is a token and so is each pair of neighbours. A run of other letters
and digits is one token ("2000", "3.5", "r&d", "iso9001"). Punctuation and blanks separate pairs.
"""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from core.text import fold

_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_OTHER = rf"[^\W_{_HAN}]+"
_RUN = re.compile(rf"(?P<han>[{_HAN}]+)|{_OTHER}(?:(?:(?<=\d)\.(?=\d)|&){_OTHER})*")
_TEXT, _ID = "text", "id"
_HEAP_BYTES = 30_000_000
# Measured at 100,000 clauses: looking an allowed id up costs about three times as much as taking one more hit and
# dropping it afterwards. Ids as single terms are looked up twice as fast as in a set, while they are not too many.
_LOOKUP_COST = 3
_MOST_TERMS = 2_000
_SPARE = 16

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]
_Found = tuple[Ids, Scores]
_NONE: _Found = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


def tokens(text: str) -> list[str]:
    """The tokens of a text with repetitions: for each run of Chinese its characters and its pairs, else the run."""
    found: list[str] = []
    for match in _RUN.finditer(fold(text)):
        run = match[0]
        if match["han"]:
            found.extend(run)
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
        else:
            found.append(run)
    return found


class LexicalIndex:
    """One committed state of a BM25 index in a folder; never changes while it is open.

    Ids are any int64. Scores are BM25 (k1 1.2, b 0.75) rounded to four places, above 0 for what shares a token.
    While texts are removed and added, BM25's statistics count removed texts until the index is filled anew.
    """

    def __init__(self, folder: Path) -> None:
        """Open the index in `folder`. Raises ValueError or OSError where that is none."""
        index = tantivy.Index.open(str(folder))
        index.register_tokenizer("whitespace", _whitespace())
        self._schema = index.schema
        self._searcher = index.searcher()

    @classmethod
    def fill(cls, folder: Path, texts: Mapping[int, str]) -> None:
        """Make the index in `folder` anew, flushed to the disk; what was there is dropped."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        cls.change(folder, dict(sorted(texts.items())))

    @classmethod
    def change(cls, folder: Path, added: Mapping[int, str], removed: Iterable[int] = ()) -> None:
        """Remove and add texts in the index in `folder` and flush it to the disk. An added id must be new or removed.

        tantivy never writes into a file that is there: hard links of the files before keep their content.
        """
        index = tantivy.Index(_schema(), path=str(folder))
        index.register_tokenizer("whitespace", _whitespace())
        writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        for gone in removed:
            writer.delete_documents_by_term(_ID, gone)
        for key, text in added.items():
            writer.add_document(tantivy.Document.from_dict({_ID: key, _TEXT: " ".join(tokens(text))}, index.schema))
        writer.commit()
        writer.wait_merging_threads()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(self, weights: Mapping[str, float], k: int, allowed: Ids | None = None) -> tuple[Ids, Scores]:
        """The best `k` of the allowed ids (all when None) for weighted tokens, best first, ties by id. Exact.

        Gives ids and scores, both of shape (n,), n <= k: only what shares a token is found.
        """
        if k <= 0 or not weights or not len(self) or (allowed is not None and not len(allowed)):
            return _NONE
        query = self._query(weights)
        if allowed is None:
            return self._best(query, k)
        found = self._best_by_dropping(query, k, allowed)
        return found if found is not None else self._best(self._query(weights, allowed), k)

    def rarity(self, wanted: Iterable[str]) -> dict[str, float]:
        """The distinct tokens with their inverse document frequency (BM25's, natural logarithm, above 0)."""
        count = int(self._searcher.num_docs)
        found = {token: min(count, int(self._searcher.doc_freq(_TEXT, token))) for token in wanted}
        return {token: math.log1p((count - n + 0.5) / (n + 0.5)) for token, n in found.items()}

    def _best_by_dropping(self, query: tantivy.Query, k: int, allowed: Ids) -> _Found | None:
        """Search unfiltered for more than `k` and drop what is not allowed; None where looking ids up is cheaper."""
        wanted = _SPARE + 3 * k * len(self) // (2 * len(allowed))
        for limit in (wanted, 4 * wanted):
            if limit > _LOOKUP_COST * len(allowed):
                return None
            ids, scores = self._best(query, limit)
            inside = np.isin(ids, allowed)
            if inside.sum() >= k or len(ids) < limit:
                return ids[inside][:k], scores[inside][:k]
        return None

    def _best(self, query: tantivy.Query, k: int) -> _Found:
        """The best `k`, ties by id: looks on while the last hit seen ties with the k-th."""
        limit = k + _SPARE
        while True:
            hits = self._searcher.search(query, limit=limit, count=False).hits
            scores: Scores = np.array([score for score, _ in hits], dtype=np.float32).round(4)
            if len(hits) < limit or scores[-1] < scores[k - 1]:
                break
            limit *= 4
        ids = np.array(self._searcher.fast_field_values(_ID, [address for _, address in hits]), dtype=np.int64)
        order = np.lexsort((ids, -scores))[:k]
        order = order[scores[order] > 0]
        return ids[order], scores[order]

    def _query(self, weights: Mapping[str, float], allowed: Ids | None = None) -> tantivy.Query:
        parts = [(tantivy.Occur.Should, self._term(token, weight)) for token, weight in weights.items()]
        if allowed is not None:
            parts.insert(0, (tantivy.Occur.Must, tantivy.Query.const_score_query(self._inside(allowed), 0.0)))
        return tantivy.Query.boolean_query(parts)

    def _inside(self, allowed: Ids) -> tantivy.Query:
        if len(allowed) > _MOST_TERMS:
            return tantivy.Query.term_set_query(self._schema, _ID, allowed.tolist())
        terms = (tantivy.Query.term_query(self._schema, _ID, key) for key in allowed.tolist())
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])

    def _term(self, token: str, weight: float) -> tantivy.Query:
        term = tantivy.Query.term_query(self._schema, _TEXT, token, index_option="freq")
        return term if weight == 1 else tantivy.Query.boost_query(term, weight)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(_TEXT, tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field(_ID, indexed=True, fast=True)
    return builder.build()


def _whitespace() -> tantivy.TextAnalyzer:
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
