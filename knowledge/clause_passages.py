"""Long text in passages that can be found and quoted on their own, and the pieces that sentences fall into.

Nothing is rewritten: a passage is a span of the text. No passage is cut inside a number or a title in 《》 if a better
place is near.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PASSAGE = 800
"""The most characters of a passage."""
JOINED = 300
"""Short paragraphs are put together up to about as many characters."""

_SHORTEST_SHARE = 4  # a passage is not cut in its first quarter
_HEADING = 30
_ENDS_SENTENCE = re.compile(r"[。；！？!?;\n]+")
_THOUSANDS = r"(?:(?<![0-9０-９])[，,]|[，,](?![0-9０-９]{3}(?![0-9０-９])))"
_ENDS_PART = re.compile(rf"(?:{_THOUSANDS}|[、。；！？!?;\n]|[：:](?![0-9０-９]{{2}}(?![0-9０-９])))+")
_STOPS = ("。", "；", "！", "？", ";", "!", "?")
_COMMAS = ("，", "、", "：", ",", ":", " ", "\u3000")
_DIGITS = frozenset("0123456789０１２３４５６７８９")
_IN_NUMBERS = frozenset(".．,，/-－~～%％‰")
_UNITS = frozenset("万亿千百元年月日%％‰倍个项家")

Span = tuple[int, int]


def sentences(text: str) -> Iterator[Span]:
    """Offsets of the sentences of a text, with their closing marks, without surrounding white space."""
    yield from _pieces(text, _ENDS_SENTENCE)


def parts(text: str) -> Iterator[Span]:
    """Offsets of the pieces between commas and stops, with their closing marks; 2,000 and 9:30 stay whole."""
    yield from _pieces(text, _ENDS_PART)


def _pieces(text: str, ends: re.Pattern[str]) -> Iterator[Span]:
    start = 0
    for match in ends.finditer(text):
        yield from _visible(text, start, match.end())
        start = match.end()
    yield from _visible(text, start, len(text))


def _visible(text: str, start: int, end: int) -> Iterator[Span]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def passages(text: str, start: int, end: int) -> Iterator[Span]:
    """`text[start:end]` in spans of at most PASSAGE characters: cut at line ends, else sentences, else commas."""
    while end - start > PASSAGE:
        cut = _cut(text, start, start + PASSAGE)
        yield from _visible(text, start, cut)
        start = cut
    yield from _visible(text, start, end)


def _cut(text: str, start: int, latest: int) -> int:
    earliest = start + PASSAGE // _SHORTEST_SHARE
    for ends in (("\n",), _STOPS, _COMMAS):
        cut = max(text.rfind(mark, earliest, latest) for mark in ends) + 1
        if cut > earliest and not _inside(text, start, cut):
            return cut
    return next((cut for cut in range(latest, earliest, -1) if not _inside(text, start, cut)), latest)


def _inside(text: str, start: int, cut: int) -> bool:
    """Whether a cut before `text[cut]` would part a number from its digits or unit, or a title in 《》."""
    before, after = text[cut - 1], text[cut]
    if before in _DIGITS and (after in _DIGITS or after in _IN_NUMBERS or after in _UNITS):
        return True
    if before in _IN_NUMBERS and after in _DIGITS and text[cut - 2] in _DIGITS:
        return True
    opened = text.rfind("《", start, cut)
    return opened > text.rfind("》", start, cut) and text.find("》", cut, cut + PASSAGE) >= 0


def paragraphs(text: str, start: int, end: int) -> Iterator[Span]:
    """Unlabelled text by its paragraphs, short ones together, a heading with what follows it; none over PASSAGE."""
    first, last = start, start
    for begin, stop in _lines(text, start, end):
        if last > first and _begins_passage(text, first, last, begin, stop):
            yield from passages(text, first, last)
            first = begin
        last = stop
    yield from passages(text, first, last)


def _begins_passage(text: str, first: int, last: int, begin: int, stop: int) -> bool:
    """Whether the line `[begin, stop)` begins a passage of its own after `[first, last)`."""
    if stop - first > PASSAGE:
        return True
    whole = text[last - 1] in "。；！？!?;：:”）)》"
    heading = stop - begin <= _HEADING and text[stop - 1] not in "。；！？!?;，,、"
    return whole and (stop - first > JOINED or heading)


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    position = start
    for line in text[start:end].splitlines(keepends=True):
        yield from _visible(text, position, position + len(line))
        position += len(line)
