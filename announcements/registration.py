"""A registration as its firm and staff see it, what may be wrong with it, and the notices about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from announcements import wording
from announcements.message import CANCEL, CONFIRM, moment, offer_card
from core.errors import Conflict, NotFound
from matching.offer import Offer
from messaging.messages import Choice, OutMessage, encode_choice

State = Literal["registered", "waiting", "offered", "cancelled", "lapsed"]
REGISTERED: State = "registered"
WAITING: State = "waiting"
OFFERED: State = "offered"
CANCELLED: State = "cancelled"
LAPSED: State = "lapsed"
OPEN: tuple[State, ...] = (REGISTERED, WAITING, OFFERED)
SEATED: tuple[State, ...] = (REGISTERED, OFFERED)
"""States that hold a place."""


class NoSuchRegistration(NotFound):
    """There is no such registration, or it is not yours."""

    code = "no_such_registration"
    default = wording.NO_REGISTRATION


class RegistrationClosed(Conflict):
    """The deadline has passed."""

    code = "registration-closed"
    default = wording.REGISTRATION_CLOSED


class NotEligible(Conflict):
    """The firm does not meet the event's entry rule, for sure."""

    code = "not-eligible"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(wording.NOT_ELIGIBLE.format(missing=wording.JOIN_SEPARATOR.join(missing)))
        self.missing = missing


class PlaceLapsed(Conflict):
    """The place was kept until then, and no longer."""

    code = "place-lapsed"
    default = wording.PLACE_LAPSED


class NoPlaceYet(Conflict):
    """It is still waiting."""

    code = "no-place-yet"
    default = wording.NO_PLACE_YET


class RegistrationEnded(Conflict):
    """It was cancelled."""

    code = "registration-ended"
    default = wording.REGISTRATION_ENDED


@dataclass(frozen=True)
class View:
    """A registration. `position` counts from 1 while it waits; `created`: by this very call."""

    id: str
    state: State
    position: int | None
    firm: str
    firm_id: str
    event_id: str
    event_number: int
    event_title: str
    starts_at: datetime | None
    held_until: datetime | None
    version: int
    created: bool = False

    def to_json(self) -> dict[str, Any]:
        """As the contract writes it, with the event and until when an offered place is kept."""
        return {
            "id": self.id,
            "state": self.state,
            "position": self.position,
            "firm": self.firm,
            "event": self.event_id,
            "title": self.event_title,
            "starts_at": None if self.starts_at is None else self.starts_at.isoformat(),
            "held_until": None if self.held_until is None else self.held_until.isoformat(),
        }


def choices(state: State, registration_id: str, version: int) -> tuple[Choice, ...]:
    """What a firm may do with a registration."""
    leave = encode_choice(CANCEL, registration_id, version)
    match state:
        case "registered":
            return (Choice(leave, wording.CANCEL),)
        case "waiting":
            return (Choice(leave, wording.LEAVE_QUEUE),)
        case "offered":
            take = encode_choice(CONFIRM, registration_id, version)
            return (Choice(take, wording.CONFIRM), Choice(leave, wording.DECLINE))
    return ()


def notice(view: View, offer: Offer, firm_name: str, zone: ZoneInfo) -> OutMessage:
    """What a firm is told about its registration: the event with time and place, and the firm that is meant."""
    until = "" if view.held_until is None else moment(view.held_until, zone)
    text = _TEXTS[view.state].format(title=offer.title, position=view.position, until=until)
    return OutMessage(
        text=f"{text}\n{wording.FIRM_LINE.format(firm=firm_name)}",
        cards=(offer_card(offer, zone),),
        choices=choices(view.state, view.id, view.version),
    )


_TEXTS: dict[State, str] = {
    "registered": wording.REGISTERED,
    "waiting": wording.WAITING,
    "offered": wording.OFFERED,
    "cancelled": wording.CANCELLED,
    "lapsed": wording.LAPSED,
}
