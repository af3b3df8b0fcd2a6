"""A client of an OpenAI-compatible endpoint: a conversation in, the pieces of its answer out, as they come.

Protocol: POST {base}/chat/completions with `stream: true`, answered with server-sent events (`data: {json}`, the last
one `data: [DONE]`); a server that does not stream answers with one JSON value, which is taken as one piece.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from core.errors import Unavailable

MOST_BYTES = 64 * 1024
"""What is read of one answer; a longer one is broken off."""
_MOST_TOKENS = 600
_CONNECT_SECONDS = 3.0


class ComposerUnavailable(Unavailable):
    """The language model gave no answer that can be used."""

    code = "composer_unavailable"


class Completions:
    """One endpoint and model. `api_key` is sent as a bearer token where there is one."""

    def __init__(self, base_url: str, model: str, api_key: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._model = model
        # Only the address of the settings counts: no redirects, no proxy from the environment.
        self._client = httpx.AsyncClient(
            headers=headers,
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(30, connect=_CONNECT_SECONDS),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def stream(self, system: str, user: str) -> AsyncIterator[str]:
        """The text piece by piece; how long that may take is the caller's business. Raises ComposerUnavailable."""
        body = {
            "model": self._model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "temperature": 0,
            "max_tokens": _MOST_TOKENS,
            "stream": True,
        }
        try:
            async with self._client.stream("POST", self._url, json=body) as response:
                if response.status_code != httpx.codes.OK:
                    raise ComposerUnavailable(status=response.status_code)
                events = response.headers.get("content-type", "").startswith("text/event-stream")
                async for piece in _events(response) if events else _whole(response):
                    yield piece
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise ComposerUnavailable(reason=type(error).__name__) from error


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    """The pieces of a stream; one that ends before `[DONE]` was broken off."""
    async for line in _lines(response):
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        choices = json.loads(data)["choices"]
        if choices and (piece := choices[0].get("delta", {}).get("content")):
            yield _text(piece)
    raise ComposerUnavailable(reason="broken_off")


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Lines of UTF-8, no more than `MOST_BYTES` in all."""
    rest, seen = b"", 0
    async for chunk in response.aiter_bytes():
        seen += len(chunk)
        if seen > MOST_BYTES:
            raise ComposerUnavailable(reason="too_long")
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8").rstrip("\r")
    if rest:
        yield rest.decode("utf-8")


async def _whole(response: httpx.Response) -> AsyncIterator[str]:
    text = "\n".join([line async for line in _lines(response)])
    value: Any = json.loads(text)
    yield _text(value["choices"][0]["message"]["content"])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
