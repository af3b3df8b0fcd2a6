from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import structlog

from api.parts import Parts
from tests.api.conftest import HOST, PLAN, open_client

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATHS = (
    "/",
    "/documents",
    f"/documents/{PLAN}",
    "/nope",
    "/healthz",
    "/api/v1/documents",
    "/api/v1/docs",
    "/static/qiban.css",
)


@pytest.mark.parametrize("path", PATHS)
async def test_every_response_has_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])


async def test_each_request_has_an_id_of_its_own(client: httpx.AsyncClient) -> None:
    ids = {
        (await client.get("/healthz", headers={"X-Request-ID": "forged\tline"})).headers["x-request-id"]
        for _ in range(3)
    }
    assert len(ids) == 3


async def test_the_access_log_holds_templates_and_nothing_of_what_was_said(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs:
        await client.post("/api/v1/chat", json={"session": "my-secret-session", "text": "张三的公司亏了"})
        await client.get("/api/v1/chat/history", params={"session": "my-secret-session"})
        await client.get(f"/api/v1/documents/{PLAN}/text")
        await client.get(f"/documents/{PLAN}?start=1&end=2")
        await client.get("/static/qiban.css")
        await client.get("/some/odd/path")
        await client.delete("/api/v1/documents")
    requests = [entry for entry in logs if entry["event"] == "request"]
    assert [(entry["method"], entry["route"], entry["status"]) for entry in requests] == [
        ("POST", "/api/v1/chat", 200),
        ("GET", "/api/v1/chat/history", 200),
        ("GET", "/api/v1/documents/{document_id}/text", 200),
        ("GET", "/documents/{document_id}", 200),
        ("GET", "/static/{path}", 200),
        ("GET", "unmatched", 404),
        ("DELETE", "/api/v1/documents", 405),
    ]
    assert all(entry["ms"] >= 0 for entry in requests)
    for said in ("my-secret-session", "张三", PLAN, "odd/path", "203.0.113.7"):
        assert said not in repr(logs)


async def test_log_lines_of_a_request_carry_its_id(parts: Parts) -> None:
    class Speaking:
        async def list(self) -> list[object]:
            structlog.get_logger().info("inside")
            return []

    processors = [structlog.contextvars.merge_contextvars]
    async with open_client(parts, library=Speaking()) as client:
        with structlog.testing.capture_logs(processors=processors) as logs:
            response = await client.get("/api/v1/documents")
    assert [entry["request_id"] for entry in logs] == [response.headers["x-request-id"]] * 2


async def test_mounted_callables_answer_their_path_alone(parts: Parts) -> None:
    async def webhook(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["method"].encode() + b" " + body})

    async with open_client(parts, asgi_mounts={"/telegram/webhook": webhook}) as client:
        with structlog.testing.capture_logs() as logs:
            response = await client.post("/telegram/webhook", content=b"update")
        assert response.text == "POST update"
        assert "content-security-policy" in response.headers
        assert (await client.get("/telegram/webhook/other")).status_code == 404
    assert logs[0]["route"] == "/telegram/webhook"


async def test_only_a_trusted_proxy_is_believed(parts: Parts) -> None:
    seen: list[tuple[str, str]] = []

    async def look(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["client"][0], scope["scheme"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    forwarded = {"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "https"}
    for proxies in ((), ("192.0.2.1",), ("203.0.113.0/24",)):
        async with open_client(parts, asgi_mounts={"/look": look}, trusted_proxies=proxies) as client:
            await client.get("/look", headers=forwarded)
    assert seen == [("203.0.113.7", "http"), ("203.0.113.7", "http"), ("198.51.100.9", "https")]


async def test_pages_answer_head(client: httpx.AsyncClient) -> None:
    for path in ("/", "/documents", f"/documents/{PLAN}"):
        assert (await client.head(path)).status_code == 200


async def test_static_files_are_kept_for_good_under_their_version_only(client: httpx.AsyncClient) -> None:
    address = re.search(r'href="(/static/qiban\.css\?v=[0-9a-f]{12})"', (await client.get("/")).text)
    assert address
    assert "immutable" in (await client.get(address[1])).headers["cache-control"]
    for other in ("/static/qiban.css", "/static/qiban.css?v=000000000000"):
        assert (await client.get(other)).headers["cache-control"] == "no-cache"
    assert (await client.get("/")).headers["cache-control"] == "no-store"


async def test_text_is_compressed(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{HOST}/static/qiban.css", headers={"Accept-Encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
