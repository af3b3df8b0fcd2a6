"""A person's way through a self-check, and the ways to talk to the service: Telegram, the JSON API, the terminal.

A `Script` reads what is asked and answers it from the person's table (`tests.acceptance.people`).
"""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import uuid4

import httpx
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from conversation import wording
from conversation.dialogue import State
from conversation.engine import Conversations
from conversation.feedback import ACTIONS as THUMBS
from conversation.messages import IncomingMessage
from conversation.models import Conversation, Inbound
from core.errors import BadInput
from firms.catalogue import catalogue
from firms.facts import Key
from messaging.messages import decode_choice
from tests.acceptance.people import BEGIN, EMOJI, LAST_YEAR, POLICY, Person, Press, Said, Sticker, key_of
from tests.acceptance.process import COMMAND, Service, environment
from tests.telegram_server import TelegramServer

PATIENCE = 90.0
"""Seconds until a reply has to be there, on a machine that does other things too."""


# -------------------------------------------------------------------------------------------------- a script


@dataclass(frozen=True)
class Heard:
    """What came back: the replies' texts, the newest buttons (words to id), the question that is open now, what was
    understood, and the verdict. Over Telegram the question is read from the text; `read` and `assessment` are empty."""

    texts: tuple[str, ...]
    buttons: Mapping[str, str]
    asking: Key | None
    read: tuple[Mapping[str, Any], ...] = ()
    assessment: Mapping[str, Any] | None = None

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Heard:
        """From the contract's JSON value."""
        asking = value["asking"]
        return cls(
            tuple(reply["text"] for reply in value["replies"]),
            {choice["label"]: choice["id"] for reply in value["replies"] for choice in reply["choices"]},
            (asking["fact"], asking["year"]) if asking else None,
            tuple(value["read"]),
            value["assessment"],
        )


@dataclass(frozen=True)
class Exchange:
    """A question, what was said to it, and what came back."""

    key: Key
    said: Said
    heard: Heard


@dataclass
class Script:
    """A person who is at it: answers what is asked, and remembers what came back. A question that is asked more often
    than the person has something to say to it fails the test: an answer was lost."""

    person: Person
    past: list[Exchange] = field(default_factory=list)
    _left: dict[Key, list[Said]] = field(default_factory=dict)
    _open: tuple[Key, Said] | None = None

    def __post_init__(self) -> None:
        self._left = {
            key_of(name): list(said) if isinstance(said, tuple) else [said] for name, said in self.person.says.items()
        }

    def answer(self, heard: Heard) -> Said | None:
        """What is said to it; None when nothing is asked any more."""
        if self._open is not None:
            self.past.append(Exchange(*self._open, heard))
            self._open = None
        if heard.asking is None:
            return None
        left = self._left.get(heard.asking, [])
        assert left, f"{self.person.name} is asked {heard.asking} once too often: {heard.texts}"
        said = left.pop(0)
        self._open = (heard.asking, said)
        return said

    def read(self) -> dict[str, Any]:
        """All that was understood, as facts of the contract; what was said later counts."""
        return facts_of(item for exchange in self.past for item in exchange.heard.read)

    def check(self) -> None:
        """Everything was said; the policy question was answered, and what is no answer was asked again."""
        assert {key: said for key, said in self._left.items() if said} == {}
        assert {exchange.key for exchange in self.past} == self.person.asked()
        sidesteps = [exchange for exchange in self.past if exchange.said in (POLICY, Sticker())]
        assert len(sidesteps) == 2
        for exchange in sidesteps:
            assert exchange.heard.asking == exchange.key
            assert exchange.heard.read == ()
        answered = next(exchange.heard for exchange in sidesteps if exchange.said == POLICY)
        assert any("不高于70%" in text for text in answered.texts[:-1])
        assert wording.CHECK_GOES_ON in answered.texts[-1]


