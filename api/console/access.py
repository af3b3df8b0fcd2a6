"""Who is at the console: the session's cookie, sign-in and the pages' common frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api import auth
from api.console import wording
from api.limits import Refused
from api.origin import CrossSite, same_origin
from api.parts import Given, Parts
from core import regions
from core.text import clean
from firms.actors import Actor
from firms.staff import Staff

ROOT = "/console"
SIGN_IN = f"{ROOT}/sign-in"

_OWN_PAGE = re.compile(rf"{ROOT}(?:/[A-Za-z0-9-]{{1,64}}){{0,4}}")


class SignInNeeded(Exception):
    """Nobody is signed in: the page leads to sign-in."""


class Barred(Refused):
    """No, and why: shown inside the console."""

    title: ClassVar[str] = wording.NOT_ALLOWED_TITLE


class NotAllowed(Barred):
    """The role or the region does not allow this."""

    code = "not_allowed"
    default = wording.NOT_ALLOWED


class StalePage(Barred):
    """The form is of another session: somebody signed in again since it was opened."""

    code = "stale_page"
    default = wording.STALE_PAGE


class Missing(Barred):
    """There is no such thing, or it is not theirs to see."""

    status: ClassVar[int] = 404
    code = "missing"
    default = wording.MISSING
    title: ClassVar[str] = wording.MISSING_TITLE


@dataclass(frozen=True)
class Desk:
    """A signed-in member of staff and what the pages need."""

    request: Request
    parts: Parts
    session: auth.ConsoleSession

    @property
    def staff(self) -> Staff:
        return self.session.staff

    @property
    def actor(self) -> Actor:
        return self.session.actor

    @property
    def county(self) -> str | None:
        """The name of the part of the area that the account is limited to; None: it reaches all of it."""
        region = self.staff.region
        whole = region is None or regions.covers(region, self.parts.home_region)
        return None if whole or region is None else regions.find(region).name

    @property
    def only_whole_area(self) -> str | None:
        """Why what reaches beyond a county is not for this account; None where it is."""
        return None if self.county is None else wording.WHOLE_AREA_ONLY.format(region=self.county)

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page of the console."""
        given = {"staff": self.staff, "actor": self.actor, "csrf": self.session.csrf, **context}
        return page(
            self.request, template, status=status, county=self.county, only_whole_area=self.only_whole_area, **given
        )

    def whole_area_only(self) -> None:
        """Raises NotAllowed for staff of a county: what is about to be done reaches beyond it."""
        if self.only_whole_area is not None:
            raise NotAllowed(self.only_whole_area)


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page, signed in or not."""
    given = {"staff": None, "actor": None, "csrf": "", "error": None, "done": None, "c": wording, **context}
    return HTMLResponse(request.app.state.pages.render(f"console/{template}", **given), status_code=status)


async def desk_of(request: Request, parts: Given, session: auth.OfConsole) -> Desk:
    """The signed-in member of staff. Raises SignInNeeded, and StalePage for a form that is not of this session."""
    if session is None:
        raise SignInNeeded()
    desk = Desk(request, parts, session)
    request.state.desk = desk
    if request.method not in ("GET", "HEAD"):
        await same_origin(request, parts)
        form = await request.form()
        try:
            auth.check_csrf(text_of(form, auth.CSRF_FIELD), session.token, parts.secret_key)
        except CrossSite:
            raise StalePage() from None
    return desk


SignedIn = Annotated[Desk, Depends(desk_of)]
"""The desk, as a route's parameter."""


def register(app: FastAPI) -> None:
    """Have the app lead who is not signed in to sign-in, and say no inside the console's frame."""
    app.add_exception_handler(SignInNeeded, _to_sign_in)
    app.add_exception_handler(Barred, _say_no)


async def _to_sign_in(request: Request, _: Exception) -> Response:
    if request.method not in ("GET", "HEAD"):
        return RedirectResponse(f"{SIGN_IN}?over", status_code=303)
    wanted = own_page(request.url.path)
    asked = "" if wanted == ROOT else f"?to={quote(wanted)}"
    return RedirectResponse(SIGN_IN + asked, status_code=303)


async def _say_no(request: Request, error: Exception) -> Response:
    assert isinstance(error, Barred)
    desk: Desk | None = getattr(request.state, "desk", None)
    if desk is None:
        return page(request, "barred.html", status=error.status, heading=error.title, why=error.message)
    return desk.page("barred.html", status=error.status, heading=error.title, why=error.message)


def own_page(path: str) -> str:
    """The path if it is a page of the console, else the first page: nobody is sent elsewhere after signing in."""
    return path if _OWN_PAGE.fullmatch(path) and path != SIGN_IN else ROOT


def text_of(form: Any, name: str, limit: int = 100_000) -> str:
    """A field of a form as text, cut at `limit`; empty when it is missing or a file.

    A browser sends line ends as two characters: here they are one, as they were counted while typing.
    """
    value = form.get(name, "")
    return clean(value.replace("\r\n", "\n"))[:limit].strip() if isinstance(value, str) else ""
