"""Questions and the whole dialogue in the terminal."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from conversation.messages import IncomingMessage
from core import regions
from core.jobs import Job
from core.settings import Settings
from knowledge.answer import Answer
from messaging import outbox
from qiban import wording
from qiban.bootstrap import open_services

CHANNEL = "terminal"


async def ask(settings: Settings, text: str, as_of: date | None, region: str | None) -> Answer:
    """The answer to one question."""
    async with open_services(settings) as services:
        code = regions.find(region).code if region else None
        return await services.advisor.answer(text, as_of=as_of, region=code)


def answer_text(answer: Answer) -> str:
    """An answer for the terminal: notices first, then the text."""
    return _readable(answer.to_json())


async def chat(settings: Settings, session: str | None, *, as_json: bool) -> None:
    """Read lines from stdin until it ends, and print the replies to each. A number picks the choice of that number."""
    name = session or secrets.token_hex(4)
    interactive = sys.stdin.isatty()
    if interactive and not as_json:
        sys.stderr.write(wording.CHAT_HINT.format(session=name) + "\n")
    async with open_services(settings) as services:
        offered: list[Mapping[str, Any]] = []
        while (line := await asyncio.to_thread(_read_line, interactive)) is not None:
            message = _message(name, line, offered)
            handled = await services.conversations.handle(message)
            offered = [choice for reply in handled.replies for choice in reply["choices"]]
            if as_json:
                _write(json.dumps({"session": name, "replies": handled.replies}, ensure_ascii=False))
            else:
                for reply in handled.replies:
                    _write(_reply_text(reply))


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


def _message(session: str, line: str, offered: list[Mapping[str, Any]]) -> IncomingMessage:
    identity = {"channel": CHANNEL, "address": session, "external_id": uuid4().hex}
    typed = line.strip()
    if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(offered):
        return IncomingMessage(**identity, kind="choice", choice=str(offered[int(typed) - 1]["id"]))
    if typed.startswith("/") and len(typed) > 1:
        command, _, argument = typed[1:].partition(" ")
        return IncomingMessage(**identity, kind="command", text=command.lower(), argument=argument)
    return IncomingMessage(**identity, kind="text", text=line)


def _reply_text(reply: Mapping[str, Any]) -> str:
    choices = [f"  [{number}] {choice['label']}" for number, choice in enumerate(reply["choices"], start=1)]
    return "\n".join([_readable(reply), *choices])


def _readable(said: Mapping[str, Any]) -> str:
    """Notices, text and sources of an answer's or a reply's JSON value."""
    sources = [wording.SOURCE.format(**citation) for citation in said["citations"]]
    return "\n".join([*(f"〔{notice}〕" for notice in said["notices"]), said["text"], *sources])


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.flush()


async def job_counts(settings: Settings) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Jobs counted by name and state, deliveries by state."""
    async with open_services(settings) as services, services.database.reading() as session:
        rows = await session.execute(select(Job.name, Job.state, func.count()).group_by(Job.name, Job.state))
        found = [{"name": name, "state": state, "count": count} for name, state, count in rows.all()]
        return found, await outbox.counts(session)
