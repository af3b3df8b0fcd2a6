"""The shapes of matching, introductions, events and announcements, as they stand in the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

Reference = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A firm: credit code, id or exact name."""
KindOf = Literal["university", "financing", "service", "event", "partner"]
Category = Annotated[str, StringConstraints(min_length=1, max_length=20)]
_QUIET = ConfigDict(hide_input_in_errors=True)


class MatchIn(BaseModel):
    """Either `firm`, or `need` in words with the `region` it is for. `limit` is for each kind, 1 to 100."""

    model_config = _QUIET

    firm: Reference | None = None
    need: Annotated[str, StringConstraints(max_length=2000)] | None = None
    region: Annotated[str, StringConstraints(max_length=100)] | None = None
    kind: KindOf | None = None
    limit: int = Field(default=5, ge=1, le=100)


class ToCheck(BaseModel):
    """An unknown that can still rule the offer out: the fact, the condition, and the question to ask."""

    fact: str
    condition: str
    ask: str


class Match(BaseModel):
    """An offer that fits. `violations` is always empty: what breaks a rule is no match."""

    offer_id: str
    kind: KindOf
    title: str
    provider: str
    score: float
    reasons: list[str]
    to_check: list[ToCheck]
    violations: list[str]


class NearMiss(BaseModel):
    """An offer whose rule is not met, and what is missing."""

    offer_id: str
    missing: list[str]


class Matches(BaseModel):
    """What fits a firm or a need, ordered by rank inside a kind."""

    firm: str | None = None
    firm_name: str | None = None
    matches: list[Match]
    near_misses: list[NearMiss]
    next_question: str | None
    notices: list[str]


class IntroductionIn(BaseModel):
    """Interest: of a firm in an offer (its key), or of a provider in a firm (the provider's key)."""

    model_config = _QUIET

    firm: Reference | None = None
    offer_id: Annotated[str, StringConstraints(min_length=1, max_length=80)]


class ReasonIn(BaseModel):
    """Why it is declined, in words that the other side may read."""

    model_config = _QUIET

    reason: Annotated[str, StringConstraints(max_length=500)] | None = None
    firm: Reference | None = None


class ActingIn(BaseModel):
    """`firm`: for whom a member of staff acts; of no use with a firm's own key."""

    model_config = _QUIET

    firm: Reference | None = None


class ContactOut(BaseModel):
    """Whom to turn to."""

    name: str | None
    phone: str | None
    email: str | None


class ContactsOut(BaseModel):
    """The contacts of both sides, released once both agreed."""

    firm: ContactOut
    provider: ContactOut


class IntroductionOut(BaseModel):
    """An introduction as its caller may see it. `contacts` is null in every state but accepted."""

    id: str
    state: Literal["asked", "accepted", "declined", "withdrawn", "expired"]
    firm: str
    offer_id: str
    asked_by: Literal["firm", "provider"]
    expires_on: date
    contacts: ContactsOut | None
    firm_name: str | None = None
    offer_title: str | None = None
    provider: str | None = None
    asked_on: date | None = None
    reason: str | None = None


class IntroductionsOut(BaseModel):
    """The introductions that the caller may see, newest first."""

    items: list[IntroductionOut]


class ConsentsIn(BaseModel):
    """What a firm agrees to; what is left out stays as it is. `subscriptions`: categories of announcements."""

    model_config = _QUIET

    visible: StrictBool | None = None
    telegram: StrictBool | None = None
    subscriptions: dict[Category, StrictBool] | None = None


class ConsentsOut(BaseModel):
    """What a firm agreed to, as it holds now."""

    firm: str
    visible: bool
    telegram: bool
    subscriptions: dict[str, bool]


class OfferOut(BaseModel):
    """A public offer: never a contact. `details` are the kind's own columns."""

    model_config = ConfigDict(extra="allow")

    id: str
    kind: KindOf
    title: str
    provider: str
    regions: list[str]
    details: dict[str, Any]
    valid_until: date | None
    capacity: int | None


class OffersOut(BaseModel):
    """A page of open offers; `next_cursor` gets the next one."""

    items: list[OfferOut]
    next_cursor: str | None
    notices: list[str]


class EventOut(BaseModel):
    """An event with its places. `waiting` is how many wait. `registration_until` is as the bureau wrote it: a day, all
    of which counts, or an instant; `registration_closes_at` is the first instant at which it is over."""

    model_config = ConfigDict(extra="allow")

    id: str
    title: str
    starts_at: datetime
    capacity: int | None
    taken: int
    waiting: int


class RegistrationOut(BaseModel):
    """A registration; `position` is its place in the waiting list, from 1."""

    model_config = ConfigDict(extra="allow")

    id: str
    state: Literal["registered", "waiting", "offered", "cancelled", "lapsed"]
    position: int | None


class RegistrationRowOut(RegistrationOut):
    """A registration in the list that staff see."""

    firm: str


class RegistrationsOut(BaseModel):
    """All registrations of an event, in order."""

    items: list[RegistrationRowOut]


class AnnouncementIn(BaseModel):
    """A draft. `audience` is a rule (IMPORT.md); an empty one selects nobody. `offer_id` links an event or offer."""

    model_config = _QUIET

    title: Annotated[str, StringConstraints(max_length=400)]
    text: Annotated[str, StringConstraints(max_length=40_000)]
    category: Category
    audience: Annotated[str, StringConstraints(max_length=4000)] = ""
    region: Annotated[str, StringConstraints(max_length=100)] | None = None
    offer_id: Annotated[str, StringConstraints(max_length=80)] | None = None


class ScheduleIn(BaseModel):
    """When it is sent: `now`, or a time (2026-12-01T09:00, Asia/Shanghai). `urgent`: quiet hours do not hold it."""

    model_config = _QUIET

    at: Annotated[str, StringConstraints(max_length=40)] = "now"
    urgent: StrictBool = False


class AnnouncementOut(BaseModel):
    """An announcement as staff see it."""

    model_config = ConfigDict(extra="allow")

    id: str
    state: Literal["draft", "approved", "scheduled", "sending", "done", "stopped"]


class AnnouncementsOut(BaseModel):
    """Announcements, newest first."""

    items: list[AnnouncementOut]


class PreviewOut(BaseModel):
    """Whom it would reach now: every firm is in `count` or in exactly one reason of `excluded`. `unreachable_now`: how
    many of `count` left an address of a kind that nothing is sent to yet (e-mail)."""

    model_config = ConfigDict(extra="allow")

    id: str
    state: str
    count: int
    sample: list[dict[str, str]]
    excluded: dict[str, int]
    parts: int
    unreachable_now: int


class DeliveryStatusOut(BaseModel):
    """How far it is: the counts' sum is the frozen audience."""

    model_config = ConfigDict(extra="allow")

    id: str
    state: str
    counts: dict[str, int]
    reasons: dict[str, int]


class InboxMessageOut(BaseModel):
    """A notice: its text with cards and choices."""

    id: int
    at: datetime
    read: bool
    text: str
    notices: list[str]
    cards: list[dict[str, Any]]
    choices: list[dict[str, str]]


class InboxOut(BaseModel):
    """The newest notices, newest first, and how many are unread."""

    unread: int
    items: list[InboxMessageOut]


class ReadIn(BaseModel):
    """Everything up to this notice was read."""

    model_config = _QUIET

    up_to: int = Field(ge=0, le=2**62)
    session: Annotated[str, StringConstraints(max_length=64)] | None = None


class ClaimCodeOut(BaseModel):
    """A code by which a chat proves once that it speaks for the firm; shown once."""

    code: str
