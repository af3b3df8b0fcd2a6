"""Puts an answer together. `/questions`, `/chat`, `qiban ask` and the evaluation all call this."""

from __future__ import annotations

from datetime import date

from conversation.intents import MAX_QUESTION
from core.clock import Clock
from core.errors import BadInput
from core.text import clean
from knowledge import wording as knowledge_wording
from knowledge.answer import Answer
from knowledge.answering import Answerer


class EmptyQuestion(BadInput):
    """The question holds no text."""

    code = "empty_question"
    default = knowledge_wording.EMPTY_QUESTION


class QuestionTooLong(BadInput):
    """The question is longer than `MAX_QUESTION` characters."""

    code = "question_too_long"
    default = knowledge_wording.TOO_LONG.format(limit=MAX_QUESTION)


class Advisor:
    """Answers a question as of a date for a region; both default to the service's own."""

    def __init__(self, answerer: Answerer, clock: Clock, *, home_region: str) -> None:
        self._answerer = answerer
        self._clock = clock
        self._home = home_region

    async def answer(self, text: str, *, as_of: date | None = None, region: str | None = None) -> Answer:
        """The answer to one question. Raises EmptyQuestion, QuestionTooLong."""
        question = clean(text).strip()
        if not question:
            raise EmptyQuestion()
        if len(question) > MAX_QUESTION:
            raise QuestionTooLong()
        return await self._answerer.answer(question, as_of=as_of or self._clock.today(), region=region or self._home)
