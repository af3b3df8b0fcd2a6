"""Regions: names and six-digit codes (GB/T 2260), and which region lies inside which.

A name that is not in the table is a region of its own: nothing else lies inside it, and it lies inside nothing but
the whole country.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.text import fold

_TABLE = Path(__file__).parent / "data" / "regions.csv"
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
    return inner.startswith(outer.rstrip("0")) if outer.endswith("00") else False


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
