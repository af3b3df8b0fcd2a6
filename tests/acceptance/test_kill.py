"""kill -9 of the real service at awkward moments, over real HTTP: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.acceptance.process import Service, run
from tests.telegram_server import TelegramServer

CHAT = 4001


def with_telegram(settings: dict[str, str], server: TelegramServer) -> dict[str, str]:
    return {**settings, "QIBAN_TELEGRAM_TOKEN": server.token, "QIBAN_TELEGRAM_BASE_URL": server.base_url}


def texts(server: TelegramServer, chat: int = CHAT) -> list[str]:
    return [message["text"] for message in server.sent(chat)]


def test_a_chat_over_telegram_goes_on_where_it_was_after_a_kill(
    service_settings: dict[str, str], telegram: TelegramServer, tmp_path: Path
) -> None:
    service = Service(with_telegram(service_settings, telegram), tmp_path / "log")
    with service:
        telegram.send_text(CHAT, "/start")
        telegram.wait_for(CHAT, 1, timeout=30)
        telegram.send_text(CHAT, "/ask")
        telegram.wait_for(CHAT, 2, timeout=30)
        time.sleep(1)  # nothing is in flight any more
        service.kill()
        telegram.send_text(CHAT, "/cancel")  # while nobody is there
        telegram.send_text(CHAT, "软件公司收入要求是多少")
        service.start()
        telegram.wait_for(CHAT, 4, timeout=60)
        assert "已取消" in texts(telegram)[2]  # it knew that it was waiting for a question
        assert "1000万元" in texts(telegram)[3]
        assert len(telegram.sent(CHAT)) == 4
        assert "四、(一）2、" in texts(telegram)[3]
        assert telegram.token not in service.log_text()
        assert "软件公司" not in service.log_text()
        assert service.stop() == 0


@pytest.mark.long
def test_replies_survive_kills_at_any_moment(
    service_settings: dict[str, str], telegram: TelegramServer, tmp_path: Path
) -> None:
    """Six questions, the service killed at random moments between them: each is answered, in order, none lost; more
    than once at most what was in flight at a kill."""
    chance = random.Random(20261124)
    questions = ["负债率要求", "专利要几个", "称号能用几年", "谢谢", "有什么加分项", "小巨人能补贴多少钱奖金"]
    needles = ["70%", "1项", "有效期3年", "不客气", "优先", "没有写到"]
    service = Service(with_telegram(service_settings, telegram), tmp_path / "log")
    kills = 0
    with service:
        for question in questions:
            telegram.send_text(CHAT, question)
            if chance.random() < 0.5:
                time.sleep(chance.random() * 0.4)
                service.kill()
                kills += 1
                service.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not all(any(n in text for text in texts(telegram)) for n in needles):
            time.sleep(0.2)
    said = texts(telegram)
    firsts = []
    for needle in needles:
        found = [number for number, text in enumerate(said) if needle in text]
        assert found, (needle, said)
        firsts.append(found[0])
    assert firsts == sorted(firsts)
    assert len(said) <= len(questions) + kills


@pytest.mark.parametrize(
    "service_settings", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True
)
def test_a_kill_between_the_commit_and_the_send_loses_no_reply(
    service_settings: dict[str, str], telegram: TelegramServer, tmp_path: Path
) -> None:
    service = Service(with_telegram(service_settings, telegram), tmp_path / "log")
    telegram.drop_next("sendMessage", times=3)  # the answer is stored, but cannot get out
    with service:
        telegram.send_text(CHAT, "负债率要求")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not telegram.calls("sendMessage"):
            time.sleep(0.05)
        service.kill()
        telegram.heal()
        service.start()
        telegram.wait_for(CHAT, 1, timeout=60)
        assert "70%" in texts(telegram)[0]


def test_the_web_chat_answers_a_repeated_message_with_the_same_reply_after_a_kill(
    service_settings: dict[str, str], tmp_path: Path
) -> None:
    service = Service(service_settings, tmp_path / "log")
    with service:
        first = service.post("/api/v1/chat", {"text": "负债率要求", "id": "m1"}).json()
        service.kill()
        service.start()
        session = first["session"]
        again = service.post("/api/v1/chat", {"session": session, "text": "负债率要求", "id": "m1"}).json()
        assert again["replies"] == first["replies"]
        pressed = first["replies"][0]["choices"][0]["id"]
        answer = service.post("/api/v1/chat", {"session": session, "choice": pressed, "id": "m2"}).json()
        assert answer["replies"][0]["status"] == "answered"  # the button is still known


@pytest.mark.parametrize("service_settings", ["sqlite"], indirect=True)
@pytest.mark.long
def test_the_terminal_chat_resumes_its_session(service_settings: dict[str, str]) -> None:
    first = run(service_settings, "chat", "--session", "s1", stdin="问政策\n".encode())
    assert "请输入您的问题" in first.stdout.decode()
    second = run(service_settings, "chat", "--session", "s1", stdin="取消\n软件公司收入要求是多少\n".encode())
    said = second.stdout.decode()
    assert "已取消" in said
    assert "1000万元" in said
    other = run(service_settings, "chat", "--session", "s2", stdin="取消\n".encode())
    assert "没有进行中的步骤" in other.stdout.decode()
