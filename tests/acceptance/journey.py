"""People on their way through the whole service: a firm and a provider in a chat each, staff over HTTP."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import httpx
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from conversation.models import Inbound
from messaging.outbox import Delivery
from tests.acceptance.process import Service
from tests.telegram_server import TelegramServer

PATIENCE = 90.0


@dataclass(frozen=True)
class Heard:
    """What came: all of its words, cards included, and the buttons (words to id)."""

    words: str
    buttons: Mapping[str, str]

    def button(self, begins: str) -> str:
        """The id of the button whose words begin so."""
        found = [data for label, data in self.buttons.items() if label.startswith(begins)]
        assert found, f"no button {begins!r} in {list(self.buttons)} under {self.words[:400]!r}"
        return found[0]


class Chat(Protocol):
    """A person's chat with the service."""

    def say(self, text: str) -> Heard: ...
    def press(self, button: str) -> Heard: ...
    def notice(self, words: str) -> Heard: ...
    def all_words(self) -> list[str]: ...


class TelegramChat:
    """A private chat with the bot; notices come by themselves."""

    def __init__(self, server: TelegramServer, chat: int, database: Stored) -> None:
        self._server = server
        self._chat = chat
        self.address = str(chat)
        self._database = database

    def say(self, text: str) -> Heard:
        return self._after(lambda: self._server.send_text(self._chat, text))

    def press(self, button: str) -> Heard:
        return self._after(lambda: self._server.press(self._chat, button))

    def _after(self, act: Any) -> Heard:
        seen = len(self._server.sent(self._chat))
        act()
        self._server.wait_until(lambda: len(self._server.sent(self._chat)) > seen, PATIENCE)
        self._database.settle()
        return _heard(self._server.sent(self._chat)[seen:])

    def notice(self, words: str) -> Heard:
        """The message with these words, once it is there."""

        def there() -> list[Mapping[str, Any]]:
            return [message for message in self._server.sent(self._chat) if words in message["text"]]

        self._server.wait_until(lambda: bool(there()), PATIENCE)
        return _heard(there())

    def all_words(self) -> list[str]:
        return [message["text"] for message in self._server.sent(self._chat)]


def _heard(messages: list[Mapping[str, Any]]) -> Heard:
    rows = [row for message in messages for row in (message.get("reply_markup") or {}).get("inline_keyboard", [])]
    buttons = {button["text"]: button["callback_data"] for row in rows for button in row}
    return Heard("\n".join(message["text"] for message in messages), buttons)


class WebChat:
    """A session of the web chat; notices wait in its inbox."""

    def __init__(self, service: Service, database: Stored) -> None:
        self._service = service
        self._database = database
        self.session = f"web-{uuid4().hex}"
        self._heard: list[str] = []

    def say(self, text: str) -> Heard:
        return self._post({"text": text})

    def press(self, button: str) -> Heard:
        return self._post({"choice": button})

    def _post(self, said: dict[str, str]) -> Heard:
        body = {"session": self.session, "id": uuid4().hex, **said}
        response = self._service.post("/api/v1/chat", body)
        assert response.status_code == 200, response.text
        self._database.settle()
        heard = _of_json(response.json()["replies"])
        self._heard.append(heard.words)
        return heard

    def notice(self, words: str) -> Heard:
        """The notice with these words, once it is in the inbox."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = [item for item in self._inbox() if words in _words(item)]
            if found:
                return _of_json(found)
            time.sleep(0.2)
        raise AssertionError(f"{words!r} never came: {[_words(item) for item in self._inbox()]}")

    def _inbox(self) -> list[Mapping[str, Any]]:
        response = get(self._service, f"/api/v1/inbox?session={self.session}&limit=100")
        items: list[Mapping[str, Any]] = response.json()["items"]
        return items

    def all_words(self) -> list[str]:
        return [*self._heard, *(_words(item) for item in self._inbox())]


def _words(reply: Mapping[str, Any]) -> str:
    cards = [line for card in reply.get("cards", ()) for line in (card["title"], *card["lines"])]
    quotes = [citation["quote"] for citation in reply.get("citations", ())]
    return "\n".join((reply["text"], *reply.get("notices", ()), *quotes, *cards))


def _of_json(replies: list[Mapping[str, Any]]) -> Heard:
    choices = {choice["label"]: choice["id"] for reply in replies for choice in reply["choices"]}
    return Heard("\n".join(_words(reply) for reply in replies), choices)


def get(service: Service, path: str, key: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.get(f"{service.url}{path}", headers=headers, timeout=60, trust_env=False)


@dataclass
class Staff:
    """A member of staff, or a provider's program, with a key."""

    service: Service
    key: str

    def get(self, path: str) -> Any:
        response = get(self.service, f"/api/v1{path}", self.key)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        url = f"{self.service.url}/api/v1{path}"
        return httpx.post(url, json=body, headers=headers, timeout=60, trust_env=False)


@dataclass
class Stored:
    """The service's database, looked at from outside."""

    settings: Mapping[str, str]
    _engine: Any = field(init=False)

    def __post_init__(self) -> None:
        url = self.settings.get("QIBAN_DATABASE_URL") or f"sqlite:///{self.settings['QIBAN_DATA_DIR']}/qiban.db"
        self._engine = create_engine(re.sub(r"^postgresql:", "postgresql+psycopg:", url), poolclass=NullPool)

    def settle(self) -> None:
        """Wait until nothing is waiting to be answered or sent."""
        deadline = time.monotonic() + PATIENCE
        while self._waiting():
            assert time.monotonic() < deadline, "the service does not come to rest"
            time.sleep(0.1)

    def _waiting(self) -> int:
        unsent = select(func.count()).select_from(Delivery).where(Delivery.state.in_(("queued", "sending")))
        unanswered = select(func.count()).select_from(Inbound).where(Inbound.state == "pending")
        with Session(self._engine) as session:
            return (session.scalar(unsent) or 0) + (session.scalar(unanswered) or 0)

    def deliveries(self) -> list[Delivery]:
        with Session(self._engine, expire_on_commit=False) as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def kept(self) -> str:
        """All that is stored of what people and the service said to each other."""
        with Session(self._engine) as session:
            said = session.execute(select(Inbound.message, Inbound.replies, Inbound.outcome)).all()
        stored = [[*row] for row in said] + [[row.message, row.guard_args, row.reason] for row in self.deliveries()]
        return json.dumps(stored, ensure_ascii=False)

    def close(self) -> None:
        self._engine.dispose()
