"""Industries: sections, divisions and some groups of GB/T 4754-2017. Codes carry the section's letter.

C, C34, K701, C3421: a code covers what begins with it. C covers C34, which covers C3421.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.text import fold

_TABLE = Path(__file__).parent / "data" / "industries.csv"
_CODE = re.compile(r"([a-t])?([0-9]{2,4})")


@dataclass(frozen=True)
class Industry:
    """An industry. A class (C3421) and a group without a row of its own bear the name of what they belong to."""

    code: str
    name: str


@cache
def _industries() -> dict[str, Industry]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: Industry(row["code"], row["name"]) for row in csv.DictReader(file)}


@cache
def _sections() -> dict[str, str]:
    """The section's letter of each division's two digits."""
    return {code[1:]: code[0] for code in _industries() if len(code) == 3}


@cache
def _by_name() -> dict[str, Industry]:
    """By folded name; where a section and its only division share one, the division."""
    return {_plain(industry.name): industry for industry in _industries().values()}


def _plain(text: str) -> str:
    return re.sub(r"[、,，\s]", "", fold(text))


def every() -> tuple[Industry, ...]:
    """The whole table, in the order of the standard."""
    return tuple(_industries().values())


def find(text: str) -> Industry | None:
    """The industry of a code (C34, 34, 3421, k701) or a name of the standard; None for what the table lacks."""
    folded = fold(text)
    if folded.upper() in _industries():
        return _industries()[folded.upper()]
    found = _CODE.fullmatch(folded)
    if found:
        return _of_code(found.group(1), found.group(2))
    return _by_name().get(_plain(text))


def _of_code(letter: str | None, digits: str) -> Industry | None:
    section = _sections().get(digits[:2])
    if section is None or (letter is not None and letter.upper() != section):
        return None
    code = section + digits
    near = next(code[:length] for length in (5, 4, 3) if code[:length] in _industries())
    return Industry(code, _industries()[near].name)


def covers(outer: str, inner: str) -> bool:
    """Whether industry code `inner` lies in `outer` or is the same."""
    return inner.startswith(outer)
