"""The same clauses through the in-memory hybrid search of other projects, with the same vectors, in the same run.

txtai and haystack are installed for this alone (`requirements-bench.txt`); without them there is nothing to compare.
Both get one vector a clause and texts cut into our tokens by blanks, because neither cuts Chinese itself; neither
filters by time or place, has several views, or quotes. Encoding is left out on all sides.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiban.bench.figures import Figure, p95
from search import tokens

PEERS = {"txtai": "txtai", "haystack": "haystack"}
_K = 10

Ask = Callable[[int], list[int]]
"""The ids that are found for the question of a number."""
Vectors = NDArray[np.float32]


def installed() -> list[str]:
    """The peers that can be imported here."""
    return [name for name, module in PEERS.items() if importlib.util.find_spec(module) is not None]


def compare(texts: Sequence[str], vectors: Vectors, asked: Sequence[str], wanted: Vectors, ours: float) -> list[Figure]:
    """How many times as long as ours (p95, milliseconds) each peer takes for a question; best 10."""
    cut, questions = [" ".join(tokens(text)) for text in texts], [" ".join(tokens(text)) for text in asked]
    makers = {"txtai": _txtai, "haystack": _haystack}
    figures = []
    for name in installed():
        ask = makers[name](cut, vectors, questions, wanted)
        took = []
        for number in range(len(questions)):
            began = time.perf_counter()
            ask(number)
            took.append(time.perf_counter() - began)
        theirs = p95(took[len(took) // 10 :])
        note = f"{name}: {theirs} ms beside {ours} ms, recall of the nearest {_recall(ask, vectors, wanted):.2f}"
        figures.append(Figure("peer_ratio", len(texts), round(theirs / ours, 2), "times", note=note))
    return figures


def _recall(ask: Ask, vectors: Vectors, wanted: Vectors) -> float:
    """Share of the ten nearest clauses by vector that a peer gives; a blend need not give them."""
    same = 0
    for number, vector in enumerate(wanted):
        nearest = np.argpartition(-(vectors @ vector), _K)[:_K]
        same += len(set(nearest.tolist()) & set(ask(number)))
    return same / (_K * len(wanted))


def _txtai(texts: Sequence[str], vectors: Vectors, questions: Sequence[str], wanted: Vectors) -> Ask:
    from txtai import Embeddings

    by_text = dict(zip([*texts, *questions], [*vectors, *wanted], strict=True))

    def transform(batch: Sequence[str]) -> Vectors:
        return np.stack([by_text[text] for text in batch])

    index: Any = Embeddings(method="external", transform=transform, hybrid=True, content=False)
    index.index((number, text, None) for number, text in enumerate(texts))
    return lambda number: [int(found) for found, _ in index.search(questions[number], _K)]


def _haystack(texts: Sequence[str], vectors: Vectors, questions: Sequence[str], wanted: Vectors) -> Ask:
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    from haystack import Document
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store: Any = InMemoryDocumentStore(bm25_tokenization_regex=r"\S+")
    store.write_documents(
        [
            Document(id=str(number), content=text, embedding=vector.tolist())
            for number, (text, vector) in enumerate(zip(texts, vectors, strict=True))
        ]
    )
    words, near = InMemoryBM25Retriever(store, top_k=_K * 5), InMemoryEmbeddingRetriever(store, top_k=_K * 5)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=_K)
    given = wanted.tolist()

    def ask(number: int) -> list[int]:
        both = [
            words.run(query=questions[number])["documents"],
            near.run(query_embedding=given[number])["documents"],
        ]
        return [int(found.id) for found in joiner.run(documents=both)["documents"]]

    return ask
