"""The library at one revision, in memory: documents in time and place, their clauses, what they say of each other.

Nothing here changes and nothing is read from anywhere. A document that did not change between two revisions is the same
object in both snapshots, so that what is worked out of it may be kept beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from core import regions
from core.errors import NotFound
from core.text import fold
from knowledge import wording

RelationKind = Literal["supersedes", "amends", "prolongs"]
State = Literal["draft", "superseded", "expired", "not_yet", "in_force"]
ChangeKind = Literal["words", "rewrite", "delete", "add"]

_KEPT_FILTERS = 256


@dataclass(frozen=True, slots=True)
class ClauseText:
    """A clause with its words, cut out of `source`, the text of its document, when they are asked for."""

    id: int
    document_id: str
    ordinal: int
    parent: int | None
    path: str
    label: str
    depth: int
    start: int
    end: int
    whole_end: int
    source: str = field(repr=False, compare=False)
    kind: str = "front"
    page: int | None = None
    context: str = ""

    @property
    def text(self) -> str:
        """The literal own text, from the label on."""
        return self.source[self.start : self.end]

    @property
    def whole(self) -> str:
        """The literal text with all sub-clauses."""
        return self.source[self.start : self.whole_end]


@dataclass(frozen=True, slots=True)
class Change:
    """One change that an amendment makes.

    `words`: `old` in the clause `path` becomes `new`; `rewrite`: the whole clause becomes `new`; `delete`: the clause
    goes; `add`: `new` is a clause of its own. An empty `path` means wherever `old` stands. `clause` is the path of the
    amending document's clause that says so.
    """

    kind: ChangeKind
    path: str
    old: str
    new: str
    clause: str


@dataclass(frozen=True, slots=True)
class DocumentRelation:
    """What a document says of another: that it replaces it, changes it, or prolongs it.

    `target_id` is None until the other one is in the base. `effective_from` None: since ever. `until` is the new last
    day of a prolonged document, or `years` are added to the last day it had; neither: until revoked. `given`: the other
    one was named by staff, not read in the text.
    """

    id: int
    kind: RelationKind
    target_id: str | None
    target_number: str | None
    target_title: str | None
    effective_from: date | None
    until: date | None = None
    years: int | None = None
    changes: tuple[Change, ...] = ()
    given: bool = False

    def last_day(self, before: date | None) -> date | None:
        """The last day of a prolonged document whose last day was `before`."""
        if self.years is None:
            return self.until
        return years_on(before, self.years) if before else None

    def in_effect(self, as_of: date) -> bool:
        """Whether it counts on a date."""
        return self.effective_from is None or self.effective_from <= as_of


@dataclass(frozen=True)
class TopicText:
    """Typical questions of clauses (`stated`), or of a topic the document is silent on. `id` 0: not stored yet.

    `answer` is what the desk said to such a question, empty where nobody did; `origin` and `review`: see `Topic`.
    """

    id: int
    document_id: str
    name: str
    stated: bool
    paths: tuple[str, ...]
    questions: tuple[str, ...]
    origin: str = "built_in"
    review: bool = False
    answer: str = ""


@dataclass(frozen=True)
class StoredDocument:
    """A document with its stored original and its clauses, in order.

    `pages` are the offsets at which its pages begin, `unread_pages` numbers (from 1) of pages without text, `missing`
    names of attachments that are not in the base, `warnings` what its ingestion had to say: `{"code", "message"}`.
    `revision` is the library's revision at which it, its typical questions or its relations last changed, `version`
    counts the corrections of its record. What it says
    of time here is its own; prolongations by other documents count in `Snapshot.valid_to`.
    """

    id: str
    title: str
    number: str | None
    issuer: str | None
    region: str
    level: str | None
    issued: date | None
    valid_from: date | None
    valid_to: date | None
    source: str | None
    draft: bool
    superseded_by: str | None
    superseded_from: date | None
    text: str
    coverage: float
    clauses: tuple[ClauseText, ...] = field(repr=False, default=())
    format: str = "text"
    file_name: str | None = None
    status: str = "ready"
    pages: tuple[int, ...] = ()
    unread_pages: tuple[int, ...] = ()
    tables: int = 0
    missing: tuple[str, ...] = ()
    warnings: tuple[dict[str, str], ...] = ()
    relations: tuple[DocumentRelation, ...] = ()
    revision: int = 0
    version: int = 1

    def begun(self, as_of: date) -> bool:
        """Whether its first day is not after a date."""
        return self.valid_from is None or self.valid_from <= as_of

    def in_force(self, as_of: date) -> bool:
        """Whether it applies on a date by its own words: issued, begun, not over, not replaced, not a draft."""
        return self.begun(as_of) and not self.draft and not self.expired(as_of) and not self.superseded(as_of)

    def expired(self, as_of: date) -> bool:
        return self.valid_to is not None and self.valid_to < as_of

    def superseded(self, as_of: date) -> bool:
        return self.superseded_by is not None and (self.superseded_from is None or self.superseded_from <= as_of)

    @property
    def elsewhere(self) -> bool:
        """Whether the document only passes on what stands in an attachment."""
        return any(warning["code"] == "body_in_attachment" for warning in self.warnings)

    @cached_property
    def by_id(self) -> dict[int, ClauseText]:
        """Its clauses by their ids, in order."""
        return {clause.id: clause for clause in self.clauses}

    @cached_property
    def by_path(self) -> dict[str, ClauseText]:
        """Its clauses by their paths; of several with one path the first."""
        found: dict[str, ClauseText] = {}
        for clause in self.clauses:
            found.setdefault(clause.path, clause)
        return found

    @cached_property
    def children(self) -> dict[int, list[ClauseText]]:
        """The direct sub-clauses of an ordinal, in order; clauses without any are left out."""
        below: dict[int, list[ClauseText]] = {}
        for clause in self.clauses:
            if clause.parent is not None:
                below.setdefault(clause.parent, []).append(clause)
        return below


@dataclass(frozen=True)
class Amendment:
    """A change to a clause of another document. `document_id` and `clause` are the amending document and its clause
    (None when that has no such clause any more); the rest: see `Change` and `DocumentRelation`."""

    document_id: str
    clause: ClauseText | None
    path: str
    old: str
    new: str
    effective_from: date | None
    kind: ChangeKind = "words"


class _ByPath(Mapping[tuple[str, str], ClauseText]):
    """Clauses by (document, path), looked up in the documents' own tables."""

    def __init__(self, documents: Mapping[str, StoredDocument]) -> None:
        self._documents = documents

    def __getitem__(self, key: tuple[str, str]) -> ClauseText:
        return self._documents[key[0]].by_path[key[1]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((document.id, path) for document in self._documents.values() for path in document.by_path)

    def __len__(self) -> int:
        return sum(len(document.by_path) for document in self._documents.values())


class Snapshot:
    """The whole library at one revision. Filters by date and region."""

    def __init__(self, revision: int, documents: Sequence[StoredDocument], topics: Sequence[TopicText] = ()) -> None:
        self.revision = revision
        self.documents = {document.id: document for document in documents}
        self.topics = {topic.id: topic for topic in topics}
        self.by_path: Mapping[tuple[str, str], ClauseText] = _ByPath(self.documents)
        self.questions: dict[int, list[str]] = {}
        for topic in topics:
            self._take_questions(topic)
        self._applicable: dict[tuple[date, str], dict[str, StoredDocument]] = {}
        self._amended: dict[str, dict[int, list[tuple[Amendment, StoredDocument]]]] = {}

    def _take_questions(self, topic: TopicText) -> None:
        """Typical questions stand beside their clauses. Those under review too: what retires them is the date from
        which their document is replaced, and before it they still lead to its clauses."""
        for path in topic.paths if topic.stated else ():
            if (clause := self.by_path.get((topic.document_id, path))) is not None:
                self.questions.setdefault(clause.id, []).extend(topic.questions)

    def get(self, document_id: str) -> StoredDocument:
        """A document. Raises NotFound."""
        if document_id not in self.documents:
            raise NotFound(wording.NO_SUCH_DOCUMENT)
        return self.documents[document_id]

    @cached_property
    def clauses(self) -> dict[int, ClauseText]:
        """All clauses by their ids."""
        found: dict[int, ClauseText] = {}
        for document in self.documents.values():
            found.update(document.by_id)
        return found

    def below(self, clause: ClauseText) -> list[ClauseText]:
        """The direct sub-clauses of a clause, in order."""
        return self.documents[clause.document_id].children.get(clause.ordinal, [])

    def above(self, clause: ClauseText) -> ClauseText | None:
        """The clause that this one is a part of."""
        if clause.parent is None:
            return None
        return self.documents[clause.document_id].clauses[clause.parent]

    def applicable(self, as_of: date, region: str) -> Mapping[str, StoredDocument]:
        """Documents that may be used for a firm of `region` on a date: no draft, none superseded, not yet begun or of
        another region. One that expired without a successor stays in."""
        key = as_of, region
        if key not in self._applicable:
            if len(self._applicable) >= _KEPT_FILTERS:
                self._applicable.clear()
            self._applicable[key] = {
                document.id: document
                for document in self.documents.values()
                if not document.draft
                and document.begun(as_of)
                and not document.superseded(as_of)
                and regions.covers(document.region, region)
            }
        return self._applicable[key]

    def valid_to(self, document: StoredDocument, as_of: date) -> date | None:
        """The last day of a document as it was known on a date: its own, or what the newest prolongation in effect
        says. None: until revoked."""
        last = document.valid_to
        for relation, _ in self._about(document.id, "prolongs", as_of):
            last = relation.last_day(last)
        return last

    def expired(self, document: StoredDocument, as_of: date) -> bool:
        """Whether a document's last day is over on a date, prolongations in effect counted."""
        last = self.valid_to(document, as_of)
        return last is not None and last < as_of

    def in_force(self, document: StoredDocument, as_of: date) -> bool:
        """Whether a document applies on a date: begun, not over, not replaced, not a draft."""
        begun = document.begun(as_of) and not document.draft
        return begun and not self.expired(document, as_of) and not document.superseded(as_of)

    def state(self, document: StoredDocument, as_of: date) -> State:
        """Where a document stands in time."""
        if document.draft:
            return "draft"
        if document.superseded(as_of):
            return "superseded"
        if self.expired(document, as_of):
            return "expired"
        return "in_force" if document.begun(as_of) else "not_yet"

    def replaced_by(self, document_id: str) -> tuple[StoredDocument, ...]:
        """The documents that this one replaced, in the order of their ids; `superseded_from` is the day of each."""
        return self._replaced.get(document_id, ())

    @cached_property
    def _replaced(self) -> dict[str, tuple[StoredDocument, ...]]:
        found: dict[str, list[StoredDocument]] = {}
        for document in sorted(self.documents.values(), key=lambda item: item.id):
            if document.superseded_by is not None:
                found.setdefault(document.superseded_by, []).append(document)
        return {by: tuple(replaced) for by, replaced in found.items()}

    @cached_property
    def _said(self) -> dict[str, list[tuple[DocumentRelation, StoredDocument]]]:
        """What is said of each document, by whom, drafts left out, in the order in which it takes effect."""
        found: dict[str, list[tuple[DocumentRelation, StoredDocument]]] = {}
        for document in self.documents.values():
            for relation in () if document.draft else document.relations:
                if relation.target_id is not None:
                    found.setdefault(relation.target_id, []).append((relation, document))
        for said in found.values():
            said.sort(key=lambda item: (item[0].effective_from or date.min, item[1].issued or date.min, item[0].id))
        return found

    def _about(
        self, document_id: str, kind: RelationKind, as_of: date
    ) -> Iterator[tuple[DocumentRelation, StoredDocument]]:
        return (
            (relation, document)
            for relation, document in self._said.get(document_id, ())
            if relation.kind == kind and relation.in_effect(as_of)
        )

    def amendments(self, clause: ClauseText, as_of: date) -> tuple[Amendment, ...]:
        """What changed this clause and is in effect on a date, in the order in which it took effect. Added clauses
        change none: they stand in their own document."""
        return tuple(
            amendment
            for amendment, _ in self._changes(clause)
            if amendment.effective_from is None or amendment.effective_from <= as_of
        )

    def upcoming(self, clause: ClauseText, as_of: date) -> tuple[Amendment, ...]:
        """What will change this clause: issued on or before a date (or with no date of issue), in effect only later."""
        return tuple(
            amendment
            for amendment, by in self._changes(clause)
            if amendment.effective_from is not None
            and amendment.effective_from > as_of
            and (by.issued is None or by.issued <= as_of)
        )

    def _changes(self, clause: ClauseText) -> Sequence[tuple[Amendment, StoredDocument]]:
        if clause.document_id not in self._said:
            return ()
        if clause.document_id not in self._amended:
            self._amended[clause.document_id] = self._amended_clauses(self.documents[clause.document_id])
        return self._amended[clause.document_id].get(clause.id, ())

    def _amended_clauses(self, document: StoredDocument) -> dict[int, list[tuple[Amendment, StoredDocument]]]:
        found: dict[int, list[tuple[Amendment, StoredDocument]]] = {}
        for relation, by in self._said[document.id]:
            for change in relation.changes if relation.kind == "amends" else ():
                amendment = Amendment(
                    document_id=by.id,
                    clause=by.by_path.get(change.clause),
                    path=change.path,
                    old=change.old,
                    new=change.new,
                    effective_from=relation.effective_from,
                    kind=change.kind,
                )
                for clause in _changed_clauses(document, change):
                    found.setdefault(clause.id, []).append((amendment, by))
        return found


def _changed_clauses(document: StoredDocument, change: Change) -> list[ClauseText]:
    """The clauses of a document that a change is about; with words to replace those in whose own text they stand."""
    if change.kind == "add":
        return []
    named = _named(document, change.path) if change.path else None
    if change.path and named is None:
        return []
    if not change.old:
        return [named] if named else []
    within = [clause for clause in document.clauses if named is None or named.start <= clause.start < named.whole_end]
    exact = [clause for clause in within if change.old in clause.text]
    return exact or [clause for clause in within if fold(change.old) in fold(clause.text)]


def _named(document: StoredDocument, path: str) -> ClauseText | None:
    """The clause of a path; articles are named without the chapter they stand in (第十二条 of 第三章 第十二条)."""
    found = document.by_path.get(path)
    below_chapter = (clause for clause in document.clauses if clause.path.endswith(f" {path}"))
    return found or next(below_chapter, None)


def years_on(day: date, years: int) -> date:
    """The same day some years later; the 29th of February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
