"""What is indexed of offers and of firms, and the job that brings the indexes in line after a change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.jobs import enqueue
from core.text import clean, fold, squeeze
from firms.models import FirmRow
from firms.store import Profile
from matching.kinds import kinds
from matching.offer import Offer
from matching.offers import Offers
from search import Item, View

OFFERS, FIRMS = "offers", "firms"
"""Names of the two sources, and of their folders among the indexes."""
OFFERS_REINDEX_JOB = "matching.reindex"
"""Brings both indexes in line with the database."""

FIRM_TEXTS = ("products", "tech_need", "supply_wish", "finance_use")
"""The texts of a firm's profile that are searched, besides its topics."""

_LEAST = 4  # a shorter piece says nothing on its own
_LONGEST = 600
_PIECE_ENDS = re.compile(r"[。；;！？!?\n]+")


async def request_reindex(session: AsyncSession, numbers: Sequence[int] = (), /) -> None:
    """Queue the job in the caller's transaction, unless it waits already. Is a `matching.importing.Changed`."""
    await enqueue(session, OFFERS_REINDEX_JOB, {}, key=OFFERS_REINDEX_JOB)


async def forget(session: AsyncSession, firm_id: str) -> None:
    """An eraser (`firms.store.Eraser`): what the index holds of a firm goes with the next job."""
    await request_reindex(session)


class OfferSource:
    """The offers that are not withdrawn, as a `search.Source`: an item's id is the offer's number."""

    name = OFFERS

    def __init__(self, offers: Offers) -> None:
        self._offers = offers

    async def fingerprints(self) -> dict[int, str]:
        return {item.id: item.fingerprint for item in await self._items()}

    async def items(self, ids: Sequence[int]) -> list[Item]:
        wanted = set(ids)
        return [item for item in await self._items() if item.id in wanted]

    async def _items(self) -> list[Item]:
        return [offer_item(offer) for offer in await self._offers.every() if offer.state == "active"]


class FirmSource:
    """The firms that say what they make or need, as a `search.Source`: an item's id is `firm_number`."""

    name = FIRMS

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fingerprints(self) -> dict[int, str]:
        return {item.id: item.fingerprint for item in await self._items()}

    async def items(self, ids: Sequence[int]) -> list[Item]:
        wanted = set(ids)
        return [item for item in await self._items() if item.id in wanted]

    async def _items(self) -> list[Item]:
        async with self._database.reading() as session:
            rows = await session.execute(select(FirmRow.id, FirmRow.profile))
            texts = ((firm_id, firm_texts(Profile.from_json(profile))) for firm_id, profile in rows)
            return [_item(firm_number(firm_id), found, ()) for firm_id, found in texts if found]


def firm_number(firm_id: str) -> int:
    """A firm's number in its index: the 48 bits of its id."""
    return int(firm_id.removeprefix("f-"), 16)


def firm_texts(profile: Profile) -> tuple[str, ...]:
    """What a firm says about itself, each once: products, needs, wishes, topics."""
    given = (getattr(profile, name) for name in FIRM_TEXTS)
    texts = [text.strip() for text in given if text and text.strip()]
    return tuple(dict.fromkeys([*texts, *(["、".join(profile.topics)] if profile.topics else [])]))


def offer_texts(offer: Offer) -> tuple[tuple[str, str], ...]:
    """The texts by which an offer is found, with the label of the column they stand in ("" for the title)."""
    details = (
        (column.label, text)
        for column in kinds()[offer.kind].columns
        if column.search and (text := detail_text(offer.details.get(column.key)))
    )
    return (("", offer.title), *details)


def detail_text(value: object) -> str:
    """A searched detail as text."""
    return "、".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value or "").strip()


def offer_item(offer: Offer) -> Item:
    """An offer as it is indexed."""
    return _item(offer.number, tuple(text for _, text in offer_texts(offer)), pieces(offer.content or ""))


def lexical_text(offer: Offer) -> str:
    """The text of an offer that keywords are looked up in."""
    return "\n".join([*(text for _, text in offer_texts(offer)), offer.content or ""])


def pieces(text: str) -> tuple[str, ...]:
    """The sentences of a text that are long enough to say something."""
    found = (part.strip(" ，,、") for part in _PIECE_ENDS.split(clean(text)))
    return tuple(dict.fromkeys(part[:_LONGEST] for part in found if len(squeeze(part)) >= _LEAST))


def _item(item_id: int, texts: Sequence[str], sentences: Sequence[str]) -> Item:
    views = list(_views(texts, sentences))
    lexical = fold("\n".join([*texts, *sentences]))
    digest = hashlib.sha256(lexical.encode("utf-8", "surrogatepass"))
    for view in views:
        digest.update(f"\0{view.kind}\0{view.text}".encode("utf-8", "surrogatepass"))
    return Item(item_id, digest.hexdigest(), tuple(views), lexical)


def _views(texts: Sequence[str], sentences: Iterable[str]) -> Iterator[View]:
    """Each text whole, then its sentences, then those of the content, each once."""
    seen: set[str] = set()
    for text in texts:
        yield from _new(text[:_LONGEST], "whole", seen)
    for part in (part for text in texts for part in pieces(text)):
        yield from _new(part, "sentence", seen)
    for sentence in sentences:
        yield from _new(sentence, "sentence", seen)


def _new(text: str, kind: str, seen: set[str]) -> Iterator[View]:
    key = squeeze(text)
    if key and key not in seen:
        seen.add(key)
        yield View(text, "whole" if kind == "whole" else "sentence")
