"""What an error of the Bot API says about the message that was being sent."""

from __future__ import annotations

from datetime import timedelta

import httpx
import telegram.error as errors

from core.log import mask
from messaging.channel import Blocked, Outcome, Rejected, RetryAfter, Sent, Uncertain

UNREACHABLE_SECONDS = 5.0
REFUSED_TOKEN_SECONDS = 60.0

# Refusals of the chat rather than of the message.
_GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "group chat was deactivated",
    "bot was kicked",
    "bot is not a member",
    "have no rights to send",
    "not enough rights",
    "chat_write_forbidden",
)

# Raised before a request is on its way.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def retry_seconds(error: errors.RetryAfter) -> float:
    """The pause Telegram asks for, in seconds (python-telegram-bot gives an int or a timedelta, by its setting)."""
    pause = error.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)


def describe(error: BaseException) -> str:
    """The error for a log or a delivery's reason: its kind, and Telegram's own words without tokens.

    Of any other error only the kind: a database's text, for one, shows the row, and so what somebody wrote.
    """
    kind = type(error).__name__
    words = mask(str(error))[:200] if isinstance(error, errors.TelegramError) else ""
    return f"{kind}: {words}" if words else kind


def read_failure(error: errors.TelegramError) -> Outcome:
    """The outcome of a send that ended with `error`."""
    reason = describe(error)
    match error:
        case errors.RetryAfter():
            return RetryAfter(retry_seconds(error), "flood control")
        case errors.Forbidden():
            return Blocked(reason)
        case errors.BadRequest():
            return _read_refusal(str(error).lower(), reason)
        case errors.InvalidToken() | errors.EndPointNotFound() | errors.Conflict():
            return RetryAfter(REFUSED_TOKEN_SECONDS, reason)
        case errors.ChatMigrated():
            return Rejected(reason)
        case errors.NetworkError():
            return _read_network(error, reason)
        case _:  # an answer that is no JSON: the request was accepted
            return Uncertain(reason)


def _read_refusal(words: str, reason: str) -> Outcome:
    if "message is not modified" in words:
        return Sent()
    if any(gone in words for gone in _GONE):
        return Blocked(reason)
    return Rejected(reason)


def _read_network(error: errors.NetworkError, reason: str) -> Outcome:
    cause = error.__cause__
    if cause is None or isinstance(cause, errors.TelegramError):  # answered, with a status like 502
        too_large = "request entity too large" in str(error).lower()
        return Rejected(reason) if too_large else RetryAfter(UNREACHABLE_SECONDS, reason)
    if isinstance(cause, _NOT_SENT):
        return RetryAfter(UNREACHABLE_SECONDS, reason)
    if isinstance(cause, ValueError | httpx.InvalidURL):  # it could not even be written down as a request
        return Rejected(reason)
    return Uncertain(reason)
