"""Measures the service on a base of its own: the built-in documents and those of a library, in a temporary folder.

Only the index is kept, in `.cache/evaluation` of the checkout under the library's hash: its vectors are the slow part.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from core.settings import CHECKOUT, Settings
from knowledge import base, baselines, end_to_end, evaluation, evaluation_library, labels
from knowledge.answering import Found
from knowledge.decision import Judge
from knowledge.end_to_end import AnswerFigures, Judged
from knowledge.evaluation import Interval, Outcome, Ranking
from knowledge.labels import Place, Question
from qiban import setup, wording
from qiban.bootstrap import Services, open_services
from qiban.progress import StepProgress
from search import CrossEncoderReranker, Mode

CACHE = CHECKOUT / ".cache" / "evaluation"
SYSTEM = "system"
ALONE, JOINED = "question alone", "with the message before"
_BASELINES: dict[Mode, str] = {"lexical": "BM25", "dense": "model", "fusion": "fusion"}

Ranks = dict[str, int | None]
"""The rank of the right clause by a question's key (None: not found)."""
Outcomes = dict[Mode, list[Outcome]]
_Rank = Callable[[str, Question], Awaitable[tuple[Place, ...]]]


@dataclass(frozen=True)
class Row:
    """How one way of ranking did on one split. `turns`: what it was given of a conversation, the better of the two."""

    name: str
    split: str
    questions: int
    ranking: Ranking
    turns: str

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        return {**values.pop("ranking"), **values}


@dataclass(frozen=True)
class Comparison:
    """R@1 of the system less R@1 of the best baseline on one split: with nothing declined, and with what is declined
    counted as wrong."""

    split: str
    baseline: str
    ranked: Interval
    answered: Interval


@dataclass(frozen=True)
class Measured:
    """All that was found out on a library. `threshold` is the shipped one; `misses` are of the build split alone."""

    documents: int
    model: str | None
    reranker: str | None
    threshold: float
    rows: list[Row]
    answers: list[AnswerFigures]
    comparisons: list[Comparison]
    misses: list[str]

    def to_json(self) -> dict[str, Any]:
        return {
            "documents": self.documents,
            "model": self.model,
            "reranker": self.reranker,
            "threshold": self.threshold,
            "resamples": evaluation.RESAMPLES,
            "ranking": [row.to_json() for row in self.rows],
            "system": [item.to_json() for item in self.answers],
            "difference": [asdict(item) for item in self.comparisons],
        }


async def measure(
    settings: Settings,
    questions: Sequence[Question],
    folder: Path,
    *,
    as_of: date | None,
    fitted: Callable[[Outcomes], None] | None,
    progress: StepProgress,
    cache: Path,
) -> Measured:
    """Measure on the base and the documents of `folder`; the index is kept in `cache`.

    `fitted`, where given, is handed what was found for the build split first, to fit the decision on. Raises
    BadDataFile, BadInput.
    """
    kept = cache / evaluation_library.digest(folder)[:16]
    with tempfile.TemporaryDirectory(prefix="qiban-evaluation-") as temporary:
        full = _alone(settings, Path(temporary) / "full")
        _bring(kept, full.index_dir)
        await setup.run(full, progress.update, samples=False)
        async with open_services(full, progress=progress.update) as services:
            await _take_in(services, folder, progress)
            if fitted is not None:
                fitted(await _understood(services, questions, as_of))
        _keep(full.index_dir, kept)
        async with open_services(full, progress=progress.update) as services:
            measuring = Measuring(services, questions, as_of or services.clock.today(), progress)
            await measuring.baselines("")
            await measuring.others()
            judged = await measuring.system()
            documents, model = len(await services.library.list()), services.index.status()["model"]
        plain = _alone(settings, Path(temporary) / "plain")
        shutil.copytree(full.data_dir, plain.data_dir)
        async with open_services(plain, progress=progress.update) as services:
            await _forget_typical_questions(services)
            await measuring.on(services).baselines(", no typical questions")
    return _measured(measuring, judged, documents, model, settings.reranker_model)


def modes(services: Services) -> tuple[Mode, ...]:
    """How the service can search: by keywords alone where there is no model."""
    return evaluation.MODES if services.index.status()["model"] is not None else ("lexical",)


def splits(questions: Sequence[Question]) -> list[str]:
    return sorted({question.split for question in questions})


