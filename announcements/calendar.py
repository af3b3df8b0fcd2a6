"""An event for somebody's calendar (iCalendar, RFC 5545): what is public, no contacts. Times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from announcements import wording
from announcements.message import deadline
from core.errors import NotFound
from core.text import clean
from matching.offer import Offer
from matching.offers import ZONE


def ics(offer: Offer, public_url: str | None, zone: ZoneInfo = ZONE) -> bytes:
    """A calendar with one event. The UID stays when the event changes, so that a calendar replaces it.

    `zone` is the one in which the deadline is written. Raises NotFound for an offer that has no time.
    """
    if offer.starts_at is None:
        raise NotFound(wording.NO_EVENT)
    event = Event()
    event.add("uid", f"{clean(offer.id)}@qiban")
    event.add("dtstamp", _utc(offer.updated_at or offer.starts_at))
    event.add("sequence", max(0, offer.version - 1))
    event.add("summary", _plain(offer.title))
    event.add("dtstart", _utc(offer.starts_at))
    if offer.ends_at is not None and offer.ends_at > offer.starts_at:
        event.add("dtend", _utc(offer.ends_at))
    if place := offer.details.get("place"):
        event.add("location", _plain(str(place)))
    event.add("description", _plain("\n".join(_description(offer, zone))))
    event.add("status", "CONFIRMED" if offer.state == "active" else "CANCELLED")
    if public_url:
        event.add("url", public_url.rstrip("/"))
    calendar = Calendar()
    calendar.add("prodid", "-//Qiban//Events//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _description(offer: Offer, zone: ZoneInfo) -> list[str]:
    lines = [wording.CARD_ORGANISER.format(provider=offer.provider)]
    if offer.closes_at is not None:
        lines.append(wording.CARD_CLOSES.format(time=deadline(offer.closes_at, zone)))
    return lines + ([offer.content] if offer.content else [])


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _plain(text: str) -> str:
    """Text with no line ends but \\n: a carriage return would end a line of the file."""
    return clean(text).replace("\r\n", "\n").replace("\r", "\n")
