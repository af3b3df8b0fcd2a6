"""One raw update, read for the webhook. Pure: nothing is asked and nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Update, User
from telegram.constants import ChatType

from bot.client import TelegramBot
from bot.updates import read_update
from conversation.messages import IncomingMessage

_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


class Unreadable(Exception):
    """This is no update, or one of a shape that the library does not know."""


@dataclass(frozen=True)
class Reading:
    """What an update holds for us.

    `press` is the callback query to be answered once the message is stored. `undecided`: it comes from a group, and
    only who knows the bot's own name can say whether it is meant for the bot.
    """

    message: IncomingMessage | None
    press: str | None
    undecided: bool


def read(raw: object, bot: TelegramBot, me: User | None) -> Reading:
    """Read an update as it came; `me` is the bot's own account, None while it is not known. Raises Unreadable."""
    if not isinstance(raw, dict) or type(raw.get("update_id")) is not int:
        raise Unreadable
    try:
        update = Update.de_json(raw, bot)
        message = read_update(update, me)
    except Exception as error:  # the library's errors are of every kind, and their texts may hold what was written
        raise Unreadable(type(error).__name__) from None
    query = update.callback_query
    undecided = me is None and message is None and _is_from_group(update)
    return Reading(message, query.id if query is not None else None, undecided)


def _is_from_group(update: Update) -> bool:
    said = update.message or update.edited_message
    return said is not None and said.chat.type in _GROUPS