def gold_text(question: Question) -> str:
    """A question's label as it stands in the file."""
    golds = ("+".join(_place_text(place) for place in (gold.first, *gold.others)) for gold in question.golds)
    return "|".join(golds) or "-"


# --- a base of its own ----------------------------------------------------------------------------------------------


def _alone(settings: Settings, folder: Path) -> Settings:
    """Settings of a base of its own, that talks to nobody."""
    alone: dict[str, Any] = {"database_url": None, "telegram_token": None, "llm_base_url": None, "data_dir": folder}
    return settings.model_copy(update=alone)


def _bring(kept: Path, folder: Path) -> None:
    """Begin with the index that was kept; `qiban setup` and the reconciliation bring it in line."""
    if kept.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder)


def _keep(folder: Path, kept: Path) -> None:
    """Keep the index for the next run, whole or not at all."""
    fresh = kept.with_name(f"{kept.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(folder, fresh)
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)


async def _take_in(services: Services, folder: Path, progress: StepProgress) -> None:
    def told(done: int, total: int) -> None:
        progress.update(wording.STEP_DOCUMENTS, done, total)

    await evaluation_library.load(services.library, folder, told)
    await services.index.reconcile(lambda _, done, total: progress.update(wording.STEP_INDEX, done, total))


async def _forget_typical_questions(services: Services) -> None:
    for document in await services.library.list():
        await services.library.set_topics(document.id, ())
    await services.index.reconcile()


async def _understood(services: Services, questions: Sequence[Question], as_of: date | None) -> Outcomes:
    """What is found for each question of the build split as the service understands it."""
    day, region = as_of or services.clock.today(), services.home_region
    standing = [
        replace(question, text=await _standing(services, question, question.as_of or day, question.region or region))
        for question in questions
        if question.split == "build"
    ]
    wanted = [mode for mode in modes(services) if mode != "dense"]
    return {mode: await evaluation.run(services.answerer, standing, mode, as_of=day, region=region) for mode in wanted}


async def _standing(services: Services, question: Question, day: date, region: str) -> str:
    """The question with what it leaves out, as the service understands it."""
    understood = await services.answerer.understand(question.text, as_of=day, region=region, history=question.history)
    return understood.questions[0].text if understood.questions else question.text


# --- running --------------------------------------------------------------------------------------------------------


