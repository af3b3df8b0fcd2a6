"""Puts a clause before a reader: its literal text, what changed it, where it stands, and what to know beside it.

The words around a quote are fixed copy with titles, labels and dates; every figure stands in a quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from core import regions
from core.reading.normal import normalise
from core.text import squeeze
from knowledge import wording
from knowledge.answer import Citation
from knowledge.clauses import sentences
from knowledge.library import ClauseText, Snapshot, StoredDocument
from knowledge.lookup import top_level
from knowledge.phrases import Phrases
from knowledge.snapshot import Amendment

_LONG_ITEM = 120
_LONG_LIST = 700
_SHORT_ITEM = 40
_MOST_TOPS = 12
_BARE_FIGURE = re.compile(r"^[0-9][0-9,.]*$")
_ROW_PARTS = "；"
_UNIT = re.compile(r"^(?:计量|金额)?单位[:：]\s*(?P<unit>.+)$")


@dataclass(frozen=True)
class Stated:
    """What is said of a clause: its text, what it is quoted from, and what has to be known before it."""

    text: str
    citations: tuple[Citation, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Stating:
    """Says clauses of one snapshot as of a date to a firm of `region`."""

    snapshot: Snapshot
    as_of: date
    region: str
    phrases: Phrases

    def contents(self, document: StoredDocument) -> Stated:
        """What a document is and has: its head, and its highest clauses by their first lines."""
        first = document.clauses[0]
        text = f"{wording.LEAD_ONE}\n{first.text}"
        tops = [clause for clause in top_level(document)[:_MOST_TOPS] if clause is not first]
        if tops:
            parts = wording.JOIN.join(clause.text.splitlines()[0][:_SHORT_ITEM] for clause in tops)
            text = f"{text}\n{wording.DOCUMENT_PARTS.format(parts=parts)}"
        return Stated(text, (self.citation(first), *map(self.citation, tops)), self.notices(first))

    def clause(self, clause: ClauseText, question: str, *, lead: str | None = None) -> Stated:
        """A clause as it applies: a list with all its items, a row with its headers, the words of amendments put in."""
        changed = self.snapshot.amendments(clause, self.as_of)
        whole = self._has_items(clause)
        text = self._text(clause, question, changed, lead)
        cited = [self.citation(clause, whole=whole), *self._header(clause), *self._amending(changed)]
        below = [change for item in self._all_below(clause) for change in self.snapshot.amendments(item, self.as_of)]
        if below and not changed:
            text = f"{text}\n{self._changes_below(clause)}"
            cited += self._amending(below)
        upcoming = self._upcoming(clause)
        return Stated(text, tuple(cited), (*self.notices(clause), *upcoming))

    def count(self, clause: ClauseText) -> Stated:
        """How many sub-clauses a clause has, counted, each by its beginning."""
        items = self.snapshot.below(clause)
        shown = [_beginning(item.text) for item in items]
        heading = clause.text.splitlines()[0]
        lead = wording.LEAD_COUNT.format(heading=heading, count=_counted(items))
        return Stated("\n".join([lead, *shown]), (self.citation(clause, whole=True),), self.notices(clause))

    def place(self, clause: ClauseText, question: str) -> Stated:
        """Where something stands, then what stands there."""
        return self.clause(clause, question, lead=wording.LEAD_PLACE.format(label=clause.label))

    def focus(self, clause: ClauseText, question: str) -> str:
        """The part of a clause that is about the industry a question names; see `focus_of`."""
        return focus_of(clause.text, question, self.phrases)

    def notices(self, clause: ClauseText) -> tuple[str, ...]:
        """What has to be known of the clause's document first: that it is over, prolonged, new, or of another place."""
        document = self.snapshot.documents[clause.document_id]
        last = self.snapshot.valid_to(document, self.as_of)
        notices: list[str] = []
        if last is not None and self.snapshot.expired(document, self.as_of):
            notices.append(wording.expired(document.title, last))
        elif document.valid_to is not None and document.valid_to < self.as_of:
            notices.append(wording.prolonged(document.title, last))
        for old in self.snapshot.replaced_by(document.id):
            if old.superseded(self.as_of) and old.superseded_from is not None:
                notices.append(wording.replaced(old.title, document.title, old.superseded_from))
        return (*notices, *self._whose(document))

    def _whose(self, document: StoredDocument) -> tuple[str, ...]:
        """Whose rule it is, when it is not that of the asker's own city or county."""
        city = self.region[:4] + "00" if self.region.isdigit() else self.region
        if document.region in (self.region, city):
            return ()
        return (wording.RULE_OF.format(region=regions.find(document.region).name, document=document.title),)

    def citation(self, clause: ClauseText, *, whole: bool = False) -> Citation:
        """The clause quoted, with its sub-clauses where `whole`."""
        document = self.snapshot.documents[clause.document_id]
        end = clause.whole_end if whole else clause.end
        return Citation(
            document_id=document.id,
            document=document.title,
            clause=clause.path,
            label=clause.label,
            quote=document.text[clause.start : end],
            start=clause.start,
            end=end,
            page=clause.page,
            in_force=self.snapshot.in_force(document, self.as_of),
            valid_from=document.valid_from,
            valid_to=self.snapshot.valid_to(document, self.as_of),
        )

    def _text(self, clause: ClauseText, question: str, changed: Sequence[Amendment], lead: str | None) -> str:
        if changed:
            return _changed_text(clause, changed)
        if clause.kind == "row" and clause.context:
            return "\n".join([lead or wording.LEAD_ROW, *row_lines(clause.context)])
        if self._has_items(clause):
            return self._list_text(clause, lead)
        focus = self.focus(clause, question)
        shown = f"{lead or wording.LEAD_ONE}\n{clause.text}"
        return f"{shown}\n{wording.FOCUS}{focus}" if focus else shown

    def _has_items(self, clause: ClauseText) -> bool:
        return bool(self.snapshot.below(clause))

    def _list_text(self, clause: ClauseText, lead: str | None) -> str:
        """The whole list, literally; where that is too long for a phone, each long item by its first sentence."""
        if len(squeeze(clause.whole)) <= _LONG_LIST:
            return f"{lead or wording.LEAD_LIST}\n{clause.whole}"
        items = [_first_sentence(item) for item in self._all_below(clause)]
        return "\n".join([lead or wording.LEAD_LONG_LIST, clause.text, *items])

    def _all_below(self, clause: ClauseText) -> list[ClauseText]:
        return [item for child in self.snapshot.below(clause) for item in (child, *self._all_below(child))]

    def _header(self, clause: ClauseText) -> list[Citation]:
        """For a row: its table's caption and header, where its unit and the titles of its columns stand."""
        above = self.snapshot.above(clause) if clause.kind == "row" else None
        return [self.citation(above)] if above is not None and above.kind == "table" else []

    def _amending(self, changes: Sequence[Amendment]) -> list[Citation]:
        clauses = {change.clause.id: change.clause for change in changes if change.clause is not None}
        return [self.citation(clause) for clause in clauses.values()]

    def _changes_below(self, clause: ClauseText) -> str:
        changed = [
            _changed_text(item, changes)
            for item in self._all_below(clause)
            if (changes := self.snapshot.amendments(item, self.as_of))
        ]
        return "\n".join(changed)

    def _upcoming(self, clause: ClauseText) -> tuple[str, ...]:
        items = (clause, *self._all_below(clause))
        changes = [change for item in items for change in self.snapshot.upcoming(item, self.as_of)]
        return tuple(dict.fromkeys(filter(None, map(self._announced, changes))))

    def _announced(self, change: Amendment) -> str:
        title = self.snapshot.documents[change.document_id].title
        return wording.upcoming(title, change.effective_from, change.old, change.new) if change.effective_from else ""


