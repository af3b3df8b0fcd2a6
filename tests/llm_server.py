"""An OpenAI-compatible endpoint for the tests: real HTTP on loopback, with the manners, good and bad, of real ones.

    with LlmServer() as server:
        server.say("第二条规定，奖励15万元[1]。")       # what it answers, streamed in small pieces
        Completions(server.base_url, "test-model", "key")
        server.asked[-1]                             # the last request's JSON value

`server.behave(...)` says how: "stream", "plain" (one JSON value), "hang", "drip" (a piece a second, for ever), "break"
(the connection ends in the middle), "error" (500), "garbage" (no JSON), "redirect", "flood" (endless text).
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator
from typing import Any, Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

Behaviour = Literal["stream", "plain", "hang", "drip", "break", "error", "garbage", "redirect", "flood"]

_PIECE = 7


class LlmServer:
    """The server in a thread of its own, on a free port."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.authorization: list[str] = []
        self._text = ""
        self._behaviour: Behaviour = "stream"
        self._socket = socket.create_server(("127.0.0.1", 0))
        app = Starlette(routes=[Route("/v1/chat/completions", self._answer, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def say(self, text: str, behaviour: Behaviour = "stream") -> None:
        """What is answered from now on, and how."""
        self._text, self._behaviour = text, behaviour

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)

    async def _answer(self, request: Request) -> Response:
        self.asked.append(await request.json())
        self.authorization.append(request.headers.get("authorization", ""))
        match self._behaviour:
            case "hang":
                await asyncio.sleep(60)
            case "error":
                return PlainTextResponse("overloaded", status_code=500)
            case "garbage":
                return PlainTextResponse("data: {not json\n\n", media_type="text/event-stream")
            case "redirect":
                return RedirectResponse("http://127.0.0.1:1/", status_code=307)
            case "plain":
                return JSONResponse({"choices": [{"message": {"role": "assistant", "content": self._text}}]})
        return StreamingResponse(self._pieces(), media_type="text/event-stream")

    async def _pieces(self) -> AsyncIterator[str]:
        if self._behaviour in ("flood", "drip"):
            while True:
                yield _event("第一条写明了。" * (200 if self._behaviour == "flood" else 1))
                await asyncio.sleep(0 if self._behaviour == "flood" else 1)
        pieces = [self._text[at : at + _PIECE] for at in range(0, len(self._text), _PIECE)]
        for piece in pieces[: len(pieces) // 2] if self._behaviour == "break" else pieces:
            yield _event(piece)
        if self._behaviour != "break":
            yield "data: [DONE]\n\n"


def _event(piece: str) -> str:
    return f"data: {json.dumps({'choices': [{'delta': {'content': piece}}]}, ensure_ascii=False)}\n\n"
