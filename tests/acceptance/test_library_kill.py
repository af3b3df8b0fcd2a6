"""kill -9 while documents come and go: what was acknowledged is there whole, what was removed is cited nowhere."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from core.settings import CHECKOUT, Settings
from knowledge import clauses
from knowledge.library import Snapshot
from qiban.bootstrap import Services, open_services
from tests.acceptance.library_worker import text_of
from tests.acceptance.process import environment

KILLS = 50
QUICK_KILLS = 4


@dataclass
class Told:
    """What the killed workers said: `added` and not removed since, `removed`, and what was under way at the kill."""

    added: dict[str, int] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)

    def take(self, output: str) -> None:
        for line in output.splitlines():
            word, *rest = line.split(" ")
            if word == "added":
                self.added[rest[1]] = int(rest[0])
            elif word == "removing":
                self.unsure.add(rest[0])
            elif word == "removed":
                self.unsure.discard(rest[0])
                self.added.pop(rest[0], None)
                self.removed.add(rest[0])


async def kill_and_look(settings: Settings, variables: Mapping[str, str], kills: int, seed: int) -> None:
    chance, told = random.Random(seed), Told()
    for turn in range(1, kills + 1):
        told.take(run_and_kill(variables, turn, lines=chance.randrange(12), more=chance.uniform(0, 0.3)))
        async with open_services(settings) as services:
            await look(services, told)
    assert told.added
    assert told.removed


def run_and_kill(variables: Mapping[str, str], seed: int, *, lines: int, more: float) -> str:
    """Let a worker say so many lines once it is ready, and kill it `more` seconds later; what it said."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.library_worker", str(seed)],
        cwd=CHECKOUT,
        env=environment(variables),
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        output = "".join(worker.stdout.readline() for _ in range(lines))
        time.sleep(more)
        worker.send_signal(signal.SIGKILL)
        output += worker.stdout.read()
    assert worker.returncode == -signal.SIGKILL
    return output[: output.rfind("\n") + 1]


async def look(services: Services, told: Told) -> None:
    """After a restart: documents whole or not at all, the index equal to them, vectors those of their texts."""
    snapshot = await services.library.snapshot()
    there = {key for key, document in snapshot.documents.items() if document.title.endswith("示例措施")}
    assert told.added.keys() - told.unsure <= there
    assert not told.removed & there
    for gone in told.unsure - there:
        told.added.pop(gone, None)
    told.unsure.clear()
    for key in there:
        document = snapshot.documents[key]
        number = int("".join(char for char in document.title if char.isdigit()))
        told.added[key] = number
        assert document.text == text_of(number)
        assert [clause.path for clause in document.clauses] == [c.path for c in clauses.parse(document.text)]
    check_index(services, snapshot)
    await ask(services, told)


def check_index(services: Services, snapshot: Snapshot) -> None:
    """Every clause is in the index once, and under each view lies the vector of its text."""
    reader = services.index._reader
    assert reader is not None
    items = [item for item in reader.state.items() if item.id % 2 == 0]
    assert sorted(item.id // 2 for item in items) == sorted(snapshot.clauses)
    embedder = services.index._embedder
    assert embedder is not None
    for segment in reader.state.segments:
        assert segment.vectors is not None
        rows = np.arange(len(segment.views))
        stored = segment.vectors.vectors(rows)
        for row in random.sample(rows.tolist(), min(6, len(rows))):
            view = segment.views[row]
            assert float(stored[row] @ embedder.encode([view.text], view.role)[0]) > 0.995, view.text


async def ask(services: Services, told: Told) -> None:
    """Documents that are there are found; none that is gone is cited."""
    today = services.clock.today()
    for key, number in list(told.added.items())[-3:]:
        found = await services.answerer.find(
            f"第{number}批名录第1类项目奖励多少", as_of=today, region=services.home_region
        )
        assert key in {clause.document_id for clause, _ in found.clauses[:5]}
        answer = await services.advisor.answer(f"第{number}批名录第1类项目奖励多少")
        assert not {citation.document_id for citation in answer.citations} & told.removed


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(QUICK_KILLS, id="few", marks=pytest.mark.long),
        pytest.param(KILLS, id="fifty", marks=pytest.mark.long),
    ],
)
@pytest.mark.timeout(3600)
async def test_documents_survive_kills_whole_or_not_at_all(service_settings: dict[str, str], kills: int) -> None:
    given = {name.removeprefix("QIBAN_").lower(): value for name, value in service_settings.items()}
    settings = Settings(_env_file=None, **given)  # type: ignore[arg-type, call-arg]
    await kill_and_look(settings, service_settings, kills, seed=kills)
