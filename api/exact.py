"""JSON whose numbers are read as they are written: 1999.99 stays 1999.99, in 万元 as in percent."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

_INT_DIGITS = 40
"""Longer whole numbers come as Decimal: the time it takes to make an int grows with the square of its digits."""


def loads(raw: bytes | str) -> Any:
    """The JSON value, fractions as Decimal. Raises json.JSONDecodeError (NaN and Infinity are no JSON either),
    UnicodeDecodeError, and RecursionError for endless nesting."""
    return json.loads(raw, parse_float=_decimal, parse_int=_whole, parse_constant=_refuse)


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _INT_DIGITS else _decimal(text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise json.JSONDecodeError("not a number", text, 0)


class ExactRequest(Request):
    """A request whose body is read exactly."""

    async def json(self) -> Any:
        return loads(await self.body())


class ExactRoute(APIRoute):
    """A route whose JSON body is read exactly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def exactly(request: Request) -> Response:
            return await handle(ExactRequest(request.scope, request.receive))

        return exactly
