"""An Update of Telegram becomes an IncomingMessage. Pure: nothing is asked and nothing is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass

from telegram import CallbackQuery, Message, Update, User
from telegram.constants import ChatType, MessageEntityType

from conversation.messages import IncomingMessage, Kind
from core.text import clean

CHANNEL = "telegram"

_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)

# The first that a message has is what it is: an animation also comes as a document, a venue as a location.
_MEDIA = (
    "sticker",
    "photo",
    "voice",
    "video",
    "animation",
    "document",
    "location",
    "contact",
    "poll",
    "audio",
    "dice",
)

# Telegram itself wants a blank after the name; people who write Chinese leave it out (/ask负债率).
_COMMAND = re.compile(
    r"/(?P<name>[A-Za-z][A-Za-z0-9_]{0,63})(?:@(?P<bot>[A-Za-z0-9_]+))?(?![A-Za-z0-9_@/<>])(?P<argument>.*)", re.DOTALL
)


@dataclass(frozen=True)
class _Command:
    name: str
    bot: str | None
    argument: str


def read_update(update: Update, me: User | None = None) -> IncomingMessage | None:
    """What a person said in `update`, or None when it is nothing for us.

    `me` is the bot's own account. In groups only commands, replies to `me` and messages that mention `me` are read
    (without `me` only commands and replies to any bot), and a command for another bot is not. An edited text is read
    like a new one; other edits (a live location moves every few seconds) are not read. The address is the chat.
    """
    if update.callback_query is not None:
        return _read_press(update.update_id, update.callback_query)
    message = update.message or update.edited_message
    if message is None or not _from_a_person(message) or (update.message is None and message.text is None):
        return None
    command = _read_command(clean(message.text or ""))
    if message.chat.type in _GROUPS and not _is_for(me, message, command):
        return None
    return _read_message(update.update_id, message, command, me)


def _read_press(update_id: int, query: CallbackQuery) -> IncomingMessage | None:
    if query.message is None or query.data is None:
        return None
    return _incoming(update_id, query.message.chat.id, "choice", choice=clean(query.data))


def _read_message(
    update_id: int, message: Message, command: _Command | None, me: User | None
) -> IncomingMessage | None:
    chat = message.chat.id
    if command is not None:
        return _incoming(update_id, chat, "command", text=command.name, argument=command.argument)
    text = clean(message.text if message.text is not None else message.caption or "")
    if message.chat.type in _GROUPS:
        text = _without_mention(text, me)
    if message.text is not None:
        return _incoming(update_id, chat, "text", text=text)
    media = _media(message)
    return None if media is None else _incoming(update_id, chat, "media", text=text, media=media)


def _incoming(
    update_id: int, chat: int, kind: Kind, *, text: str = "", choice: str = "", argument: str = "", media: str = ""
) -> IncomingMessage:
    return IncomingMessage(
        channel=CHANNEL,
        address=str(chat),
        external_id=str(update_id),
        kind=kind,
        text=text,
        choice=choice,
        argument=argument,
        media=media,
    )


def _from_a_person(message: Message) -> bool:
    """Not a post forwarded by its channel, nor another bot's message (an anonymous administrator counts as one)."""
    if message.is_automatic_forward:
        return False
    return message.from_user is None or not message.from_user.is_bot or message.sender_chat is not None


def _read_command(text: str) -> _Command | None:
    found = _COMMAND.match(text)
    if found is None:
        return None
    return _Command(found["name"].lower(), found["bot"], found["argument"].strip())


def _media(message: Message) -> str | None:
    """The name of what was sent; "other" for kinds without a name of ours, None for service messages."""
    for name in _MEDIA:
        if getattr(message, name):
            return name
    return "other" if message.effective_attachment is not None else None


def _is_for(me: User | None, message: Message, command: _Command | None) -> bool:
    if command is not None:
        return command.bot is None or me is None or command.bot.lower() == (me.username or "").lower()
    return _answers(me, message) or _mentions(me, message)


def _answers(me: User | None, message: Message) -> bool:
    earlier = message.reply_to_message
    if earlier is None or earlier.from_user is None:
        return False
    return earlier.from_user.is_bot if me is None else earlier.from_user.id == me.id


def _mentions(me: User | None, message: Message) -> bool:
    if me is None:
        return False
    entities = (*message.entities, *message.caption_entities)
    if any(entity.type == MessageEntityType.TEXT_MENTION and entity.user == me for entity in entities):
        return True
    # Not by the entities' offsets: those cannot be counted in a text with a lone surrogate.
    return bool(me.username and _mention(me.username).search(clean(message.text or message.caption or "")))


def _without_mention(text: str, me: User | None) -> str:
    if me is None or not me.username:
        return text
    return _mention(me.username).sub(" ", text).strip()


def _mention(username: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_@])@{re.escape(username)}(?![A-Za-z0-9_])", re.IGNORECASE)