class Measuring:
    """Runs every way of ranking over the questions and keeps the ranks.

    A baseline knows nothing of conversations: each is given the question alone and, besides, the message before it
    joined to the question; the better of the two counts, so that none is made a straw man.
    """

    def __init__(self, services: Services, questions: Sequence[Question], today: date, progress: StepProgress) -> None:
        self._services = services
        self._questions = questions
        self._inside = [question for question in questions if question.in_scope]
        self._today = today
        self._progress = progress
        self._ranks: dict[str, dict[str, Ranks]] = {}

    def on(self, services: Services) -> Measuring:
        """The same with another base; the ranks are kept together."""
        self._services = services
        return self

    async def baselines(self, suffix: str) -> None:
        """BM25, the model and their blend."""
        for mode in modes(self._services):

            async def by_mode(text: str, question: Question, mode: Mode = mode) -> tuple[Place, ...]:
                return evaluation.places_of(await self._find(text, question, mode))

            await self._run(_BASELINES[mode] + suffix, by_mode)

    async def others(self) -> None:
        """BM25 over words, and the reranker where there is one."""
        words = baselines.WordRanking(await self._services.library.snapshot())

        async def by_words(text: str, question: Question) -> tuple[Place, ...]:
            return words.places(text, *self._when_and_where(question))

        await self._run("BM25 of words", by_words)
        if (name := self._services.settings.reranker_model) is None:
            return
        reranker = CrossEncoderReranker(name)

        async def by_reranker(text: str, question: Question) -> tuple[Place, ...]:
            return baselines.reranked(await self._find(text, question, "fusion"), text, reranker)

        await self._run("fusion, reranked", by_reranker)

    async def system(self) -> list[Judged]:
        """The answers of the service as it ships."""
        judged = []
        for done, question in enumerate(self._questions, start=1):
            judged.append(await self._judge(question))
            self._progress.update(SYSTEM, done, len(self._questions))
        return judged

    async def _judge(self, question: Question) -> Judged:
        day, region = self._when_and_where(question)
        answer = await self._services.advisor.answer(question.text, as_of=day, region=region, history=question.history)
        ranked = end_to_end.cited(answer)
        if not ranked:
            text = await _standing(self._services, question, day, region)
            ranked = evaluation.places_of(await self._find(text, question, "fusion"))
        return Judged(question, answer, ranked)

    async def _run(self, name: str, places: _Rank) -> None:
        alone: Ranks = {}
        joined: Ranks = {}
        for done, question in enumerate(self._inside, start=1):
            key = _key(question)
            alone[key] = joined[key] = question.rank(await places(question.text, question))
            if question.history:
                joined[key] = question.rank(await places(f"{question.history[-1]} {question.text}", question))
            self._progress.update(name, done, len(self._inside))
        self._ranks[name] = {ALONE: alone, JOINED: joined}

    async def _find(self, text: str, question: Question, mode: Mode) -> Found:
        day, region = self._when_and_where(question)
        return await self._services.answerer.find(text, as_of=day, region=region, mode=mode)

    def _when_and_where(self, question: Question) -> tuple[date, str]:
        return question.as_of or self._today, question.region or self._services.home_region

    # --- figures ---

    def rows(self) -> list[Row]:
        """The figures of every baseline on every split."""
        return [
            max((self._row(name, split, turns) for turns in given), key=lambda row: row.ranking.r_at_1)
            for split in splits(self._questions)
            for name, given in self._ranks.items()
        ]

    def _row(self, name: str, split: str, turns: str) -> Row:
        ranks = self._ranks[name][turns]
        chosen = [ranks[_key(question)] for question in self._inside if question.split == split]
        return Row(name, split, len(chosen), Ranking.of(chosen), turns)

    def best(self) -> dict[str, tuple[str, Ranks]]:
        """The baseline with the highest R@1 of each split, with its ranks."""
        found: dict[str, tuple[str, Ranks]] = {}
        for split in splits(self._questions):
            row = max((row for row in self.rows() if row.split == split), key=lambda row: row.ranking.r_at_1)
            found[split] = row.name, self._ranks[row.name][row.turns]
        return found


def _key(question: Question) -> str:
    return question.id or "\0".join((question.text, *question.history, str(question.as_of), question.region or ""))


def _measured(
    measuring: Measuring, judged: Sequence[Judged], documents: int, model: str | None, reranker: str | None
) -> Measured:
    judge = Judge.load(base.DATA / "decision.json")
    return Measured(
        documents=documents,
        model=model,
        reranker=reranker,
        threshold=(judge.fusion if model else judge.lexical).threshold,
        rows=measuring.rows(),
        answers=_answer_figures(judged),
        comparisons=_comparisons(measuring.best(), judged),
        misses=[_miss(item) for item in judged if item.question.split != "test" and item.wrong],
    )


def _answer_figures(judged: Sequence[Judged]) -> list[AnswerFigures]:
    return [
        AnswerFigures.of(name, split, items)
        for split in splits([item.question for item in judged])
        for name, items in end_to_end.subsets([item for item in judged if item.question.split == split]).items()
    ]


def _comparisons(best: Mapping[str, tuple[str, Ranks]], judged: Sequence[Judged]) -> list[Comparison]:
    found = []
    for split, (name, ranks) in best.items():
        inside = [item for item in judged if item.question.in_scope and item.question.split == split]
        theirs = [ranks[_key(item.question)] == 1 for item in inside]
        ranked = evaluation.difference([item.rank == 1 for item in inside], theirs)
        answered = evaluation.difference([item.right for item in inside], theirs)
        found.append(Comparison(split, name, ranked, answered))
    return found


def _miss(item: Judged) -> str:
    """What went wrong, in one line. The test split is never listed: what is seen gets tuned to."""
    cited = "|".join(map(_place_text, item.ranked[:2]))
    computed = ";".join(f"{c.condition} {c.verdict} {c.required} {c.gap or '-'}" for c in item.answer.computed)
    status = f"{item.answer.status} {item.answer.why or ''}".strip()
    text = labels.TURNS.join((*item.question.history, item.question.text))
    extra = [part for part in (computed, " ".join(item.invented)) if part]
    return "\t".join((item.question.id, status, gold_text(item.question), cited, text, *extra))


def _place_text(place: Place) -> str:
    return f"{place.document}#{place.path}" if place.document else place.path
