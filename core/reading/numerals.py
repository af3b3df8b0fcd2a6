"""Numerals as people write and say them: 2,000.5 · 两千一 · 13万2 · 两三百 · 八百来 · 十几 · 两千多万 · 一个半亿.

The grammar is our own: cn2an reads 2千万5 as 20005000, and knows neither ranges nor approximations. What is not well
formed comes back without a span and is never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from core.reading.words import CLASSIFIER, DURATION, SET_PHRASES
from core.spans import Span

DIGITS = {
    char: value
    for value, chars in enumerate(
        ("零〇○", "一壹幺", "二两贰俩", "三叁仨", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for char in chars
}
_POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10**4, "w": 10**4, "亿": 10**8}
_LONGEST = 24
_ZEROS = frozenset("零〇○")
_FEW = Span(Fraction(2), Fraction(10), high_open=True)

_Kind = Literal["arabic", "digit", "power", "few", "more", "around", "half", "point", "piece"]

_ITEM = re.compile(
    r"""
    (?P<arabic>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)
    |(?P<digit>[零〇○一壹二两贰俩三叁仨四肆五伍六陆七柒八捌九玖])
    |(?P<power>[十拾百佰千仟万亿]|(?<=[0-9])\ [万亿](?!能)|(?<=[0-9十百千多来余])w(?![a-z0-9]))
    |(?P<few>[几数](?=[十百千万亿拾佰仟]|个[多]?亿)|(?<=[十拾])几|(?<=好)几)
    |(?P<more>多(?![少谢数样半久大]|一?[点些])|余(?![额下款热]))
    |(?P<around>[来把](?=\ ?(?:[万亿元块个人项件家名号台只w年]|$)))
    |(?P<half>半(?=个?亿)|(?<=[十百千万亿])半(?![年个月天导成数路边夜价])|(?<=个)半(?=亿))
    |(?P<point>(?<=[0-9零〇一二两三四五六七八九十百千万亿])点(?=[0-9零〇一二三四五六七八九]))
    |(?P<piece>(?<=[0-9一二两三四五六七八九几半])个(?=[多半]?亿))
    """,
    re.VERBOSE,
)
_AFTER_SHORT_TAIL = re.compile(
    r"$|[ ,.;!?、。~\-—–)(]|[元块圆吧左上出多呢了啊呀嘛的以到至或和与及整吗够行算可能不]|人民币|rmb"
)
_DIGITS_GO_ON = re.compile(r"[.][0-9]")
_CUTS_TAIL = re.compile(rf" ?(?:[年月日号%‰成]|个?(?:百分)?点|{CLASSIFIER.pattern}|{DURATION.pattern})")


class _Item(NamedTuple):
    kind: _Kind
    value: Fraction
    end: int
    text: str


class _Part(NamedTuple):
    """A number or a range of numbers; `step` is the place value of its last digit that is not zero."""

    span: Span
    step: Fraction


@dataclass(frozen=True)
class Numeral:
    """A numeral in a text. `span` is None when it is malformed; `step` is what 多 adds at most.

    `scaled`: 万 or 亿 stands in it. `tail`: the powers at its end, as one factor, with 万 and 亿 alone in `large_tail`.
    `head_single`: nothing but one number stands before that tail. `casual`: one that is a word's part unless it stands
    alone (一, 十, 三四). `approximate`: its own form says so (两三百, 八百来, 十几).
    """

    start: int
    end: int
    span: Span | None
    step: Fraction = Fraction(1)
    scaled: bool = False
    powered: bool = False
    tail: int = 1
    large_tail: int = 1
    head_single: bool = False
    casual: bool = False
    approximate: bool = False
    arabic: bool = False


@lru_cache(maxsize=64)
def numeral_at(text: str, start: int, *, implied: bool = False) -> Numeral | None:
    """The numeral that begins at `start`, as long as it goes. `implied`: 千万 alone may mean one 千万 (近千万)."""
    items, end = _items(text, start)
    if not items:
        return None
    if len(items) > _LONGEST or any(len(item.text) > _LONGEST for item in items):
        return Numeral(start, end, None)
    kept = _without_foreign_tail(text, items)
    if kept is None:
        return Numeral(start, end, None)
    items = kept
    softened = any(item.kind in ("more", "around") for item in items)
    if items[0].kind == "power" and items[0].value > 10 and not (implied or softened):
        return None
    if items[0].kind == "power" and items[0].value > 10:
        items = [_Item("digit", Fraction(1), items[0].end, ""), *items]
    if items[0].kind not in ("arabic", "digit", "power", "few", "half"):
        return None
    return _described(text, start, items)


def _described(text: str, start: int, items: list[_Item]) -> Numeral:
    end = items[-1].end
    part = _softened(_joined(items))
    malformed = _DIGITS_GO_ON.match(text, end) is not None or text[start - 1 : start] == "."
    if part is None or malformed:
        return Numeral(start, end, None)
    powers = [item for item in items if item.kind == "power"]
    tail = _tail(items)
    digits_only = all(item.kind == "digit" for item in items)
    return Numeral(
        start,
        end,
        part.span,
        part.step,
        scaled=any(item.value >= 10**4 for item in powers),
        powered=bool(powers),
        tail=_product(tail),
        large_tail=_product([item for item in tail if item.value >= 10**4]),
        head_single=len(items) - len(tail) == 1,
        casual=(digits_only and len(items) < 3) or text[start:end] == "十",
        approximate=not part.span.is_point or any(item.kind in ("more", "around", "few") for item in items),
        arabic=items[0].kind == "arabic",
    )


def _items(text: str, start: int) -> tuple[list[_Item], int]:
    items: list[_Item] = []
    end = start
    while found := _ITEM.match(text, end):
        end = found.end()
        kind: _Kind = found.lastgroup  # type: ignore[assignment]
        if len(items) <= _LONGEST:
            items.append(_Item(kind, _value(kind, found.group()), end, found.group()))
    return items, end


def _value(kind: _Kind, text: str) -> Fraction:
    if kind == "arabic" and len(text) <= _LONGEST:
        return Fraction(text.replace(",", ""))
    if kind == "digit":
        return Fraction(DIGITS[text])
    return Fraction(_POWERS.get(text.strip(), 0))


def _tail(items: list[_Item]) -> list[_Item]:
    count = 0
    while count < len(items) and items[-1 - count].kind == "power":
        count += 1
    return items[len(items) - count :]


def _product(items: list[_Item]) -> int:
    result = 1
    for item in items:
        result *= int(item.value)
    return result


def _without_foreign_tail(text: str, items: list[_Item]) -> list[_Item] | None:
    """2300万|2个专利, 两千万|一共, 2000万|2025年: what follows a power may begin the next value instead.

    None when it cannot be told whether the last digit belongs to this number (一亿二研发).
    """
    last = max((i for i, item in enumerate(items) if item.kind == "power" and item.value >= 100), default=-1)
    rest = items[last + 1 :]
    if last < 1 or not rest or any(item.kind not in ("digit", "arabic") for item in rest):
        return _without_small_tail(text, items)
    zero_led = rest[0].text in _ZEROS
    spelled_out = rest[0].kind == "arabic" and 10 ** len(rest[0].text) == items[last].value
    end = items[-1].end
    if _CUTS_TAIL.match(text, end):
        counted = (zero_led or spelled_out) and CLASSIFIER.match(text, end)
        return items if counted else items[: last + 1]
    if SET_PHRASES.match(text, items[last].end):
        return items[: last + 1]
    if rest[0].kind == "digit" and not zero_led and not _AFTER_SHORT_TAIL.match(text, end):
        return None
    return items


def _without_small_tail(text: str, items: list[_Item]) -> list[_Item]:
    """2000万|二十人: after 万 and 亿 a number with a lower place than the next one begins a new value."""
    last = max((i for i, item in enumerate(items) if item.kind == "power" and item.value >= 10**4), default=-1)
    rest = items[last + 1 :]
    if last < 1 or not rest or rest[0].text in _ZEROS or rest[0].kind not in ("digit", "power", "arabic"):
        return items
    part = _part(rest)
    small = part is not None and part.span.low is not None and part.span.low < items[last].value / 10
    return items[: last + 1] if small and _CUTS_TAIL.match(text, items[-1].end) else items


def _joined(items: list[_Item]) -> list[_Item]:
    """Decimals (一点五), halves (一个半亿) and the 个 of 三个亿 made into plain numbers."""
    result: list[_Item] = []
    for item in items:
        if item.kind == "piece":
            continue
        if item.kind == "half" and (not result or result[-1].kind in ("digit", "arabic")):
            whole = result.pop().value if result else Fraction(0)
            result.append(_Item("arabic", whole + Fraction(1, 2), item.end, f"{whole}.5"))
        else:
            result.append(item)
    return _with_decimals(result)


def _with_decimals(items: list[_Item]) -> list[_Item]:
    point = next((i for i, item in enumerate(items) if item.kind == "point"), None)
    if point is None:
        return items
    end = point + 1
    while end < len(items) and items[end].kind in ("digit", "arabic"):
        end += 1
    digits = "".join(str(item.value) if item.kind == "digit" else item.text for item in items[point + 1 : end])
    whole = _part(items[:point])
    if whole is None or not whole.span.is_point or whole.span.value.denominator != 1 or not digits.isdigit():
        return [_Item("point", Fraction(0), items[-1].end, "")]
    text = f"{whole.span.value}.{digits}"
    return [_Item("arabic", Fraction(text), items[end - 1].end, text), *items[end:]]


def _softened(items: list[_Item]) -> _Part | None:
    """The value with 多, 余, 来 or 把, which stand once, with nothing but 万 and 亿 behind them."""
    at = next((i for i, item in enumerate(items) if item.kind in ("more", "around")), None)
    if at is None:
        return _part(items)
    before, after = items[:at], items[at + 1 :]
    if not before or any(item.kind != "power" or item.value < 10**4 for item in after):
        return None
    base = _part(before)
    if base is None or base.span.low is None or base.span.high is None or base.span.high <= 0:
        return None
    low, high = base.span.low, base.span.high
    if items[at].kind == "more":
        soft = Span(low, high + base.step, low_open=True, high_open=True)
    else:
        soft = Span(low * Fraction(9, 10), high * Fraction(11, 10))
    factor = _product(after)
    return _Part(soft.scaled(factor), base.step * factor)


def _part(items: list[_Item]) -> _Part | None:
    """The value of items without 多 and 来. None when they are malformed."""
    if not items or any(item.kind in ("more", "around", "point", "piece") for item in items):
        return None
    power = max((item.value for item in items if item.kind == "power"), default=Fraction(0))
    if not power:
        return _plain(items)
    places = [i for i, item in enumerate(items) if item.kind == "power" and item.value == power]
    if len(places) > 1 or _unclear_tail(items, places[0]):
        return None
    left = _left(items[: places[0]], power)
    right = _right(items[places[0] + 1 :], power, arabic=bool(places[0]) and items[0].kind == "arabic")
    if left is None or right is None:
        return None
    span = left.span.scaled(power) + right.span
    return _Part(span, right.step or left.step * power)


def _unclear_tail(items: list[_Item], at: int) -> bool:
    """两千万五: 2500 or 2000.5 万?"""
    short = len(items) == at + 2 and items[-1].kind in ("digit", "arabic") and len(items[-1].text) == 1
    return (
        short and at > 0 and items[at].value >= 10**4 and items[at - 1].kind == "power" and items[at - 1].value >= 100
    )


def _left(items: list[_Item], power: Fraction) -> _Part | None:
    if not items:
        return _Part(Span.point(1), Fraction(1)) if power == 10 else None
    if items[0].text in _ZEROS:
        return None
    part = _part(items)
    if part is None or _shortened(items):
        return None
    plain = all(item.kind in ("digit", "few") for item in items)
    small = part.span.high is not None and part.span.high <= 10
    if power < 10**4 and not ((plain and small) or (len(items) == 1 and items[0].kind == "arabic")):
        return None
    return part


def _shortened(items: list[_Item]) -> bool:
    """Whether the last digit stands for the next lower place (三百五): nothing may follow it."""
    return (
        len(items) > 1
        and items[-1].kind in ("digit", "arabic")
        and items[-2].kind == "power"
        and items[-2].value >= 100
    )


def _right(items: list[_Item], power: Fraction, *, arabic: bool) -> _Part | None:
    """What follows a power. A step of 0 says that nothing does."""
    if not items:
        return _Part(Span.point(0), Fraction(0))
    if items[0].kind == "half" and len(items) == 1:
        return _Part(Span.point(power / 2), power / 10)
    if items[0].kind == "few" and len(items) == 1 and power == 10:
        return _Part(Span(Fraction(0), Fraction(10), low_open=True, high_open=True), Fraction(1))
    if items[0].text in _ZEROS:
        part = _part(items[1:])
        return part if part is not None and _below(part, power) and not _shortened(items[1:]) else None
    if all(item.kind == "digit" for item in items):
        return _short_tail(items, power)
    if len(items) == 1 and items[0].kind == "arabic":
        return _arabic_tail(items[0], power)
    part = _part(items)
    if part is None or not _below(part, power):
        return None
    mixed = arabic and items[0].kind == "digit" and part.span.low is not None and part.span.low < power / 10
    return None if mixed else part


def _short_tail(items: list[_Item], power: Fraction) -> _Part | None:
    """两千一 is 2100, 一亿二 is 1.2 亿; after 十 a digit is itself."""
    part = _plain(items)
    if part is None or not _below(part, Fraction(10)):
        return None
    return _Part(part.span.scaled(power / 10), power / 10)


def _arabic_tail(item: _Item, power: Fraction) -> _Part | None:
    """13万2 is 132000, and so is 13万2000; 13万20 is neither one nor the other."""
    if item.value.denominator != 1 or "," in item.text or "." in item.text:
        return None
    if len(item.text) == 1 and item.value > 0:
        return _Part(Span.point(item.value * power / 10), power / 10)
    if 10 ** len(item.text) == power:
        return _Part(Span.point(item.value), _step(item.text))
    return None


def _below(part: _Part, limit: Fraction) -> bool:
    return part.span.high is not None and part.span.high < limit


def _plain(items: list[_Item]) -> _Part | None:
    """Digits without a power: one number, a range (两三), or a string of digits (二〇二五, 七0)."""
    if len(items) == 1:
        return _single(items[0])
    values = tuple(int(item.value) for item in items if item.kind == "digit")
    if len(values) == len(items) == 2 and ((values[1] == values[0] + 1 and values[0]) or values in ((3, 5), (3, 2))):
        return _Part(Span(Fraction(min(values)), Fraction(max(values))), Fraction(1))
    if any(item.kind == "few" or "." in item.text or "," in item.text for item in items):
        return None
    text = "".join(str(item.value) if item.kind == "digit" else item.text for item in items)
    spelled = len(values) == len(items) and (len(text) >= 4 or (values[0] > 0 and 0 in values))
    mixed = 0 < len(values) < len(items) and text[0] != "0" and not text[1:].strip("0")
    return _Part(Span.point(int(text)), _step(text)) if spelled or mixed else None


def _single(item: _Item) -> _Part | None:
    if item.kind == "few":
        return _Part(_FEW, Fraction(1))
    if item.kind == "half":
        return None
    text = item.text.replace(",", "") if item.kind == "arabic" else "1"
    return _Part(Span.point(item.value), _step(text))


def _step(text: str) -> Fraction:
    """The place value of the last digit of a decimal number that is not zero: 2000 -> 1000, 1.20 -> 1/10, 0 -> 1."""
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if decimals:
        return Fraction(1, 10 ** len(decimals))
    zeros = len(whole) - len(whole.rstrip("0"))
    return Fraction(10**zeros) if zeros < len(whole) else Fraction(1)
