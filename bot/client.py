"""The Bot API client: one `telegram.Bot`, tuned for polling and sending side by side.

python-telegram-bot writes the token into log lines, exception texts and `repr(bot)`, and what people wrote into the
log when an answer cannot be read. None of that happens here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from functools import cache
from typing import Any

import httpx
import telegram
from pydantic import SecretStr
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.errors import ProxyUnusable, TokenRefused
from core.log import mask

ALLOWED_UPDATES = ("message", "edited_message", "callback_query")
_READ_SECONDS = 10.0


class TelegramBot(telegram.Bot):
    """`telegram.Bot` with raw updates and without the token in its texts. Close it with `shutdown()`."""

    __slots__ = ()

    async def fetch_updates(self, offset: int | None, wait_seconds: int) -> list[dict[str, Any]]:
        """The updates from `offset` on (None: all unconfirmed ones), waiting up to `wait_seconds` for the first.

        They come unparsed: `Bot.get_updates` refuses a whole batch for one update that it cannot read, forever.
        Raises `telegram.error.TelegramError`.
        """
        request = {"offset": offset, "timeout": wait_seconds, "allowed_updates": ALLOWED_UPDATES}
        updates: list[dict[str, Any]] = await self._post(
            "getUpdates", request, read_timeout=wait_seconds + _READ_SECONDS
        )
        return updates

    async def initialize(self) -> None:
        """As the base class does, but the error for a refused token does not quote it."""
        try:
            await super().initialize()
        except InvalidToken:
            raise InvalidToken() from None

    async def shutdown(self) -> None:
        """Close all connections, whether `initialize` was called or not."""
        await asyncio.gather(*(request.shutdown() for request in self._request))
        await super().shutdown()

    def __repr__(self) -> str:
        return type(self).__name__


class _Request(HTTPXRequest):
    """An HTTPXRequest that never logs the body of an answer it cannot read."""

    __slots__ = ()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise TelegramError("Invalid server response") from None
        return answer


class _MaskSecrets(logging.Filter):
    """Blots tokens out of a library's log lines before any handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask(record.getMessage()), ()
        return True


_MASK = _MaskSecrets()


def build_bot(token: SecretStr, base_url: str, proxy: SecretStr | None = None) -> TelegramBot:
    """A bot for `base_url` (the token is appended to it). Nothing is sent yet.

    Polling has connections of its own, so that a long poll never takes one from a reply. Of the environment nothing
    is read: a proxy is used when `proxy` names one. Raises TokenRefused for an empty token, ProxyUnusable.
    """
    for name in ("httpx", "telegram.Bot"):
        logging.getLogger(name).addFilter(_MASK)
    word = token.get_secret_value().strip()
    if not word or not word.isascii() or not word.isprintable() or set(word) & set(" /?#{}"):
        raise TokenRefused()
    address = proxy.get_secret_value().strip() if proxy is not None else ""
    return TelegramBot(
        word,
        base_url=base_url,
        request=_request(address or None, connections=32, read_seconds=20.0),
        get_updates_request=_request(address or None, connections=2, read_seconds=_READ_SECONDS),
    )


@cache
def _tls() -> ssl.SSLContext:
    """One TLS context for all connections: it takes longer to read the certificates than to poll."""
    return httpx.create_ssl_context(trust_env=False)


def _request(proxy: str | None, *, connections: int, read_seconds: float) -> HTTPXRequest:
    try:
        return _Request(
            connection_pool_size=connections,
            read_timeout=read_seconds,
            write_timeout=20.0,
            connect_timeout=10.0,
            pool_timeout=10.0,
            http_version="1.1",
            proxy=proxy,
            httpx_kwargs={"trust_env": False, "verify": _tls()},
        )
    except (RuntimeError, ValueError, httpx.InvalidURL):  # the original text would show the proxy's password
        raise ProxyUnusable() from None