def facts_of(read: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Facts as the contract writes them, from the contract's `read`."""
    facts: dict[str, Any] = {}
    for item in read:
        bounds = {name: item[name] for name in ("min", "max", "above", "below") if name in item}
        value = bounds or item["value"]
        if item["year"] is None:
            facts[item["fact"]] = value
        else:
            facts.setdefault(item["fact"], {})[str(item["year"])] = value
    return facts


class Line(Protocol):
    """A way to talk to the service."""

    def say(self, said: Said) -> Heard: ...


def interview(person: Person, line: Line) -> tuple[Script, Heard]:
    """The whole self-check, from the first word to the verdict."""
    script = Script(person)
    heard = line.say(BEGIN)
    while (said := script.answer(heard)) is not None:
        heard = line.say(said)
    return script, heard


# ---------------------------------------------------------------------------------------------------- lines


class WebLine:
    """`POST /api/v1/chat`; each message has an id of its own."""

    channel = "web"

    def __init__(self, service: Service, session: str | None = None) -> None:
        self._service = service
        self.address = session or f"web-{uuid4().hex}"
        self._buttons: Mapping[str, str] = {}
        self._last: dict[str, Any] = {}
        self._replied: dict[str, Any] | None = None

    def say(self, said: Said) -> Heard:
        self.write(said)
        return self.hear()

    def write(self, said: Said) -> None:
        """Have a message ready, with its id."""
        words = {"choice": self._buttons[said.label]} if isinstance(said, Press) else {"text": _typed(said)}
        self._last = {"session": self.address, "id": uuid4().hex, **words}

    def hear(self) -> Heard:
        """Send the message, again and again while nobody is there, until there is a reply."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                response = self._service.post("/api/v1/chat", self._last)
                break
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        assert response.status_code == 200, response.text
        self._replied = response.json()
        heard = Heard.of_json(response.json())
        self._buttons = heard.buttons
        return heard

    def repeat(self) -> None:
        """Send the last message once more under the same id: it gets the same replies."""
        assert self._service.post("/api/v1/chat", self._last).json() == self._replied

    def press(self, button: str) -> Heard:
        """Press a button by its id, also one that is not the newest."""
        self._last = {"session": self.address, "id": uuid4().hex, "choice": button}
        return self.hear()

    def press_twice(self, said: Press) -> Heard:
        """Press a button twice without waiting in between; the replies to the one that counts. The other one is told
        so."""
        words = {"session": self.address, "choice": self._buttons[said.label]}
        with ThreadPoolExecutor(2) as pool:
            posts = [pool.submit(self._service.post, "/api/v1/chat", {**words, "id": uuid4().hex}) for _ in range(2)]
            heard = [Heard.of_json(post.result().json()) for post in posts]
        told, counted = sorted(heard, key=lambda one: one.texts != (wording.ALREADY_RECORDED,))
        assert told.texts == (wording.ALREADY_RECORDED,)
        assert (told.asking, told.read, told.assessment) == (counted.asking, (), None)
        self._buttons = counted.buttons
        return counted


def _typed(said: Said) -> str:
    return EMOJI if isinstance(said, Sticker) else str(said)


class TelegramLine:
    """A chat with the bot. What is asked stands in the text; the answers are texts and inline buttons."""

    channel = "telegram"

    def __init__(self, server: TelegramServer, chat: int) -> None:
        self._server = server
        self._chat = chat
        self.address = str(chat)
        self._buttons: Mapping[str, str] = {}
        self._seen = self._newest()
        self._read = len(server.sent(chat))

    def say(self, said: Said) -> Heard:
        self.write(said)
        return self.hear()

    def write(self, said: Said) -> None:
        """Send a message; the service need not be there."""
        if isinstance(said, Press):
            self._server.press(self._chat, self._buttons[said.label])
        elif isinstance(said, Sticker):
            self._server.send_media(self._chat, "sticker")
        else:
            self._server.send_text(self._chat, said)

    def hear(self) -> Heard:
        """Wait for buttons that are newer than those seen before: a message that a kill had delivered twice has
        the same ones."""
        self._server.wait_until(lambda: self._newest() > self._seen, PATIENCE)
        self._seen = self._newest()
        messages = self._server.sent(self._chat)
        new, self._read = messages[self._read :], len(messages)
        self._buttons = _keyboard(new[-1])
        texts = tuple(message["text"] for message in new)
        return Heard(texts, self._buttons, asked_in(texts[-1]))

    def press(self, button: str) -> Heard:
        """Press a button by its id, also one that is not the newest."""
        self._server.press(self._chat, button)
        return self.hear()

    def press_twice(self, said: Press) -> Heard:
        """Press a button twice without waiting in between; the replies to the one that counts. The other one is told
        so."""
        for _ in range(2):
            self._server.press(self._chat, self._buttons[said.label])

        def told() -> list[str]:
            return [message["text"] for message in self._server.sent(self._chat)[self._read :]]

        self._server.wait_until(lambda: self._newest() > self._seen and wording.ALREADY_RECORDED in told(), PATIENCE)
        texts = told()
        assert texts.pop() == wording.ALREADY_RECORDED
        self._seen, self._read = self._newest(), self._read + len(texts) + 1
        self._buttons = _keyboard(self._server.sent(self._chat)[-2])
        return Heard(tuple(texts), self._buttons, asked_in(texts[-1]))

    def _newest(self) -> int:
        return max(map(_version, self._server.sent(self._chat)), default=0)


def _keyboard(message: Mapping[str, Any]) -> dict[str, str]:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def _version(message: Mapping[str, Any]) -> int:
    """The version of the buttons under a message, 0 without; thumbs carry the day of their answer instead."""
    found = [0]
    for data in _keyboard(message).values():
        try:
            choice = decode_choice(data)
        except BadInput:
            continue
        if choice.action not in THUMBS:
            found.append(choice.version)
    return max(found)


def asked_in(text: str) -> Key | None:
    """The question of the catalogue that a text asks, each on a line of its own."""
    return next((key for line in text.split("\n") if (key := _questions().get(line.strip()))), None)


@cache
def _questions() -> dict[str, Key]:
    years = range(LAST_YEAR - 3, LAST_YEAR + 2)
    keys: list[Key] = [(fact.id, year) for fact in catalogue() for year in (years if fact.yearly else (None,))]
    return {catalogue().fact(fact).question.format(year=year): (fact, year) for fact, year in keys}


class TerminalLine:
    """`qiban chat --json --session S`: a line in, a line of JSON out."""

    channel = "terminal"

    def __init__(self, settings: Mapping[str, str], log: Path, session: str | None = None) -> None:
        self._settings = settings
        self._log = log
        self.address = session or f"terminal-{uuid4().hex}"
        self._labels: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()
        self.start()

    def start(self) -> None:
        """Open the session, anew or again; returns at once."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*COMMAND, "chat", "--json", "--session", self.address],
                env=environment(self._settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert process.stdout is not None
        self._process, self._lines, self._labels = process, queue.Queue(), []
        threading.Thread(target=_pass_on, args=(process.stdout, self._lines), daemon=True).start()

    def say(self, said: Said) -> Heard:
        assert self._process is not None
        assert self._process.stdin is not None
        line = f"#{self._labels.index(said.label) + 1}" if isinstance(said, Press) else _typed(said)
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        value = json.loads(self._lines.get(timeout=PATIENCE) or "null")
        assert value is not None, f"the terminal ended: {self._log.read_text('utf-8', 'replace')[-2000:]}"
        self._labels = [choice["label"] for reply in value["replies"] for choice in reply["choices"]]
        assert value["session"] == self.address
        return Heard.of_json(value)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> TerminalLine:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def _pass_on(stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")


class EngineLine:
    """The engine in this process. `engine` gives one for each message: the same, or each time a new one."""

    def __init__(self, engine: Callable[[], Conversations], channel: str) -> None:
        self._engine = engine
        self.channel = channel
        self.address = "7001"
        self._buttons: Mapping[str, str] = {}
        self._number = 0

    def write(self, said: Said) -> IncomingMessage:
        """The message, with an id of its own."""
        self._number += 1
        identity = {"channel": self.channel, "address": self.address, "external_id": str(self._number)}
        if isinstance(said, Press):
            return IncomingMessage(**identity, kind="choice", choice=self._buttons[said.label])
        if isinstance(said, Sticker):
            return IncomingMessage(**identity, kind="media", media="sticker")
        return IncomingMessage(**identity, kind="text", text=said)

    async def send(self, message: IncomingMessage) -> Heard:
        """Have a message answered."""
        handled = await self._engine().handle(message)
        return self.note(Heard.of_json({"replies": handled.replies, **handled.outcome}))

    def note(self, heard: Heard) -> Heard:
        """Have the buttons of a reply at hand."""
        self._buttons = heard.buttons or self._buttons
        return heard

    async def say(self, said: Said) -> Heard:
        return await self.send(self.write(said))


# ------------------------------------------------------------------------------------------ what is stored


class Stored:
    """What the service keeps, read from its database."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        folder = settings["QIBAN_DATA_DIR"]
        url = settings.get("QIBAN_DATABASE_URL", f"sqlite:///{folder}{os.sep}qiban.db")
        self._engine = create_engine(re.sub(r"^postgresql:", "postgresql+psycopg:", url), poolclass=NullPool)

    def state(self, line: Any) -> State:
        """Where a conversation stands."""
        own = select(Conversation.state).where(
            Conversation.channel == line.channel, Conversation.address == line.address
        )
        with Session(self._engine) as session:
            return State.from_json(session.scalars(own).one())

    def handled(self, line: Any) -> tuple[int, int]:
        """How many messages of a conversation were kept, and how many of them were answered."""
        own = (Inbound.channel == line.channel, Inbound.address == line.address)
        with Session(self._engine) as session:
            kept = session.scalar(select(func.count()).select_from(Inbound).where(*own)) or 0
            answered = select(func.count()).select_from(Inbound).where(*own, Inbound.state == "done")
            return kept, session.scalar(answered) or 0

    def outcomes(self, line: Any) -> list[dict[str, Any]]:
        """What each message of a conversation brought about, oldest first."""
        own = (Inbound.channel == line.channel, Inbound.address == line.address, Inbound.state == "done")
        with Session(self._engine) as session:
            return [
                dict(found or {}) for found in session.scalars(select(Inbound.outcome).where(*own).order_by(Inbound.id))
            ]


def check_stored(state: State, person: Person) -> None:
    """The facts are those that were meant, none lost, none twice, and nothing is asked any more."""
    check = state.check
    assert check is not None
    assert check.facts.values == person.known().values
    assert set(check.skipped) == person.left_open
    assert len(check.skipped) == len(person.left_open)
    assert Counter(check.trail) == Counter(person.asked()) + Counter(check.pressed)
    assert check.asking is None
    assert check.done
