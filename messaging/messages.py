"""What is sent, without any channel in it: text, quotes, choices; and the codec of a choice's id."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Self

from core.errors import BadInput

CHOICE_BYTES = 64
"""A choice's id is at most this many bytes of UTF-8 (Telegram's limit on callback data)."""

_PART = re.compile(r"[A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Choice:
    """A button. `id` is `action:ref:version`, made by `encode_choice`; `label` is what a person reads."""

    id: str
    label: str


@dataclass(frozen=True)
class ChoiceId:
    """The parts of a choice's id: what to do, on what, and the version of the state it was offered in."""

    action: str
    ref: str
    version: int


def encode_choice(action: str, ref: str = "", version: int = 0) -> str:
    """`action:ref:version`; ValueError when a part holds more than A-Z a-z 0-9 _ . - or the whole exceeds 64 bytes."""
    encoded = f"{action}:{ref}:{version}"
    if not action or not _PART.fullmatch(action) or not _PART.fullmatch(ref) or len(encoded) > CHOICE_BYTES:
        raise ValueError(f"not a choice id: {encoded!r}")
    return encoded


def decode_choice(encoded: str) -> ChoiceId:
    """Read a choice's id back. Raises BadInput for anything `encode_choice` did not make."""
    parts = encoded.split(":")
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts) or not parts[0]:
        raise BadInput("这个按钮已失效。")
    action, ref, version = parts
    if not (version.isascii() and version.isdigit()) or len(encoded) > CHOICE_BYTES:
        raise BadInput("这个按钮已失效。")
    return ChoiceId(action, ref, int(version))


@dataclass(frozen=True)
class Quote:
    """A literal quotation under a message: where it is from, the words, and the page that shows it in place."""

    source: str
    text: str
    url: str | None = None


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message: its name, its media type, and where to fetch it."""

    name: str
    type: str
    url: str


@dataclass(frozen=True)
class Card:
    """A titled block under a message (an offer, an event, a verdict): `lines` are plain text."""

    title: str
    lines: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True)
class OutMessage:
    """A message to one address. All texts are plain: the channel escapes them for its own markup."""

    text: str
    notices: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    choices: tuple[Choice, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    cards: tuple[Card, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A value for a JSON column; `from_json` reads it back equal."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The message that `to_json` wrote."""
        return cls(
            text=value["text"],
            notices=tuple(value.get("notices", ())),
            quotes=tuple(Quote(**quote) for quote in value.get("quotes", ())),
            choices=tuple(Choice(**choice) for choice in value.get("choices", ())),
            attachments=tuple(Attachment(**attachment) for attachment in value.get("attachments", ())),
            cards=tuple(
                Card(card["title"], tuple(card.get("lines", ())), card.get("url")) for card in value.get("cards", ())
            ),
        )
