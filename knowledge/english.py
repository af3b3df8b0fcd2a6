"""Questions in English: their words in documents' terms, and what an English reader needs of a quote.

Nothing is translated but figures: amounts of money are converted exactly, and each figure stands in the quote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from core.datafile import Entry, read_yaml
from core.text import fold

DATA = Path(__file__).parent / "data" / "english.yaml"
_WORD = re.compile(r"[a-z][a-z'&-]*")
_LEAST_WORDS = 3
_LEAST_SHARE = 0.6
_MONEY = re.compile(r"(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?)\s*(?P<unit>亿|千万|百万|万)?元")
_PERCENT = re.compile(r"[0-9]+(?:\.[0-9]+)?\s*%")
_UNITS = {"亿": 10**8, "千万": 10**7, "百万": 10**6, "万": 10**4, "": 1}
_LARGE = ((Decimal(10**9), "billion"), (Decimal(10**6), "million"))


class _File(Entry):
    industries: dict[str, str]
    words: dict[str, str]


@dataclass(frozen=True)
class _Phrase:
    pattern: re.Pattern[str]
    chinese: str
    industry: bool


@cache
def _phrases() -> tuple[_Phrase, ...]:
    file = read_yaml(DATA, _File)
    entries = [(text, chinese, True) for text, chinese in file.industries.items()]
    entries += [(text, chinese, False) for text, chinese in file.words.items()]
    entries.sort(key=lambda entry: -len(entry[0]))
    return tuple(
        _Phrase(re.compile(rf"(?<![a-z]){re.escape(fold(text))}(?:e?s)?(?![a-z])"), chinese, industry)
        for text, chinese, industry in entries
    )


def is_english(question: str) -> bool:
    """Whether a folded question is put in English: mostly Latin words, some of them known."""
    words = _WORD.findall(question)
    letters = sum(map(len, words))
    visible = len(re.sub(r"\s", "", question))
    if len(words) < _LEAST_WORDS or letters < _LEAST_SHARE * visible:
        return False
    return any(phrase.pattern.search(question) for phrase in _phrases())


def in_chinese(question: str) -> str:
    """The known words of a folded English question in Chinese, industries first, else in the question's order."""
    found: list[tuple[bool, int, str]] = []
    rest = question
    for phrase in _phrases():
        for match in phrase.pattern.finditer(rest):
            found.append((not phrase.industry, match.start(), phrase.chinese))
        rest = phrase.pattern.sub(lambda match: " " * len(match[0]), rest)
    return "".join(dict.fromkeys(chinese for _, _, chinese in sorted(found)))


def figures(quote: str) -> tuple[str, ...]:
    """The amounts and percentages of a quote in English, in their order: `1000万元 = RMB 10 million`, `15%`."""
    folded = fold(quote)
    found = [(match.start(), f"{match[0]} = {_renminbi(match)}") for match in _MONEY.finditer(folded)]
    found += [(match.start(), match[0]) for match in _PERCENT.finditer(folded)]
    return tuple(dict.fromkeys(text for _, text in sorted(found)))


def _renminbi(match: re.Match[str]) -> str:
    """The amount, exactly; in millions or billions where that is shorter."""
    yuan = Decimal(match["number"].replace(",", "")) * _UNITS[match["unit"] or ""]
    for size, name in _LARGE:
        if yuan >= size:
            return f"RMB {_plain(yuan / size)} {name}"
    return f"RMB {_plain(yuan)}"


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
