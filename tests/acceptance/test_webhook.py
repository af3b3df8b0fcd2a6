"""The webhook at the real service, over real HTTP: Telegram calls, nothing polls, and each update is answered once."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.process import Service
from tests.conftest import MODEL_DIR, TODAY
from tests.telegram_server import TelegramServer

CHAT = 6006
URL = "https://qiban.example.org/telegram/webhook"
UPDATE: dict[str, Any] = {
    "update_id": 700001,
    "message": {
        "message_id": 1,
        "date": 1795510000,
        "chat": {"id": CHAT, "type": "private", "first_name": "示例"},
        "from": {"id": CHAT, "is_bot": False, "first_name": "示例"},
        "text": "软件公司收入要求是多少",
    },
}


@pytest.fixture
def settings(prepared: Path, tmp_path: Path, telegram: TelegramServer) -> dict[str, str]:
    shutil.copytree(prepared, tmp_path / "var")
    return {
        "QIBAN_DATA_DIR": str(tmp_path / "var"),
        "QIBAN_MODEL_DIR": str(MODEL_DIR),
        "QIBAN_TODAY": TODAY.isoformat(),
        "QIBAN_TELEGRAM_TOKEN": telegram.token,
        "QIBAN_TELEGRAM_BASE_URL": telegram.base_url,
        "QIBAN_TELEGRAM_WEBHOOK_URL": URL,
    }


def push(service: Service, update: Any, secret: str) -> int:
    """Send an update as Telegram does; the status."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    return httpx.post(
        f"{service.url}/telegram/webhook", json=update, headers=headers, timeout=30, trust_env=False
    ).status_code


def registered(telegram: TelegramServer) -> str:
    """The secret that the service named to Telegram, once it has."""
    deadline = time.monotonic() + 30
    while telegram.webhook()["url"] != URL:
        assert time.monotonic() < deadline, "the address was not named"
        time.sleep(0.05)
    return str(telegram.webhook()["secret_token"])


@pytest.mark.long
def test_telegram_calls_nothing_polls_and_a_repeated_update_is_answered_once(
    settings: dict[str, str], telegram: TelegramServer, tmp_path: Path
) -> None:
    with Service(settings, tmp_path / "log") as service:
        secret = registered(telegram)
        assert len(secret) == 43
        assert push(service, UPDATE, "wrong") == 401
        assert httpx.get(f"{service.url}/telegram/webhook", trust_env=False).status_code == 405
        assert [push(service, UPDATE, secret) for _ in range(3)] == [200, 200, 200]
        telegram.wait_for(CHAT, 1, timeout=60)
        time.sleep(1)  # nothing is in flight any more
        service.kill()  # and with the next process the update is still known, and the secret is the same
        service.start()
        assert registered(telegram) == secret
        assert push(service, UPDATE, secret) == 200
        assert push(service, {**UPDATE, "update_id": 700002}, secret) == 200
        telegram.wait_for(CHAT, 2, timeout=60)
        time.sleep(1)
        assert len(telegram.sent(CHAT)) == 2
        assert all("1000万元" in message["text"] for message in telegram.sent(CHAT))
        assert telegram.calls("getUpdates") == []
        assert service.stop() == 0
        for private in (secret, telegram.token, "软件公司", str(CHAT)):
            assert private not in service.log_text()


@pytest.mark.long
def test_a_refused_token_is_shown_and_the_web_goes_on(
    settings: dict[str, str], telegram: TelegramServer, tmp_path: Path
) -> None:
    other = {**settings, "QIBAN_TELEGRAM_TOKEN": "987654321:not-the-token-of-this-bot-at-all"}
    with Service(other, tmp_path / "log") as service:
        deadline = time.monotonic() + 30
        while "telegram" not in (ready := httpx.get(f"{service.url}/readyz", trust_env=False).json())["checks"]:
            assert time.monotonic() < deadline, ready
            time.sleep(0.1)
        assert ready["status"] == "degraded"
        assert service.stop() == 0
