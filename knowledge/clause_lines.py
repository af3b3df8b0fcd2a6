"""A text's lines and the labels that count in them: no table of contents, no list of annexes, no answer's own numbers.

Whether a line begins a clause is decided here as far as the lines around it tell; where the clause belongs is decided
in `knowledge.clause_tree`. Each pass goes over the lines once, so the time grows with the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.clause_labels import BLANK, DIGITS, NUMERALS, RANK, Kind, Label, read_label

_CONTENTS = re.compile(r"目[ \t\u3000]*[录錄次]")
_CONTENTS_REACH = 400  # lines of a table of contents, at most
_MOST_CONTENTS = 20
_LEADER = re.compile(rf"(?:[.．·…⋯_]{BLANK}){{3,}}[(（]?[{DIGITS}]{{1,4}}[)）]?$|…{BLANK}[{DIGITS}]{{1,4}}$")
_PAGE = re.compile(rf"(?:\t|[ \u3000]{{2,}})[{DIGITS}]{{1,4}}$")
_LINE_TAIL = 80
_SHORT = 60
_ENDS_SENTENCE = frozenset("。；！？;!?")
_ENDS_CLAUSE = _ENDS_SENTENCE | frozenset("：:，,、")
_DAY_DIGITS = f"{BLANK}[{DIGITS}{NUMERALS}]{{1,3}}{BLANK}"
_DATE = re.compile(rf"[{DIGITS}{NUMERALS}〇○Ｏ]{{4}}{BLANK}年{_DAY_DIGITS}月{_DAY_DIGITS}日")
_SIGNATURES = 4  # lines of offices that signed, at most
_SIGNATURE = 40  # characters of one
_LISTED = re.compile(
    rf"[件表录]{BLANK}[:：]?{BLANK}(?:[{DIGITS}]{{1,2}}{BLANK}[.．、]|[（(][{NUMERALS}{DIGITS}]+[)）])"
)
_QUESTION = re.compile(rf"(?:问题?|[Qq]|QUESTION|Question){BLANK}[{DIGITS}{NUMERALS}]{{0,3}}{BLANK}[:：、.．]")
_ANSWER = re.compile(rf"(?:答案?|解答|答复|回复|[Aa]|ANSWER|Answer){BLANK}[{DIGITS}{NUMERALS}]{{0,3}}{BLANK}[:：、.．]")
_ANSWER_INSIDE = re.compile(r"[？?。 \t\u3000]答[:：]")
_NOTE = "〔注"
_INLINE = re.compile(
    rf"[：:；;。]{BLANK}(?=[①-⑳㉑-㉟⑴-⒇㈠-㈩(（{DIGITS}{NUMERALS}第])"
    rf"|(?<=[\S]),?[，、 \t\u3000]{{1,9}}(?=[①-⑳㉑-㉟])|(?<=\S)[ \t\u3000]{{1,9}}(?=第)"
)
_HEADS: frozenset[Kind] = frozenset({"part", "chapter", "section"})
_GROUPS: frozenset[Kind] = frozenset({"annex", "part", "chapter", "section"})
_IN_LINE: frozenset[Kind] = frozenset({"circled", "num_paren", "cn_paren", "num", "num_close", "cn", "article"})

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line, or the piece of it that a label inside it begins. `pair`: a question with its answer begins here."""

    start: int
    end: int
    label: Label | None = None
    pair: bool = False
    back: bool = False


def lines(text: str, start: int, end: int) -> Iterator[Span]:
    """The lines of `text[start:end]` that say something, without surrounding white space."""
    position = start
    for line in text[start:end].splitlines(keepends=True):
        if stripped := line.strip():
            begin = position + len(line) - len(line.lstrip())
            yield begin, begin + len(stripped)
        position += len(line)


def marks(text: str, spans: Sequence[Span]) -> Iterator[Mark]:
    """The lines with the labels that count, in order; a line with several labels gives a mark for each."""
    labels = [read_label(text, start, end) for start, end in spans]
    listed = set(_annex_lists(text, spans, labels))
    plain = listed.union(_contents(text, spans, labels))
    for index in plain:
        labels[index] = None
    _drop_bare_numbers(labels)
    backs = _backs(text, spans, labels, listed)
    pairs = _pairs(text, spans, labels)
    for index, (start, end) in enumerate(spans):
        label = labels[index]
        if pairs or index in plain or index in backs or text.startswith(_NOTE, start):
            yield Mark(start, end, label, pair=index in pairs, back=index in backs)
        else:
            following = labels[index + 1] if index + 1 < len(labels) else None
            yield from _split(text, start, end, label, following)