def _changed_text(clause: ClauseText, changes: Sequence[Amendment]) -> str:
    """The clause with its amendments put in, in their order; what is gone is said to be gone."""
    text = clause.text
    for change in changes:
        if change.kind == "delete":
            return f"{wording.LEAD_DELETED}\n{text}"
        text = change.new if change.kind == "rewrite" else text.replace(change.old, change.new)
    return f"{wording.LEAD_AMENDED}\n{text}"


def row_lines(context: str) -> list[str]:
    """A row as lines of `header：value`; a bare figure gets the table's unit behind it."""
    parts = [part.strip() for part in context.split(_ROW_PARTS) if part.strip()]
    unit = next((match["unit"] for part in parts if (match := _UNIT.match(part))), "")
    return [_with_unit(part, unit) for part in parts]


def _with_unit(part: str, unit: str) -> str:
    header, colon, value = part.rpartition("：")
    if not (unit and colon and _BARE_FIGURE.match(value.strip())) or "元" in header or "%" in header or "％" in header:
        return part
    return wording.FIGURE_WITH_UNIT.format(header=header, value=value.strip(), unit=unit)


def focus_of(text: str, question: str, phrases: Phrases) -> str:
    """The literal part of a clause that is about the industry a question names, where the clause tells several apart;
    empty where it does not."""
    pattern = phrases.slots["industry"]
    asked = None if phrases.excepting.search(question) else pattern.search(question)
    normal = normalise(text)
    named = list(pattern.finditer(normal.text))
    if asked is None or len({match[0][:2] for match in named}) < 2:
        return ""
    first = next((match for match in named if match[0][:2] == asked[0][:2]), None)
    if first is None:
        return ""
    later = (match.start() for match in named if match.start() > first.start() and match[0][:2] != asked[0][:2])
    ends = [place for place in (next(later, None), _sentence_end(normal.text, first.start())) if place is not None]
    start, end = normal.original(first.start(), min(ends))
    return text[start:end].strip().rstrip("，,；;、")


def _sentence_end(text: str, start: int) -> int:
    found = re.search(r"[。;；\n]", text[start:])
    return start + found.end() if found else len(text)


def _first_sentence(clause: ClauseText) -> str:
    if len(clause.text) <= _LONG_ITEM:
        return clause.text
    _, end = next(sentences(clause.text))
    return clause.text[:end]


def _beginning(text: str) -> str:
    """The beginning of an item, whole where it is short."""
    line = text.splitlines()[0]
    if len(line) <= _SHORT_ITEM:
        return line
    cut = max(line.rfind(mark, 0, _SHORT_ITEM) for mark in "，,；;。、")
    return f"{line[: cut if cut > _SHORT_ITEM // 3 else _SHORT_ITEM]}……"


def _counted(items: Sequence[ClauseText]) -> str:
    """The number of items as their last label writes it, so that it stands in the quote; else in Chinese."""
    digits = re.findall(r"[0-9]+", normalise(items[-1].text[:12]).text)
    return digits[0] if digits and int(digits[0]) == len(items) else wording.chinese_number(len(items))


def nearest(found: Sequence[ClauseText], snapshot: Snapshot) -> ClauseText | None:
    """The clause to show beside 'not stated': a heading alone tells nothing, so none that has sub-clauses."""
    return next((clause for clause in found if not snapshot.below(clause)), None)


def plain_questions(asked: Sequence[Sequence[str]], most: int) -> tuple[str, ...]:
    """Of each clause's typical questions the first without a figure: an offered question must not look like a
    statement of one."""
    plain = (next((text for text in texts if not any(char.isdigit() for char in text)), None) for texts in asked)
    return tuple(islice(dict.fromkeys(filter(None, plain)), most))
