"""Who a request comes from: the owner of a key, or staff signed in to the console.

Routes take `Caller` (anybody; None: nobody in particular), `Authenticated` or `StaffOnly` as a parameter. What is not
the caller's to see answers as if it did not exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Depends
from itsdangerous import Signer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from api.limits import Refused, address_of, bearer
from api.origin import CrossSite, same_origin
from api.parts import Given, Parts
from api.sessions import CONSOLE_COOKIE
from core.errors import BadInput, NotFound
from core.text import clean
from firms import credit_codes
from firms import identity_wording as wording
from firms import staff as accounts
from firms.actors import Actor
from firms.catalogue import folded_name
from firms.staff import SESSION_LIFETIME, Staff
from firms.store import AmbiguousName, Firm, Firms, NoSuchFirm

CSRF_FIELD = "csrf"
"""The hidden field of every form of the console."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CSRF_SALT = "qiban.console.csrf"


class KeyRequired(Refused):
    """Only somebody with a key, or signed in, may do this."""

    status: ClassVar[int] = 401
    code = "key_required"
    default = wording.KEY_REQUIRED

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class BadKey(Refused):
    """A key that does not exist, is revoked, or is of an account that is disabled."""

    status: ClassVar[int] = 401
    code = "bad_key"
    default = wording.BAD_KEY

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class ApproverRequired(Refused):
    """Staff, but no approver."""

    code = "approver_required"
    default = wording.NOT_APPROVER


class AdminRequired(Refused):
    """Staff, but no administrator."""

    code = "admin_required"
    default = wording.NOT_ADMIN


class FirmRequired(BadInput):
    """Staff acts for a firm and has to say which."""

    code = "firm_required"
    default = wording.FIRM_REQUIRED


@dataclass(frozen=True)
class ConsoleSession:
    """A member of staff signed in to the console. `csrf` goes into the hidden field of every form."""

    staff: Staff
    token: str
    csrf: str

    @property
    def actor(self) -> Actor:
        return accounts.actor(self.staff)


# --- who it is ---


async def caller_of(request: Request, parts: Given) -> Actor | None:
    """Whose key or cookie the request carries; None without one, and for a session that is over.

    A key comes before a cookie. Raises BadKey, and CrossSite for a change that another site made a browser ask for.
    """
    key = bearer(request)
    if key is not None:
        return await _of_key(parts, key)
    session = await console_session(request, parts)
    if session is None:
        return None
    if request.method not in _SAFE:
        await same_origin(request, parts)
    return session.actor


async def _of_key(parts: Parts, key: str) -> Actor:
    owner = await parts.keys.verify(key)
    actor = None
    if owner is not None:
        async with parts.database.reading() as session:
            actor = await accounts.actor_of_key(owner, session)
    if actor is None:
        parts.limits.is_bad(key)
        raise BadKey()
    parts.limits.is_good(key)
    return actor


async def console_session(request: Request, parts: Given) -> ConsoleSession | None:
    """Who is signed in to the console in this browser; for the console's pages (`OfConsole`).

    A page that changes something calls `check_csrf` besides.
    """
    token = request.cookies.get(CONSOLE_COOKIE, "")
    staff = await parts.staffs.of_session(token) if token else None
    return None if staff is None else ConsoleSession(staff, token, csrf_token(token, parts.secret_key))


Caller = Annotated[Actor | None, Depends(caller_of)]
"""Who asks, as a route's parameter; None: somebody without a key."""


def required(caller: Actor | None) -> Actor:
    """The caller. Raises KeyRequired when there is none."""
    if caller is None:
        raise KeyRequired()
    return caller


async def _required(caller: Caller) -> Actor:
    return required(caller)


async def _staff(actor: Authenticated) -> Actor:
    if not actor.is_staff:
        raise NotFound(wording.NO_SUCH_THING)
    return actor


Authenticated = Annotated[Actor, Depends(_required)]
"""Who asks; without a key 401 `key_required`."""

