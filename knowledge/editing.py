"""What follows from correcting a document's record, and from taking a document out: in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import regions
from core.errors import BadInput, Conflict, NotFound
from core.text import clean
from knowledge import relations, sameness, wording
from knowledge.models import ClauseRow, Document, Relation, Sketch, Topic
from knowledge.naming import number_key, title_key
from knowledge.reading import Warned
from knowledge.record import LEVELS
from knowledge.relations import Settled

EDITABLE = frozenset(
    {"title", "number", "issuer", "region", "level", "issued", "valid_from", "valid_to", "source", "draft"}
)
"""The fields of a record that staff may correct; the text never changes."""


async def edit(session: AsyncSession, document_id: str, changes: Mapping[str, Any], version: int) -> set[str]:
    """Change fields of a record; the ids of other documents that this changes too.

    Raises NotFound, Conflict for a `version` that is not the newest, BadInput for values that cannot be.
    """
    row = await session.get(Document, document_id)
    if row is None:
        raise NotFound(wording.NO_SUCH_DOCUMENT)
    if row.version != version:
        raise Conflict(wording.VERSION_CONFLICT)
    keys, began = {row.number_key}, row.valid_from
    titles = {row.title_key}
    for name, value in checked(changes).items():
        setattr(row, name, value)
    if row.valid_from and row.valid_to and row.valid_from > row.valid_to:
        raise BadInput(wording.DATES_CROSSED)
    row.version += 1
    row.number_key, row.title_key = number_key(row.number or ""), title_key(row.title)
    await session.flush()
    await _begin_anew(session, row, began)
    settled = await relations.settle(
        session, numbers=keys | {row.number_key}, titles=titles | {row.title_key}, of=[document_id]
    )
    return settled.documents


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a record as they are stored. Raises BadInput."""
    if unknown := sorted(set(changes) - EDITABLE):
        raise BadInput(wording.UNKNOWN_FIELDS.format(fields="、".join(unknown)))
    values = {
        name: clean(value).strip() or None if isinstance(value, str) else value for name, value in changes.items()
    }
    if "title" in values and not values["title"]:
        raise BadInput(wording.TITLE_NEEDED)
    if values.get("level") is not None and values["level"] not in LEVELS:
        raise BadInput(wording.UNKNOWN_LEVEL.format(levels="、".join(LEVELS)))
    if "region" in values:
        if not values["region"]:
            raise BadInput(wording.REGION_NEEDED)
        values["region"] = regions.find(values["region"]).code
    return values


async def _begin_anew(session: AsyncSession, row: Document, began: date | None) -> None:
    """What counts from the document's first day counts from the new one."""
    if row.valid_from == began:
        return
    since = Relation.effective_from.is_(None) if began is None else Relation.effective_from == began
    changed = update(Relation).where(Relation.document_id == row.id, since).values(effective_from=row.valid_from)
    await session.execute(changed)


async def take_out(session: AsyncSession, document_id: str) -> set[str]:
    """Delete a document with all that is its own; the ids of other documents that this changes. Raises NotFound."""
    row = (
        await session.execute(select(Document.number_key, Document.title_key).where(Document.id == document_id))
    ).first()
    if row is None:
        raise NotFound(wording.NO_SUCH_DOCUMENT)
    settled = Settled()
    replaced = (await session.scalars(select(Relation.target_id).where(Relation.document_id == document_id))).all()
    await session.execute(delete(Relation).where(Relation.document_id == document_id))
    settled.documents |= {target for target in replaced if target is not None}
    await relations.judge(session, settled.documents, settled)
    settled.documents |= await _forget(session, document_id)
    for table in (ClauseRow, Topic, Sketch):
        await session.execute(delete(table).where(table.document_id == document_id))
    await session.execute(delete(Document).where(Document.id == document_id))
    again = await relations.settle(session, numbers=[row.number_key], titles=[row.title_key])
    return (settled.documents | again.documents) - {document_id}


async def _forget(session: AsyncSession, document_id: str) -> set[str]:
    """Have the relations to a document wait for it again; the ids of the documents that speak of it."""
    speakers = set(await session.scalars(select(Relation.document_id).where(Relation.target_id == document_id)))
    await session.execute(update(Relation).where(Relation.target_id == document_id).values(target_id=None))
    return speakers


async def note_cycles(session: AsyncSession, row: Document, cycles: Collection[tuple[str, str]]) -> tuple[Warned, ...]:
    """Keep with a new document that it and others each say they replace the other."""
    others = {one for pair in cycles if row.id in pair for one in pair} - {row.id}
    if not others:
        return ()
    titles = (await session.scalars(select(Document.title).where(Document.id.in_(others)).order_by(Document.id))).all()
    warned = tuple(Warned("relation_cycle", wording.RELATION_CYCLE.format(other=f"《{title}》")) for title in titles)
    row.warnings = [*row.warnings, *map(asdict, warned)]
    await session.flush()
    return warned


async def complete(session: AsyncSession, document_id: str) -> set[str]:
    """Fill in what an older version did not keep of a document; the ids of others that this changes."""
    row = await session.get(Document, document_id)
    if row is None or row.title_key:
        return set()
    compared = sameness.content(row.text)
    row.content_hash = sameness.digest(compared or row.text)
    row.number_key, row.title_key = number_key(row.number or ""), title_key(row.title) or row.id
    await session.execute(delete(Sketch).where(Sketch.document_id == document_id))
    bands = enumerate(sameness.bands(compared))
    session.add_all(Sketch(document_id=document_id, band=band, value=value) for band, value in bands)
    await session.flush()
    return (await relations.settle(session, numbers=[row.number_key], titles=[row.title_key])).documents
