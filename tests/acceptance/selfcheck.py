"""People who fill in a self-check, and the ways to talk to the service: Telegram, the JSON API, the terminal.

A person is a table from question to what is typed or pressed; a `Script` reads what is asked and answers it. What the
person meant (`facts`) and what has to come of it (`verdict` ...) are written down beside it, not worked out.
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
from conversation.messages import IncomingMessage
from conversation.models import Conversation, Inbound
from core.errors import BadInput
from firms.catalogue import catalogue
from firms.facts import Facts, Key, read_facts
from messaging.messages import decode_choice
from tests.acceptance.process import COMMAND, Service, environment
from tests.telegram_server import TelegramServer

LAST_YEAR = 2025
PATIENCE = 90.0
"""Seconds until a reply has to be there, on a machine that does other things too."""


@dataclass(frozen=True)
class Press:
    """A button, by the words on it."""

    label: str


@dataclass(frozen=True)
class Sticker:
    """A sticker; where there are none, an emoji."""


Said = str | Press | Sticker
YES, NO = Press(wording.BUTTON_YES), Press(wording.BUTTON_NO)
NOTHING, NEVER = Press(wording.BUTTON_NONE), Press(wording.BUTTON_NEVER)
UNSURE = Press(wording.BUTTON_SKIP)
BEGIN, RESUME, BACK, POLICY = "条件自评", "继续自评", "上一题", "资产负债率有要求吗"
EMOJI = "😀"


# ----------------------------------------------------------------------------------------------------- people


@dataclass(frozen=True)
class Person:
    """`says`: by question ("employees 2025"), what is said each time it is asked. `facts`: what is meant, as the
    contract writes it. `left_open`: the questions that end with "I don't know"."""

    name: str
    says: Mapping[str, Said | tuple[Said, ...]]
    facts: Mapping[str, Any]
    verdict: str
    size_class: str
    not_met: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    left_open: frozenset[Key] = frozenset()

    @property
    def expected(self) -> Verdict:
        """What has to come of it."""
        conditions = {
            name: "not_met" if name in self.not_met else "unknown" if name in self.unknown else "met"
            for name in CONDITIONS.split()
        }
        return Verdict(self.verdict, self.size_class, conditions)

    def known(self) -> Facts:
        """What is meant, with the years written down."""
        return read_facts(dict(self.facts), catalogue()).pinned(catalogue(), LAST_YEAR)

    def asked(self) -> set[Key]:
        """The questions that this person is asked."""
        return {key_of(name) for name in self.says}


@dataclass(frozen=True)
class Verdict:
    """An assessment without its words."""

    verdict: str
    size_class: str
    conditions: Mapping[str, str]

    @classmethod
    def of(cls, assessment: Mapping[str, Any]) -> Verdict:
        conditions = {condition["id"]: condition["verdict"] for condition in assessment["conditions"]}
        return cls(assessment["verdict"], assessment["size_class"], conditions)


CONDITIONS = "1a 1b 1c 1d 2a 2b 2c 3a 3b 3c 4a 4b 5a 5b 5c 5d 5e 6a 6b"


def key_of(name: str) -> Key:
    """ "employees 2025" as a key."""
    fact, _, year = name.partition(" ")
    return fact, int(year) if year else None


MECHANIC = Person(
    name="a machine shop that meets everything",
    says={
        "industry": "机械加工",
        "revenue_main 2025": "两千四百二十万",
        "revenue_main 2024": "2200万",
        "revenue_main 2023": "2000w",
        "region": "衡南",
        "legal_form": Press("有限责任公司"),
        "founded_on": "2015年6月1日",
        "employees 2025": ("十二人", "一百二十来人"),
        "debt_ratio": (BACK, UNSURE),  # the number of people was wrong: back, and another one
        "total_assets 2025": "3千万",
        "total_liabilities 2025": "一千五百万",
        "niche_focus": YES,
        "leading_share": (POLICY, YES),
        "invention_patents": "一项",
        "own_brand": (Sticker(), YES),
        "quality_recognised": "有",
        "certified": YES,
        "management_sound": "是的",
        "digital_upgrading": YES,
        "last_major_incident_on": NEVER,
        "serious_violation": "没有",
        "dishonest_listed": NO,
        "revenue_total 2025": ("两千万", "两千五百万"),  # less than the main revenue: asked back
        "rnd_spend 2025": "100万",
        "rnd_spend 2024": "九十万",
    },
    facts={
        "industry": "C",
        "revenue_main": {"2025": 2420, "2024": 2200, "2023": 2000},
        "region": "430422",
        "legal_form": "limited_company",
        "founded_on": "2015-06-01",
        "employees": {"2025": {"min": 108, "max": 132}},
        "total_assets": {"2025": 3000},
        "total_liabilities": {"2025": 1500},
        "niche_focus": True,
        "leading_share": True,
        "invention_patents": 1,
        "own_brand": True,
        "quality_recognised": True,
        "certified": True,
        "management_sound": True,
        "digital_upgrading": True,
        "last_major_incident_on": "none",
        "serious_violation": False,
        "dishonest_listed": False,
        "revenue_total": {"2025": 2500},
        "rnd_spend": {"2025": 100, "2024": 90},
    },
    verdict="met",
    size_class="small",
    left_open=frozenset({("debt_ratio", None)}),
)

BAKER = Person(
    name="a food factory that fails two conditions and does not know everything",
    says={
        "industry": "食品制造",
        "revenue_main 2025": "一千八百万",
        "revenue_main 2024": "1500万",
        "revenue_main 2023": "1200w",
        "region": "耒阳",
        "legal_form": "股份公司",
        "founded_on": "2018-07-01",
        "employees 2025": "六十多人",
        "debt_ratio": "大概五成",
        "niche_focus": YES,
        "leading_share": "不知道",
        "supplies_known_firm": YES,
        "invention_patents": NOTHING,
        "ic_layouts": "没有",
        "utility_models": (POLICY, "2项"),
        "design_patents": "没有",
        "software_copyrights": "0",
        "own_brand": (NO, YES),  # pressed by mistake
        "quality_recognised": (Sticker(), BACK, YES),
        "certified": "有的",
        "management_sound": YES,
        "digital_upgrading": UNSURE,
        "last_major_incident_on": "2024年5月20日",
        "serious_violation": "没有",
        "dishonest_listed": NO,
        "revenue_total 2025": ("2000", Press("2000万元")),  # no unit: asked back
        "rnd_spend 2025": "不知道",
        "rnd_spend 2024": "50万",
        "main_supplier": "不清楚",
        "incident_grade": Press("一般"),
    },
    facts={
        "industry": "C14",
        "revenue_main": {"2025": 1800, "2024": 1500, "2023": 1200},
        "region": "430481",
        "legal_form": "joint_stock_company",
        "founded_on": "2018-07-01",
        "employees": {"2025": {"min": 61, "max": 69}},
        "debt_ratio": {"min": 45, "max": 55},
        "niche_focus": True,
        "supplies_known_firm": True,
        "invention_patents": 0,
        "ic_layouts": 0,
        "utility_models": 2,
        "design_patents": 0,
        "software_copyrights": 0,
        "own_brand": True,
        "quality_recognised": True,
        "certified": True,
        "management_sound": True,
        "last_major_incident_on": "2024-05-20",
        "incident_grade": "ordinary",
        "serious_violation": False,
        "dishonest_listed": False,
        "revenue_total": {"2025": 2000},
        "rnd_spend": {"2024": 50},
    },
    verdict="not_met",
    size_class="small",
    not_met=frozenset({"2a", "4a"}),
    unknown=frozenset({"3b", "4b", "5e", "6a"}),
    left_open=frozenset(
        {("leading_share", None), ("digital_upgrading", None), ("rnd_spend", 2025), ("main_supplier", None)}
    ),
)

CODER = Person(
    name="a software firm that says ranges",
    says={
        "industry": "做软件开发的",
        # A range for each year first; two of them straddle the bound, so the exact figures are asked for at the end.
        "revenue_main 2025": ("一千二三百万", "1250万"),
        "revenue_main 2024": ("1000万左右", "1050万"),
        "revenue_main 2023": ("1000万左右", "920万"),
        "region": "蒸湘区",
        "legal_form": Press("有限责任公司"),
        "founded_on": "2019年3月",
        "employees 2025": ("三十人", "三十到四十人"),
        "debt_ratio": (BACK, "两三成"),
        "niche_focus": YES,
        "leading_share": NO,
        "supplies_known_firm": YES,
        "invention_patents": (POLICY, "没有"),
        "ic_layouts": NOTHING,
        "utility_models": NOTHING,
        "design_patents": "没有",
        "software_copyrights": "十几项",
        "own_brand": YES,
        "quality_recognised": YES,
        "certified": (Sticker(), YES),
        "management_sound": YES,
        "digital_upgrading": "有",
        "last_major_incident_on": "没有",
        "serious_violation": NO,
        "dishonest_listed": "没有",
        "revenue_total 2025": "一千三四百万",
        "rnd_spend 2025": "一百五六十万",
        "rnd_spend 2024": "120万上下",
        "main_supplier": YES,
    },
    facts={
        "industry": "I65",
        "revenue_main": {"2025": 1250, "2024": 1050, "2023": 920},
        "region": "430408",
        "legal_form": "limited_company",
        "founded_on": "2019-03",
        "employees": {"2025": {"min": 30, "max": 40}},
        "debt_ratio": {"min": 20, "max": 30},
        "niche_focus": True,
        "leading_share": False,
        "supplies_known_firm": True,
        "main_supplier": True,
        "invention_patents": 0,
        "ic_layouts": 0,
        "utility_models": 0,
        "design_patents": 0,
        "software_copyrights": {"min": 11, "max": 19},
        "own_brand": True,
        "quality_recognised": True,
        "certified": True,
        "management_sound": True,
        "digital_upgrading": True,
        "last_major_incident_on": "none",
        "serious_violation": False,
        "dishonest_listed": False,
        "revenue_total": {"2025": {"min": 1300, "max": 1400}},
        "rnd_spend": {"2025": {"min": 150, "max": 160}, "2024": {"min": 108, "max": 132}},
    },
    verdict="met",
    size_class="small",
)

PEOPLE = (MECHANIC, BAKER, CODER)


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
        self._seen = 0
        self._read = 0

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
    """The version of the buttons under a message, 0 without."""
    found = [0]
    for data in _keyboard(message).values():
        try:
            found.append(decode_choice(data).version)
        except BadInput:
            continue
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
