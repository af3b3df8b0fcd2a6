"""Answers to pressed buttons, so that the button stops spinning. Best effort, beside the polling."""

from __future__ import annotations

import asyncio

import telegram

from core import log

LANES = 8
WAITING = 500
SECONDS = 10.0


class CallbackAnswers:
    """Answers callback queries in the background: `LANES` at a time, at most `WAITING` waiting, errors ignored."""

    def __init__(self, bot: telegram.Bot) -> None:
        self._bot = bot
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes = asyncio.Semaphore(LANES)
        self._log = log.get(__name__)

    def answer(self, query_id: str) -> None:
        """Answer soon. When too many wait already, not at all: the button stops by itself."""
        if len(self._tasks) >= WAITING:
            return
        task = asyncio.create_task(self._answer(query_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, grace: float = 1.0) -> None:
        """Let the answers under way finish for `grace` seconds, then give up the rest."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _answer(self, query_id: str) -> None:
        try:
            async with self._lanes, asyncio.timeout(SECONDS):
                await self._bot.answer_callback_query(query_id)
        except Exception as error:  # "query is too old", mostly
            self._log.debug("callback_answer_failed", error=type(error).__name__)
