"""Reader of one industry: codes and names of GB/T 4754-2017, and everyday words (搞机械加工的, 开超市).

The everyday words are data: `word,codes,role`. Several codes are a choice that is asked back. Roles: `thing` a product
or a trade, `make` says that it is made, `act` what is done with it (机械 + 租赁 is renting), `sell` is what every maker
does too, `mask` names nobody's industry (银行贷款).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core import industries
from core.reading import words
from core.reading.answers import folded
from core.reading.outcome import Declined, Doubt, Known, NoValue, Outcome
from core.text import fold

_TABLE = Path(__file__).parents[1] / "data" / "industry_words.csv"
_CODE = re.compile(r"(?<![a-z0-9])(?:[a-t][0-9]{2,4}|[a-t])(?![a-z0-9])")
_DIGITS = re.compile(r"^[0-9]{2,4}$")
_NEGATED = re.compile(
    r"不是|不做|不搞|不属于|非(?=制造|工业|软件|金融)|不再|没做|没有做|除了|以前|原来|原先|曾经|打算|准备|计划|"
    r"想转|转型|转做|将来"
)
_HARMLESS = re.compile(r"非标|非金属|非织造|不锈钢")
_ADJACENT = re.compile(r"^(?:的|类|产品|设备|材料|制品|用品|配件|及配件){0,2}$")
_ANCHOR_BEFORE = re.compile(
    r"(?:做|搞|干|从事|开|经营|属于|专做|生产|卖|是做|是搞|是一家|是家|是个|我们是|公司是|企业是|主做|"
    r"办)(?:了?个|一?家|一?个|点)?的?$"
)
_ANCHOR_AFTER = re.compile(
    r"^(?:这个|这一|类|的)?(?:行业|业务|业|企业|公司|厂|工厂|店|门市|这块|这行|生意|出身|的(?:$|[,。!;、 ?]))"
)
_COMPLETE = re.compile(r"(?:业|厂|企业|公司|制造|店)$")


@dataclass(frozen=True)
class _Word:
    text: str
    codes: tuple[str, ...]
    role: str


@dataclass(frozen=True)
class _Named:
    """A word of the table at its place in a folded text."""

    word: _Word
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.word.text)


@cache
def _words() -> dict[str, tuple[_Word, ...]]:
    """The table and the standard's own names by first character, the longer words first."""
    rows: dict[str, _Word] = {}
    for industry in industries.every():
        rows[fold(industry.name)] = _Word(fold(industry.name), (industry.code,), "thing")
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = fold(row["word"])
            rows[text] = _Word(text, tuple(code for code in row["codes"].split("|") if code), row["role"])
    grouped: dict[str, list[_Word]] = {}
    for word in rows.values():
        grouped.setdefault(word.text[0], []).append(word)
    return {first: tuple(sorted(group, key=lambda word: -len(word.text))) for first, group in grouped.items()}


def _named(text: str) -> list[_Named]:
    found: list[_Named] = []
    at = 0
    while at < len(text):
        word = next((word for word in _words().get(text[at], ()) if text.startswith(word.text, at)), None)
        if word is None:
            at += 1
            continue
        if word.role != "mask":
            found.append(_Named(word, at))
        at += len(word.text)
    return found


def read_industry(text: str) -> Outcome:
    """A code such as C, C34, I65 or C3421. Several industries, or a word too wide for one, are asked back."""
    plain = fold(text)
    bare = plain.strip(" ,.。!;、")
    if words.QUESTION.search(folded(text)):
        return NoValue()
    if exact := industries.find(bare):
        return Known(exact.code)
    codes = _codes_written(bare)
    named = _named(plain)
    if not named and not codes:
        if words.DECLINED.search(bare):
            return Declined()
        return Doubt("unreadable") if _looks_like_code(bare) else NoValue()
    outcome = _decided(codes, named, plain)
    if isinstance(outcome, Known) and (
        _NEGATED.search(_HARMLESS.sub("", plain)) or words.DECLINED.search(plain) or re.search("或者?|还是", plain)
    ):
        return Doubt("ambiguous", (outcome.value,))
    return outcome


def spoken_industry(text: str) -> str | None:
    """The one industry a sentence names as the speaker's own (我们搞机械加工的，去年1800万够不够), else None."""
    plain = fold(text)
    named = [item for item in _named(plain) if _anchored(item, plain)]
    if not named or _NEGATED.search(_HARMLESS.sub("", plain)):
        return None
    first, last = named[0].start, named[-1].end
    outcome = _decided([], [item for item in _named(plain) if first - 6 <= item.start <= last + 6], plain)
    return str(outcome.value) if isinstance(outcome, Known) else None


def _anchored(item: _Named, text: str) -> bool:
    """Whether the words beside say that somebody does this: 搞…的, …企业, 制造业."""
    before, after = text[max(item.start - 8, 0) : item.start], text[item.end : item.end + 5]
    if _ANCHOR_BEFORE.search(before) or _ANCHOR_AFTER.match(after):
        return True
    return len(item.word.text) > 2 and _COMPLETE.search(item.word.text) is not None


def _codes_written(text: str) -> list[str]:
    found = (industries.find(code) for code in _CODE.findall(text))
    known = [industry.code for industry in found if industry is not None and len(industry.code) > 1]
    if not known and _DIGITS.match(text) and (industry := industries.find(text)):
        return [industry.code]
    return known


def _looks_like_code(text: str) -> bool:
    return re.fullmatch(r"[a-z]?[0-9]{1,6}|[u-z]", text) is not None


def _decided(codes: list[str], named: list[_Named], text: str) -> Outcome:
    choices = list(dict.fromkeys([(code,) for code in codes] + _choices(named, text)))
    clear = _deepest([choice[0] for choice in choices if len(choice) == 1])
    if len(clear) > 1:
        return Doubt("several", tuple(clear[:5]))
    for choice in choices:
        narrowed = _narrowed(choice, clear)
        if narrowed is None:
            return Doubt("ambiguous", tuple(clear) + choice)
        clear = _deepest([*clear, narrowed])
    return Known(clear[0]) if clear else NoValue()


def _deepest(codes: list[str]) -> list[str]:
    """Without those that cover another one."""
    distinct = list(dict.fromkeys(codes))
    return [
        code for code in distinct if not any(other != code and industries.covers(code, other) for other in distinct)
    ]


def _narrowed(choice: tuple[str, ...], clear: list[str]) -> str | None:
    """The one candidate that agrees with what is clear (环保设备制造: C35); None when it stays open."""
    if len(choice) == 1:
        return choice[0]
    fitting = [
        code for code in choice if any(industries.covers(code, one) or industries.covers(one, code) for one in clear)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _choices(named: list[_Named], text: str) -> list[tuple[str, ...]]:
    """The codes of each word that counts: an activity takes the place of the goods beside it (机械租赁, 卖服装)."""
    makes = any(item.word.role == "make" for item in named) or re.search("生产|制造|自产", text)
    counted: list[_Named] = []
    for item in named:
        if item.word.role == "sell" and makes:
            continue
        before = counted[-1] if counted else None
        close = before is not None and _ADJACENT.match(text[before.end : item.start])
        if before is not None and close and before.word.role == "sell" and _is_goods(item):
            continue
        if before is not None and close and item.word.role in ("act", "sell") and _is_goods(before):
            counted.pop()
        counted.append(item)
    return [item.word.codes for item in counted]


def _is_goods(item: _Named) -> bool:
    return item.word.role == "thing" and all(code[0] in "ABC" for code in item.word.codes)
