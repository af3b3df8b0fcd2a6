"""The single changes that an amending document makes to the clauses of another one. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from core.text import squeeze
from knowledge.calendar import narrow
from knowledge.clauses import Clause
from knowledge.snapshot import Change

_CN = "〇零一二三四五六七八九十百"
_PLACE = re.compile(
    rf"第\s*(?P<article>[{_CN}]+|[0-9]+)\s*条(?P<of>之[{_CN}]+)?(?:第[{_CN}0-9]+款)?"
    rf"(?:第?[（(](?P<item>[{_CN}0-9]+)[)）]\s*(?:项|款|目)?|第(?P<bare>[{_CN}]+)项)?(?:第?(?P<point>[0-9]+)[目点项])?"
    rf"|(?:第(?P<part>[{_CN}]+)(?:部分|大?项)|(?P<outline>[{_CN}]+)、?)第?[（(](?P<sub>[{_CN}]+)[)）](?:项|条|款)?第?(?P<num>[0-9]+)?"
)
_TITLES = re.compile(
    r"关于(?:修改|修订|修正|调整|完善)|《.+》(?:的)?(?:修改|修正|补充)(?:决定|规定|通知|案)|(?:修改|修订|调整).{0,20}(?:决定|通知)$"
)
_BECOMES = r"(?:修改|修订|修正|调整|变更|更改|改)(?:为|成)\s*[:：]?\s*"
_NEW = r"(?:“(?P<new>[^“”]*)”|(?P<bare_new>[^“”\s][^\n]*))"
_WORDS = re.compile(rf"“(?P<old>[^“”]+)”[^“”。；\n]{{0,10}}?{_BECOMES}“(?P<new>[^“”]*)”")
_REWRITTEN = re.compile(rf"(?<!”)(?<!”一句)(?<!”字样)(?<!予以){_BECOMES}{_NEW}")
_CUT = re.compile(
    r"(?:删去|删除|去掉)(?P<after>[^“”。；\n]{0,24}?)“(?P<old>[^“”]+)”|“(?P<old_before>[^“”]+)”[^“”。；，\n]{0,8}?(?:删去|删除)"
)
_CUT_CLAUSE = re.compile(
    r"(?:删去|删除)(?P<after>第[^“”《》。；，、\n]{1,16})|(?P<before>第[^“”《》。；，、\n]{1,12}?)(?:予以)?(?:删去|删除)"
)
_REACH_OF_REWRITE = 24  # characters between the name of a clause and what it becomes
_ADDED = re.compile(rf"(?:增加|新增|增列)[^“”。\n]{{0,24}}?作为(?P<place>[^“”。:：\n]{{1,16}})[:：]\s*{_NEW}")


def amends(heading: str) -> bool:
    """Whether a document is, by its title, one that changes others."""
    return bool(_TITLES.search(squeeze(heading)))


def read_changes(text: str, clauses: Sequence[Clause]) -> list[tuple[int, Change]]:
    """The changes in a text with these clauses (one at least), each with the place where it is said, in order.

    A place that several of the forms below claim is taken by the first of them.
    """
    found: dict[int, Change] = {}
    taken = bytearray(len(text))
    starts = [clause.start for clause in clauses]
    for read in (_added, _words, _cut_words, _cut_clauses, _rewritten):
        for start, end, change in read(text, lambda at: clauses[max(0, bisect_right(starts, at) - 1)].path):
            if not any(taken[start:end]):
                found[start] = change
                taken[start:end] = b"\1" * (end - start)
    return sorted(found.items())


_Found = Iterator[tuple[int, int, Change]]
_ClauseAt = Callable[[int], str]


def _added(text: str, clause_at: _ClauseAt) -> _Found:
    for match in _ADDED.finditer(text):
        new = match["new"] or match["bare_new"] or ""
        yield match.start(), match.end(), Change("add", place_path(match["place"]), "", new, clause_at(match.start()))


def _words(text: str, clause_at: _ClauseAt) -> _Found:
    for match in _WORDS.finditer(text):
        path = _nearest_place(text, match.start())
        yield match.start(), match.end(), Change("words", path, match["old"], match["new"], clause_at(match.start()))


def _cut_words(text: str, clause_at: _ClauseAt) -> _Found:
    for match in _CUT.finditer(text):
        path = place_path(match["after"] or "") or _nearest_place(text, match.start())
        old = match["old"] or match["old_before"]
        yield match.start(), match.end(), Change("words", path, old, "", clause_at(match.start()))


def _cut_clauses(text: str, clause_at: _ClauseAt) -> _Found:
    for match in _CUT_CLAUSE.finditer(text):
        if path := place_path(match["after"] or match["before"]):
            yield match.start(), match.end(), Change("delete", path, "", "", clause_at(match.start()))


def _rewritten(text: str, clause_at: _ClauseAt) -> _Found:
    for match in _REWRITTEN.finditer(text):
        path = _nearest_place(text, match.start(), within=_REACH_OF_REWRITE)
        new = match["new"] if match["new"] is not None else match["bare_new"].strip()
        if path and new:
            yield match.start(), match.end(), Change("rewrite", path, "", new, clause_at(match.start()))


def _nearest_place(text: str, at: int, within: int | None = None) -> str:
    """The clause named last before a place, in its line; empty where none is. What stands in quotes names none."""
    start = max(text.rfind("\n", 0, at) + 1, at - within if within else 0)
    before = re.sub(r"“[^“”]*”", "", narrow(text[start:at]))
    places = list(_PLACE.finditer(before))
    return _path(places[-1]) if places else ""


def place_path(words: str) -> str:
    """The path of the clause that words name (第四条第（二）项 -> 第四条（二）), empty where they name none."""
    match = _PLACE.search(narrow(words))
    return _path(match) if match else ""


def _path(match: re.Match[str]) -> str:
    if match["article"]:
        item = match["item"] or match["bare"]
        return f"第{match['article']}条{match['of'] or ''}" + (f"（{item}）" if item else "") + (match["point"] or "")
    return f"{match['part'] or match['outline']}（{match['sub']}）{match['num'] or ''}"
