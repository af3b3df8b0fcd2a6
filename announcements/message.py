"""The messages of this floor: an announcement's copy, and the card of an offer or event under it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from announcements import wording
from announcements.announcement import Announcement
from firms.firm_rows import firm_columns
from matching.kinds import shown_details
from matching.offer import EVENT, Offer
from messaging.messages import Card, Choice, OutMessage, encode_choice

REGISTER, CANCEL, CONFIRM, UNSUBSCRIBE = "event-join", "event-leave", "event-take", "unsub"
"""Actions of buttons. Their references: an offer's number, a registration's id (twice), a category's key."""

LATE_AFTER = timedelta(minutes=10)
"""An announcement that begins later than this after its time says so."""
_PART = 4000  # UTF-16 units; a message of Telegram holds 4096, and its markup needs some
_SHOWN_DETAILS = 4


def moment(at: datetime, zone: ZoneInfo) -> str:
    """An instant for a person: 2026年12月5日 14:30."""
    return wording.MOMENT.format(at=at.astimezone(zone))


def deadline(closes_at: datetime, zone: ZoneInfo) -> str:
    """The end of registration for a person. The first instant after a day is written as that day."""
    local = closes_at.astimezone(zone)
    if local.time() == time():
        return wording.MOMENT_DAY.format(at=local - timedelta(days=1))
    return wording.MOMENT.format(at=local)


def when(offer: Offer, zone: ZoneInfo) -> str | None:
    """From when to when an event is, for a person."""
    if offer.starts_at is None:
        return None
    start = moment(offer.starts_at, zone)
    if offer.ends_at is None:
        return start
    same_day = offer.ends_at.astimezone(zone).date() == offer.starts_at.astimezone(zone).date()
    end = wording.HOUR.format(at=offer.ends_at.astimezone(zone)) if same_day else moment(offer.ends_at, zone)
    return wording.FROM_TO.format(start=start, end=end)


def offer_card(offer: Offer, zone: ZoneInfo) -> Card:
    """What an offer or event is about, from what is public."""
    return Card(offer.title, tuple(_event_lines(offer, zone) if offer.kind == EVENT else _offer_lines(offer)))


def _event_lines(offer: Offer, zone: ZoneInfo) -> list[str]:
    time_of_it, place = when(offer, zone), offer.details.get("place")
    lines = [
        time_of_it and wording.CARD_TIME.format(time=time_of_it),
        place and wording.CARD_PLACE.format(place=place),
        wording.CARD_ORGANISER.format(provider=offer.provider),
        offer.closes_at and wording.CARD_CLOSES.format(time=deadline(offer.closes_at, zone)),
        None if offer.capacity is None else wording.CARD_PLACES.format(capacity=offer.capacity),
    ]
    return [line for line in lines if line]


def _offer_lines(offer: Offer) -> list[str]:
    details = shown_details(offer.kind, offer.details)[:_SHOWN_DETAILS]
    lines = [wording.CARD_PROVIDER.format(provider=offer.provider)]
    lines += [wording.CARD_DETAIL.format(label=label, value=value) for label, value in details]
    return lines + ([wording.CARD_UNTIL.format(day=offer.valid_until)] if offer.valid_until else [])


def category_name(category: str) -> str:
    """What a category is called."""
    return firm_columns().categories[category][0]


def copy_of(announcement: Announcement, offer: Offer | None, zone: ZoneInfo) -> OutMessage:
    """The message that every recipient gets; it ends with why it comes, and one that starts late says so."""
    why = wording.SUBSCRIBED.format(category=category_name(announcement.category))
    return OutMessage(
        text="\n\n".join((announcement.title, announcement.text, why)),
        notices=_notices(announcement, zone),
        cards=() if offer is None else (offer_card(offer, zone),),
        choices=_choices(announcement, offer),
    )


def _notices(announcement: Announcement, zone: ZoneInfo) -> tuple[str, ...]:
    planned, started = announcement.send_at, announcement.started_at
    if planned is None or started is None or started - planned <= LATE_AFTER:
        return ()
    return (wording.LATE.format(at=planned.astimezone(zone)),)


def _choices(announcement: Announcement, offer: Offer | None) -> tuple[Choice, ...]:
    stop = Choice(encode_choice(UNSUBSCRIBE, announcement.category), wording.UNSUBSCRIBE)
    if offer is None or offer.kind != EVENT:
        return (stop,)
    return (Choice(encode_choice(REGISTER, str(offer.number)), wording.JOIN), stop)


def parts(message: OutMessage) -> int:
    """About how many messages of Telegram it takes: its characters (in UTF-16 units) over what one holds.

    The channel splits between paragraphs, so that it may take one more.
    """
    lines = [message.text, *message.notices, *(line for card in message.cards for line in (card.title, *card.lines))]
    units = len("\n".join(lines).encode("utf-16-le")) // 2
    return max(1, -(-units // _PART))
