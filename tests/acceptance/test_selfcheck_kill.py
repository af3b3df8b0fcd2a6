"""kill -9 in the middle of a self-check: no answer is lost, none counts twice, and the verdict is the same.

The service and the terminal are real processes that search without the model, which takes long to load. The engine is
also abandoned in this process, without a shutdown, at each place where it may die, around every message.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import func, select

from conversation import wording
from conversation.dialogue import Dialogue, State, Step
from conversation.engine import Conversations
from conversation.messages import IncomingMessage
from conversation.models import Conversation, Inbound
from core.database import Database
from knowledge.answer import Answer
from messaging.outbox import Delivery
from tests.acceptance.people import BACK, BAKER, BEGIN, CODER, MECHANIC, RESUME, Person, Press, Verdict
from tests.acceptance.process import Service
from tests.acceptance.selfcheck import (
    PATIENCE,
    EngineLine,
    Heard,
    Script,
    Stored,
    TelegramLine,
    TerminalLine,
    WebLine,
    check_stored,
)
from tests.conversation.parts import HOME, self_check
from tests.telegram_server import TelegramServer

CHAT = 8001
MOMENT = 0.4
"""A kill while an answer is in flight comes within so many seconds after it was sent."""

Kill = Literal["never", "between", "in flight"]
Plan = Callable[[int], Kill]


def a_few(step: int) -> Kill:
    """An answer, the middle of one that was asked back, and the last one."""
    return {12: "in flight", 30: "between", 35: "in flight"}.get(step, "never")  # type: ignore[return-value]


def between_all(_: int) -> Kill:
    return "between"


def in_flight_at_all(_: int) -> Kill:
    return "in flight"


@pytest.fixture
def settings_without_model(service_settings: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return {**service_settings, "QIBAN_MODEL_DIR": str(tmp_path / "no-model")}


@pytest.mark.long
def test_kills_of_the_service_between_answers_and_while_they_are_in_flight(
    settings_without_model: dict[str, str], telegram: TelegramServer, tmp_path: Path
) -> None:
    Killed(settings_without_model, telegram, tmp_path / "log", BAKER, a_few).interview()


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("service_settings", "person", "plan"),
    [("sqlite", BAKER, between_all), ("sqlite", CODER, in_flight_at_all), ("postgres", CODER, in_flight_at_all)],
    indirect=["service_settings"],
    ids=["sqlite-between", "sqlite-in-flight", "postgres-in-flight"],
)
def test_kills_of_the_service_at_every_answer(
    settings_without_model: dict[str, str], telegram: TelegramServer, tmp_path: Path, person: Person, plan: Plan
) -> None:
    Killed(settings_without_model, telegram, tmp_path / "log", person, plan).interview()


class Killed:
    """The same person over Telegram and over the API, step by step, with a service that is killed on the way."""

    def __init__(
        self, settings: dict[str, str], telegram: TelegramServer, log: Path, person: Person, plan: Plan
    ) -> None:
        token = {"QIBAN_TELEGRAM_TOKEN": telegram.token, "QIBAN_TELEGRAM_BASE_URL": telegram.base_url}
        self._service = Service({**settings, **token}, log)
        self._stored = Stored(settings)
        self._web, self._telegram = WebLine(self._service), TelegramLine(telegram, CHAT)
        self._lines = (self._web, self._telegram)
        self._person = person
        self._plan = plan
        self._chance = random.Random(20261124)

    def interview(self) -> None:
        scripts = (Script(self._person), Script(self._person))
        with self._service:
            heard: tuple[Heard, ...] = tuple(line.say(BEGIN) for line in self._lines)
            step = 0
            while True:
                said, same = (script.answer(each) for script, each in zip(scripts, heard, strict=True))
                assert said == same  # both channels ask the same, in the same order
                if said is None:
                    break
                step += 1
                heard = self._step(said, self._plan(step))
            assert heard[0].assessment is not None
            assert Verdict.of(heard[0].assessment) == self._person.expected
            for line, script in zip(self._lines, scripts, strict=True):
                script.check()
                check_stored(self._stored.state(line), self._person)
                given = self._stored.outcomes(line)
                assert len(given) == step + 1
                assert given[-1]["assessment"] == heard[0].assessment

    def _step(self, said: Any, kill: Kill) -> tuple[Heard, ...]:
        if kill == "in flight":
            return self._in_flight(said)
        heard = tuple(line.say(said) for line in self._lines)
        if kill == "between":
            self._between()
        return heard

    def _between(self) -> None:
        """A kill while nothing is on its way: everything stands where it was; a repeated message counts once."""
        before = self._standing()
        self._restart()
        assert self._standing() == before
        self._web.repeat()
        assert self._standing() == before

    def _in_flight(self, said: Any) -> tuple[Heard, ...]:
        """A kill at some moment after the answer was sent: it counts once."""
        before = self._standing()
        for line in self._lines:
            line.write(said)
        with ThreadPoolExecutor(1) as pool:
            on_web = pool.submit(self._web.hear)
            wait([on_web], timeout=self._chance.random() * MOMENT)
            self._restart()
            heard = (on_web.result(PATIENCE), self._telegram.hear())
        self._web.repeat()
        for (state, (kept, _)), (state_after, counted) in zip(before, self._standing(), strict=True):
            assert counted == (kept + 1, kept + 1)
            assert state_after.round == state.round + 1
        return heard

    def _restart(self) -> None:
        self._service.kill()
        self._service.start()

    def _standing(self) -> list[tuple[State, tuple[int, int]]]:
        """Where the conversations stand, and how many messages were kept and answered."""
        return [(self._stored.state(line), self._stored.handled(line)) for line in self._lines]


# ---------------------------------------------------------------------------------------------- the terminal


def test_a_terminal_session_that_is_killed_goes_on_where_it_was(
    settings_without_model: dict[str, str], tmp_path: Path
) -> None:
    terminal_interview(settings_without_model, tmp_path, MECHANIC, {9, 30})


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_terminal_session_that_is_killed_after_every_answer(
    settings_without_model: dict[str, str], tmp_path: Path
) -> None:
    terminal_interview(settings_without_model, tmp_path, CODER, set(range(1000)))


def terminal_interview(settings: dict[str, str], folder: Path, person: Person, kills: set[int]) -> None:
    """A whole self-check, killed after the answers `kills` and resumed with the session's name."""
    script, stored = Script(person), Stored(settings)
    step = 0
    with TerminalLine(settings, folder / "terminal.log") as line:
        heard = line.say(BEGIN)
        while (said := script.answer(heard)) is not None:
            heard = line.say(said)
            step += 1
            if step in kills:
                resume(line, stored, heard)
    script.check()
    check_stored(stored.state(line), person)
    assert heard.assessment is not None
    assert Verdict.of(heard.assessment) == person.expected


