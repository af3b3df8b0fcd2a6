"""Who is at the console: the session's cookie, sign-in and the pages' common frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api import auth
from api.console import wording
from api.limits import Refused
from api.origin import same_origin
from api.parts import Given, Parts
from core import regions
from firms.actors import Actor
from firms.staff import Staff

SIGN_IN = "/console/sign-in"


class SignInNeeded(Exception):
    """Nobody is signed in: the page leads to sign-in."""


class NotAllowed(Refused):
    """The role or the region does not allow this."""

    code = "not_allowed"
    default = wording.NOT_ALLOWED


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

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page of the console."""
        given = {"staff": self.staff, "actor": self.actor, "csrf": self.session.csrf, **context}
        return page(self.request, template, status=status, **given)

    def whole_area_only(self) -> None:
        """Raises NotAllowed for staff of a county: what is about to be done reaches beyond it."""
        if self.staff.region is not None and self.staff.region != self.parts.home_region:
            raise NotAllowed(wording.WHOLE_AREA_ONLY.format(region=regions.find(self.staff.region).name))


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page, signed in or not."""
    given = {"staff": None, "actor": None, "csrf": "", "error": None, "done": None, "c": wording, **context}
    return HTMLResponse(request.app.state.pages.render(f"console/{template}", **given), status_code=status)


async def desk_of(request: Request, parts: Given, session: auth.OfConsole) -> Desk:
    """The signed-in member of staff. Raises SignInNeeded, and CrossSite for a form that another page sent."""
    if session is None:
        raise SignInNeeded()
    if request.method not in ("GET", "HEAD"):
        await same_origin(request, parts)
        form = await request.form()
        auth.check_csrf(text_of(form, auth.CSRF_FIELD, 200), session.token, parts.secret_key)
    return Desk(request, parts, session)


SignedIn = Annotated[Desk, Depends(desk_of)]
"""The desk, as a route's parameter."""


def register(app: FastAPI) -> None:
    """Have the app lead who is not signed in to sign-in."""
    app.add_exception_handler(SignInNeeded, _to_sign_in)


async def _to_sign_in(request: Request, _: Exception) -> Response:
    return RedirectResponse(SIGN_IN, status_code=303)


def text_of(form: Any, name: str, limit: int = 40_000) -> str:
    """A field of a form as text, cut at `limit`; empty when it is missing or a file."""
    value = form.get(name, "")
    return value[:limit].strip() if isinstance(value, str) else ""
