"""A whole self-check over Telegram, over the JSON API and in the terminal: the same answers give the same verdict,
and no button counts but the newest ones, once."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from typing import Any

import pytest

from assessment.evaluation import assess
from conversation import wording
from firms.catalogue import catalogue
from firms.facts import read_facts
from tests.acceptance.people import BAKER, BEGIN, CODER, MECHANIC, PEOPLE, Person, Press, Verdict
from tests.acceptance.process import Service, run
from tests.acceptance.selfcheck import (
    Heard,
    Script,
    Stored,
    TelegramLine,
    TerminalLine,
    WebLine,
    check_stored,
    facts_of,
    interview,
)
from tests.conftest import MODEL_DIR, TODAY
from tests.conversation.parts import assessor
from tests.telegram_server import TelegramServer

SCHEME = "hengyang-little-giant-2021"
_chats = count(9001)


@dataclass(frozen=True)
class Running:
    """A service with its Telegram."""

    settings: dict[str, str]
    service: Service
    telegram: TelegramServer
    stored: Stored
    folder: Path

    def line(self, channel: str) -> WebLine | TelegramLine:
        """A new conversation."""
        return WebLine(self.service) if channel == "web" else TelegramLine(self.telegram, next(_chats))

    def terminal(self) -> TerminalLine:
        """A new session in the terminal. It searches without the model, which takes long to load."""
        settings = {**self.settings, "QIBAN_MODEL_DIR": str(self.folder / "no-model")}
        if "QIBAN_DATABASE_URL" not in settings:
            settings["QIBAN_DATA_DIR"] = str(self.folder / "terminal")
        return TerminalLine(settings, self.folder / "terminal.log")


def opened(settings: dict[str, str], folder: Path, prepared: Path) -> Iterator[Running]:
    shutil.copytree(prepared, folder / "terminal")
    with TelegramServer() as telegram:
        token = {"QIBAN_TELEGRAM_TOKEN": telegram.token, "QIBAN_TELEGRAM_BASE_URL": telegram.base_url}
        with Service({**settings, **token}, folder / "log") as service:
            yield Running(settings, service, telegram, Stored(settings), folder)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Running]:
    """One service for all tests here: each has conversations of its own."""
    folder = tmp_path_factory.mktemp("selfcheck")
    shutil.copytree(prepared, folder / "var")
    settings = {
        "QIBAN_DATA_DIR": str(folder / "var"),
        "QIBAN_MODEL_DIR": str(MODEL_DIR),
        "QIBAN_TODAY": TODAY.isoformat(),
    }
    yield from opened(settings, folder, prepared)


@pytest.mark.parametrize("person", PEOPLE, ids=["mechanic", "baker", "coder"])
def test_the_same_answers_give_the_same_verdict_on_every_channel(
    running: Running, person: Person, tmp_path: Path
) -> None:
    same_everywhere(running, person, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("service_settings", ["postgres"], indirect=True)
def test_the_same_answers_give_the_same_verdict_on_postgres(
    service_settings: dict[str, str], prepared: Path, tmp_path: Path
) -> None:
    for running in opened(service_settings, tmp_path, prepared):
        for person in PEOPLE:
            same_everywhere(running, person, tmp_path)


def same_everywhere(running: Running, person: Person, folder: Path) -> None:
    with running.terminal() as terminal:
        web, telegram = running.line("web"), running.line("telegram")
        web_script, on_web = interview(person, web)
        telegram_script, on_telegram = interview(person, telegram)
        terminal_script, in_terminal = interview(person, terminal)
    for script in (web_script, telegram_script, terminal_script):
        script.check()
    assert on_web.assessment is not None
    assert Verdict.of(on_web.assessment) == person.expected
    outcomes = running.stored.outcomes(telegram)
    assert outcomes[-1]["assessment"] == on_web.assessment == in_terminal.assessment
    said = without_breaks(*on_telegram.texts)
    assert all(without_breaks(text) in said for text in on_web.texts)
    read = web_script.read()
    assert read == terminal_script.read() == facts_of(item for outcome in outcomes for item in outcome["read"])
    assert read_facts(read, catalogue()).pinned(catalogue(), 2025).values == person.known().values
    assert assessed(running, read, folder) == on_web.assessment
    for line in (web, telegram):
        check_stored(running.stored.state(line), person)


def without_breaks(*texts: str) -> str:
    """Texts without white space and without the numbers that Telegram's parts carry."""
    return "".join(re.sub(r"^\(\d+/\d+\)\n", "", text) for text in texts).replace("\n", "").replace(" ", "")


