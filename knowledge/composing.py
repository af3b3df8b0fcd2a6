"""The optional composer: a language model words the answer from the quoted clauses, and a checker holds it to them.

What it says is looked at sentence by sentence while it comes in, and the whole once more at the end. Anything that is
not let through, comes too late or breaks off leaves the literal answer as it was: a model can make an answer smoother,
never different.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from core import log
from core.errors import QibanError
from core.text import clean
from knowledge import composing_wording as wording
from knowledge.answer import Answer, Citation
from knowledge.grounding import Checker, Rules, Source

TIMEOUT_SECONDS = 8.0
"""From asking to the last word."""
_MOST_CHARS = 800
_SENTENCE = re.compile(r"[。！？!?\n]+(?:\s*[\[【〔［][\d\s,，、]+[\]】〕］])*")
_log = log.get(__name__)


class Model(Protocol):
    """Gives the pieces of an answer; `knowledge.completions.Completions`."""

    def stream(self, system: str, user: str) -> AsyncIterator[str]: ...


class Budget(Protocol):
    """How often somebody may have an answer worded; `knowledge.budget.DailyBudget`."""

    async def take(self, asker: str) -> bool:
        """Whether there is one left; it counts as used."""
        ...


class _Refused(Exception):
    """What came in so far is not let through."""


class Composer:
    """Words answers. `timeout` in seconds."""

    def __init__(self, model: Model, rules: Rules, budget: Budget, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._model = model
        self._rules = rules
        self._budget = budget
        self._timeout = timeout

    async def compose(self, question: str, answer: Answer, asker: str) -> Answer:
        """The answer in the model's words if they say what its clauses say, else the answer as it is.

        Only what is answered with clauses alone is worded: figures that the scheme engine computed stay as they are.
        `asker` is a key of the person, for the budget. Never raises.
        """
        if answer.status != "answered" or answer.computed or not answer.citations:
            return answer
        if not await self._budget.take(asker):
            return answer
        try:
            async with asyncio.timeout(self._timeout):
                return await self._worded(question, answer)
        except TimeoutError:
            _log.info("composer_declined", reason="timeout")
        except _Refused as refused:
            _log.info("composer_declined", reason=str(refused))
        except QibanError as error:
            _log.info("composer_declined", reason=error.code)
        return answer

    async def _worded(self, question: str, answer: Answer) -> Answer:
        checker = Checker(self._rules, [_source(citation) for citation in answer.citations], question)
        user = self._rules.question.format(question=_inert(question), clauses=self._clauses(answer.citations))
        text = clean(await self._listen(checker, user)).strip()
        checked = checker.check(text)
        if checked.fault is not None:
            raise _Refused(checked.fault)
        cited = tuple(answer.citations[index] for index in checked.used)
        rest = tuple(citation for citation in answer.citations if citation not in cited)
        return replace(
            answer,
            text=checked.text,
            notices=(*answer.notices, wording.WORDED),
            citations=(*cited, *rest),
        )

    async def _listen(self, checker: Checker, user: str) -> str:
        """All that the model says; breaks off with the first sentence that is not let through."""
        text, checked = "", 0
        async with aclosing(self._model.stream(self._rules.instructions, user)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                text += piece
                if len(text) > _MOST_CHARS:
                    raise _Refused("too_long")
                end = max((match.end() for match in _SENTENCE.finditer(text)), default=0)
                if end > checked:
                    checked = end
                    if fault := checker.check_part(text[:end]):
                        raise _Refused(fault)
        return text

    def _clauses(self, citations: Sequence[Citation]) -> str:
        return "\n\n".join(
            self._rules.clause.format(
                number=number,
                document=_inert(citation.document),
                label=_inert(citation.label),
                text=_inert(citation.quote),
            )
            for number, citation in enumerate(citations, start=1)
        )


def _source(citation: Citation) -> Source:
    return Source(citation.quote, citation.document, citation.clause, citation.label)


def _inert(text: str) -> str:
    """A text that cannot close the marks it stands between."""
    return text.replace("<<<", "《").replace(">>>", "》")
