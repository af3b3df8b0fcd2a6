"""The test server refuses what the real one refuses; otherwise the tests that lean on it prove little."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

from core.settings import CHECKOUT
from tests.telegram_server import Refusal, TelegramServer, parse_html


def post(server: TelegramServer, method: str, **params: Any) -> dict[str, Any]:
    """One call with a JSON body."""
    url = f"{server.base_url}{server.token}/{method}"
    head = {"content-type": "application/json"}
    answer = httpx.post(url, content=json.dumps(params), headers=head, trust_env=False)
    body: dict[str, Any] = answer.json()
    assert body["ok"] == (answer.status_code == 200)
    return body


def refused(server: TelegramServer, method: str, **params: Any) -> str:
    body = post(server, method, **params)
    assert not body["ok"]
    return str(body["description"])


@pytest.mark.parametrize(
    ("markup", "text", "kinds"),
    [
        ("a &lt;b&gt; &amp;amp; &quot; &#20013;&#x6587;", 'a <b> &amp; " 中文', []),
        ("<b>粗</b><strong>x</strong>", "粗x", ["bold", "bold"]),
        ("<b><i>x</i></b>", "x", ["bold", "italic"]),
        ("<blockquote expandable>q</blockquote>", "q", ["expandable_blockquote"]),
        ("<blockquote>q</blockquote>", "q", ["blockquote"]),
        ('<a href="https://x.example/?a=1&amp;b=2">y</a>', "y", ["text_link"]),
        ("<a>y</a>", "y", []),
        ("<B>x</b>", "x", ["bold"]),
        ("<b></b>x", "x", []),
        ("a > b", "a > b", []),
        ("😀<u>x</u>", "😀x", ["underline"]),
        ("<pre><code>x</code></pre>", "x", ["pre", "code"]),
        ("<tg-spoiler>x</tg-spoiler>", "x", ["spoiler"]),
    ],
)
def test_html_that_telegram_reads(markup: str, text: str, kinds: list[str]) -> None:
    visible, entities = parse_html(markup)
    assert visible == text
    assert sorted(entity["type"] for entity in entities) == sorted(kinds)


@pytest.mark.parametrize(
    "markup",
    ["<b>x", "x</b>", "<b>x</i>", "<script>x</script>", "a < b", "<b", "<>", "<b><i>x</b></i>", "<p>x</p>", "<br>"],
)
def test_html_that_telegram_refuses(markup: str) -> None:
    with pytest.raises(Refusal, match="can't parse entities"):
        parse_html(markup)


def test_entities_count_utf16(server: TelegramServer) -> None:
    message = post(server, "sendMessage", chat_id=7, text="  😀<b>粗</b> ", parse_mode="HTML")["result"]
    assert message["text"] == "😀粗"
    assert message["entities"] == [{"type": "bold", "offset": 2, "length": 1}]


def test_refusals_of_a_message(server: TelegramServer) -> None:
    def of(**params: Any) -> str:
        return refused(server, "sendMessage", **{"chat_id": 7, "text": "x", **params})

    def button(data: str, text: str = "x") -> dict[str, Any]:
        return {"inline_keyboard": [[{"text": text, "callback_data": data}]]}

    assert of(text="<b>x", parse_mode="HTML").startswith("Bad Request: can't parse entities: ")
    assert of(text="😀" * 2049) == "Bad Request: message is too long"
    assert of(text=" \n") == "Bad Request: message text is empty"
    assert of(text="<b> </b>", parse_mode="HTML") == "Bad Request: message text is empty"
    assert of(text="\ud83d") == "Bad Request: strings must be encoded in UTF-8"
    assert of(chat_id="某人") == "Bad Request: chat not found"
    assert of(reply_markup=button("")) == "Bad Request: BUTTON_DATA_INVALID"
    assert of(reply_markup=button("x" * 65)) == "Bad Request: BUTTON_DATA_INVALID"
    assert of(reply_markup=button("中" * 22)) == "Bad Request: BUTTON_DATA_INVALID"
    assert "button" in of(reply_markup=button("x", text=" "))
    assert of(reply_markup=json.dumps(button("x", text="\ud83d"))) == "Bad Request: strings must be encoded in UTF-8"
    assert of(reply_markup="{") == "Bad Request: object expected as reply markup"
    assert server.sent() == []
    server.block(7)
    assert of() == "Forbidden: bot was blocked by the user"
    server.migrate(-7, -1007)
    assert post(server, "sendMessage", chat_id=-7, text="x")["parameters"] == {"migrate_to_chat_id": -1007}


def test_the_same_limits_in_parsed_text(server: TelegramServer) -> None:
    post(server, "sendMessage", chat_id=7, text="&lt;" * 4096, parse_mode="HTML")
    assert server.sent(7)[0]["text"] == "<" * 4096


@pytest.mark.parametrize("encode", ["json", "data", "files", "params"])
def test_all_ways_to_send_parameters(server: TelegramServer, encode: str) -> None:
    fields = {"chat_id": "7", "text": "你好 & 再见", "reply_markup": '{"inline_keyboard":[]}'}
    bodies: dict[str, Any] = {
        "json": {"json": {**fields, "chat_id": 7}},
        "data": {"data": fields},
        "files": {"files": {key: (None, value) for key, value in fields.items()}},
        "params": {"params": fields},
    }
    httpx.post(f"{server.base_url}{server.token}/sendMessage", **bodies[encode], trust_env=False).raise_for_status()
    assert [message["text"] for message in server.sent(7)] == ["你好 & 再见"]


def test_broken_utf8_is_refused(server: TelegramServer) -> None:
    url = f"{server.base_url}{server.token}/sendMessage"
    head = {"content-type": "application/x-www-form-urlencoded"}
    answer = httpx.post(url, content=b"chat_id=7&text=%ED%A0%BD", headers=head, trust_env=False)
    assert (answer.status_code, answer.json()["description"]) == (400, "Bad Request: strings must be encoded in UTF-8")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/bot1:abc/getMe", 401), ("/botnonsense/getMe", 404), ("/", 404), (None, 404)],
)
def test_other_tokens_and_methods(server: TelegramServer, path: str | None, status: int) -> None:
    path = path or f"/bot{server.token}/makeCoffee"
    assert httpx.get(f"http://127.0.0.1:{server.port}{path}", trust_env=False).status_code == status


def test_updates_stay_until_they_are_confirmed(server: TelegramServer) -> None:
    first, second = server.send_text(7, "一"), server.send_text(7, "二")

    def ids(**params: Any) -> list[int]:
        return [update["update_id"] for update in post(server, "getUpdates", **params)["result"]]

    assert ids() == ids(offset=0) == ids(offset=first) == [first, second]
    assert ids(limit=1) == [first]
    assert ids(offset=second) == ids() == [second]
    assert ids(offset=second + 1) == server.pending() == []


def test_a_negative_offset_forgets_all_but_the_last(server: TelegramServer) -> None:
    *_, last = (server.send_text(7, text) for text in "一二三")
    assert [update["update_id"] for update in post(server, "getUpdates", offset=-1)["result"]] == [last]
    assert server.pending() == [last]


def test_kinds_that_were_not_asked_for_are_not_queued(server: TelegramServer) -> None:
    post(server, "getUpdates", allowed_updates=["message"])
    server.press(7, "a::0")
    kept = server.send_text(7, "一")
    assert server.pending() == [kept]


async def test_a_long_poll_ends_with_the_first_update(server: TelegramServer) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"{server.base_url}{server.token}/getUpdates"
        poll = asyncio.create_task(client.post(url, json={"timeout": 20}))
        await server.until(server.polling)
        assert not poll.done()
        server.send_text(7, "一")
        answer = await asyncio.wait_for(poll, 2)
    assert [update["message"]["text"] for update in answer.json()["result"]] == ["一"]


async def test_two_pollers_are_a_conflict_for_the_older_one(server: TelegramServer) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"{server.base_url}{server.token}/getUpdates"
        older = asyncio.create_task(client.post(url, json={"timeout": 20}))
        await server.until(server.polling)
        newer = asyncio.create_task(client.post(url, json={"timeout": 20}))
        answer = await asyncio.wait_for(older, 2)
        assert answer.status_code == 409
        assert "terminated by other getUpdates request" in answer.json()["description"]
        server.send_text(7, "一")
        assert (await asyncio.wait_for(newer, 2)).status_code == 200


async def test_a_poller_that_hangs_up_is_gone(server: TelegramServer) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        poll = asyncio.create_task(client.post(f"{server.base_url}{server.token}/getUpdates", json={"timeout": 20}))
        await server.until(server.polling)
        poll.cancel()
        await server.until(lambda: not server.polling())


def test_a_webhook_forbids_polling(server: TelegramServer) -> None:
    post(server, "setWebhook", url="https://x.example/hook", secret_token="s")
    assert "webhook is active" in refused(server, "getUpdates")
    assert post(server, "getWebhookInfo")["result"]["url"] == "https://x.example/hook"
    post(server, "deleteWebhook")
    assert post(server, "getUpdates")["ok"]


def test_a_callback_query_is_answered_by_its_id(server: TelegramServer) -> None:
    server.press(7, "yes::0")
    query = post(server, "getUpdates")["result"][0]["callback_query"]
    assert server.answered() == []
    post(server, "answerCallbackQuery", callback_query_id=query["id"])
    assert server.answered() == [query["id"]]
    assert "query is too old" in refused(server, "answerCallbackQuery", callback_query_id="1")


def test_an_edit_must_change_something(server: TelegramServer) -> None:
    number = post(server, "sendMessage", chat_id=7, text="一")["result"]["message_id"]
    assert "message is not modified" in refused(server, "editMessageText", chat_id=7, message_id=number, text="一")
    post(server, "editMessageText", chat_id=7, message_id=number, text="二")
    assert server.sent(7)[0]["text"] == "二"
    assert "not found" in refused(server, "editMessageText", chat_id=7, message_id=99, text="二")


def test_a_document_is_taken_as_a_file(server: TelegramServer) -> None:
    url = f"{server.base_url}{server.token}/sendDocument"
    file = {"document": ("报告.pdf", b"%PDF-1.7 ...", "application/pdf")}
    httpx.post(url, data={"chat_id": "7", "caption": "自评"}, files=file, trust_env=False).raise_for_status()
    (sent,) = server.sent(7)
    assert (sent["text"], sent["document"]["file_name"], sent["document"]["file_size"]) == ("自评", "报告.pdf", 12)


def test_menu_and_chat_action(server: TelegramServer) -> None:
    menu = [{"command": "help", "description": "帮助"}]
    post(server, "setMyCommands", commands=json.dumps(menu))
    assert server.commands() == menu
    assert refused(server, "setMyCommands", commands=[{"command": "帮助", "description": "x"}])
    assert post(server, "sendChatAction", chat_id=7, action="typing")["result"] is True


def test_scripted_failures_come_in_order_and_end(server: TelegramServer) -> None:
    server.fail_next("sendMessage", chat_id=7, status=502, body="<html>Bad Gateway</html>", skip=1)
    server.fail_next("sendMessage", status=429)
    url = f"{server.base_url}{server.token}/sendMessage"

    def send(chat: int) -> int:
        return httpx.post(url, json={"chat_id": chat, "text": "x"}, trust_env=False).status_code

    assert [send(8), send(7), send(7), send(7)] == [429, 200, 502, 200]
    assert [call["status"] for call in server.calls("sendMessage")] == [429, 200, 502, 200]


def test_hanging_up_before_and_after_the_deed(server: TelegramServer) -> None:
    server.hang_up_next("sendMessage")
    with pytest.raises(httpx.RemoteProtocolError):
        post(server, "sendMessage", chat_id=7, text="去了")
    server.drop_next("sendMessage")
    with pytest.raises(httpx.RemoteProtocolError):
        post(server, "sendMessage", chat_id=7, text="没去")
    server.delay("sendMessage", 0.3)
    url = f"{server.base_url}{server.token}/sendMessage"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json={"chat_id": 7, "text": "也去了"}, timeout=0.1, trust_env=False)
    assert [message["text"] for message in server.sent(7)] == ["去了", "也去了"]


def test_as_a_process_it_is_driven_over_http() -> None:
    command = [sys.executable, "-m", "tests.telegram_server", "--port", "0"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            with httpx.Client(base_url=f"http://127.0.0.1:{ready['port']}", trust_env=False) as client:
                update_id = client.post("/control/send_text", json={"chat_id": 7, "text": "你好"}).json()["result"]
                updates = client.get(f"/bot{ready['token']}/getUpdates").json()["result"]
                assert [update["update_id"] for update in updates] == [update_id]
                client.post("/control/fail_next", json={"method": "sendMessage", "status": 500})
                message = {"chat_id": 7, "text": "您好"}
                statuses = [client.post(f"/bot{ready['token']}/sendMessage", json=message).status_code for _ in "ab"]
                assert statuses == [500, 200]
                sent = client.get("/control/sent", params={"chat_id": 7}).json()["result"]
                assert [message["text"] for message in sent] == ["您好"]
                assert client.get("/control/sent", params={"chat_id": 8}).json()["result"] == []
                assert client.get("/control/nonsense").status_code == 404
                assert client.post("/control/press", json={"chat": 7}).status_code == 400
        finally:
            process.terminate()
            process.wait(10)
