"""Telegram's calls to us: `POST /telegram/webhook`, mounted on the HTTP floor's port.

An update is confirmed by answering 200, so it is stored first. What cannot be stored is answered 503: Telegram sends
it again, and of one chat nothing else before it. What was stored before is dropped by the receiver.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr
from telegram import BotCommand, User
from telegram.error import EndPointNotFound, InvalidToken, RetryAfter, TelegramError

from bot import wording
from bot.callbacks import CallbackAnswers
from bot.client import ALLOWED_UPDATES, TelegramBot
from bot.errors import TokenRefused
from bot.failures import describe, retry_seconds
from bot.poller import Backoff, Receiver
from bot.reading import Reading, Unreadable, read
from core import log

PATH = "/telegram/webhook"
"""Where `Webhook` is mounted. The address Telegram is given may differ, where a proxy rewrites it."""

SECRET_HEADER = b"x-telegram-bot-api-secret-token"
RENEW_SECONDS = 600.0
_NAME_SECONDS = 5.0

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def webhook_secret(secret_key: str) -> SecretStr:
    """The secret of the webhook where none is set: worked out from the service's key, so that every process of the
    service has the same one. 43 characters out of A-Z, a-z, 0-9, _ and -."""
    digest = hmac.digest(secret_key.encode(), b"telegram-webhook", "sha256")
    return SecretStr(urlsafe_b64encode(digest).decode().rstrip("="))


class Webhook:
    """An ASGI callable that hands what people say to `receiver`, and what makes Telegram call it.

    `url` is the full public address that Telegram calls. Only requests that carry `secret` are read. One process may
    take the calls while another runs `run`: neither needs the other.
    """

    def __init__(
        self,
        bot: TelegramBot,
        receiver: Receiver,
        secret: SecretStr,
        *,
        url: str,
        backoff: Backoff | None = None,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self._bot = bot
        self._receiver = receiver
        self._secret = secret
        self._url = url
        self._backoff = backoff or Backoff()
        self._renew_seconds = renew_seconds
        self._answers = CallbackAnswers(bot)
        self._me: User | None = None
        self._asking = asyncio.Lock()
        self._registered = False
        self._log = log.get(__name__)

    # What Telegram calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 200 stored or nothing for us, 400 no JSON, 401, 405, 503 to be sent again."""
        await _respond(send, await self._status(scope, receive))

    async def _status(self, scope: Scope, receive: Receive) -> HTTPStatus:
        if scope["method"] != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        if not self._is_from_telegram(scope):
            return HTTPStatus.UNAUTHORIZED
        try:
            raw = json.loads(await _body(receive))
        except (ValueError, RecursionError):  # not what Telegram sends, in whatever way
            return HTTPStatus.BAD_REQUEST
        return await self._take(raw)

    def _is_from_telegram(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name.lower() == SECRET_HEADER]
        expected = self._secret.get_secret_value().encode()
        return bool(expected) and len(given) == 1 and hmac.compare_digest(given[0], expected)

    async def _take(self, raw: object) -> HTTPStatus:
        try:
            reading = read(raw, self._bot, self._me)
            if reading.undecided:
                reading = read(raw, self._bot, await self._name())
        except Unreadable as error:  # it would be no more readable the next time
            self._log.error("update_unreadable", error=str(error) or "no update")
            return HTTPStatus.OK
        return HTTPStatus.SERVICE_UNAVAILABLE if reading.undecided else await self._store(reading)

    async def _name(self) -> User | None:
        """The bot's own account, asked for where it is not known yet; None while Telegram does not say."""
        async with self._asking:
            if self._me is None:
                try:
                    async with asyncio.timeout(_NAME_SECONDS):
                        self._me = await self._bot.get_me()
                except Exception as error:
                    self._log.warning("own_name_unknown", error=describe(error))
            return self._me

    async def _store(self, reading: Reading) -> HTTPStatus:
        if reading.message is not None:
            try:
                await self._receiver.receive([reading.message])
            except Exception as error:  # its text may show the row, and so what somebody wrote
                self._log.error("update_not_stored", error=describe(error))
                return HTTPStatus.SERVICE_UNAVAILABLE
        if reading.press is not None:
            self._answers.answer(reading.press)
        return HTTPStatus.OK

    # What makes it call

    async def run(self, stop: asyncio.Event) -> None:
        """Name the address to Telegram, and again from time to time, until `stop` is set. Raises TokenRefused."""
        registering = asyncio.create_task(self._keep_registered())
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((registering, stopped), return_when=asyncio.FIRST_COMPLETED)
            if registering.done():
                registering.result()
        finally:
            registering.cancel()
            stopped.cancel()
            await asyncio.gather(registering, stopped, return_exceptions=True)
            await self._answers.close()

    async def _keep_registered(self) -> None:
        """Again and again: a poller that was left running somewhere removes the address when it starts."""
        while True:
            pause = await self._register_once()
            await asyncio.sleep(pause)

    async def _register_once(self) -> float:
        """One attempt; returns the pause before the next one, in seconds."""
        try:
            await self._register()
        except (InvalidToken, EndPointNotFound):
            self._log.error("telegram_token_refused")
            if not self._registered:  # a token that has worked is not given up for a 404, which any proxy may invent
                raise TokenRefused() from None
        except RetryAfter as error:
            return retry_seconds(error)
        except Exception as error:  # unreachable, or the address is refused: its words say why
            self._log.warning("webhook_not_set", error=describe(error))
        else:
            self._backoff.reset()
            return self._renew_seconds
        return self._backoff.next()

    async def _register(self) -> None:
        self._me = await self._bot.get_me()
        await self._bot.set_webhook(
            self._url, secret_token=self._secret.get_secret_value(), allowed_updates=ALLOWED_UPDATES
        )
        if not self._registered:
            self._registered = True
            self._log.info("webhook_set", bot=self._me.id)
            await self._set_menu()

    async def _set_menu(self) -> None:
        try:
            await self._bot.set_my_commands([BotCommand(name, words) for name, words in wording.COMMANDS])
        except TelegramError as error:
            self._log.warning("command_menu_failed", error=describe(error))


async def _body(receive: Receive) -> bytes:
    """The whole body; the gate in front of it has seen to its size."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _respond(send: Send, status: HTTPStatus) -> None:
    headers = [(b"content-length", b"0")]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": b""})
