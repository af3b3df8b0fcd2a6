"""Where a long text may be cut: at a paragraph, else a line, else a sentence; never inside one visible character."""

from __future__ import annotations

import re
from collections.abc import Callable

import regex  # type: ignore[import-untyped]

_GRAPHEME = regex.compile(r"\X")

# Before a break of paragraph or line, behind the mark that ends a sentence or a clause. ASCII marks count before a
# blank only: they stand in addresses and numbers too.
_PARAGRAPH = re.compile(r"(?=\n[^\S\n]*\n)")
_LINE = re.compile(r"(?=\n)")
_SENTENCE = re.compile(r"[。；！？…]+[”’」』）)》\"]*|[.!?;]+(?=\s)")
_CLAUSE = re.compile(r"[，、：]+|(?=\s)")
_BOUNDARIES = (_PARAGRAPH, _LINE, _SENTENCE, _CLAUSE)

_NUMBER = "〇零一二三四五六七八九十百"
_LABEL = re.compile(
    r"(?:^|(?<=[\s。；：，、！？…]))"
    rf"(?:[（(][{_NUMBER}\d]{{1,6}}[）)]|[{_NUMBER}]{{1,6}}、|\d{{1,4}}[、.．)）]|[①-⒛]|第[{_NUMBER}\d]{{1,6}}[章节条款项]|[-*•·])"
    r"\s*$"
)
_LABEL_REACH = 24


def utf16_length(text: str) -> int:
    """The length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def grapheme_boundaries(text: str) -> list[int]:
    """Where graphemes (a family emoji, a flag, a letter with its accents) begin and end: 0, ..., len(text)."""
    return [0, *(found.end() for found in _GRAPHEME.finditer(text))]


def clip(text: str, most: int) -> str:
    """The text, or its first `most - 1` graphemes and an ellipsis."""
    graphemes = _GRAPHEME.findall(text)
    return text if len(graphemes) <= most else "".join(graphemes[: most - 1]).rstrip() + "…"


def split(text: str, reach: Callable[[int], int], glued: frozenset[int] = frozenset()) -> list[tuple[int, int]]:
    """Cut `text` into ranges `(start, end)` without white space at their ends.

    `reach(start)` is the furthest end of a part that starts there (it must be beyond `start`). Positions in `glued`
    are no places for a cut, nor is one behind a list label such as （一） or 1、, unless nothing else is left.
    """
    parts = []
    start = _skip_blanks(text, 0)
    while start < len(text):
        end = reach(start)
        cut = end if end >= len(text) else _best_cut(text, start, end, glued)
        parts.append((start, start + len(text[start:cut].rstrip())))
        start = _skip_blanks(text, cut)
    return parts


def _skip_blanks(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _best_cut(text: str, start: int, end: int, glued: frozenset[int]) -> int:
    """The last boundary of the best kind in the second half of the range, else in the first, else its end."""
    middle = start + (end - start) // 2
    for low, high in ((middle, end), (start, middle)):
        for boundary in _BOUNDARIES:
            cuts = [found.end() for found in boundary.finditer(text, low, min(end + 2, len(text)))]
            for cut in reversed(cuts):
                if max(start, low - 1) < cut <= high and cut not in glued and _is_fit(text, start, cut):
                    return cut
    return end


def _is_fit(text: str, start: int, cut: int) -> bool:
    ends_grapheme: bool = _GRAPHEME.match(text, cut - 1).end() == cut
    return ends_grapheme and bool(text[start:cut].strip()) and _label_start(text, start, cut) is None


def _label_start(text: str, start: int, cut: int) -> int | None:
    """Where the list label begins that stands directly before `cut`; None when there is none."""
    low = max(start, cut - _LABEL_REACH)
    found = _LABEL.search(text[low:cut])
    if found is None or (found.start() == 0 and low > start and text[low - 1] not in "\n。；：，、！？…"):
        return None
    return low + found.start()
