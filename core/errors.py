"""The error tree. An error carries a stable `code` and a Chinese message that says what to do.

Adapters (command line, HTTP, Telegram) decide on exit codes, status numbers and layout; nobody else does.
A class's docstring is its default message in English for logs; `message` is what a person reads.
"""

from __future__ import annotations

from typing import ClassVar


class QibanError(Exception):
    """Something went wrong that a person can be told about."""

    code: ClassVar[str] = "error"
    default: ClassVar[str] = "出错了，请稍后再试。"

    def __init__(self, message: str | None = None, **details: str | int | float | None) -> None:
        self.message = message or self.default
        self.details = details
        super().__init__(self.message)


class BadInput(QibanError):
    """What was given cannot be used as it is; the message says what to give instead (exit code 2, HTTP 422)."""

    code = "bad_input"
    default = "输入内容无法识别，请检查后再试。"


class NotFound(QibanError):
    """There is no such thing, or it is not yours to see (HTTP 404)."""

    code = "not_found"
    default = "没有找到。"


class Conflict(QibanError):
    """Somebody else changed it a moment ago (HTTP 409)."""

    code = "conflict"
    default = "内容刚被更新过，请刷新后再试。"


class Unavailable(QibanError):
    """A part that is needed is not there now (HTTP 503)."""

    code = "unavailable"
    default = "服务暂时不可用，请稍后再试。"