def assessed(running: Running, facts: dict[str, Any], folder: Path) -> Any:
    """What `qiban assess`, the API and the evaluation say about facts: the same."""
    path = folder / "facts.json"
    path.write_text(json.dumps(facts, ensure_ascii=False), "utf-8")
    done = run(running.settings, "assess", "--facts", str(path), "--json")
    assert done.returncode == 0, done.stderr
    by_command = json.loads(done.stdout)
    body = {"scheme": SCHEME, "facts": facts}
    assert running.service.post("/api/v1/assessments/evaluate", body).json() == by_command
    scheme = assessor().scheme(SCHEME)
    here = assess(scheme, read_facts(facts, catalogue()), TODAY, catalogue()).to_json()
    assert Verdict.of(here) == Verdict.of(by_command)
    return by_command


CHANNELS = pytest.mark.parametrize("channel", ["web", "telegram"])


@CHANNELS
def test_a_button_pressed_twice_counts_once(running: Running, channel: str) -> None:
    line = running.line(channel)
    script = Script(BAKER)
    heard = line.say(BEGIN)
    pressed = 0
    while (said := script.answer(heard)) is not None:
        if isinstance(said, Press):
            pressed += 1
            heard = line.press_twice(said)
        else:
            heard = line.say(said)
    assert pressed > 8
    script.check()
    assert running.stored.outcomes(line)[-2]["assessment"] is not None  # its last button was pressed twice too
    check_verdict(running, line, BAKER)


@CHANNELS
def test_a_button_of_an_older_question_changes_nothing_and_says_so(running: Running, channel: str) -> None:
    line = running.line(channel)
    script = Script(MECHANIC)
    heard = line.say(BEGIN)
    stale = dict(heard.buttons)
    labels = cycle([wording.BUTTON_YES, wording.BUTTON_BACK, wording.BUTTON_SKIP])
    while (said := script.answer(heard)) is not None:
        heard = line.say(said)
        if heard.asking is None:
            break
        before = running.stored.state(line).check
        old = next(labels)
        refused = line.press(stale.get(old, stale[wording.BUTTON_SKIP]))
        assert refused.texts[0].startswith(wording.BUTTON_EXPIRED)
        assert refused.asking == heard.asking
        assert (refused.read, refused.assessment) == ((), None)
        assert running.stored.state(line).check == before
        stale = dict(heard.buttons)
    script.answer(heard)
    script.check()
    check_verdict(running, line, MECHANIC)


@CHANNELS
def test_a_button_after_the_verdict_changes_nothing(running: Running, channel: str) -> None:
    line = running.line(channel)
    script = Script(CODER)
    heard = line.say(BEGIN)
    shown: list[Heard] = []
    while (said := script.answer(heard)) is not None:
        shown.append(heard)
        heard = line.say(said)
    before = running.stored.state(line)
    for old in (shown[0], shown[len(shown) // 2], shown[-1]):
        for label in old.buttons:
            refused = line.press(old.buttons[label])
            assert refused.texts[0].startswith(wording.BUTTON_EXPIRED)
            assert (refused.asking, refused.read, refused.assessment) == (None, (), None)
    after = running.stored.state(line)
    assert after.check == before.check
    assert after.checking
    line.say("看结果")
    check_verdict(running, line, CODER)


def check_verdict(running: Running, line: WebLine | TelegramLine, person: Person) -> None:
    """The person's verdict was given, and the facts stand as they were meant."""
    given = [outcome["assessment"] for outcome in running.stored.outcomes(line) if outcome["assessment"]]
    assert Verdict.of(given[-1]) == person.expected
    check_stored(running.stored.state(line), person)
