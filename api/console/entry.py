"""`/console`: sign-in, setting a password, the first page."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api import auth
from api.console import wording
from api.console.access import SIGN_IN, SignedIn, page, text_of
from api.origin import same_origin
from api.parts import Given
from core.errors import QibanError
from knowledge.wording import day

router = APIRouter(prefix="/console", include_in_schema=False)

_OWN_PAGES_ONLY = [Depends(same_origin)]


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    """The form."""
    done = wording.PASSWORD_SET if "set" in request.query_params else None
    return page(request, "sign_in.html", done=done, name="")


@router.post("/sign-in", dependencies=_OWN_PAGES_ONLY)
async def sign_in(request: Request, parts: Given) -> Response:
    """Sign in; the same words whatever was wrong. 429 after ten failures of an account or an address."""
    form = await request.form()
    name, password = text_of(form, "name", 100), form.get("password", "")
    given = password if isinstance(password, str) else ""
    token = await auth.sign_in(request, parts, name, given[:500], text_of(form, "totp", 10) or None)
    if token is None:
        return page(request, "sign_in.html", status=401, error=wording.WRONG, name=name)
    response = RedirectResponse("/console", status_code=303)
    auth.keep_console_session(response, token, public_url=parts.public_url)
    return response


@router.post("/sign-out")
async def sign_out(desk: SignedIn) -> Response:
    """End the session."""
    response = RedirectResponse(SIGN_IN, status_code=303)
    await auth.sign_out(desk.request, desk.parts, response)
    return response


@router.get("/password")
async def password_page(request: Request, token: str = "") -> Response:
    """The form behind a one-time link."""
    return page(request, "password.html", token=token[:200])


@router.post("/password", dependencies=_OWN_PAGES_ONLY)
async def set_password(request: Request, parts: Given) -> Response:
    """Set the password; the link works once."""
    form = await request.form()
    token = text_of(form, "token", 200)
    first, second = form.get("password", ""), form.get("again", "")
    try:
        if first != second or not isinstance(first, str):
            return page(request, "password.html", status=422, token=token, error=wording.PASSWORDS_DIFFER)
        await parts.staffs.set_password(token, first)
    except QibanError as error:
        return page(request, "password.html", status=422, token=token, error=error.message)
    return RedirectResponse(f"{SIGN_IN}?set", status_code=303)


@router.get("")
async def home(desk: SignedIn) -> Response:
    """What there is to do."""
    parts = desk.parts
    announcements = await parts.announcements.list(desk.actor)
    states = [one.state for one in announcements]
    counts = {
        "documents": len(await parts.library.list()),
        "questions": await parts.open_questions.count(),
        "offers": len(await parts.offers.all_open(parts.now())),
        "firms": len(await parts.firms.list(region=desk.staff.region)),
        "drafts": states.count("draft"),
        "sending": states.count("sending") + states.count("scheduled"),
    }
    return desk.page("home.html", counts=counts, today=day(parts.today()))
