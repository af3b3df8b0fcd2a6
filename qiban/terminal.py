"""Questions and the whole dialogue in the terminal."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from conversation.engine import Handled
from conversation.messages import IncomingMessage
from core import regions
from core.jobs import Job
from core.settings import Settings
from firms.catalogue import Catalogue, Fact
from knowledge.answer import Answer
from messaging import outbox
from qiban import wording
from qiban.bootstrap import open_services

CHANNEL = "terminal"

_BY_BUTTON = frozenset({"boolean", "choice", "choices"})
"""Kinds of facts whose answer is never a number, so that a number alone picks a choice."""


async def ask(settings: Settings, text: str, as_of: date | None, region: str | None) -> Answer:
    """The answer to one question."""
    async with open_services(settings) as services:
        code = regions.find(region).code if region else None
        return await services.advisor.answer(text, as_of=as_of, region=code)


def answer_text(answer: Answer) -> str:
    """An answer for the terminal: notices first, then the text."""
    return _readable(answer.to_json())


async def chat(settings: Settings, session: str | None, *, as_json: bool) -> None:
    """Read lines from stdin until it ends, and print the replies to each. A number picks the choice of
    that number (while a number is asked for: `#` and the number)."""
    name = session or secrets.token_hex(4)
    interactive = sys.stdin.isatty()
    if interactive and not as_json:
        sys.stderr.write(wording.CHAT_HINT.format(session=name) + "\n")
    async with open_services(settings) as services:
        offer = Offer()
        while (line := await asyncio.to_thread(_read_line, interactive)) is not None:
            handled = await services.conversations.handle(_message(name, line, offer))
            offer = offered(handled, services.assessor.catalogue)
            if as_json:
                value = {"session": name, "replies": handled.replies, **handled.outcome}
                write(json.dumps(value, ensure_ascii=False))
            else:
                write("\n".join(_lines(handled, offer)))


@dataclass(frozen=True)
class Offer:
    """The choices of the newest replies, and what is typed before a choice's number: `#` while a number may be the
    answer itself."""

    choices: tuple[Mapping[str, Any], ...] = ()
    prefix: str = ""

    def picked(self, typed: str) -> Mapping[str, Any] | None:
        """The choice whose number was typed; `#2` is always one."""
        bare = typed.removeprefix("#") if typed.startswith("#") else typed.removeprefix(self.prefix)
        if (self.prefix and bare == typed) or not (bare.isascii() and bare.isdigit()) or len(bare) > 3:
            return None
        return self.choices[int(bare) - 1] if 1 <= int(bare) <= len(self.choices) else None


def offered(handled: Handled, catalogue: Catalogue) -> Offer:
    """What can be picked now."""
    choices = tuple(choice for reply in handled.replies for choice in reply["choices"])
    asking = handled.outcome["asking"]
    fact = catalogue.get(asking["fact"]) if asking else None
    return Offer(choices, "" if not isinstance(fact, Fact) or fact.kind in _BY_BUTTON else "#")


def _read_line(interactive: bool) -> str | None:
    """The next line, None at the end. Bytes that are no UTF-8 are read as GB18030, else replaced."""
    if interactive:
        sys.stderr.write("> ")
        sys.stderr.flush()
    raw = sys.stdin.buffer.readline()
    if not raw:
        return None
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace").rstrip("\r\n")


def _message(session: str, line: str, offer: Offer) -> IncomingMessage:
    identity = {"channel": CHANNEL, "address": session, "external_id": uuid4().hex}
    typed = line.strip()
    if (choice := offer.picked(typed)) is not None:
        return IncomingMessage(**identity, kind="choice", choice=str(choice["id"]))
    if typed.startswith("/") and len(typed) > 1:
        command, _, argument = typed[1:].partition(" ")
        return IncomingMessage(**identity, kind="command", text=command.lower(), argument=argument)
    return IncomingMessage(**identity, kind="text", text=line)


def _lines(handled: Handled, offer: Offer) -> list[str]:
    """The replies as they are printed, the choices numbered over all of them."""
    lines: list[str] = []
    number = 0
    for reply in handled.replies:
        if reply["progress"]:
            lines.append(wording.PROGRESS.format(**reply["progress"]))
        lines.append(_readable(reply))
        for choice in reply["choices"]:
            number += 1
            lines.append(wording.CHOICE.format(key=f"{offer.prefix}{number}", label=choice["label"]))
    return lines


def _readable(said: Mapping[str, Any]) -> str:
    """Notices, text, sources and cards of an answer's or a reply's JSON value."""
    notices = [wording.NOTICE.format(text=notice) for notice in said["notices"]]
    sources = [wording.SOURCE.format(**citation) for citation in said["citations"]]
    cards = [line for card in said.get("cards", ()) for line in _card(card)]
    return "\n".join([*notices, said["text"], *sources, *cards])


def _card(card: Mapping[str, Any]) -> list[str]:
    return [wording.CARD.format(title=card["title"]), *(wording.CARD_LINE.format(line=line) for line in card["lines"])]


def write(text: str) -> None:
    """Print a text on stdout in UTF-8, whatever the terminal's encoding."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.flush()


async def job_counts(settings: Settings) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Jobs counted by name and state, deliveries by state."""
    async with open_services(settings) as services, services.database.reading() as session:
        rows = await session.execute(select(Job.name, Job.state, func.count()).group_by(Job.name, Job.state))
        found = [{"name": name, "state": state, "count": count} for name, state, count in rows.all()]
        return found, await outbox.counts(session)
