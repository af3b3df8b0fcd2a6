"""Thumbs under an answer: the buttons, and what a press on one brings about.

The buttons' `ref` names the answered message within its conversation and their version is the day the answer was given
for, so that they never go stale: whatever was said since, they are about their own answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from conversation import feedback_wording as wording
from conversation.messages import Reply
from conversation.models import Inbound
from conversation.moves import Asker
from core.database import Database
from knowledge.feedback import REASONS, Given, Votes
from messaging.messages import Choice, ChoiceId, encode_choice

UP, DOWN, REASON = "up", "down", "down-why"
ACTIONS = frozenset({UP, DOWN, REASON})
_REF = 16


class Feedback:
    """`today` is the service's date, `region` the code of the asker's region where he named none."""

    def __init__(self, database: Database, votes: Votes, today: Callable[[], date], *, region: str) -> None:
        self._database = database
        self._votes = votes
        self._today = today
        self._region = region

    def buttons(self, external_id: str) -> tuple[Choice, ...]:
        """The thumbs under the answer to a message of this id."""
        ref, day = reference(external_id), int(f"{self._today():%Y%m%d}")
        return (
            Choice(encode_choice(UP, ref, day), wording.BUTTON_UP),
            Choice(encode_choice(DOWN, ref, day), wording.BUTTON_DOWN),
        )

    async def press(self, choice: ChoiceId, asker: Asker) -> tuple[Reply, str]:
        """What is said to a press, and what the button says. The same press again changes nothing."""
        if choice.action == REASON:
            return await self._reason(choice, asker)
        said = wording.BUTTON_UP if choice.action == UP else wording.BUTTON_DOWN
        given = await self._given(choice, asker)
        if given is None:
            return Reply(wording.ANSWER_GONE), said
        new = await self._votes.vote(given, "up" if choice.action == UP else "down")
        if choice.action == UP:
            return Reply(wording.THANKS_UP if new else wording.KNOWN), said
        return Reply(wording.THANKS_DOWN if new else wording.KNOWN, choices=_reasons(choice)), said

    async def _reason(self, choice: ChoiceId, asker: Asker) -> tuple[Reply, str]:
        ref, _, reason = choice.ref.partition(".")
        said = REASONS.get(reason, wording.BUTTON_DOWN)
        kept = await self._votes.give_reason(asker.channel, asker.address, ref, reason)
        return Reply(wording.THANKS_REASON if kept else wording.ANSWER_GONE), said

    async def _given(self, choice: ChoiceId, asker: Asker) -> Given | None:
        """The answer that a button is about, from the conversation itself; None where it holds none such."""
        inbound = await self._inbound(choice.ref, asker)
        as_of = _day(choice.version)
        if inbound is None or as_of is None:
            return None
        answered = next((reply for reply in inbound.replies if reply["status"] == "answered"), None)
        if answered is None:
            return None
        return Given(
            channel=asker.channel,
            address=asker.address,
            ref=choice.ref,
            question=_question(inbound.message),
            region=self._region,
            status="answered",
            as_of=as_of,
            cited=tuple(map(_cited, answered["citations"])),
        )

    async def _inbound(self, ref: str, asker: Asker) -> Inbound | None:
        own = (Inbound.channel == asker.channel, Inbound.address == asker.address)
        async with self._database.reading() as session:
            known = await session.execute(select(Inbound.id, Inbound.external_id).where(*own, Inbound.state == "done"))
            found = next((row_id for row_id, external_id in known if reference(external_id) == ref), None)
            return None if found is None else await session.get(Inbound, found)


def reference(external_id: str) -> str:
    """The name of a message on buttons: as short as a button needs, and nothing of the channel's own id in it."""
    return hashlib.sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()[:_REF]


def _reasons(choice: ChoiceId) -> tuple[Choice, ...]:
    return tuple(
        Choice(encode_choice(REASON, f"{choice.ref}.{reason}", choice.version), label)
        for reason, label in REASONS.items()
    )


def _question(message: Mapping[str, Any]) -> str:
    """What was asked: typed, behind a command, or on a button."""
    return str(message["argument"] if message["kind"] == "command" else message["text"])


def _cited(citation: Mapping[str, Any]) -> dict[str, Any]:
    return {name: citation[name] for name in ("document_id", "clause", "start", "end")}


def _day(version: int) -> date | None:
    try:
        return date.fromisoformat(str(version))
    except ValueError:
        return None
