"""What a document says of other documents: that it replaces them, prolongs them, or changes their clauses. Pure.

Documents are named by 《title》, by number, or both. What stands in quotation marks is not said but quoted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from core.reading.days import number_of
from core.text import squeeze
from knowledge import amending
from knowledge.calendar import DAY, narrow, read_day
from knowledge.clauses import Clause
from knowledge.naming import NUMBER
from knowledge.periods import PROLONGS, masked, sentences
from knowledge.snapshot import Change, RelationKind

_TITLED = re.compile(
    r"《(?P<title>(?:[^《》\n]|《[^《》\n]{1,100}》){1,150})》(?P<bracket>\s*[（(][^。；《》\n]{0,60}?号\s*[)）])?"
)
_ENDED = r"(?:废止|失效|停止(?:执行|施行|使用)|不再(?:执行|施行|有效))"
_ENDED_AFTER = re.compile(rf"^[^《》，,]{{0,12}}[，,]?(?P<words>[^《》，,]{{0,16}}?){_ENDED}")
_ENDED_BEFORE = re.compile(r"(?<!不)(?:废止|代替|替代|取代)了?(?:以下文件)?[:：]?原?$")
_NOT_ENDED = re.compile(r"不予|未|没有|尚|拟|建议|不得|除")
_JOINS = re.compile(r"\s*(?:[、，,和及与]|以及|同时)*\s*原?\s*")
_LISTED = re.compile(r"[\s0-9一二三四五六七八九十（）().、．]*")
_FROM_ON = re.compile(rf"自(?P<day>{DAY})起")
_NEAR = 20
_GOES_ON = re.compile(r"继续(?:有效|执行|施行|实施)")
_PROLONGING = re.compile(r"延长|延续|续期|延期|继续(?:有效|执行|施行|实施)")


@dataclass(frozen=True)
class Named:
    """Another document as a text names it, at `[start, end)`."""

    start: int
    end: int
    title: str | None
    number: str | None


_NOBODY = Named(0, 0, None, None)


@dataclass(frozen=True)
class Said:
    """What a text says of another document; see `knowledge.snapshot.DocumentRelation`. `effective_from` None: from the
    day on which the document itself begins."""

    kind: RelationKind
    title: str | None
    number: str | None
    effective_from: date | None = None
    until: date | None = None
    years: int | None = None
    changes: tuple[Change, ...] = ()


def read_relations(
    text: str, heading: str | None, clauses: Sequence[Clause], certain: Collection[RelationKind] = ()
) -> tuple[Said, ...]:
    """What the text says of other documents, each of them once a kind.

    `certain`: kinds of which it is known that the text is about such a relation, named in it or not; what names nobody
    has neither title nor number.
    """
    title, said = narrow(heading or ""), sentences(text)
    return tuple(
        _merged(
            [
                *_supersessions(said, title),
                *_amendments(text, title, clauses, "amends" in certain),
                *_prolongations(said, title, "prolongs" in certain),
            ]
        )
    )


def _merged(found: Iterable[Said]) -> Iterable[Said]:
    merged: dict[tuple[RelationKind, str | None], Said] = {}
    for said in found:
        key = said.kind, said.title or said.number
        known = merged.get(key)
        merged[key] = together(known, said) if known else said
    return merged.values()


def together(known: Said, more: Said) -> Said:
    """What is said twice of a document: the day and number that either names, the changes of both."""
    return replace(
        known,
        number=known.number or more.number,
        effective_from=known.effective_from or more.effective_from,
        until=known.until or more.until,
        years=known.years or more.years,
        changes=known.changes + more.changes,
    )


def named(text: str) -> list[Named]:
    """The documents that a text names: 《title》, with the number in brackets after it, or a number alone."""
    found = []
    for match in _TITLED.finditer(text):
        number = NUMBER.search(match["bracket"] or "")
        found.append(Named(match.start(), match.end(), match["title"], squeeze(number[0]) if number else None))
    loose = _TITLED.sub(lambda match: "〓" * len(match[0]), text)
    found += [Named(match.start(), match.end(), None, _bare_number(match[0])) for match in NUMBER.finditer(loose)]
    return sorted(found, key=lambda item: item.start)


def _bare_number(written: str) -> str:
    """A number without the words that run into it (原云工信发〔2021〕12号)."""
    return re.sub(r"^.*?(?:原|按照|根据|依据|关于|本办法施行之日起)", "", squeeze(written))


def _supersessions(said: Sequence[str], heading: str) -> Iterator[Said]:
    """Sentences that end other documents; in a notice that is about ending some, each item of its list."""
    listing = "废止" in heading and not named(heading)
    for item in _named_after(heading, "废止"):
        yield Said("supersedes", item.title, item.number)
    for sentence in said:
        names = named(sentence)
        ended = list(_ended(sentence, names))
        for item, day in ended:
            yield Said("supersedes", item.title, item.number, effective_from=day)
        if listing and names and not ended and _LISTED.fullmatch(sentence[: names[0].start]):
            yield Said("supersedes", names[0].title, names[0].number)


def _named_after(heading: str, word: str) -> list[Named]:
    """The documents that a title names after a word."""
    return named(heading.partition(word)[2])


def _ended(sentence: str, names: Sequence[Named]) -> Iterator[tuple[Named, date | None]]:
    """The documents that a sentence ends, and from which day where it says so."""
    runs = _runs(sentence, names)
    ends = [*(run[0].start for run in runs[1:]), len(sentence)]
    for run, following in zip(runs, ends, strict=False):
        after = sentence[run[-1].end : following]
        found = _ENDED_AFTER.match(after)
        before = sentence[max(0, run[0].start - _NEAR) : run[0].start]
        if (found and not _NOT_ENDED.search(found[0])) or _ENDED_BEFORE.search(before):
            day = _FROM_ON.search(after)
            yield from ((item, read_day(day["day"]) if day else None) for item in run)


def _runs(sentence: str, names: Sequence[Named]) -> list[list[Named]]:
    """Documents named one after another, with nothing but a comma or an 'and' between them."""
    runs: list[list[Named]] = []
    for item in names:
        if runs and _JOINS.fullmatch(sentence[runs[-1][-1].end : item.start]):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _prolongations(said: Sequence[str], heading: str, certain: bool) -> Iterator[Said]:
    """Sentences that prolong a document; one that names none means the one of the title."""
    subjects = [item for item in named(heading) if item.title] if _PROLONGING.search(heading) else []
    about = subjects or ([_NOBODY] if certain else [])
    for sentence in said:
        found = PROLONGS.search(sentence)
        place = found or _GOES_ON.search(sentence)
        if place is None or squeeze(sentence) in heading:
            continue
        for item in _prolonged([item for item in named(sentence) if item.end <= place.start()], about):
            yield Said("prolongs", item.title, item.number, until=_last_day(found), years=_more_years(found))
    for item in subjects:
        yield from (Said("prolongs", other.title, other.number) for other in _mentions(said, item))


def _prolonged(before: Sequence[Named], about: Sequence[Named]) -> Sequence[Named]:
    """The documents named before, else those that the text is about, with a number that stands alone before."""
    titled = [item for item in before if item.title]
    if titled or not about:
        return titled or before
    number = next((item.number for item in before), None)
    return [replace(item, number=item.number or number) for item in about]


def _last_day(found: re.Match[str] | None) -> date | None:
    return read_day(found["day"]) if found and found["day"] else None


def _more_years(found: re.Match[str] | None) -> int | None:
    return number_of(found["years"]) if found and found["years"] else None


def _mentions(said: Iterable[str], subject: Named) -> Iterator[Named]:
    """Where a text names a document of its title again, which is where it gives the number."""
    return (item for sentence in said for item in named(sentence) if item.title == subject.title and item.number)


def _amendments(text: str, heading: str, clauses: Sequence[Clause], certain: bool) -> Iterator[Said]:
    """The changes that a document makes, by its title one that changes others."""
    if not certain and not amending.amends(heading):
        return
    subjects = [item for item in named(heading) if item.title]
    names = [item for item in named(masked(narrow(text))) if item.title]
    for subject in subjects:
        number = next((item.number for item in names if item.title == subject.title and item.number), subject.number)
        yield Said("amends", subject.title, number)
    several = len(subjects) != 1 or "》等" in heading
    for place, change in amending.read_changes(text, clauses):
        before = [item for item in names if item.end <= place] if several else []
        target = before[-1] if before else next(iter(subjects), _NOBODY)
        if target is not _NOBODY or certain:
            yield Said("amends", target.title, target.number, changes=(change,))
