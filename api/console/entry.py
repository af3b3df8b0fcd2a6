"""`/console`: sign-in, setting a password, the first page."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from announcements.announcement import APPROVED, DRAFT, SCHEDULED, SENDING, Announcement
from api import auth
from api.console import wording
from api.console.access import SIGN_IN, Desk, SignedIn, own_page, page, text_of
from api.limits import TooManyRequests
from api.origin import same_origin
from api.parts import Given, Parts
from core import regions
from core.errors import QibanError
from knowledge.wording import day

router = APIRouter(prefix="/console", include_in_schema=False)

_OWN_PAGES_ONLY = [Depends(same_origin)]
_SHOWN = 5


@router.get("/sign-in")
async def sign_in_page(request: Request, to: str = "") -> Response:
    """The form; afterwards it leads to the page that was asked for."""
    done = wording.PASSWORD_SET if "set" in request.query_params else None
    error = wording.SESSION_OVER if "over" in request.query_params else None
    return page(request, "sign_in.html", done=done, error=error, name="", to=own_page(to))


@router.post("/sign-in", dependencies=_OWN_PAGES_ONLY)
async def sign_in(request: Request, parts: Given) -> Response:
    """Sign in; the same words whatever was wrong. 429 after ten failures of an account or an address."""
    form = await request.form()
    name, password, to = text_of(form, "name", 100), form.get("password", ""), own_page(text_of(form, "to", 300))
    given = password if isinstance(password, str) else ""
    try:
        token = await auth.sign_in(request, parts, name, given[:500], text_of(form, "totp", 10) or None)
    except TooManyRequests as error:
        refused = page(request, "sign_in.html", status=error.status, error=error.message, name=name, to=to)
        refused.headers.update(error.headers)
        return refused
    if token is None:
        return page(request, "sign_in.html", status=401, error=wording.WRONG, name=name, to=to)
    response = RedirectResponse(to, status_code=303)
    auth.keep_console_session(response, token, public_url=parts.public_url)
    return response


@router.post("/sign-out")
async def sign_out(desk: SignedIn) -> Response:
    """End the session."""
    response = RedirectResponse(SIGN_IN, status_code=303)
    await auth.sign_out(desk.request, desk.parts, response)
    return response


@router.get("/password")
async def password_page(request: Request, parts: Given, token: str = "") -> Response:
    """The form behind a one-time link."""
    return await _password_page(request, parts, token[:200])


async def _password_page(
    request: Request, parts: Parts, token: str, *, status: int = 200, error: str | None = None
) -> Response:
    """The form, or that the link is spent."""
    staff = await parts.staffs.of_link(token)
    if staff is None:
        return page(request, "password.html", status=404, token=None, name="", error=wording.LINK_OVER)
    return page(request, "password.html", status=status, token=token, name=staff.name, error=error)


@router.post("/password", dependencies=_OWN_PAGES_ONLY)
async def set_password(request: Request, parts: Given) -> Response:
    """Set the password; the link works once."""
    form = await request.form()
    token = text_of(form, "token", 200)
    first, second = form.get("password", ""), form.get("again", "")
    if first != second or not isinstance(first, str):
        return await _password_page(request, parts, token, status=422, error=wording.PASSWORDS_DIFFER)
    try:
        await parts.staffs.set_password(token, first)
    except QibanError as error:
        return await _password_page(request, parts, token, status=422, error=error.message)
    return RedirectResponse(f"{SIGN_IN}?set", status_code=303)


@router.get("")
async def home(desk: SignedIn) -> Response:
    """What there is to do, then what there is."""
    announcements = await desk.parts.announcements.list(desk.actor)
    return desk.page(
        "home.html",
        todo=_todo(desk, announcements),
        counts=await _counts(desk, len(announcements)),
        today=day(desk.parts.today()),
        reach=desk.county or _area(desk),
    )


def _area(desk: Desk) -> str:
    region = desk.staff.region
    return wording.WHOLE_AREA if region is None else regions.find(region).name


def _todo(desk: Desk, announcements: Sequence[Announcement]) -> list[tuple[str, list[Announcement]]]:
    """The announcements that wait for this member of staff or are under way, in the order of what to do first."""
    own = desk.staff.name
    approves = desk.actor.may_approve
    groups = (
        (wording.TO_APPROVE, [one for one in announcements if one.state == DRAFT and approves and one.author != own]),
        (wording.TO_SEND, [one for one in announcements if one.state == APPROVED]),
        (wording.OWN_DRAFTS, [one for one in announcements if one.state == DRAFT and one.author == own]),
        (wording.UNDERWAY, [one for one in announcements if one.state in (SCHEDULED, SENDING)]),
    )
    return [(name, found[:_SHOWN]) for name, found in groups if found]


async def _counts(desk: Desk, announcements: int) -> list[tuple[str, int, str | None]]:
    """What there is, how many, and the page that is about it."""
    parts = desk.parts
    imports = None if desk.county else "/console/import"
    return [
        ("questions", await parts.open_questions.count(desk.actor), "/console/questions"),
        ("announcements", announcements, "/console/announcements"),
        ("documents", len(await parts.library.list()), "/console/documents"),
        ("firms", len(await parts.firms.list(region=desk.staff.region)), imports),
        ("offers", len(await parts.offers.all_open(parts.now())), imports),
    ]