StaffOnly = Annotated[Actor, Depends(_staff)]
"""A member of staff who asks; without a key 401, for a firm or provider 404."""

OfConsole = Annotated[ConsoleSession | None, Depends(console_session)]
"""The console's session, as a page's parameter; None: not signed in."""


def require_approver(actor: Actor) -> None:
    """Raises ApproverRequired (403) unless the actor may approve what somebody else wrote."""
    if not actor.may_approve:
        raise ApproverRequired()


def require_admin(actor: Actor) -> None:
    """Raises AdminRequired (403) unless the actor may change staff and settings."""
    if not actor.may_administer:
        raise AdminRequired()


# --- which firm ---


async def firm_of(actor: Actor, reference: str | None, firms: Firms, session: AsyncSession | None = None) -> Firm:
    """The firm that a request is about, if it is the actor's to see: its own, or for staff one in its region.

    `reference` is a credit code, an id or an exact name; without one a firm means itself. Raises NoSuchFirm for every
    other firm, there or not; for staff FirmRequired without a reference, and AmbiguousName.
    """
    given = (reference or "").strip()
    if actor.kind == "firm":
        own = await firms.get(actor.owner, session)
        if given and not _names(given, own):
            raise NoSuchFirm()
        return own
    if not actor.is_staff:
        raise NoSuchFirm()
    if not given:
        raise FirmRequired()
    return await _within_reach(actor, clean(given), firms, session)


def _names(reference: str, firm: Firm) -> bool:
    """Whether the reference means this firm; other firms are not looked at."""
    by_code = firm.credit_code is not None and credit_codes.normalise(reference) == firm.credit_code
    return by_code or reference == firm.id or folded_name(reference) == firm.folded_name


async def _within_reach(actor: Actor, reference: str, firms: Firms, session: AsyncSession | None) -> Firm:
    try:
        found: tuple[Firm, ...] = (await firms.find(reference, session),)
    except AmbiguousName:
        found = await firms.by_name(reference, session)
    visible = [firm for firm in found if actor.covers(firm.region)]
    if not visible:
        raise NoSuchFirm()
    if len(visible) > 1:
        raise AmbiguousName()
    return visible[0]


# --- the console ---


async def sign_in(request: Request, parts: Parts, name: str, password: str, totp: str | None = None) -> str | None:
    """The token of a new session, for `keep_console_session`; None for any wrong thing.

    Raises TooManyRequests after many failures. The form that posts here has no session yet: its route depends on
    `api.origin.same_origin`.
    """
    with parts.limits.signing_in(name, address_of(request)) as attempt:
        token = await parts.staffs.sign_in(name, password, totp)
        attempt.succeeded = token is not None
    return token


async def sign_out(request: Request, parts: Parts, response: Response) -> None:
    """End the browser's session."""
    await parts.staffs.sign_out(request.cookies.get(CONSOLE_COOKIE, ""))
    secure = _secure(parts.public_url)
    response.delete_cookie(CONSOLE_COOKIE, path="/", httponly=True, samesite="lax", secure=secure)


def keep_console_session(response: Response, token: str, *, public_url: str | None) -> None:
    """Have the browser send the session from now on."""
    response.set_cookie(
        CONSOLE_COOKIE,
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=_secure(public_url),
    )


def _secure(public_url: str | None) -> bool:
    return bool(public_url and public_url.startswith("https://"))


def csrf_token(session_token: str, secret: str) -> str:
    """What a form of this session carries in its hidden field: nobody else can make it, no other session can use it."""
    return _signer(secret).get_signature(session_token).decode()


def check_csrf(given: str | None, session_token: str, secret: str) -> None:
    """Pass a form of this session. Raises CrossSite."""
    if not _signer(secret).verify_signature(session_token.encode(), (given or "").encode("utf-8", "replace")):
        raise CrossSite()


def _signer(secret: str) -> Signer:
    return Signer(secret, salt=_CSRF_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
