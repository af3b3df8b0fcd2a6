"""A document's record: what its text says of itself, and what staff say of it, who are believed first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath

from core import regions
from core.errors import BadInput
from core.text import clean, squeeze
from knowledge import wording
from knowledge.attachments import read_attachments
from knowledge.clauses import Clause
from knowledge.heading import Head, read_head
from knowledge.naming import number_key, title_key
from knowledge.periods import read_period
from knowledge.reading import Reading, Warned
from knowledge.record import LEVELS, Metadata
from knowledge.snapshot import RelationKind
from knowledge.statements import Said, read_relations
from knowledge.whereabouts import Whereabouts, level_of, read_whereabouts

_LONGEST_TITLE, _LONGEST_NUMBER = 300, 100
_SHOWN_DAYS = 3
_MOST_RELATIONS, _MOST_CHANGES = 200, 300


@dataclass(frozen=True)
class Description:
    """The record of a document. `relations`: what it says of others; `missing`: its attachments that are not in it."""

    title: str
    number: str | None
    issuer: str | None
    region: str
    level: str | None
    issued: date | None
    valid_from: date | None
    valid_to: date | None
    draft: bool
    relations: tuple[Said, ...]
    missing: tuple[str, ...]
    warnings: tuple[Warned, ...]


def describe(reading: Reading, clauses: Sequence[Clause], given: Metadata, home: str) -> Description:
    """The record of a reading. `home` is the region's code for a document that names no place.

    Raises BadInput for a level that does not exist, or given days that contradict each other or the text.
    """
    head = read_head(reading.text, reading.title)
    issued = given.issued or head.issued
    period = read_period(reading.text, head.heading, issued)
    attachments = read_attachments(reading.text, head.heading, reading.links, clauses)
    where = _where(given, head)
    first, last, crossed = _period(given, period.valid_from, period.valid_to)
    own_title = head.heading if attachments.body_elsewhere else head.title
    said = _relations(reading, head, clauses, given)
    description = Description(
        title=clean(given.title or own_title or _from_file(given.file_name) or _opening(reading.text))[:_LONGEST_TITLE],
        number=given.number or head.number,
        issuer=given.issuer or head.issuer,
        region=where.region if where else home,
        level=_level(given, where),
        issued=issued,
        valid_from=first,
        valid_to=last,
        draft=head.draft if given.draft is None else given.draft,
        relations=tuple(replace(one, changes=one.changes[:_MOST_CHANGES]) for one in said[:_MOST_RELATIONS]),
        missing=attachments.missing,
        warnings=(),
    )
    faults = _Faults(description, head, where)
    many = (Warned("too_many_relations", wording.TOO_MANY_RELATIONS),) if len(said) > _MOST_RELATIONS else ()
    warnings = (*reading.warnings, *faults.of_record(), *faults.of_place(given), *crossed, *many)
    return replace(description, warnings=(*warnings, *faults.of_attachments(attachments.body_elsewhere)))


def _where(given: Metadata, head: Head) -> Whereabouts | None:
    if given.region:
        region = regions.find(given.region)
        return Whereabouts(region.code, level_of(region.code))
    return read_whereabouts(given.title, None) or read_whereabouts(head.title, given.issuer or head.issuer)


def _level(given: Metadata, where: Whereabouts | None) -> str | None:
    if given.level is not None and given.level not in LEVELS:
        raise BadInput(wording.UNKNOWN_LEVEL.format(levels="、".join(LEVELS)))
    return given.level or (where.level if where else None)


def _period(
    given: Metadata, read_from: date | None, read_to: date | None
) -> tuple[date | None, date | None, tuple[Warned, ...]]:
    """First and last day; what the text alone contradicts itself in is left open, and said."""
    first, last = given.valid_from or read_from, given.valid_to or read_to
    if first is None or last is None or first <= last:
        return first, last, ()
    if given.valid_to is not None or (given.valid_from is not None and given.valid_from != read_from):
        raise BadInput(wording.DATES_CROSSED)
    return first, None, (Warned("dates_crossed", wording.DATES_CROSSED_IN_TEXT),)


def _relations(reading: Reading, head: Head, clauses: Sequence[Clause], given: Metadata) -> tuple[Said, ...]:
    """What the text says of others; of itself it says nothing (its own title and number are left out)."""
    number = number_key(given.number or head.number or "")
    certain: list[RelationKind] = [kind for kind in ("amends", "prolongs") if getattr(given, kind)]
    return tuple(
        said
        for said in read_relations(reading.text, head.heading, clauses, certain)
        if not (said.number and number_key(said.number) == number)
        and not (said.title and not said.number and title_key(said.title) == title_key(head.title or ""))
    )


def _from_file(name: str | None) -> str | None:
    return PurePath(name.replace("\\", "/")).stem if name else None


def _opening(text: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first[:60]


@dataclass(frozen=True)
class _Faults:
    """What a person should look at in a record that was read."""

    record: Description
    head: Head
    where: Whereabouts | None

    def of_record(self) -> Iterator[Warned]:
        for name in ("issuer", "issued"):
            if getattr(self.record, name) is None:
                yield Warned(f"{name}_unknown", wording.METADATA_UNKNOWN[name])
        if self.head.impossible:
            days = "、".join(squeeze(day) for day in self.head.impossible[:_SHOWN_DAYS])
            yield Warned("date_impossible", wording.DATE_IMPOSSIBLE.format(days=days))
        if self.record.draft:
            yield Warned("draft", wording.IS_DRAFT)

    def of_place(self, given: Metadata) -> Iterator[Warned]:
        home = regions.find(self.record.region).name
        if given.region is None and self.where is None:
            yield Warned("region_unknown", wording.REGION_UNKNOWN.format(region=home))
        elif given.region is None and self.where is not None and self.where.own:
            yield Warned("region_new", wording.REGION_NEW.format(region=self.where.region))

    def of_attachments(self, body_elsewhere: bool) -> Iterator[Warned]:
        names = "、".join(self.record.missing)
        if body_elsewhere:
            yield Warned("body_in_attachment", wording.BODY_IN_ATTACHMENT.format(names=names))
        elif names:
            yield Warned("attachment_missing", wording.ATTACHMENT_MISSING.format(names=names))
