"""Announcements: written, approved by somebody else, scheduled once, stopped, and how far they are.

What sends them is `announcements.sending`; the worker calls `Announcements.advance`.
"""

from __future__ import annotations

import asyncio
import builtins
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from announcements import rows, wording
from announcements.announcement import (
    APPROVED,
    DONE,
    DRAFT,
    MAX_TEXT,
    MAX_TITLE,
    OPEN_TO_EDITS,
    SCHEDULED,
    SENDING,
    STOPPED,
    AlreadyScheduled,
    Announcement,
    AnnouncementChanged,
    AnnouncementClosed,
    LinkedOfferOver,
    MayNotApprove,
    NoSuchAnnouncement,
    NotApproved,
    OwnAnnouncement,
    topic,
)
from announcements.audience import Audience, Audiences, read_audience
from announcements.message import category_name, copy_of, parts
from announcements.models import AnnouncementRow, RecipientRow
from announcements.sending import Sending, never
from core import log, regions
from core.clock import Clock, machine_now
from core.database import Database
from core.errors import BadInput
from core.text import clean, fold
from firms import audit, consents
from firms.actors import OPERATOR, Actor
from firms.catalogue import Catalogue, folded_name
from firms.firm_rows import firm_columns
from firms.store import Firms
from matching.offer import Offer
from matching.offers import Offers
from messaging import outbox

__all__ = ["Announcement", "Announcements", "read_time"]

