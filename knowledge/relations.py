"""Relations between documents in the database: who is meant, and what follows for the one that is replaced.

A relation names the other document by number and title, or staff named it by id. Whenever a document comes, goes, or
gets another number or title, the relations that may mean it are settled again: the outcome depends on which documents
there are, never on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs, regions
from core.errors import BadInput, NotFound
from knowledge import wording
from knowledge.models import Document, Relation, Topic
from knowledge.naming import number_key, title_key
from knowledge.reading import Warned
from knowledge.record import Metadata
from knowledge.snapshot import DocumentRelation, RelationKind
from knowledge.statements import Said, together

SUPERSEDED_JOB = "knowledge.superseded"
"""Queued with `{"old", "new"}` (ids) in the transaction in which one document turns out to replace another."""

_KINDS: tuple[RelationKind, ...] = ("supersedes", "amends", "prolongs")
_CANDIDATE = (
    Document.id, Document.number_key, Document.title_key, Document.region, Document.issued, Document.draft,
    Document.status,
)  # fmt: skip


@dataclass
class Settled:
    """What settling changed: ids of documents to be read again; pairs (by, old) of which each says it replaces the
    other, perhaps over others, and neither counts."""

    documents: set[str] = field(default_factory=set)
    cycles: set[tuple[str, str]] = field(default_factory=set)


async def write(session: AsyncSession, row: Document, said: Sequence[Said], given: Metadata) -> None:
    """Store what a new document says of others and what staff say of it. Raises NotFound, or BadInput for itself."""
    targets = await _given_targets(session, row.id, given)
    for kind, target in targets.items():
        meant = [item for item in said if item.kind == kind and _means(item, target)]
        about = Said(
            kind, target.title, target.number, until=row.valid_to if kind == "prolongs" and not meant else None
        )
        session.add(_relation(row, reduce(together, meant, about), target.id))
    for item in said:
        target_of_kind = targets.get(item.kind)
        if (item.title or item.number) and not (target_of_kind and _means(item, target_of_kind)):
            session.add(_relation(row, item, None))
    await session.flush()


async def _given_targets(session: AsyncSession, document_id: str, given: Metadata) -> dict[RelationKind, Any]:
    """The documents that staff named, by kind of relation."""
    found: dict[RelationKind, Any] = {}
    for kind in _KINDS:
        if (wanted := getattr(given, kind)) is None:
            continue
        if wanted == document_id:
            raise BadInput(wording.SELF_REFERENCE)
        chosen = select(Document.id, Document.title, Document.number).where(Document.id == wanted)
        target = (await session.execute(chosen)).first()
        if target is None:
            raise NotFound(wording.NO_SUCH_DOCUMENT)
        found[kind] = target
    return found


def _means(said: Said, target: Any) -> bool:
    """Whether what a text says of a document may mean the one that staff named: nothing in the names speaks against."""
    if said.number and target.number:
        return number_key(said.number) == number_key(target.number)
    return said.title is None or title_key(said.title) == title_key(target.title)


def _relation(row: Document, said: Said, target: str | None) -> Relation:
    return Relation(
        document_id=row.id,
        kind=said.kind,
        target_id=target,
        given=target is not None,
        target_number=said.number and said.number[:100],
        target_title=said.title and said.title[:300],
        number_key=number_key(said.number or ""),
        title_key=title_key(said.title or ""),
        effective_from=said.effective_from or row.valid_from,
        until=said.until,
        years=said.years,
        changes=[asdict(change) for change in said.changes],
    )


async def settle(
    session: AsyncSession, *, numbers: Collection[str], titles: Collection[str], of: Collection[str] = ()
) -> Settled:
    """Find again whom relations mean that name one of these numbers or titles (as keys), and those of the documents
    `of`; then what is replaced by what."""
    settled, judged = Settled(), set[str]()
    about = or_(
        Relation.number_key.in_([key for key in numbers if key]),
        Relation.title_key.in_([key for key in titles if key]),
        Relation.document_id.in_(of),
    )
    for relation in (await session.scalars(select(Relation).where(about))).all():
        before = relation.target_id
        if not (relation.given and before is not None):
            relation.target_id = await _target(session, relation)
        if relation.target_id != before:
            settled.documents |= {relation.document_id, *filter(None, (before, relation.target_id))}
        if relation.kind == "supersedes":
            judged |= set(filter(None, (before, relation.target_id)))
    await session.flush()
    await judge(session, judged, settled)
    return settled


async def _target(session: AsyncSession, relation: Relation) -> str | None:
    """The document that a relation means, None while it is not in the base."""
    keys: list[ColumnElement[bool]] = []
    if relation.number_key:
        keys.append(Document.number_key == relation.number_key)
    if relation.title_key:
        keys.append(Document.title_key == relation.title_key)
    own = (await session.execute(select(*_CANDIDATE).where(Document.id == relation.document_id))).one()
    others = select(*_CANDIDATE).where(or_(*keys), Document.id != own.id, Document.draft.is_(False))
    found = (await session.execute(others)).all() if keys else ()
    return _chosen(relation, own, found)


def _chosen(relation: Relation, own: Any, found: Sequence[Any]) -> str | None:
    """By number where one is given and held; else by title, of a document that may be its predecessor."""
    numbered = [other for other in found if relation.number_key and other.number_key == relation.number_key]
    titled = [other for other in found if other.title_key == relation.title_key and _may_be(relation, own, other)]
    best = max(
        numbered or titled,
        key=lambda other: (other.issued or date.min, other.status == "ready", other.id),
        default=None,
    )
    return best.id if best is not None else None


def _may_be(relation: Relation, own: Any, other: Any) -> bool:
    """Whether a document of the right title may be meant: of the same or a wider or narrower place, not issued later,
    and not known under another number."""
    related = regions.covers(own.region, other.region) or regions.covers(other.region, own.region)
    later = own.issued is not None and other.issued is not None and other.issued > own.issued
    return related and not later and not (relation.number_key and other.number_key)


async def judge(session: AsyncSession, targets: Iterable[str], settled: Settled) -> None:
    """Work out again by what these documents, and those that they replace, are replaced."""
    replaces = await _replaced_below(session, set(targets))
    for target in sorted(replaces):
        await _supersede(session, target, replaces, settled)


async def _replaced_below(session: AsyncSession, frontier: set[str]) -> dict[str, set[str]]:
    """What each of these documents and those below them replace, by document."""
    found: dict[str, set[str]] = {}
    while frontier:
        found |= {document: set() for document in frontier}
        chosen = (
            select(Relation.document_id, Relation.target_id)
            .join(Document, Document.id == Relation.document_id)
            .where(Relation.document_id.in_(frontier), _counts)
        )
        for by, old in await session.execute(chosen):
            found[by].add(str(old))
        frontier = {old for replaced in found.values() for old in replaced} - set(found)
    return found


_counts = (Relation.kind == "supersedes") & Relation.target_id.is_not(None) & Document.draft.is_(False)


def _below(document: str, replaces: Mapping[str, set[str]]) -> set[str]:
    """All that a document replaces, directly or over others."""
    reached: set[str] = set()
    frontier = {document}
    while frontier:
        frontier = {old for one in frontier for old in replaces.get(one, ())} - reached
        reached |= frontier
    return reached


async def _supersede(session: AsyncSession, target: str, replaces: Mapping[str, set[str]], settled: Settled) -> None:
    """Note the first of the documents that replace a document, leaving out those that it replaces itself."""
    chosen = (
        select(Relation.document_id, Relation.effective_from)
        .join(Document, Document.id == Relation.document_id)
        .where(Relation.target_id == target, _counts)
    )
    by = {(effective or date.min, document): effective for document, effective in await session.execute(chosen)}
    below = _below(target, replaces)
    settled.cycles |= {(document, target) for _, document in by if document in below}
    first = min((key for key in by if key[1] not in below), default=None)
    new, since = (first[1], by[first]) if first else (None, None)
    old = (
        await session.execute(select(Document.superseded_by, Document.superseded_from).where(Document.id == target))
    ).one()
    if (old.superseded_by, old.superseded_from) == (new, since):
        return
    settled.documents.add(target)
    changed = update(Document).where(Document.id == target).values(superseded_by=new, superseded_from=since)
    await session.execute(changed)
    if old.superseded_by != new:
        await _retire(session, target, new)


async def _retire(session: AsyncSession, old: str, new: str | None) -> None:
    """Have a replaced document's typical questions looked at; take that back where it is not replaced any more."""
    await session.execute(update(Topic).where(Topic.document_id == old).values(review=new is not None))
    if new is not None:
        await jobs.enqueue(session, SUPERSEDED_JOB, {"old": old, "new": new}, key=f"{SUPERSEDED_JOB}:{old}")


def waiting(relations: Sequence[DocumentRelation]) -> Iterator[Warned]:
    """What is to be said of relations whose other document is not in the base."""
    for relation in relations:
        if relation.target_id is None:
            yield Warned("target_unknown", wording.TARGET_UNKNOWN[relation.kind].format(other=_called(relation)))


def _called(relation: DocumentRelation) -> str:
    title = f"《{relation.target_title}》" if relation.target_title else ""
    number = relation.target_number or ""
    return f"{title}（{number}）" if title and number else title or number
