"""A message from the web on its way into the dialogue, and a conversation on its way back: shared by API and pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import uuid4

from api import wording
from api.parts import Parts
from conversation.engine import Handled, Turn
from conversation.messages import IncomingMessage
from core.errors import BadInput
from core.text import clean
from messaging.messages import CHOICE_BYTES

CHANNEL = "web"
KEPT_CHARACTERS = 4000
"""A text is kept up to here: it is far beyond what is answered, and what follows would only fill the database."""


class TextOrChoice(BadInput):
    """A message is either a text or a choice."""

    code = "text_or_choice"
    default = wording.TEXT_OR_CHOICE


@dataclass(frozen=True)
class Said:
    """What a person said: typed `text`, or the `choice` of a button. Exactly one is not None."""

    text: str | None
    choice: str | None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.choice is None):
            raise TextOrChoice()


def message(session: str, said: Said, external_id: str | None) -> IncomingMessage:
    """The dialogue's message of a session. Without an id it is a new message each time."""
    external_id = external_id or uuid4().hex
    if said.choice is not None:
        choice = clean(said.choice)[: CHOICE_BYTES + 1]
        return IncomingMessage(CHANNEL, session, external_id, "choice", choice=choice)
    text = clean(said.text or "").replace("\r\n", "\n")[:KEPT_CHARACTERS]
    return IncomingMessage(CHANNEL, session, external_id, "text", text=text)


async def say(parts: Parts, session: str, said: Said, external_id: str | None) -> Handled:
    """Have the dialogue answer; the replies and what else came of it, as JSON values."""
    return await parts.conversations.handle(message(session, said, external_id))


async def history(parts: Parts, session: str) -> list[Turn]:
    """The last turns of a session, oldest first; a pressed button is shown by its label."""
    turns = await parts.conversations.transcript(CHANNEL, session)
    labels: dict[str, str] = {}
    shown: list[Turn] = []
    for turn in turns:
        shown.append(replace(turn, text=labels.get(turn.text, turn.text)))
        for reply in turn.replies:
            labels.update((choice["id"], choice["label"]) for choice in reply["choices"])
    return shown