# --- tables of contents ----------------------------------------------------------------------------------------------


def _contents(text: str, spans: Sequence[Span], labels: Sequence[Label | None]) -> Iterator[int]:
    """The lines of a table of contents: those that lead to a page number, and those between 目录 and the first heading
    that comes a second time."""
    last, found = -1, 0
    for index, (start, end) in enumerate(spans):
        if _LEADER.search(text, max(start, end - _LINE_TAIL), end):
            yield index
        elif index > last and found < _MOST_CONTENTS and end - start <= 8 and _CONTENTS.fullmatch(text, start, end):
            found += 1
            last = _contents_end(text, spans, labels, index)
            yield from range(index, last)


def _contents_end(text: str, spans: Sequence[Span], labels: Sequence[Label | None], index: int) -> int:
    """The line at which the table of contents that begins at `index` is over."""
    reach = range(index + 1, min(len(spans), index + 1 + _CONTENTS_REACH))
    first = next((labels[line] for line in reach if labels[line] is not None), None)
    seen, paged = False, index + 1
    for line in reach:
        start, end = spans[line]
        label = labels[line]
        if first is not None and label is not None and (label.kind, label.folded) == (first.kind, first.folded):
            if seen:
                return line
            seen = True
        if end - start > _SHORT or text[end - 1] in _ENDS_SENTENCE:
            break
        if _PAGE.search(text, max(start, end - _LINE_TAIL), end) and paged == line:
            paged = line + 1
    return paged


# --- lists of annexes ------------------------------------------------------------------------------------------------


def _annex_lists(text: str, spans: Sequence[Span], labels: Sequence[Label | None]) -> Iterator[int]:
    """The lines below a notice that only name its annexes: 附件：1.… 2.…, or a title that stands again later."""
    last = {label.folded: index for index, label in enumerate(labels) if label is not None and label.kind == "annex"}
    latest = max((index for folded, index in last.items() if folded.startswith("附件")), default=-1)
    for index, label in enumerate(labels):
        if label is None or label.kind != "annex":
            continue
        start, end = spans[index]
        again = last[label.folded] > index or (label.number == 0 and latest > index)
        titled = start + label.width < end or _numbers_follow(labels, index)
        if (again and titled) or _LISTED.match(text, start + 1, end):
            yield index
            yield from _listed_below(text, spans, labels, index)


def _numbers_follow(labels: Sequence[Label | None], index: int) -> bool:
    following = labels[index + 1] if index + 1 < len(labels) else None
    return following is not None and following.kind == "num" and following.number == 1


def _listed_below(text: str, spans: Sequence[Span], labels: Sequence[Label | None], index: int) -> Iterator[int]:
    """The numbered titles below a list's first line."""
    for line in range(index + 1, len(spans)):
        label, end = labels[line], spans[line][1]
        if label is None or label.kind not in ("num", "cn_paren", "num_paren") or text[end - 1] == "。":
            return
        yield line


def _drop_bare_numbers(labels: list[Label | None]) -> None:
    """`1 总则` counts only in a document that has 1.1 too."""
    upper = {label.folded.rsplit(".", 1)[0] for label in labels if label and label.kind == "decimal"}
    for index, label in enumerate(labels):
        if label is not None and label.needs == "decimals" and label.folded not in upper:
            labels[index] = None


# --- signature and date ----------------------------------------------------------------------------------------------


def _backs(text: str, spans: Sequence[Span], labels: Sequence[Label | None], listed: set[int]) -> set[int]:
    """The lines at which the end of a text begins, below its last clause: names of annexes, signature, date."""
    signed = {
        _back(text, spans, labels, listed, index)
        for index, span in enumerate(spans)
        if _DATE.fullmatch(text, *span) and (index + 1 == len(spans) or _is_annex(labels[index + 1]))
    }
    return signed.union(index for index in listed if index - 1 not in listed)


def _back(text: str, spans: Sequence[Span], labels: Sequence[Label | None], listed: set[int], index: int) -> int:
    first = index
    for line in range(index - 1, max(-1, index - 1 - _SIGNATURES), -1):
        start, end = spans[line]
        if labels[line] is not None or line in listed or end - start > _SIGNATURE or text[end - 1] in _ENDS_CLAUSE:
            break
        first = line
    while first - 1 in listed:
        first -= 1
    return first


def _is_annex(label: Label | None) -> bool:
    return label is not None and label.kind == "annex"


