from __future__ import annotations

import asyncio
import json
from typing import Any, ClassVar
from uuid import uuid4

import httpx
import pytest

from api import contract
from api.parts import Parts
from conversation.engine import Handled
from conversation.messages import Reply
from core.errors import Unavailable
from tests.api.conftest import assert_problem, assert_shape, open_client

pytestmark = pytest.mark.asyncio(loop_scope="session")
URL = "/api/v1/chat"
HISTORY = "/api/v1/chat/history"
STREAM = "/api/v1/chat/stream"


async def chat(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post(URL, json=body)
    assert response.status_code == 200, response.text
    value: dict[str, Any] = response.json()
    assert_shape(contract.Chat, value)
    assert value["replies"]
    return value


async def test_a_first_message_begins_a_session_and_is_answered(client: httpx.AsyncClient) -> None:
    first = await chat(client, text="负债率有要求吗")
    assert first["replies"][0]["citations"][0]["clause"] == "四（一）2"
    assert (first["asking"], first["read"], first["assessment"]) == (None, [], None)
    other = await chat(client, text="你好")
    assert first["session"] != other["session"]
    assert len(first["session"]) >= 22


async def test_a_blank_session_is_no_session(client: httpx.AsyncClient) -> None:
    assert (await chat(client, text="你好", session=""))["session"]


async def test_a_button_of_the_reply_can_be_pressed(client: httpx.AsyncClient) -> None:
    first = await chat(client, text="负债率有要求吗")
    choice = first["replies"][-1]["choices"][0]
    second = await chat(client, session=first["session"], choice=choice["id"])
    assert second["replies"][0]["status"] is not None
    turns = (await client.get(HISTORY, params={"session": first["session"]})).json()["turns"]
    assert [turn["text"] for turn in turns] == ["负债率有要求吗", choice["label"]]


async def test_the_same_message_id_counts_once(client: httpx.AsyncClient) -> None:
    first = await chat(client, text="负债率有要求吗", id="m-1")
    again = await chat(client, session=first["session"], text="负债率有要求吗", id="m-1")
    assert again == first
    turns = (await client.get(HISTORY, params={"session": first["session"]})).json()["turns"]
    assert len(turns) == 1


async def test_the_same_message_sent_twice_at_the_same_time_counts_once(client: httpx.AsyncClient) -> None:
    session = f"twice-{uuid4().hex}"
    both = await asyncio.gather(*(chat(client, session=session, text="有效期几年", id="m") for _ in range(5)))
    assert all(one == both[0] for one in both)
    assert len((await client.get(HISTORY, params={"session": session})).json()["turns"]) == 1


async def test_without_an_id_every_message_counts(client: httpx.AsyncClient) -> None:
    first = await chat(client, text="你好")
    await chat(client, session=first["session"], text="你好")
    assert len((await client.get(HISTORY, params={"session": first["session"]})).json()["turns"]) == 2


async def test_history_shows_what_was_said_in_order(client: httpx.AsyncClient) -> None:
    session = f"order-{uuid4().hex}"
    said = ["你好", "负债率有要求吗", "今天天气怎么样"]
    for text in said:
        await chat(client, session=session, text=text)
    value = (await client.get(HISTORY, params={"session": session})).json()
    assert_shape(contract.History, value)
    assert [turn["text"] for turn in value["turns"]] == said
    assert [turn["replies"][0]["status"] for turn in value["turns"]] == [None, "answered", "declined"]


async def test_an_unknown_session_has_no_history(client: httpx.AsyncClient) -> None:
    response = await client.get(HISTORY, params={"session": f"none-{uuid4().hex}"})
    assert response.json()["turns"] == []


@pytest.mark.parametrize(
    "text", ["", "   \n ", "👍", "？？？", "？", "\u0000", "好" * 20000, "a" * 20000, "/start", "滚"]
)
async def test_any_text_gets_a_helpful_reply(client: httpx.AsyncClient, text: str) -> None:
    value = await chat(client, text=text)
    assert len(value["replies"][0]["text"]) > 5


@pytest.mark.parametrize("choice", ["", "nonsense", "say:0:99", "say:9:0", "ask::0", "好", "x" * 5000, "\u0000", "a:b"])
async def test_any_choice_gets_a_helpful_reply(client: httpx.AsyncClient, choice: str) -> None:
    value = await chat(client, choice=choice)
    assert len(value["replies"][0]["text"]) > 5


@pytest.mark.parametrize("body", [{}, {"text": "a", "choice": "b"}, {"session": "s"}, {"text": None, "choice": None}])
async def test_a_message_is_one_text_or_one_choice(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert_problem(await client.post(URL, json=body), 422, "text_or_choice")


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a", "session": "a b"},
        {"text": "a", "session": "会话"},
        {"text": "a", "session": "x" * 65},
        {"text": "a", "session": "x\n"},
        {"text": "a", "session": 7},
        {"text": "a", "id": "x" * 65},
        {"text": "a", "id": ""},
        {"text": "a", "id": "a b"},
        {"text": 7},
        {"text": ["a"]},
        {"choice": 7},
        {"choice": {"id": "x"}},
    ],
)
async def test_wrong_types_are_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert_problem(await client.post(URL, json=body), 422, "invalid_request")


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    """The (event, data) pairs of a stream, without comments."""
    found = []
    for block in response.text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":") and ": " in line)
        if "data" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


