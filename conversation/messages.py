"""What comes in and what goes out, without any channel in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from conversation import wording
from knowledge.answer import Citation, Computed, Status, plain
from messaging.messages import Attachment, Card, Choice, OutMessage, Quote

Kind = Literal["text", "choice", "command", "media"]


@dataclass(frozen=True)
class IncomingMessage:
    """One message of one person.

    `channel` and `address` name the conversation (telegram + chat id, web + session, terminal + session).
    `external_id` is the channel's own id of the message: the same one twice counts once.
    `kind` text: `text` is what was typed. choice: `choice` is a button's id. command: `text` is the command's name
    without slash (start, help, cancel, ask ...), `argument` the rest. media: `media` says what it was (sticker, photo,
    voice, audio, video, animation, document, location, contact, poll, dice, other) and `text` is its caption, if any.
    """

    channel: str
    address: str
    external_id: str
    kind: Kind
    text: str = ""
    choice: str = ""
    argument: str = ""
    media: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(**value)


@dataclass(frozen=True)
class Progress:
    """How far a form is: questions done, questions left."""

    done: int
    left: int


@dataclass(frozen=True)
class Reply:
    """One reply. `status` is an answer's status, None for anything else.

    All texts are plain; the channel escapes them. A `private` one is delivered as it is, and kept without what it says:
    somebody's name and telephone number have no place in a conversation that is shown again.
    """

    text: str
    status: Status | None = None
    notices: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    computed: tuple[Computed, ...] = ()
    choices: tuple[Choice, ...] = ()
    cards: tuple[Card, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    progress: Progress | None = None
    private: bool = False

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON value of a reply, as it is delivered."""
        value: dict[str, Any] = plain(asdict(self))
        del value["private"]
        return value

    def kept(self) -> dict[str, Any]:
        """The same as it is stored: a private one says that its contents are not kept, its buttons stay."""
        shown = Reply(wording.NOT_KEPT, choices=self.choices) if self.private else self
        return shown.to_json()


@dataclass(frozen=True)
class Outcome:
    """What a message brought about in a form, as the contract's JSON values: the fact that is asked for now, what was
    understood from this message, and the verdict once there is one."""

    asking: dict[str, Any] | None = None
    read: tuple[dict[str, Any], ...] = ()
    assessment: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return {"asking": self.asking, "read": list(self.read), "assessment": self.assessment}


NOTHING = Outcome()
"""No form is being filled in."""


def to_message(reply: dict[str, Any], document_url: str | None) -> OutMessage:
    """The outbox message of a reply's JSON value.

    `document_url` is the public address under which documents are shown (None: no links in messages).
    """
    quotes = tuple(
        Quote(
            source=f"《{citation['document']}》{citation['label']}",
            text=citation["quote"],
            url=f"{document_url}/documents/{citation['document_id']}?start={citation['start']}&end={citation['end']}#quote"
            if document_url
            else None,
        )
        for citation in reply["citations"]
    )
    progress = reply["progress"]
    return OutMessage(
        text=reply["text"] + (wording.PROGRESS.format(**progress) if progress else ""),
        notices=tuple(reply["notices"]),
        quotes=quotes,
        choices=tuple(Choice(**choice) for choice in reply["choices"]),
        attachments=tuple(Attachment(**attachment) for attachment in reply["attachments"]),
        cards=tuple(Card(card["title"], tuple(card["lines"]), card["url"]) for card in reply["cards"]),
    )
