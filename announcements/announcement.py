"""An announcement as a value, its states, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from announcements import wording
from core.errors import Conflict, NotFound

DRAFT, APPROVED, SCHEDULED, SENDING, DONE, STOPPED = "draft", "approved", "scheduled", "sending", "done", "stopped"
STATES = (DRAFT, APPROVED, SCHEDULED, SENDING, DONE, STOPPED)
OPEN_TO_EDITS = (DRAFT, APPROVED, SCHEDULED)
COUNTED = ("queued", "sending", "sent", "failed", "uncertain", "skipped")
"""States of a delivery, as `status` counts them."""

MAX_TITLE, MAX_TEXT = 200, 20_000


def topic(announcement_id: str) -> str:
    """The outbox's topic of an announcement's deliveries."""
    return f"announcement:{announcement_id}"


class NoSuchAnnouncement(NotFound):
    """There is no such announcement, or it is not yours to see."""

    code = "no_such_announcement"
    default = wording.NO_ANNOUNCEMENT


class OwnAnnouncement(Conflict):
    """Who wrote or changed an announcement does not approve it."""

    code = "own-announcement"
    default = wording.OWN_ANNOUNCEMENT


class MayNotApprove(Conflict):
    """An editor approves nothing."""

    code = "approver_needed"
    default = wording.MAY_NOT_APPROVE


class NotApproved(Conflict):
    """Nothing is sent that nobody approved."""

    code = "not-approved"
    default = wording.NOT_APPROVED


class AlreadyScheduled(Conflict):
    """It is scheduled, being sent or sent: once only."""

    code = "already-scheduled"
    default = wording.ALREADY_SCHEDULED


class AnnouncementClosed(Conflict):
    """Its state allows no such step any more."""

    code = "announcement-closed"


class LinkedOfferOver(Conflict):
    """The event or offer that it is about is over or withdrawn."""

    code = "offer-closed"


class AnnouncementChanged(Conflict):
    """It was changed since it was read. `current` is what it is now, `wanted` what was to be written."""

    code = "announcement_changed"

    def __init__(self, current: Announcement, wanted: Mapping[str, Any]) -> None:
        differing = [name for name, value in wanted.items() if getattr(current, name) != value]
        fields = wording.JOIN_SEPARATOR.join(
            wording.FIELD_CHANGED.format(
                label=wording.FIELDS[name], current=_short(getattr(current, name)), wanted=_short(wanted[name])
            )
            for name in differing
        )
        super().__init__(wording.CHANGED.format(fields=fields))
        self.current, self.wanted = current, dict(wanted)


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else text[:60] + "…"


@dataclass(frozen=True)
class Announcement:
    """An announcement. `category` is a key of `consents.CATEGORIES`, `region` a code, `offer_id` an offer's 编号.

    `send_at` is an instant in the service's own time. See `announcements.models.AnnouncementRow` for the rest.
    """

    id: str
    title: str
    text: str
    category: str
    audience: str
    region: str | None
    offer_id: str | None
    offer_number: int | None
    state: str
    author: str
    approved_by: str | None
    approved_at: datetime | None
    send_at: datetime | None
    urgent: bool
    frozen_on: date | None
    started_at: datetime | None
    finished_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    def to_json(self) -> dict[str, Any]:
        """As staff see it; instants in ISO form."""
        return {name: _plain(value) for name, value in self.__dict__.items() if name != "offer_number"}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
