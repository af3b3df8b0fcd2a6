"""Long polling that loses nothing.

An update is confirmed by asking for the ones after it. So each batch is handed to the receiver first, which stores
it, and only then comes the next request. What a kill leaves unconfirmed is delivered again, and the receiver drops
what it has already.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from telegram import BotCommand, Update, User
from telegram.error import Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError

from bot import wording
from bot.callbacks import CallbackAnswers
from bot.client import TelegramBot
from bot.errors import TokenRefused
from bot.failures import describe, retry_seconds
from bot.updates import read_update
from conversation.messages import IncomingMessage
from core import log

LEASE = "telegram-poller"
WAIT_SECONDS = 25
_REFUSALS = 3

T = TypeVar("T")


class Receiver(Protocol):
    """Takes messages in."""

    async def receive(self, messages: Sequence[IncomingMessage]) -> None:
        """Store the messages: durable when it returns. The same `external_id` twice counts once."""
        ...


class PollerLeases(Protocol):
    """`core.leases.Leases`, as far as it is used here."""

    def held(self, name: str, *, wait: bool = True) -> AbstractAsyncContextManager[bool]:
        """Hold the lease for the block; yields whether it is held."""
        ...


class Backoff:
    """Pauses that double from `first` to `longest` seconds, each shortened at random by up to a half."""

    def __init__(self, first: float = 1.0, longest: float = 60.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def next(self) -> float:
        """The pause after one more failure, in seconds."""
        pause = min(self._longest, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It works again."""
        self._failures = 0


class Poller:
    """Polls Telegram while it holds the lease, and hands what people say to `receiver`.

    After any trouble the lease is given back and taken again, so that a process that lost it unawares stops polling.
    `wait_seconds` is how long Telegram holds a request open, `lease_pause` how often a taken lease is looked at.
    """

    def __init__(
        self,
        bot: TelegramBot,
        receiver: Receiver,
        leases: PollerLeases,
        *,
        wait_seconds: int = WAIT_SECONDS,
        lease_pause: float = 2.0,
        backoff: Backoff | None = None,
    ) -> None:
        self._bot = bot
        self._receiver = receiver
        self._leases = leases
        self._wait_seconds = wait_seconds
        self._lease_pause = lease_pause
        self._backoff = backoff or Backoff()
        self._answers = CallbackAnswers(bot)
        self._me: User | None = None
        self._offset: int | None = None
        self._refusals = 0
        self._in_conflict = False
        self._log = log.get(__name__)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set; a request under way is given up at once. Raises TokenRefused."""
        try:
            while not stop.is_set():
                await _until(stop, asyncio.sleep(await self._poll_once_held(stop)))
        finally:
            await self._answers.close()

    async def _poll_once_held(self, stop: asyncio.Event) -> float:
        """Poll under the lease until `stop` or trouble; returns the pause before the next attempt, in seconds."""
        try:
            async with self._leases.held(LEASE, wait=False) as ours:
                if ours:
                    await self._poll(stop)
            return self._lease_pause
        except (InvalidToken, EndPointNotFound):
            return self._pause_after_refusal()
        except RetryAfter as error:
            self._log.warning("poll_flood_control", seconds=retry_seconds(error))
            return retry_seconds(error)
        except Conflict as error:
            if not self._in_conflict:
                self._log.warning("poll_conflict", error=describe(error))
            self._in_conflict = True
        except Exception as error:
            self._log.warning("poll_failed", error=describe(error), where=_where(error))
        return self._backoff.next()

    def _pause_after_refusal(self) -> float:
        """A token that has worked is not given up for a single 404, which any proxy may invent."""
        self._refusals += 1
        if self._me is None or self._refusals >= _REFUSALS:
            self._log.error("telegram_token_refused")
            raise TokenRefused() from None
        return self._backoff.next()

    async def _poll(self, stop: asyncio.Event) -> None:
        if self._me is None:
            self._me = await _until(stop, self._introduce())
        while not stop.is_set():
            batch = await _until(stop, self._bot.fetch_updates(self._offset, self._wait_seconds))
            if batch is None:
                return
            await self._take(batch)
            self._backoff.reset()
            self._refusals = 0
            self._in_conflict = False

    async def _introduce(self) -> User:
        """Once at the start: who am I, no webhook, the command menu."""
        me = await self._bot.get_me()
        await self._bot.delete_webhook()
        try:
            await self._bot.set_my_commands([BotCommand(name, words) for name, words in wording.COMMANDS])
        except TelegramError as error:
            self._log.warning("command_menu_failed", error=describe(error))
        self._log.info("polling", bot=me.id)
        return me

    async def _take(self, batch: list[dict[str, Any]]) -> None:
        """Hand a batch over; only when it is stored does the offset move on."""
        messages: list[IncomingMessage] = []
        presses: list[str] = []
        for raw in batch:
            self._read(raw, messages, presses)
        if messages:
            await self._receiver.receive(messages)
        # After an empty answer nothing is left to confirm. The offset must not outlive that: after a quiet week
        # Telegram counts on from a random number, which may be a smaller one.
        self._offset = max((raw["update_id"] for raw in batch), default=-1) + 1 or None
        for press in presses:
            self._answers.answer(press)

    def _read(self, raw: dict[str, Any], messages: list[IncomingMessage], presses: list[str]) -> None:
        try:
            update = Update.de_json(raw, self._bot)
            message = read_update(update, self._me)
        except Exception as error:  # one update nobody can read must not hold up all that follow
            self._log.error("update_unreadable", update=raw.get("update_id"), error=type(error).__name__)
            return
        if message is not None:
            messages.append(message)
        if update.callback_query is not None:
            presses.append(update.callback_query.id)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`, or None when `stop` was set first: then the work is cancelled."""
    task = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for either in (task, stopped):
            either.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


def _where(error: BaseException) -> str:
    """File and line of the innermost frame: all that may be logged of an error whose text may hold a message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "?"
