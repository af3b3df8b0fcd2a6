"""Errors as RFC 9457 problem+json for programs, and as a page for people.

A request of the wrong shape is never repeated; an error of ours may name the one value that it is about, cut short and
cleaned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api import wording
from api.limits import Refused
from api.origin import CrossSite
from api.responses import Json
from core.errors import BadInput, Conflict, NotFound, QibanError, Unavailable

MEDIA_TYPE = "application/problem+json"
INTERNAL_ERROR = "internal_error"

_STATUS: tuple[tuple[type[QibanError], int], ...] = (
    (CrossSite, 403),
    (BadInput, 422),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
)
_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
_FIELD_MESSAGES = {
    "missing": wording.FIELD_REQUIRED,
    "string_unicode": wording.FIELD_TEXT,
    "iso_date": wording.FIELD_DATE,
    "string_pattern_mismatch": wording.FIELD_FORM,
    "string_too_long": wording.FIELD_LENGTH,
    "string_too_short": wording.FIELD_LENGTH,
}


@dataclass(frozen=True)
class Problem:
    """What went wrong. `code` is stable; `detail` is Chinese and says what to do; `fields` are (place, message)."""

    status: int
    code: str
    detail: str
    fields: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return wording.TITLES.get(self.status, wording.OTHER_TITLE)

    def to_json(self, request_id: str | None) -> dict[str, Any]:
        """The problem's members; `instance` names the request in our logs."""
        value: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.fields:
            value["fields"] = [{"field": place, "message": message} for place, message in self.fields]
        return value | ({"instance": f"urn:qiban:request:{request_id}"} if request_id else {})


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem of a bare HTTP status."""
    code = INTERNAL_ERROR if status == 500 else _CODES.get(status, HTTPStatus(status).name.lower())
    return Problem(status, code, wording.DETAILS.get(status, wording.OTHER_DETAIL), headers=headers or {})


def of_error(error: QibanError) -> Problem:
    """The problem of an error of ours; one that no adapter was meant to meet is a 500 without details."""
    if isinstance(error, Refused):
        return Problem(error.status, error.code, error.message, headers=error.headers)
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return Problem(status, error.code, error.message, _fields_of(error))
    return of_status(500)


def _fields_of(error: QibanError) -> tuple[tuple[str, str], ...]:
    """The fact that an error is about, as its place in the request."""
    fact, year = error.details.get("fact"), error.details.get("year")
    if fact is None:
        return ()
    return ((f"facts.{fact}" if year is None else f"facts.{fact}.{year}", error.message),)


def of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of input of the wrong shape: places and our own words, nothing of what was sent."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem(400, "invalid_json", wording.INVALID_JSON)
    if any(tuple(error["loc"]) == ("body",) and error["type"] != "missing" for error in errors):
        return Problem(422, "invalid_request", wording.NOT_JSON)
    fields = tuple((_place(error["loc"]), _message(str(error["type"]))) for error in errors)
    return Problem(422, "invalid_request", wording.INVALID_REQUEST, fields)


def _place(location: Sequence[str | int]) -> str:
    """`text` for ("body", "text"); the models forbid no unknown names, so every name here is one of ours."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _message(kind: str) -> str:
    if kind in _FIELD_MESSAGES:
        return _FIELD_MESSAGES[kind]
    return wording.FIELD_TYPE if kind.endswith(("_type", "_parsing")) else wording.FIELD_OTHER


def respond(request: Request, problem: Problem) -> Response:
    """The problem as the client reads it: a page for a browser that asked for one, else problem+json."""
    request_id = request.scope.get("qiban.request_id")
    if _wants_page(request):
        page = request.app.state.pages.render("error.html", problem=problem, request_id=request_id)
        return HTMLResponse(page, problem.status, headers=dict(problem.headers))
    return Json(problem.to_json(request_id), problem.status, headers=dict(problem.headers), media_type=MEDIA_TYPE)


def _wants_page(request: Request) -> bool:
    if request.url.path.startswith("/api/") or "hx-request" in request.headers:
        return False
    return "text/html" in request.headers.get("accept", "")


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, QibanError)
    return respond(request, of_error(error))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return respond(request, of_status(error.status_code, error.headers))


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return respond(request, of_validation(error.errors()))


def register(app: FastAPI) -> None:
    """Have the app answer every foreseen error as a problem; the unforeseen are `api.gate`'s."""
    app.add_exception_handler(QibanError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