def resume(line: TerminalLine, stored: Stored, heard: Heard) -> None:
    """kill -9, and on with the session: the same question, or the same verdict."""
    before = stored.state(line)
    line.kill()
    line.start()
    resumed = line.say(RESUME)
    assert (resumed.asking, resumed.assessment) == (heard.asking, heard.assessment)
    assert resumed.read == ()
    assert resumed.texts[0].startswith(wording.CHECK_RESUMED if heard.asking else wording.CHECK_DONE)
    assert stored.state(line).check == before.check


# ------------------------------------------------------------------------------- the engine in this process


class Killed9(BaseException):
    """The process ends here."""


class Policy:
    """Answers questions about the policy."""

    async def answer(self, text: str, **_: object) -> Answer:
        return Answer("answered", None, f"{text}：不高于70%。")


class Dying(Dialogue):
    """A dialogue in a process that dies before it answers, or right after."""

    def __init__(self, *, answers: bool) -> None:
        super().__init__(Policy(), CHECK, desk="示例局")
        self._answers = answers

    async def respond(self, state: State, message: IncomingMessage) -> Step:
        if self._answers:
            await super().respond(state, message)
        raise Killed9()


CHECK = self_check()


def engine(database: Database, dialogue: Dialogue | None = None, **options: Any) -> Conversations:
    """An engine as after a start; what an earlier one had in memory is gone."""
    dialogue = dialogue or Dialogue(Policy(), CHECK, desk="示例局")
    return Conversations(database, dialogue, desk="示例局", home_region=HOME, pushed=frozenset({"telegram"}), **options)


def die() -> None:
    raise Killed9()


ENDS: list[Callable[[Database], Conversations]] = [
    lambda database: engine(database, Dying(answers=False)),  # the message is kept, nothing is decided
    lambda database: engine(database, Dying(answers=True)),  # decided, nothing is stored
    lambda database: engine(database, on_enqueued=die),  # stored, nobody was told
]


