"""Automatic numbering of Word documents: definitions of numbering.xml, and the counting of paragraphs as Word does it.

ECMA-376 part 1, 17.9. Counters belong to the abstract definition: every list on one definition counts on, and a
`startOverride` restarts a level the first time that its list uses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from knowledge.readers.docx_numerals import printed
from knowledge.readers.docx_xml import Element, alternative, local, number, switch, value, w, whole

LEVELS = 9
BULLET = "•"

_PLACEHOLDER = re.compile(r"%([1-9])")
_WITHOUT_NUMBER = frozenset({"bullet", "none"})
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")


@dataclass(frozen=True)
class Level:
    """One level of a list. `text` holds %1 ... %9 for the numbers of the levels; `suffix` is tab, space or nothing.

    `start` is 0 where the file says none (17.9.25).
    `restart`: the level (from 1) whose paragraphs, like those above it, make this one begin anew; 0: none does; None:
    every level above. `style`: the paragraph style that is tied to the level. `pad`: width of a custom format.
    """

    start: int = 0
    format: str = "decimal"
    text: str = ""
    suffix: str = "tab"
    restart: int | None = None
    legal: bool = False
    style: str | None = None
    pad: int = 0

    def shows(self, count: int, *, legal: bool = False) -> str:
        """A count in this level's format, or in decimals where the level that quotes it is `legal`."""
        if self.format in _WITHOUT_NUMBER:
            return ""
        return printed(count, "decimal" if legal else self.format).rjust(self.pad, "0")


@dataclass(frozen=True)
class List:
    """A list (`w:num`): its levels, the definition whose counters it uses, where it restarts which levels."""

    definition: str
    levels: Mapping[int, Level]
    restarts: frozenset[int]


@dataclass(frozen=True)
class Label:
    """What Word prints before a paragraph, and what stands between that and the text: a tab, a blank or nothing."""

    text: str
    suffix: str


def read_lists(root: Element | None, style_lists: Mapping[str, str]) -> dict[str, List]:
    """The lists of numbering.xml by id; `style_lists` holds the list that a numbering style names, by style id."""
    if root is None:
        return {}
    definitions = {found.get(w("abstractNumId"), ""): found for found in root.iter(w("abstractNum"))}
    lists: dict[str, List] = {}
    named = {found.get(w("numId"), ""): value(found, "abstractNumId") or "" for found in root.iter(w("num"))}
    for found in root.iter(w("num")):
        definition = _linked(value(found, "abstractNumId") or "", definitions, named, style_lists)
        if definition in definitions:
            lists[found.get(w("numId"), "")] = _list(found, definition, _levels(definitions[definition]))
    return lists


def _linked(
    definition: str, definitions: Mapping[str, Element], named: Mapping[str, str], style_lists: Mapping[str, str]
) -> str:
    """The definition that holds the levels: a `numStyleLink` leads over a style and its list to another one."""
    seen: set[str] = set()
    while definition in definitions and definition not in seen:
        seen.add(definition)
        style = value(definitions[definition], "numStyleLink")
        if style is None:
            return definition
        tied = next((key for key, found in definitions.items() if value(found, "styleLink") == style), None)
        definition = tied or named.get(style_lists.get(style, ""), "")
    return definition


def _levels(owner: Element) -> dict[int, Level]:
    return {whole(found.get(w("ilvl"))) or 0: _level(found) for found in owner.findall(w("lvl"))}


def _level(found: Element) -> Level:
    number_format, pad = _format(found)
    picture = found.find(w("lvlPicBulletId")) is not None
    return Level(
        start=number(found, "start") or 0,
        format="bullet" if picture else number_format,
        text=(value(found, "lvlText") or "") if not picture else BULLET,
        suffix=value(found, "suff") or "tab",
        restart=number(found, "lvlRestart"),
        legal=switch(found, "isLgl") or False,
        style=value(found, "pStyle"),
        pad=pad,
    )


def _format(found: Element) -> tuple[str, int]:
    """The number format and, for a custom one (`001, 002, ...`), its width."""
    for child in found:
        holder = alternative(child) if local(child) == "AlternateContent" else found
        named = None if holder is None else holder.find(w("numFmt"))
        if named is None:
            continue
        custom = (named.get(w("format")) or "").partition(",")[0].strip()
        if named.get(w("val")) == "custom":
            return "decimal", len(custom) if custom.isdecimal() else 0
        return named.get(w("val")) or "decimal", 0
    return "decimal", 0


def _list(found: Element, definition: str, levels: Mapping[int, Level]) -> List:
    own, restarts = dict(levels), set[int]()
    for override in found.findall(w("lvlOverride")):
        place = whole(override.get(w("ilvl"))) or 0
        own.update(_levels(override))
        start = number(override, "startOverride")
        if start is not None:
            restarts.add(place)
            own[place] = replace(own.get(place, Level()), start=start)
    return List(definition, own, frozenset(restarts))


@dataclass
class Numbering:
    """Counts the numbered paragraphs of a document, in their order."""

    lists: Mapping[str, List]
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def level_of(self, list_id: str, style: str) -> int | None:
        """The level of a list that is tied to a paragraph style, None without one."""
        if list_id not in self.lists:
            return None
        return next((place for place, level in self.lists[list_id].levels.items() if level.style == style), None)

    def label(self, list_id: str, place: int) -> Label | None:
        """Count a paragraph at a level (from 0) of a list; its label, None where there is no such list or level."""
        found = self.lists.get(list_id)
        if found is None or place not in found.levels:
            return None
        counts = self._counts.setdefault(found.definition, {})
        self._count(list_id, found, place, counts)
        level = found.levels[place]
        return Label(_text(level, place, found.levels, counts), level.suffix)

    def _count(self, list_id: str, found: List, place: int, counts: dict[int, int]) -> None:
        for above in range(place):  # a level that was skipped stands at its start
            counts.setdefault(above, found.levels.get(above, Level()).start)
        begins = place in found.restarts and (list_id, place) not in self._begun
        self._begun.add((list_id, place))
        goes_on = place in counts and not begins
        counts[place] = counts[place] + 1 if goes_on else found.levels[place].start
        for below in [deeper for deeper in counts if deeper > place]:
            if _restarts(found.levels.get(below), below, place):
                del counts[below]


def _restarts(level: Level | None, below: int, used: int) -> bool:
    """Whether a deeper level begins anew after a paragraph at level `used` (both from 0)."""
    if level is None or level.restart is None or level.restart > below:
        return True
    return level.restart > 0 and used < level.restart


def _text(level: Level, place: int, levels: Mapping[int, Level], counts: Mapping[int, int]) -> str:
    if level.format == "bullet":
        return _PRIVATE_USE.sub(BULLET, level.text)
    return _PLACEHOLDER.sub(lambda found: _shown(int(found[1]) - 1, level, place, levels, counts), level.text)


def _shown(quoted: int, level: Level, place: int, levels: Mapping[int, Level], counts: Mapping[int, int]) -> str:
    if quoted > place or quoted not in levels:
        return ""
    return levels[quoted].shows(counts.get(quoted, levels[quoted].start), legal=level.legal)
