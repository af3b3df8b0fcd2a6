"""One Bot API server for the whole run, as new for each test, and a bot that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
from pydantic import SecretStr

from bot.client import TelegramBot, build_bot
from tests.telegram_server import TelegramServer


@pytest.fixture(scope="session")
def running_server() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


_token_numbers = count(123456790)


@pytest.fixture
def server(running_server: TelegramServer) -> TelegramServer:
    # A token of its own for each test: what the last one left on its way is refused and changes nothing here.
    running_server.token = f"{next(_token_numbers)}:TEST-token-of-the-loopback-server"
    running_server.end_polls()
    running_server.reset()
    return running_server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[TelegramBot]:
    bot = build_bot(SecretStr(server.token), server.base_url)
    yield bot
    await bot.shutdown()
