"""Which bench gives which figures, and running those that are wanted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from knowledge.indexing import clause_of
from qiban.bench import knowledge, peers, wording
from qiban.bench.figures import Figure, Options
from qiban.bench.policies import questions
from search import Embedder

QUICK, SMALL, LARGE = 500, 10_000, 100_000
_PEER_QUESTIONS = 60


class UnknownFigure(BadInput):
    """No bench gives a figure of that name."""

    code = "unknown_figure"


@dataclass(frozen=True)
class Bench:
    """`names`: the figures it gives. `model`: it encodes, and is left out where there is no model."""

    names: tuple[str, ...]
    run: Callable[[Options, Embedder | None], Awaitable[list[Figure]]]
    model: bool = False


async def _with_model(options: Options, embedder: Embedder | None) -> list[Figure]:
    assert embedder is not None
    return await knowledge.measure(options, QUICK if options.quick else SMALL, embedder)


async def _random_vectors(options: Options, _: Embedder | None) -> list[Figure]:
    return await knowledge.measure(options, 10 * QUICK if options.quick else LARGE, knowledge.RandomEmbedder())


async def _peers(options: Options, embedder: Embedder | None) -> list[Figure]:
    """Ours and theirs one after the other, on the same clauses and vectors (each clause as a whole)."""
    assert embedder is not None
    clauses = QUICK if options.quick else SMALL
    async with knowledge.open_ground(options, clauses, embedder) as ground:
        asked = list(dict.fromkeys(questions(_PEER_QUESTIONS, options.seed + 1)))
        snapshot = await ground.library.snapshot()
        texts = [clause.text for item in sorted(snapshot.clauses) if (clause := clause_of(snapshot, 2 * item))]
        vectors = np.concatenate([embedder.encode(texts[at : at + 256], "passage") for at in range(0, len(texts), 256)])
        wanted = np.stack([embedder.encode([question], "query")[0] for question in asked])
        ours = await knowledge.engine_p95(ground, asked)
        return peers.compare(texts, vectors, asked, wanted, ours)


BENCHES = (
    Bench(
        ("question_p95_ms", "question_p95_ms_model", "recall_at_10", "update_s", "encode_per_s", "memory_mb"),
        _with_model,
        model=True,
    ),
    Bench(("question_p95_ms", "recall_at_10", "update_s", "memory_mb"), _random_vectors),
    Bench(("peer_ratio",), _peers, model=True),
)


def names() -> list[str]:
    """The names of all figures."""
    return list(dict.fromkeys(name for bench in BENCHES for name in bench.names))


async def run(options: Options, embedder: Embedder | None, only: Collection[str] = ()) -> list[Figure]:
    """The figures of these names (all when none is given). Raises UnknownFigure."""
    if unknown := sorted(set(only) - set(names())):
        raise UnknownFigure(wording.UNKNOWN_FIGURE.format(names="、".join(unknown), known="、".join(names())))
    figures: list[Figure] = []
    for bench in BENCHES:
        wanted = not only or set(only) & set(bench.names)
        if wanted and (embedder is not None or not bench.model):
            figures += await bench.run(options, embedder)
    return [figure for figure in figures if not only or figure.name in only]
