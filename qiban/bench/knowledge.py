"""The bench of questions: the engine's share of an answer, with and without the model, adding a document, memory.

The base is made once for a size and kept (`Options.folder`): the texts of 10,000 clauses are encoded by the model;
100,000 get random unit vectors instead, which are the hardest that codes can meet. A tenth of the documents is of
another region and a tenth has expired, so that every question goes through the filter of time and place.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.database import Database
from core.settings import async_url
from knowledge import base
from knowledge.answering import Answerer
from knowledge.decision import Judge
from knowledge.indexing import KnowledgeSource, allowed_items
from knowledge.language import Language
from knowledge.library import Library, Metadata
from qiban import schema
from qiban.bench.figures import Figure, Options, median, memory_mb, p95
from qiban.bench.policies import CLAUSES_A_DOCUMENT, clause, documents, questions
from search import Embedder, Query, Role, SearchIndex

TODAY = date(2026, 11, 24)
REGION = "430400"
ELSEWHERE = "云岭市"
_ASKED = 200
_WARM_UP = 20
_RECALL_AT = 10
_GOALS = {10_000: "<= 5 ms", 100_000: "<= 20 ms"}
DIMENSION = 384


class RandomEmbedder:
    """Unit vectors that only depend on the text: in place of encoding, where the engine alone is measured."""

    name = "random@1"
    dimension = DIMENSION

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        return np.stack([self._one(f"{role}:{text}") for text in texts])

    def _one(self, text: str) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        vector = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
        return vector / np.linalg.norm(vector)


@dataclass
class TimedEmbedder:
    """An embedder that knows how long each call took, by thread: what is left of a question is the engine's."""

    inner: Embedder
    spent: dict[int, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        began = time.perf_counter()
        vectors = self.inner.encode(texts, role)
        self.spent[threading.get_ident()] = time.perf_counter() - began
        return vectors


@dataclass(frozen=True)
class Ground:
    """A made base, open: what a question needs."""

    library: Library
    index: SearchIndex
    answerer: Answerer
    embedder: TimedEmbedder
    encoded_per_second: float | None
    """Clauses with all their views that were encoded a second, when this run made the index."""


async def measure(options: Options, clauses: int, embedder: Embedder) -> list[Figure]:
    """All figures of one size: p95 of a question (engine's share, and whole), adding a document, recall, memory."""
    before = memory_mb()
    async with open_ground(options, clauses, embedder) as ground:
        asked = questions(_ASKED + _WARM_UP, options.seed)
        engine, whole = await _ask(ground, asked)
        figures = [
            Figure("question_p95_ms", clauses, p95(engine), "ms", _GOALS.get(clauses), f"median {median(engine)} ms"),
            Figure(
                "recall_at_10", clauses, await _recall(ground, asked), "share", ">= .99", "codes beside a whole scan"
            ),
            Figure(
                "memory_mb", clauses, round(memory_mb() - before), "MB", note=f"{ground.index.status()['views']} views"
            ),
        ]
        if not isinstance(embedder, RandomEmbedder):
            figures.append(
                Figure("question_p95_ms_model", clauses, p95(whole), "ms", "<= 60 ms", f"median {median(whole)} ms")
            )
            if ground.encoded_per_second is not None:
                figures.append(Figure("encode_per_s", clauses, round(ground.encoded_per_second, 1), "clauses/s"))
        figures.append(Figure("update_s", clauses, await _update(ground, options, clauses), "s", "<= 1 s"))
        return figures


async def _ask(ground: Ground, asked: Sequence[str]) -> tuple[list[float], list[float]]:
    """Seconds of each question without and with encoding, after a warm-up."""
    engine, whole = [], []
    for number, question in enumerate(asked):
        ground.embedder.spent.clear()
        began = time.perf_counter()
        await ground.answerer.answer(question, as_of=TODAY, region=REGION)
        took = time.perf_counter() - began
        if number >= _WARM_UP:
            whole.append(took)
            engine.append(took - sum(ground.embedder.spent.values()))
    return engine, whole


async def engine_p95(ground: Ground, asked: Sequence[str]) -> float:
    """The engine's share of these questions, p95 in milliseconds, after a round to warm up."""
    await _ask(ground, asked)
    engine, _ = await _ask(ground, [*asked[:_WARM_UP], *asked])
    return p95(engine)


async def _recall(ground: Ground, asked: Sequence[str]) -> float:
    """Share of the ten nearest clauses of a whole scan that the search finds, filtered as a question is."""
    allowed = allowed_items(await ground.library.snapshot(), TODAY, REGION)
    same = 0
    for question in asked:
        query = Query(question, (), ground.index.encode_query(question))
        exact = ground.index.search(query, allowed, _RECALL_AT, mode="dense", exact=True)
        found = ground.index.search(query, allowed, _RECALL_AT, mode="dense")
        same += len({hit.id for hit in exact} & {hit.id for hit in found})
    return round(same / (_RECALL_AT * len(asked)), 4)


async def _update(ground: Ground, options: Options, clauses: int) -> float:
    """Seconds from handing in a document of 20 clauses until its first clause is found, median of three."""
    took = []
    for turn in range(3):
        name = f"云岭市第{clauses + turn}号补充措施（示例）"
        text = "\n".join([name, *(f"第{i + 1}条 {clause(clauses + turn * 20 + i, options.seed)}" for i in range(20))])
        began = time.perf_counter()
        report = await ground.library.add(text, Metadata(title=name, region=REGION, issued=date(2026, 1, 1)))
        await ground.index.reconcile()
        found = await ground.answerer.find(clause(clauses + turn * 20, options.seed), as_of=TODAY, region=REGION)
        took.append(time.perf_counter() - began)
        assert report.document_id is not None
        if not found.clauses or found.clauses[0][0].document_id != report.document_id:
            raise RuntimeError("the added document was not found")
        await ground.library.remove(report.document_id)
    await ground.index.reconcile()
    return round(float(np.median(took)), 3)


@asynccontextmanager
async def open_ground(options: Options, clauses: int, embedder: Embedder) -> AsyncIterator[Ground]:
    """The base of a size, made when it is not there yet."""
    timed = TimedEmbedder(embedder)
    folder = options.folder / f"knowledge-{clauses}-{options.seed}-{_safe(embedder.name)}"
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(async_url(f"sqlite:///{folder / 'bench.db'}"))
    try:
        await schema.migrate(database)
        library = Library(database, home_region=REGION)
        await _fill(library, options, clauses)
        index = SearchIndex(folder / "index", KnowledgeSource(library), timed)
        began = time.perf_counter()
        changes = await index.open(options.progress)
        rate = changes.added / (time.perf_counter() - began) if changes.added >= clauses else None
        with ThreadPoolExecutor(2) as executor:
            yield Ground(library, index, _answerer(library, index, executor), timed, rate)
    finally:
        await database.close()


def _answerer(library: Library, index: SearchIndex, executor: ThreadPoolExecutor) -> Answerer:
    language = Language.load(base.DATA / "synonyms.yaml")
    judge = Judge.load(base.DATA / "decision.json")
    return Answerer(library, index, language, judge, base.Desk("示例"), executor)


async def _fill(library: Library, options: Options, clauses: int) -> None:
    """The documents that are not there yet; every tenth is of another region, every tenth has expired."""
    there = {document.title for document in await library.list()}
    total = -(-clauses // CLAUSES_A_DOCUMENT)
    for made in documents(clauses, options.seed):
        options.progress("documents", made.number, total)
        if made.title in there:
            continue
        expired = made.number % 10 == 1
        await library.add(
            made.text,
            Metadata(
                title=made.title,
                region=ELSEWHERE if made.number % 10 == 0 else REGION,
                issued=date(2024, 1, 1),
                valid_to=date(2025, 12, 31) if expired else None,
            ),
        )


def _safe(name: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in name)
