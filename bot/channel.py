"""Telegram as a channel of the outbox: one message to one chat, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import telegram
from telegram import InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.failures import describe, read_failure
from bot.pacing import SPACING, Pace
from bot.progress import Progress, Unfinished
from bot.render import Part, render
from bot.updates import CHANNEL
from core import log
from messaging.channel import Blocked, Outcome, Rejected, RetryAfter, Sent, Uncertain
from messaging.messages import OutMessage

_CHAT_ID = re.compile(r"-?[0-9]{1,19}")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@lru_cache(maxsize=16)
def _rendered(message: OutMessage) -> tuple[Part, ...]:
    """An announcement has the same parts for everybody."""
    return tuple(render(message))


class TelegramChannel:
    """Sends a message's parts in order. Addresses are chat ids in decimal.

    When a later part must be tried again, the parts that were delivered are not repeated (in this process).
    """

    name = CHANNEL

    def __init__(self, bot: telegram.Bot, *, spacing: float = SPACING) -> None:
        self._bot = bot
        self._pace = Pace(spacing)
        self._unfinished = Unfinished()
        self._log = log.get(__name__)

    async def send(self, address: str, message: OutMessage) -> Outcome:
        """Deliver `message` to the chat `address`. `Sent` holds the id of the first part."""
        if not _CHAT_ID.fullmatch(address):
            return Blocked("not a chat id")
        parts = _rendered(message)
        if not parts:
            return Rejected("nothing to send")
        progress = self._unfinished.of(address, message)
        outcome = await self._send_rest(address, message, parts, progress)
        if not isinstance(outcome, RetryAfter | Uncertain):
            self._unfinished.forget(address, message)
        return outcome

    def parts(self, message: OutMessage) -> int:
        """How many Telegram messages `message` takes."""
        return len(_rendered(message))

    async def _send_rest(self, address: str, message: OutMessage, parts: Sequence[Part], progress: Progress) -> Outcome:
        for part in parts[progress.parts :]:
            await self._pace.turn(address)
            outcome = await self._send_part(address, part)
            if not isinstance(outcome, Sent):
                return outcome
            progress.parts += 1
            progress.first_id = progress.first_id or outcome.message_id
            self._unfinished.record(address, message, progress)
        return Sent(progress.first_id)

    async def _send_part(self, chat: str, part: Part) -> Outcome:
        try:
            return await self._say(chat, part)
        except TelegramError as error:
            return read_failure(error)
        except Exception as error:  # an answer of an unknown shape; the message is probably there
            self._log.warning("telegram_answer_unreadable", error=describe(error))
            return Uncertain(describe(error))

    async def _say(self, chat: str, part: Part) -> Sent:
        try:
            return await self._post(chat, part.html, ParseMode.HTML, part.markup)
        except ChatMigrated as moved:
            return await self._post(str(moved.new_chat_id), part.html, ParseMode.HTML, part.markup)
        except BadRequest as error:
            if "can't parse entities" not in str(error).lower():
                raise
            self._log.warning("telegram_markup_refused", error=describe(error))
            return await self._post(chat, part.text, None, part.markup)

    async def _post(self, chat: str, text: str, mode: str | None, markup: InlineKeyboardMarkup | None) -> Sent:
        message = await self._bot.send_message(
            chat, text, parse_mode=mode, reply_markup=markup, link_preview_options=_NO_PREVIEW
        )
        return Sent(str(message.message_id))
