"""One Bot API server for the whole run, as new for each test, and a bot that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from bot.client import TelegramBot, build_bot
from tests.telegram_server import TelegramServer


@pytest.fixture(scope="session")
def running_server() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


@pytest.fixture
def server(running_server: TelegramServer) -> TelegramServer:
    running_server.end_polls()
    running_server.reset()
    return running_server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[TelegramBot]:
    bot = build_bot(SecretStr(server.token), server.base_url)
    yield bot
    await bot.shutdown()