# --- questions and answers -------------------------------------------------------------------------------------------


def _pairs(text: str, spans: Sequence[Span], labels: list[Label | None]) -> set[int]:
    """The lines that begin a question with its answer; inside a pair labels are taken back, so that it stays whole."""
    asked = [index for index, span in enumerate(spans) if _asks(text, span, labels[index])]
    begins = {index for index in asked if _answered(text, spans, index)}
    inside, rank = False, 0
    for index, label in enumerate(labels if begins else ()):
        if index in begins:
            inside, rank = True, RANK[label.kind] if label else RANK["num"]
        elif label is not None and (label.kind in _GROUPS or (index + 1 in begins and RANK[label.kind] < rank)):
            inside = False
        elif inside:
            labels[index] = None
    return begins


def _asks(text: str, span: Span, label: Label | None) -> bool:
    start = span[0] + (label.width if label else 0)
    match = _QUESTION.match(text, start + _blanks(text, start, span[1]), span[1])
    return match is not None


def _answered(text: str, spans: Sequence[Span], index: int) -> bool:
    """Whether an answer stands in the question's line or in one of the next few."""
    start, end = spans[index]
    if _ANSWER_INSIDE.search(text, start, min(end, start + 400)):
        return True
    return any(_ANSWER.match(text, *spans[line]) for line in range(index + 1, min(len(spans), index + 4)))


def _blanks(text: str, start: int, end: int) -> int:
    rest = text[start : min(end, start + 20)]
    return len(rest) - len(rest.lstrip())


# --- several labels in a line ----------------------------------------------------------------------------------------

_Place = tuple[int, Label]


def _split(text: str, start: int, end: int, label: Label | None, following: Label | None) -> Iterator[Mark]:
    """A line's own label and those inside it that count one after another: ①…；②…, （一）1.…, 第一章 … 第一条 …"""
    places: list[tuple[int, Label | None]] = [(start, label)]
    if label is not None:
        places += _stacked(text, start, end, label)
    inner = list(_inner(text, start + 1, end))
    places += _in_series(text, inner, [item for _, item in places if item], following)
    ends = [*(place for place, _ in places[1:]), end]
    for (begin, item), later in zip(places, ends, strict=True):
        yield Mark(begin, begin + len(text[begin:later].rstrip()), item)


def _stacked(text: str, start: int, end: int, label: Label) -> Iterator[_Place]:
    """Labels that follow the line's own at once, each the first of another kind: 一、（一）1."""
    seen = {label.kind}
    while label.kind != "annex":
        start += label.width
        start += _blanks(text, start, end)
        below = read_label(text, start, end)
        if below is None or below.number != 1 or below.needs != "nothing" or below.kind in seen:
            return
        yield start, below
        seen.add(below.kind)
        label = below


def _inner(text: str, start: int, end: int) -> Iterator[_Place]:
    """Labels after a colon, a stop or a blank inside a line, whether they count or not."""
    for match in _INLINE.finditer(text, start, end):
        label = read_label(text, match.end(), end)
        if label is not None and label.kind in _IN_LINE and label.needs == "nothing":
            yield match.end(), label


def _in_series(text: str, inner: list[_Place], opened: list[Label], following: Label | None) -> list[_Place]:
    """Those labels inside a line that continue one before them, or are a first one that is continued."""
    continued = _continued(inner, following)
    counted: list[_Place] = []
    for (place, label), goes_on in zip(inner, continued, strict=True):
        depth = next((at for at, item in enumerate(opened) if item.kind == label.kind), len(opened))
        if label.kind == "article":
            fits = text[place + label.width : place + label.width + 1].isspace() and _next_article(label, opened, depth)
        elif depth < len(opened) and opened[depth].number + 1 == label.number:
            fits = True
        else:
            fits = label.number == 1 and goes_on
        if fits:
            counted.append((place, label))
            opened[depth:] = [label]
    return counted


def _next_article(label: Label, opened: list[Label], depth: int) -> bool:
    if depth < len(opened):
        return opened[depth].number + 1 == label.number
    return bool(opened) and opened[-1].kind in _HEADS


def _continued(inner: list[_Place], following: Label | None) -> list[bool]:
    """For each label whether the next one of its kind, in this line or beginning the next, goes on counting."""
    upcoming: dict[Kind, int] = {} if following is None else {following.kind: following.number}
    found: list[bool] = []
    for _, label in reversed(inner):
        found.append(upcoming.get(label.kind) == label.number + 1)
        upcoming[label.kind] = label.number
    return found[::-1]
