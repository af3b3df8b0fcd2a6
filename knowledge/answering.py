"""From a message to an answer: understand, find, decide whether the base says it, quote.

Finding ranks; whether to answer at all is decided apart, by a calibrated probability (see `knowledge.decision`) and by
whether the clause states the kind of value that was asked for (see `knowledge.expectation`). Nothing is said that is
not in a quoted clause: the words around quotes are fixed copy with titles, labels and dates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from core.text import fold
from knowledge import ranking, understanding
from knowledge.answer import Answer
from knowledge.base import Desk
from knowledge.decision import Decision, Judge
from knowledge.finding import Finder, Found, read
from knowledge.known import Knowing
from knowledge.language import Languages
from knowledge.library import ClauseText, Library, Snapshot
from knowledge.phrases import Phrases, built_in
from knowledge.ranking import Weights
from knowledge.replying import Replying, Setting
from knowledge.understanding import Lean
from search import Mode, SearchIndex

__all__ = ["Answerer", "Asked", "Found", "Understood"]

MOST_EARLIER = 3
"""How many of the asker's earlier messages are looked at."""
_MARGIN: dict[Lean, float] = {"alone": 0.05, "leaning": -0.5, "perhaps": -0.05, "bare": 0.05}
"""How much more probable an answer to the completed question must be than one to the bare question."""
_SHORT = 14
_T = TypeVar("_T")
_P = ParamSpec("_P")


@dataclass(frozen=True)
class Asked:
    """One question that stands on its own. `clause_id`: the clause that it asks for as an item of a list spoken of
    before (第2条呢)."""

    text: str
    clause_id: int | None = None


@dataclass(frozen=True)
class Understood:
    """The questions of one message, in order; `more`: there were more than are answered."""

    questions: tuple[Asked, ...]
    more: bool = False


class Answerer:
    """Answers from the library. `executor` runs encoding and searching, which hold the processor."""

    def __init__(
        self,
        library: Library,
        index: SearchIndex,
        language: Languages,
        judge: Judge,
        desk: Desk,
        executor: Executor,
        phrases: Phrases | None = None,
        weights: Weights | None = None,
    ) -> None:
        self._library = library
        self._language = language
        self._judge = judge
        self._desk = desk
        self._executor = executor
        self._phrases = phrases or built_in()
        self._weights = weights or ranking.built_in()
        self._finder = Finder(index)
        self._knowing = Knowing()

    async def understand(self, text: str, *, as_of: date, region: str, history: Sequence[str] = ()) -> Understood:
        """The questions of a message, each standing on its own. `history` are the asker's earlier messages, oldest
        first; what stands on its own is never changed by them."""
        return await self._run(self._understand, text, as_of, region, tuple(history))

    async def answer(self, question: str | Asked, *, as_of: date, region: str) -> Answer:
        """The answer to one question for a firm of `region` (code or unknown name) on a date."""
        asked = Asked(question) if isinstance(question, str) else question
        return await self._run(self._answer, asked, as_of, region)

    async def find(self, question: str, *, as_of: date, region: str, mode: Mode = "fusion") -> Found:
        """The clauses and silent topics nearest to a question, of documents that may be used."""
        return await self._run(self._find, question, as_of, region, mode)

    def decide(self, found: Found) -> Decision:
        """Whether to answer with the best clause, or why not."""
        if found.elsewhere is not None:
            return Decision("other_region", 0.0)
        decision = self._judge.decide(found.features)
        if decision.why is None and found.best is None:
            return Decision("out_of_scope", 0.0)
        return decision

    async def _run(self, work: Callable[Concatenate[Snapshot, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        snapshot = await self._library.snapshot()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, partial(work, snapshot, *args, **kwargs))

    def _understand(
        self, snapshot: Snapshot, text: str, as_of: date, region: str, history: Sequence[str]
    ) -> Understood:
        setting = self._setting(snapshot, as_of, region)
        message = understanding.together(text, self._phrases)
        if len(message.questions) == 1:
            return Understood((self._standing(setting, fold(text), history),), message.more)
        before = list(history)
        found = []
        for question in message.questions:
            asked = self._standing(setting, question, before)
            found.append(asked)
            before = [*before, asked.text]
        return Understood(tuple(found), message.more)

    def _standing(self, setting: Setting, question: str, history: Sequence[str]) -> Asked:
        """The question as it stands on its own, by what was asked before where it needs that."""
        history = history[-MOST_EARLIER:]
        if not history:
            return Asked(question)
        if (number := understanding.item(question, self._phrases)) is not None:
            clause = self._item(setting, number, history)
            if clause is not None:
                return Asked(question, clause.id)
        *earlier, before = history
        last = self._standing(setting, fold(before), earlier).text
        return Asked(self._best_reading(setting, question, last))

    def _best_reading(self, setting: Setting, question: str, last: str) -> str:
        """The question, or the question completed by the last one where that is the better reading: what may stand
        alone is only completed where it is answered worse alone, and what is merely taken to go on with a subject must
        stay with the last one's document."""
        places = setting.known.unlisted
        how = understanding.lean(question, self._phrases, places)
        options: list[tuple[str, float]] = []
        if how != "alone":
            options.append((understanding.complete(question, last, self._phrases, places), _MARGIN[how]))
        alone, _ = self._probable(setting, question)
        if how != "leaning" and len(question) <= _SHORT:
            going_on = understanding.going_on(question, last, self._phrases)
            same = self._probable(setting, going_on)[1] == self._probable(setting, last)[1]
            if same and _replying(setting, going_on).speaks_of(question):
                options.append((going_on, _MARGIN["alone"]))
        better = [(self._probable(setting, text)[0], text) for text, margin in options if text != question]
        margins = dict(options)
        better = [(value, text) for value, text in better if value >= alone + margins[text]]
        return max(better)[1] if better else question

    def _probable(self, setting: Setting, question: str) -> tuple[float, str | None]:
        """How probable an answer to a question is, and the document it would come from."""
        return _replying(setting, question).probability()

    def _item(self, setting: Setting, number: int, history: Sequence[str]) -> ClauseText | None:
        """The item of that number in the list that the last question was answered with."""
        *earlier, last = history
        asked = self._standing(setting, fold(last), earlier)
        answer = self._reply(setting, asked)
        cited = answer.citations[0] if answer.status == "answered" and answer.citations else None
        clause = setting.snapshot.by_path.get((cited.document_id, cited.clause)) if cited else None
        items = setting.snapshot.below(clause) if clause is not None else []
        return items[number - 1] if 0 < number <= len(items) else None

    def _answer(self, snapshot: Snapshot, asked: Asked, as_of: date, region: str) -> Answer:
        return self._reply(self._setting(snapshot, as_of, region), asked)

    def _reply(self, setting: Setting, asked: Asked) -> Answer:
        replying = _replying(setting, asked.text)
        clause = setting.snapshot.clauses.get(asked.clause_id) if asked.clause_id is not None else None
        return replying.answer() if clause is None else replying.item(clause)

    def _find(self, snapshot: Snapshot, question: str, as_of: date, region: str, mode: Mode) -> Found:
        return _replying(self._setting(snapshot, as_of, region), question).find(mode)

    def _setting(self, snapshot: Snapshot, as_of: date, region: str) -> Setting:
        known = self._knowing.of(snapshot, self._language.current())
        return Setting(known, self._phrases, self._desk, self._judge, self._finder, self._weights, as_of, region)


def _replying(setting: Setting, question: str) -> Replying:
    return Replying(setting, read(question, setting.known))