_SUBJECT = "announcement"
_WRITTEN = ("announcement.created", "announcement.edited")
_SAMPLE = 5
_TYPING = timedelta(minutes=10)  # a time that passed while it was being typed is now
_TIME = re.compile(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?[ T]*(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?")


class Announcements:
    """The announcements of a bureau. County staff see and write those of their county only."""

    def __init__(
        self,
        database: Database,
        firms: Firms,
        catalogue: Catalogue,
        clock: Clock,
        *,
        telegram: bool,
        on_enqueued: Callable[[], None] = never,
        offers: Offers | None = None,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._clock = clock
        self._offers = offers or Offers(database)
        self._log = log.get(__name__)
        self._audiences = Audiences(database, firms, catalogue, telegram=telegram)
        self._sending = Sending(database, self._audiences, catalogue, clock, self._offers, on_enqueued)

    # --- reading ---

    async def get(self, announcement_id: str, actor: Actor = OPERATOR) -> Announcement:
        """An announcement. Raises NoSuchAnnouncement, also for one that is not the actor's to see."""
        async with self._database.reading() as session:
            return await self._visible(session, announcement_id, actor)

    async def list(self, actor: Actor = OPERATOR) -> builtins.list[Announcement]:
        """All announcements that the actor may see, newest first."""
        async with self._database.reading() as session:
            found = await rows.read_all(session, self._clock.timezone)
        return [one for one in found if _sees(actor, one)]

    async def preview(self, announcement_id: str, actor: Actor = OPERATOR) -> dict[str, Any]:
        """Whom it would reach now, and for which reason every other firm is left out."""
        found = await self.get(announcement_id, actor)
        selection = await self._audiences.select(self._audience(found), self._clock.today())
        message = copy_of(found, await self._offer(found.offer_number), self._clock.timezone)
        return {
            "id": found.id,
            "state": found.state,
            "count": len(selection.chosen),
            "sample": [{"firm": firm.reference, "name": firm.name} for firm in selection.chosen[:_SAMPLE]],
            "excluded": selection.excluded,
            "parts": parts(message),
            "unreachable_now": sum(one.address is None for one in selection.chosen),
        }

    async def status(self, announcement_id: str, actor: Actor = OPERATOR) -> dict[str, Any]:
        """How far it is: the counts' sum is the frozen audience."""
        async with self._database.reading() as session:
            found = await self._visible(session, announcement_id, actor)
            counts, reasons = await rows.tally(session, found.id)
        return {"id": found.id, "state": found.state, "counts": counts, "reasons": reasons}

    # --- writing ---

    async def create(
        self,
        actor: Actor,
        *,
        title: str,
        text: str,
        category: str,
        audience: str = "",
        region: str | None = None,
        offer_id: str | None = None,
    ) -> Announcement:
        """A draft. Raises BadInput: nothing to say, too long, no such category or region, a rule (BadRule, with the
        place) that cannot be read; NoSuchOffer."""
        given = {"title": title, "text": text, "category": category, "audience": audience, "region": region}
        values = await self._columns(actor, given | {"offer_id": offer_id})
        new_id, now = f"a-{secrets.token_hex(5)}", machine_now()
        async with self._database.transaction() as session:
            session.add(
                AnnouncementRow(
                    id=new_id,
                    state=DRAFT,
                    author=actor.owner,
                    urgent=False,
                    version=1,
                    created_at=now,
                    updated_at=now,
                    **values,
                )
            )
            await session.flush()
            await self._note(session, actor, "created", new_id)
            return await rows.read(session, new_id, self._clock.timezone)

    async def edit(self, announcement_id: str, actor: Actor, *, version: int, **changes: Any) -> Announcement:
        """Change a draft (title, text, category, audience, region, offer_id) that was read at `version`.

        It is a draft again: an approval and a date are void. Raises AnnouncementChanged when somebody else changed it,
        AnnouncementClosed once it is being sent, and what `create` raises.
        """
        await self.get(announcement_id, actor)
        values = await self._columns(actor, changes)
        fresh = {"state": DRAFT, "approved_by": None, "approved_at": None, "send_at": None, "urgent": False}
        mine = update(AnnouncementRow).where(
            AnnouncementRow.id == announcement_id,
            AnnouncementRow.version == version,
            AnnouncementRow.state.in_(OPEN_TO_EDITS),
        )
        async with self._database.transaction() as session:
            stamp = {"version": version + 1, "updated_at": machine_now()}
            done = await session.scalar(mine.values(**values, **fresh, **stamp).returning(AnnouncementRow.id))
            current = await self._visible(session, announcement_id, actor)
            if done is None:
                if current.state not in OPEN_TO_EDITS:
                    raise _closed(current)
                raise AnnouncementChanged(current, self._as_shown(values, changes))
            await self._note(session, actor, "edited", announcement_id, {"fields": sorted(changes)})
            return current

    async def approve(self, announcement_id: str, actor: Actor, *, version: int | None = None) -> Announcement:
        """Approve what others wrote, as it was at `version` (None: as it is).

        Raises MayNotApprove, OwnAnnouncement, AnnouncementClosed (no draft), AnnouncementChanged.
        """
        if not actor.may_approve:
            raise MayNotApprove()
        async with self._database.transaction() as session:
            found = await self._visible(session, announcement_id, actor)
            if folded_name(actor.owner) in await self._writers(session, found):
                raise OwnAnnouncement()
            if found.state != DRAFT:
                raise AnnouncementClosed(wording.NOT_A_DRAFT.format(state=wording.STATES[found.state]))
            read_at = found.version if version is None else version
            now = machine_now()
            stamp = {"state": APPROVED, "approved_by": actor.owner, "approved_at": now, "updated_at": now}
            if not await self._step(session, announcement_id, (DRAFT,), stamp, version=read_at):
                raise AnnouncementChanged(await self._visible(session, announcement_id, actor), {})
            await self._note(session, actor, "approved", announcement_id, {"version": read_at})
            return await rows.read(session, announcement_id, self._clock.timezone)

    async def schedule(
        self, announcement_id: str, actor: Actor = OPERATOR, *, at: str | datetime = "now", urgent: bool = False
    ) -> Announcement:
        """Send an approved announcement, once: now or at a time of the service's zone.

        `urgent`: quiet hours do not hold it. Raises NotApproved, AlreadyScheduled, AnnouncementClosed, LinkedOfferOver,
        and BadInput for a time that cannot be read or has passed.
        """
        send_at = self._send_at(at)
        async with self._database.transaction() as session:
            found = await self._visible(session, announcement_id, actor)
            await self._require_open_offer(session, found)
            stamp = {"state": SCHEDULED, "send_at": send_at, "urgent": urgent, "updated_at": machine_now()}
            if not await self._step(session, announcement_id, (APPROVED,), stamp):
                raise _not_to_be_scheduled(await rows.read(session, announcement_id, self._clock.timezone))
            await self._note(session, actor, "scheduled", announcement_id, {"urgent": urgent})
            return await rows.read(session, announcement_id, self._clock.timezone)

    async def stop(self, announcement_id: str, actor: Actor = OPERATOR) -> Announcement:
        """Stop it for good: what is not yet in a channel's hands is not sent. Stopping again changes nothing.

        Raises AnnouncementClosed when all of it was sent.
        """
        async with self._database.transaction() as session:
            found = await self._visible(session, announcement_id, actor)
            now = machine_now()
            stamp = {"state": STOPPED, "finished_at": now, "updated_at": now}
            if await self._step(session, announcement_id, (*OPEN_TO_EDITS, SENDING), stamp):
                waiting = update(RecipientRow).where(
                    RecipientRow.announcement_id == announcement_id,
                    RecipientRow.state == "queued",
                    RecipientRow.delivery_key.is_(None),
                )
                await session.execute(waiting.values(state="skipped", reason="stopped"))
                await outbox.cancel_topic(session, topic(announcement_id), "stopped")
                await self._note(session, actor, "stopped", announcement_id, {"state": found.state})
            current = await rows.read(session, announcement_id, self._clock.timezone)
        if current.state != STOPPED:
            raise _closed(current)
        return current

    # --- sending ---

    async def advance(self) -> bool:
        """The worker's step; see `Sending.advance`."""
        return await self._sending.advance()

    async def run(self, stop: asyncio.Event) -> None:
        """Advance until `stop` is set."""
        await self._sending.run(stop)

    async def topic_failing(self, failing: str, reason: str) -> None:
        """A hook of the outbox's worker: the service refuses the text itself, for one address after another, and took
        none. The announcement is stopped, and the audit log says why; other topics are nobody's business here.
        """
        announcement_id = failing.removeprefix(topic(""))
        if announcement_id == failing:
            return
        self._log.error("announcement_refused", announcement=announcement_id)
        async with self._database.transaction() as session:
            await self._note(session, OPERATOR, "refused", announcement_id)
        with suppress(AnnouncementClosed):  # all of it was refused meanwhile
            await self.stop(announcement_id)

    # --- what they share ---

    async def _visible(self, session: AsyncSession, announcement_id: str, actor: Actor) -> Announcement:
        found = await rows.read(session, announcement_id, self._clock.timezone)
        if not _sees(actor, found):
            raise NoSuchAnnouncement()
        return found

    async def _step(
        self,
        session: AsyncSession,
        announcement_id: str,
        states: tuple[str, ...],
        values: Mapping[str, Any],
        *,
        version: int | None = None,
    ) -> bool:
        """Take it from one of these states into another; False when it is in none of them: one statement decides."""
        mine = update(AnnouncementRow).where(AnnouncementRow.id == announcement_id, AnnouncementRow.state.in_(states))
        if version is not None:
            mine = mine.where(AnnouncementRow.version == version)
        return await session.scalar(mine.values(**values).returning(AnnouncementRow.id)) is not None

    async def _writers(self, session: AsyncSession, found: Announcement) -> frozenset[str]:
        """The folded names of all who wrote or changed it."""
        records = await audit.about(session, _SUBJECT, found.id)
        names = [record.actor.removeprefix("staff:") for record in records if record.action in _WRITTEN]
        return frozenset(folded_name(name) for name in (found.author, *names))

    def _audience(self, found: Announcement) -> Audience:
        return read_audience(found.audience, found.region, found.category, self._catalogue)

    async def _offer(self, number: int | None) -> Offer | None:
        return None if number is None else await self._offers.by_number(number)

    async def _require_open_offer(self, session: AsyncSession, found: Announcement) -> None:
        if found.offer_number is None:
            return
        offer = await self._offers.by_number(found.offer_number, session)
        if offer.state != "active" or offer.expired(self._clock.now()):
            raise LinkedOfferOver(wording.OFFER_OVER.format(title=offer.title))

    def _send_at(self, at: str | datetime) -> datetime:
        now = self._clock.now()
        send_at = read_time(at, self._clock) if isinstance(at, str) else at
        if send_at < now - _TYPING:
            raise BadInput(wording.TIME_PASSED.format(at=send_at.astimezone(self._clock.timezone)))
        return max(send_at, now)

    async def _columns(self, actor: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed as columns of the row. Raises BadInput, NoSuchOffer."""
        readers: dict[str, Callable[[Any], Any]] = {
            "title": lambda value: _text(
                " ".join(clean(value or "").split()), MAX_TITLE, wording.NO_TITLE, wording.LONG_TITLE
            ),
            "text": lambda value: _text(clean(value or "").strip(), MAX_TEXT, wording.NO_TEXT, wording.LONG_TEXT),
            "category": read_category,
            "audience": self._read_rule,
            "region": lambda value: _read_region(actor, value),
        }
        values = {name: readers[name](value) for name, value in given.items() if name != "offer_id"}
        if "offer_id" in given:
            offer = given["offer_id"] and await self._offers.get(str(given["offer_id"]))
            values["offer_number"] = offer.number if offer else None
        return values

    def _read_rule(self, value: str | None) -> str | None:
        text = clean(value or "").strip()
        read_audience(text, None, "", self._catalogue)  # raises BadRule
        return text or None

    def _as_shown(self, values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        """What was to be written, by the names of `Announcement`."""
        shown = {name: values[name] for name in changes if name != "offer_id"}
        if "audience" in shown:
            shown["audience"] = shown["audience"] or ""
        return shown | ({"offer_id": changes["offer_id"] or None} if "offer_id" in changes else {})

    async def _note(
        self,
        session: AsyncSession,
        actor: Actor,
        action: str,
        announcement_id: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        await audit.record(
            session,
            actor=actor.name,
            action=f"announcement.{action}",
            subject_kind=_SUBJECT,
            subject=announcement_id,
            details=details,
        )


async def erase(session: AsyncSession, firm_id: str) -> None:
    """An eraser of `Firms.delete`: a deleted firm is in no audience any more; what waits for it is not sent, since
    the consent is gone, too."""
    gone: Select[RecipientRow] = select(RecipientRow).where(RecipientRow.firm_id == firm_id)
    for row in await session.scalars(gone):
        await session.delete(row)
    await session.flush()


def read_category(word: str) -> str:
    """The key of a category that a word (融资) or key (financing) names. Raises BadInput."""
    if fold(word) in consents.CATEGORIES:
        return fold(word)
    meant = firm_columns().category_words.get(fold(word), frozenset())
    if len(meant) != 1:
        options = "、".join(category_name(category) for category in consents.CATEGORIES)
        raise BadInput(wording.UNKNOWN_CATEGORY.format(category=clean(word)[:20], options=options))
    return next(iter(meant))


def read_time(text: str, clock: Clock) -> datetime:
    """`now`, or a time in the service's zone (2026-12-01 09:00, 2026-12-01T09:00:00+08:00). Raises BadInput."""
    if fold(text) == "now":
        return clock.now()
    try:
        if found := _TIME.fullmatch(text.strip()):
            return datetime(*(int(part or 0) for part in found.groups()), tzinfo=clock.timezone)  # type: ignore[arg-type, misc]
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput(wording.BAD_TIME.format(value=clean(text)[:40])) from error
    if len(text.strip()) <= len("2026-12-01"):  # a day alone is no time
        raise BadInput(wording.BAD_TIME.format(value=clean(text)[:40]))
    return at if at.tzinfo else at.replace(tzinfo=clock.timezone)


def _text(text: str, longest: int, missing: str, too_long: str) -> str:
    if not text:
        raise BadInput(missing)
    if len(text) > longest:
        raise BadInput(too_long.format(limit=longest))
    return text


def _read_region(actor: Actor, value: str | None) -> str | None:
    """The code of the region that is meant; county staff's own county by default. Raises BadInput outside of it."""
    if value is None or not value.strip():
        return actor.region
    found = regions.find(value)
    meant = found if found.known else regions.recognise(value) or found
    if actor.region is not None and not actor.covers(meant.code):
        raise BadInput(wording.NOT_YOUR_REGION.format(region=regions.find(actor.region).name))
    return meant.code


def _sees(actor: Actor, announcement: Announcement) -> bool:
    if not actor.is_staff:
        return False
    if actor.kind == "operator" or actor.region is None:
        return True
    return announcement.region is not None and actor.covers(announcement.region)


def _closed(found: Announcement) -> AnnouncementClosed:
    return AnnouncementClosed(wording.CLOSED.format(state=wording.STATES[found.state]))


def _not_to_be_scheduled(found: Announcement) -> NotApproved | AlreadyScheduled | AnnouncementClosed:
    match found.state:
        case "draft":
            return NotApproved()
        case "stopped":
            return _closed(found)
    assert found.state in (SCHEDULED, SENDING, DONE)
    return AlreadyScheduled()
