"""Whatever comes in, the answer is a helpful reply or a problem; never a traceback, never an echo."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import structlog

from api.parts import Parts, Readiness
from qiban.bootstrap import Services
from tests.api.conftest import assert_problem, open_client

JSON = {"Content-Type": "application/json"}
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
POSTS = ("/api/v1/questions", "/api/v1/chat")
BAD_BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b"   ",
    "GBK": json.dumps({"text": "申报条件有哪些"}, ensure_ascii=False).encode("gbk"),
    "GBK with a charset": json.dumps({"text": "负债率"}, ensure_ascii=False).encode("gb18030"),
    "PNG": PNG,
    "broken off": b'{"text": "',
    "no JSON": b"text=hello",
    "NUL": b'{"text": "a\x00b"}',
    "a list": b"[]",
    "a string": b'"text"',
    "null": b"null",
    "a number": b"7",
    "NaN": b'{"text": NaN}',
    "endless number": b'{"text": ' + b"9" * 100_000 + b"}",
    "deeply nested": b"[" * 100_000,
    "deep object": b'{"text":' * 30_000,
}


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
async def test_a_body_that_is_no_message_is_a_problem(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    response = await client.post(path, content=body, headers=JSON)
    assert 400 <= response.status_code < 500, response.text
    assert_problem(response, response.status_code, response.json()["code"])
    assert "Traceback" not in response.text


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "image/png", "multipart/form-data", "", None]
)
async def test_a_body_that_is_not_called_json_says_so(client: httpx.AsyncClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = await client.post(POSTS[0], content=b'{"text": "a"}', headers=headers)
    problem = assert_problem(response, 422, "invalid_request")
    assert "application/json" in problem["detail"]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "text", ['"\ud800"', '"\\ud800"', '"负债率\\udfff有要求吗"', '"\\u0000"', '"a\\u0000b"', '"\\ufeff\\u202e"']
)
async def test_characters_that_no_encoding_knows_crash_nothing(client: httpx.AsyncClient, path: str, text: str) -> None:
    body = b'{"text": ' + text.encode("utf-8", "surrogatepass") + b"}"
    response = await client.post(path, content=body, headers=JSON)
    assert response.status_code in (200, 422), response.text


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("path", [*POSTS, "/chat/messages", "/", "/nope"])
async def test_a_huge_body_is_refused(client: httpx.AsyncClient, path: str) -> None:
    response = await client.post(path, content=b'{"text": "' + b"a" * 3_000_000 + b'"}', headers=JSON)
    assert_problem(response, 413, "too_large")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_huge_body_of_unknown_length_is_refused(client: httpx.AsyncClient) -> None:
    async def chunks() -> Any:
        for _ in range(400):
            yield b"a" * 1000

    assert_problem(await client.post(POSTS[0], content=chunks(), headers=JSON), 413, "too_large")


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("path", POSTS)
async def test_twenty_thousand_characters_fit_however_they_are_written(client: httpx.AsyncClient, path: str) -> None:
    for ascii_only in (True, False):
        body = json.dumps({"text": "资" * 20_000}, ensure_ascii=ascii_only).encode()
        assert (await client.post(path, content=body, headers=JSON)).status_code in (200, 422)


@pytest.mark.asyncio(loop_scope="session")
async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/v1/nope"), 404, "not_found")
    assert_problem(await client.get("/nope"), 404, "not_found")
    refused = await client.get("/api/v1/questions")
    assert_problem(refused, 405, "method_not_allowed")
    assert "POST" in refused.headers["allow"]
    assert_problem(await client.delete("/api/v1/documents"), 405, "method_not_allowed")
    assert_problem(await client.post("/static/qiban.css"), 405, "method_not_allowed")
    assert_problem(await client.get("/static/../app.py"), 404, "not_found")
    assert_problem(await client.get("/static/%2e%2e/app.py"), 404, "not_found")
    assert_problem(await client.get("/static/%00"), 404, "not_found")
    slashed = await client.get("/documents/", headers={"Host": "evil.test"})
    assert_problem(slashed, 404, "not_found")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_browser_gets_a_page_in_chinese(client: httpx.AsyncClient) -> None:
    response = await client.get("/nope", headers={"Accept": "text/html,*/*;q=0.8"})
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "没有找到" in response.text
    api = await client.get("/api/v1/nope", headers={"Accept": "text/html"})
    assert_problem(api, 404, "not_found")


class _Broken:
    async def answer(self, text: str, **_: object) -> None:
        raise RuntimeError(f"SELECT ... parameters: {text}")

    async def list(self) -> None:
        raise RuntimeError("postgresql://user:password@host")


@pytest.mark.asyncio(loop_scope="session")
async def test_an_unexpected_error_shows_nothing_of_itself(parts: Parts) -> None:
    async with open_client(parts, advisor=_Broken(), library=_Broken()) as client:
        with structlog.testing.capture_logs() as logs:
            response = await client.post(POSTS[0], json={"text": "张三的电话"})
            page = await client.get("/documents", headers={"Accept": "text/html"})
    problem = assert_problem(response, 500, "internal_error")
    assert problem["instance"] == f"urn:qiban:request:{response.headers['x-request-id']}"
    assert page.status_code == 500
    assert page.headers["x-request-id"] in page.text
    for shown in (response.text, page.text, repr(logs)):
        assert "张三" not in shown
        assert "SELECT" not in shown
        assert "password@" not in shown
    errors = [entry for entry in logs if entry["event"] == "request_error"]
    assert errors[0]["error"] == "RuntimeError"
    assert any("test_problems.py" in place for place in errors[0]["places"])


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("status", "expected"), [("ready", 200), ("degraded", 200), ("unavailable", 503)])
async def test_readyz_tells_how_the_service_is(parts: Parts, status: Any, expected: int) -> None:
    async def probe() -> Readiness:
        return Readiness(status, {"database": "ok", "model": "missing"})

    async with open_client(parts, readiness=probe) as client:
        response = await client.get("/readyz")
        assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert response.status_code == expected
    assert response.json() == {"status": status, "checks": {"database": "ok", "model": "missing"}}


@pytest.mark.asyncio(loop_scope="session")
async def test_a_probe_that_breaks_means_unavailable(parts: Parts) -> None:
    async def probe() -> Readiness:
        raise OSError("secret path")

    async with open_client(parts, readiness=probe) as client:
        response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert "secret" not in response.text


async def test_both_databases_bear_what_people_send(services: Services) -> None:
    """PostgreSQL refuses NUL and lone surrogates where SQLite keeps them: nothing of that may get so far."""
    async with open_client(services.parts()) as client:
        session = "odd"
        for raw in ('"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"👍"', '"𠮷"', '"\\u202e"'):
            for key in ("text", "choice"):
                body = f'{{"session": "{session}", "{key}": {raw}}}'.encode()
                response = await client.post("/api/v1/chat", content=body, headers=JSON)
                assert response.status_code in (200, 422), response.text
        for path in ("%00", "%ED%A0%80", "%F0%A0%AE%B7"):
            assert (await client.get(f"/api/v1/documents/{path}")).status_code == 404
        for value in ("%00", "a%00b", "%ED%A0%80"):
            response = await client.get(f"/api/v1/chat/stream?session={session}&text={value}")
            assert response.status_code == 200
        asked = await client.post("/api/v1/questions", json={"text": "负债率\u0000有要求吗", "region": "\u0000"})
        assert asked.json()["status"] == "answered"
        turns = (await client.get(f"/api/v1/chat/history?session={session}")).json()["turns"]
        assert len(turns) >= 8
        assert not [turn["text"] for turn in turns if "\0" in turn["text"] or "\u202e" in turn["text"]]
        await client.get("/")
        form = {"text": "负债率\u0000有要求吗\r\n谢谢", "id": "\u0000"}
        assert (await client.post("/chat/messages", data=form, headers={"HX-Request": "true"})).status_code == 200
