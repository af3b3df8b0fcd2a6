"""Regions: names and six-digit codes (GB/T 2260), and which region lies inside which.

A name that is not in the table is a region of its own: nothing else lies inside it, and it lies inside nothing but
the whole country.

Other names of places stand in a table of their own; a `shared` one (高新区) is a name of many places: it counts only
for a desk in its city, or beside the city's name. Codes of parks (the last two digits from 71 to 79) are not of GB/T
2260: they are area codes of the statistical office as found in public copies, unverified, to tell the parks apart.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.text import fold

_TABLE = Path(__file__).parent / "data" / "regions.csv"
_ALIASES = Path(__file__).parent / "data" / "region_aliases.csv"
NATION = "100000"
_SUFFIXES = ("特别行政区", "自治区", "自治州", "地区", "盟", "省", "市", "县", "区")


@dataclass(frozen=True)
class Region:
    """A place. `code` is the six-digit code, or the name itself for a place that is not in the table."""

    code: str
    name: str

    @property
    def known(self) -> bool:
        return self.code.isdigit()


@cache
def _regions() -> dict[str, Region]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: Region(row["code"], row["name"]) for row in csv.DictReader(file)}


@cache
def _by_name() -> dict[str, Region]:
    return {fold(region.name): region for region in _regions().values()}


def find(text: str) -> Region:
    """The region of a code or full name; an unknown one is a region of its own."""
    folded = fold(text)
    known = _regions().get(folded) or _by_name().get(folded)
    return known or Region(folded, text.strip())


def covers(outer: str, inner: str) -> bool:
    """Whether region code `inner` lies in `outer` or is the same."""
    if outer in (inner, NATION):
        return True
    if not (outer.isdigit() and inner.isdigit()):
        return False
    if not outer.endswith("00"):
        return False
    return inner.startswith(outer[:2] if outer.endswith("0000") else outer[:4])


@cache
def _spoken() -> tuple[tuple[str, Region], ...]:
    """Cities and provinces as people say them (without 省, 市 and the like), longest first."""
    names: dict[str, Region] = {}
    for region in _regions().values():
        if not region.code.endswith("00") or region.code == NATION:
            continue
        folded = fold(region.name)
        names.setdefault(folded, region)
        short = next((folded.removesuffix(end) for end in _SUFFIXES if folded.endswith(end)), folded)
        if len(short) >= 2:
            names.setdefault(short, region)
    return tuple(sorted(names.items(), key=lambda item: (-len(item[0]), item[0])))


@dataclass(frozen=True)
class Mention:
    """A place named in a text, with the folded words before and after it."""

    region: Region
    before: str
    after: str


def mentioned(text: str) -> list[Mention]:
    """Provinces and cities named in a text, longest names first."""
    folded = fold(text)
    rest = folded
    found: list[Mention] = []
    for name, region in _spoken():
        start = rest.find(name)
        while start >= 0:
            end = start + len(name)
            found.append(Mention(region, folded[:start], folded[end:]))
            rest = rest[:start] + "\n" * len(name) + rest[end:]
            start = rest.find(name)
    return found


_NOT_A_PLACE = re.compile(r"(?:街道|大道|公路|[路街巷]|镇|乡|村|师范|大学|学院|商会|县|区|旗|州|市(?![区内场里外]))")
_SHORTEST = 2


@dataclass(frozen=True)
class _Name:
    """How a place may be called. `whole`: its suffix stands in the name. `local`: shared with places elsewhere."""

    text: str
    region: Region
    whole: bool = True
    local: bool = False


@dataclass(frozen=True)
class Places:
    """The places named in a text, the most exact ones only. `shared`: one name that may mean the city or the county."""

    regions: tuple[Region, ...]
    shared: tuple[Region, ...] = ()


@cache
def _names() -> dict[str, tuple[_Name, ...]]:
    """Names by their first two characters, the longer first; of one short name the wider place counts (the city)."""
    names: dict[str, _Name] = {}
    places = [region for code, region in sorted(_regions().items()) if code != NATION]
    for region in places:
        names.setdefault(fold(region.name), _Name(fold(region.name), region))
    with _ALIASES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = fold(row["alias"])
            names.setdefault(text, _Name(text, _regions()[row["code"]], local=row["shared"] == "yes"))
    for region in places:
        if len(short := _short(fold(region.name))) >= _SHORTEST:
            names.setdefault(short, _Name(short, region, whole=False))
    grouped: dict[str, list[_Name]] = {}
    for name in names.values():
        grouped.setdefault(name.text[:_SHORTEST], []).append(name)
    return {key: tuple(sorted(group, key=lambda name: -len(name.text))) for key, group in grouped.items()}


def _short(name: str) -> str:
    return next((name.removesuffix(end) for end in _SUFFIXES if name.endswith(end)), name)


def _named(folded: str) -> list[_Name]:
    found: list[_Name] = []
    at = 0
    while at < len(folded):
        name = _name_at(folded, at)
        if name is not None:
            found.append(name)
        at += len(name.text) if name else 1
    return found


def _name_at(folded: str, at: int) -> _Name | None:
    for name in _names().get(folded[at : at + _SHORTEST], ()):
        end = at + len(name.text)
        if folded.startswith(name.text, at) and (name.whole or not _NOT_A_PLACE.match(folded, end)):
            return name
    return None


def _codes(folded: str) -> list[Region]:
    found = re.findall(r"(?<![0-9])[0-9]{6}(?![0-9.,万亿元%人])", folded)
    return [_regions()[code] for code in found if code in _regions()]


def places(text: str, home: str | None = None) -> Places:
    """The places named in a text by code, full or short name; 湖南省衡南县 is one place, the county.

    `home` is the code of the desk's region: names that many places share are its own.
    """
    folded = fold(text)
    names = _named(folded)
    clear = list(dict.fromkeys([*_codes(folded), *(name.region for name in names if not name.local)]))
    shared = dict.fromkeys(name.region for name in names if name.local)
    clear += [region for region in shared if _is_near(region.code, clear, home)]
    clear = list(dict.fromkeys(clear))
    exact = tuple(region for region in clear if not _holds_another(region, clear))
    return Places(exact, _shared(names, exact, home))


def _is_near(code: str, named: list[Region], home: str | None) -> bool:
    city = code[:4] + "00"
    if any(covers(city, region.code) for region in named):
        return True
    foreign = any(not covers(region.code, city) for region in named)
    return home is not None and not foreign and (covers(city, home))


def _holds_another(region: Region, named: list[Region]) -> bool:
    return any(other != region and covers(region.code, other.code) for other in named)


def _shared(names: list[_Name], exact: tuple[Region, ...], home: str | None) -> tuple[Region, ...]:
    """The city and the county of one short name, when the desk is the county's."""
    if home is None or len(exact) != 1 or home not in _regions() or any(name.whole for name in names):
        return ()
    own = _regions()[home]
    same = own != exact[0] and covers(exact[0].code, own.code) and _short(fold(own.name)) == _short(fold(exact[0].name))
    return (exact[0], own) if same else ()


def recognise(text: str, home: str | None = None) -> Region | None:
    """The one place a text names, the most exact one; None when it names none, several, or one that is not clear."""
    found = places(text, home)
    return found.regions[0] if len(found.regions) == 1 and not found.shared else None


def has_parts(code: str) -> bool:
    """Whether the table holds places inside this one."""
    return any(other != code and covers(code, other) for other in _regions())
