"""A language model in the whole service: its words are sent only where the clauses say the same."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from conversation.messages import IncomingMessage
from core.settings import Settings
from knowledge import composing_wording
from qiban import setup
from qiban.bootstrap import Services, open_services
from tests.llm_server import LlmServer

QUESTION = "企业资产负债率有什么要求"


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Answers do not depend on the kind of database: SQLite only."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer() as running:
        yield running


@pytest.fixture
async def worded(settings: Settings, prepared: Path, server: LlmServer) -> AsyncIterator[Services]:
    shutil.copytree(prepared / "index", settings.index_dir)
    chosen = settings.model_copy(
        update={
            "llm_base_url": server.base_url,
            "llm_model": "test-model",
            "llm_api_key": SecretStr("test-key"),
            "llm_daily": 2,
        }
    )
    await setup.run(chosen, lambda *_: None, samples=False)
    async with open_services(chosen) as opened:
        yield opened


async def ask(services: Services, number: int) -> dict[str, object]:
    message = IncomingMessage("web", "session-of-a-test", f"m{number}", "text", QUESTION)
    handled = await services.conversations.handle(message)
    reply: dict[str, object] = handled.replies[0]
    return reply


async def test_a_worded_answer_is_sent_and_a_false_one_is_not(worded: Services, server: LlmServer) -> None:
    server.say("企业资产负债率不高于70%[1]。")
    first = await ask(worded, 1)
    assert first["text"] == "企业资产负债率不高于70%。"
    assert composing_wording.WORDED in first["notices"]  # type: ignore[operator]
    server.say("企业资产负债率不高于80%[1]。")
    second = await ask(worded, 2)
    assert "80" not in str(second)
    assert "不高于70%" in str(second["text"])
    assert len(server.asked) == 2
    server.say("企业资产负债率不高于70%[1]。")
    third = await ask(worded, 3)
    assert composing_wording.WORDED not in third["notices"]  # type: ignore[operator]
    assert len(server.asked) == 2, "the budget of the day is used up"