async def test_the_stream_gives_the_same_replies_and_then_the_rest(client: httpx.AsyncClient) -> None:
    asked = {"text": "负债率有要求吗", "id": "m1"}  # the thumbs' buttons name the message
    direct = await chat(client, **asked)
    response = await client.get(STREAM, params={"session": "s-" + uuid4().hex, **asked})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    *replies, done = events(response)
    assert [name for name, _ in replies] == ["reply"] * len(direct["replies"])
    assert [data for _, data in replies] == direct["replies"]
    assert done[0] == "done"
    assert set(done[1]) == {"session", "asking", "read", "assessment"}


async def test_the_stream_takes_choices(client: httpx.AsyncClient) -> None:
    names = [name for name, _ in events(await client.get(STREAM, params={"choice": "help::0"}))]
    assert names == ["reply", "done"]


async def test_a_stream_that_is_opened_again_asks_nothing_twice(client: httpx.AsyncClient) -> None:
    session = "again-" + uuid4().hex
    asked = {"session": session, "text": "有效期几年"}
    first = await client.get(STREAM, params=asked)
    ids = [line[4:] for line in first.text.splitlines() if line.startswith("id: ")]
    broken_off = await client.get(STREAM, params=asked, headers={"Last-Event-ID": ids[0]})
    assert events(broken_off) == events(first)
    finished = await client.get(STREAM, params=asked, headers={"Last-Event-ID": ids[-1]})
    assert finished.status_code == 204
    assert len((await client.get(HISTORY, params={"session": session})).json()["turns"]) == 1


async def test_a_bad_stream_is_a_problem_not_a_stream(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get(STREAM), 422, "text_or_choice")
    assert_problem(await client.get(STREAM, params={"text": "a", "choice": "b"}), 422, "text_or_choice")
    assert_problem(await client.get(STREAM, params={"text": "a", "session": "a b"}), 422, "invalid_request")
    assert_problem(await client.get(HISTORY), 422, "invalid_request")


class _Asking:
    """Conversations that are in the middle of a form."""

    outcome: ClassVar[dict[str, Any]] = {
        "asking": {"fact": "revenue_main", "year": 2025},
        "read": [
            {"fact": "industry", "year": None, "value": "C34", "about": False, "text": "通用设备制造业"},
            {"fact": "employees", "year": 2025, "min": 100, "below": 120.5, "about": True, "text": "100到120.5人"},
        ],
        "assessment": None,
    }

    async def handle(self, _: object) -> Handled:
        return Handled((Reply("2025年主营业务收入是多少万元？").to_json(),), self.outcome)


async def test_what_is_asked_and_what_was_understood_stand_beside_the_replies(parts: Parts) -> None:
    async with open_client(parts, conversations=_Asking()) as client:
        value = await chat(client, text="做机械加工的，百来人")
        assert {name: value[name] for name in _Asking.outcome} == _Asking.outcome
        *_, done = events(await client.get(STREAM, params={"text": "做机械加工的，百来人"}))
    assert done[0] == "done"
    assert {name: done[1][name] for name in _Asking.outcome} == _Asking.outcome


class _Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def handle(self, _: object) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "code"), [(Unavailable(), "unavailable"), (RuntimeError("secret words"), "internal_error")]
)
async def test_a_stream_that_fails_ends_with_a_problem(parts: Parts, error: Exception, code: str) -> None:
    async with open_client(parts, conversations=_Broken(error)) as client:
        response = await client.get(STREAM, params={"text": "你好"})
    ((name, problem),) = events(response)
    assert (name, problem["code"]) == ("problem", code)
    assert "secret" not in response.text