@pytest.mark.parametrize(
    ("person", "channel"),
    [(MECHANIC, "telegram"), (BAKER, "web"), (CODER, "telegram")],
    ids=["mechanic", "baker", "coder"],
)
async def test_an_engine_that_dies_around_every_message_loses_and_repeats_nothing(
    database: Database, person: Person, channel: str
) -> None:
    """Before every reply three engines die over the message, each later than the one before; the next has it
    delivered again."""
    line = EngineLine(lambda: engine(database), channel)
    script = Script(person)
    replies = 0
    heard = await line.say(BEGIN)
    while (said := script.answer(heard)) is not None:
        replies += len(heard.texts)
        message = line.write(said)
        for dying in ENDS:
            with pytest.raises(Killed9):
                await dying(database).handle(message)
        heard = await line.send(message)
        assert await line.send(message) == heard
    script.check()
    assert heard.assessment is not None
    assert Verdict.of(heard.assessment) == person.expected
    sent = len(script.past) + 1
    replies += len(heard.texts)
    async with database.reading() as session:
        conversation = (await session.scalars(select(Conversation))).one()
        kept = await session.scalar(select(func.count()).select_from(Inbound).where(Inbound.state == "done"))
        pushed = await session.scalar(select(func.count()).select_from(Delivery))
    check_stored(State.from_json(conversation.state), person)
    assert conversation.version == kept == sent
    assert pushed == (replies if channel == "telegram" else 0)


class Meanwhile:
    """A database on which something else happens right after the `nth` answer that it gives."""

    def __init__(self, database: Database, nth: int, happens: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._left = nth
        self._happens = happens

    def transaction(self) -> Any:
        return self._database.transaction()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        async with self._database.reading() as session:
            yield Observed(session, self._answered)

    async def _answered(self) -> None:
        self._left -= 1
        if self._left == 0:
            await self._happens()


class Observed:
    """A session that reports each answer."""

    def __init__(self, session: Any, answered: Callable[[], Awaitable[None]]) -> None:
        self._session = session
        self._answered = answered

    def __getattr__(self, name: str) -> Any:
        async def read(*arguments: Any) -> Any:
            value = await getattr(self._session, name)(*arguments)
            await self._answered()
            return value

        return read


@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_a_message_that_another_process_answers_between_two_reads_counts_once(
    database: Database, nth: int
) -> None:
    """As when the commit of a process that was killed is still on its way while the next one takes up its work."""
    line = EngineLine(lambda: engine(database), "web")
    script = Script(BAKER)
    heard = await line.say(BEGIN)
    for _ in range(9):
        said = script.answer(heard)
        assert said is not None
        heard = await line.say(said)
    message = line.write(BACK)
    other: list[Any] = []

    async def answer_it() -> None:
        other.append(await engine(database).handle(message))

    late = Meanwhile(database, nth, answer_it)
    handled = await engine(late).handle(message)  # type: ignore[arg-type]
    assert other == [handled]
    assert handled.outcome["asking"]["fact"] == "debt_ratio"
    async with database.reading() as session:
        conversation = (await session.scalars(select(Conversation))).one()
    assert conversation.version == 11
    assert State.from_json(conversation.state).check.trail[-1] == ("employees", 2025)  # type: ignore[union-attr]


async def test_every_button_pressed_twice_at_once_counts_once_on_two_engines(database: Database) -> None:
    """As after a double tap that two processes take in."""
    line = EngineLine(lambda: engine(database), "web")
    script = Script(BAKER)
    heard = await line.say(BEGIN)
    while (said := script.answer(heard)) is not None:
        if not isinstance(said, Press):
            heard = await line.say(said)
            continue
        first, second = line.write(said), line.write(said)
        counted, told = await engine_pair(database, first, second)
        assert told.texts == (wording.ALREADY_RECORDED,)
        heard = line.note(counted)
    script.check()
    assert heard.assessment is not None
    assert Verdict.of(heard.assessment) == BAKER.expected


async def engine_pair(database: Database, first: IncomingMessage, second: IncomingMessage) -> list[Heard]:
    """Two messages handled side by side by two engines; the one that changed something comes first."""
    results = await asyncio.gather(engine(database).handle(first), engine(database).handle(second))
    heard = [Heard.of_json({"replies": each.replies, **each.outcome}) for each in results]
    return sorted(heard, key=lambda one: one.texts == (wording.ALREADY_RECORDED,))


async def test_a_rough_answer_still_counts_when_the_exact_figure_is_not_known(database: Database) -> None:
    """Rough figures that straddle one bound are asked for once more, exactly. Who does not know better has still said
    what he said: what it decides stays decided."""
    known = {"revenue_main 2025": "一千二三百万", "revenue_main 2024": "1000万左右", "revenue_main 2023": "1000万左右"}
    says = {name: (said, "不知道") if isinstance(said, str) else said for name, said in known.items()}
    person = Person(**{**vars(CODER), "says": {**CODER.says, **says}})
    line = EngineLine(lambda: engine(database), "web")
    script = Script(person)
    heard = await line.say(BEGIN)
    while (said := script.answer(heard)) is not None:
        heard = await line.say(said)
    assert heard.assessment is not None
    conditions = {name for name, verdict in Verdict.of(heard.assessment).conditions.items() if verdict != "met"}
    assert conditions == {"2b"}
