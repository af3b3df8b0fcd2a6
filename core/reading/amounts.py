"""One number in a sentence with its unit and its modifiers: 大概不到2000万元 · 1000-2000万 · 六成多 · 百分之六七十."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from core.reading import words
from core.reading.measures import Measure
from core.reading.numerals import Numeral, numeral_at
from core.spans import Days, Span

Kind = Literal["money", "percent", "count", "number", "duration", "other", "code", "broken", "date", "year", "month"]


@dataclass(frozen=True)
class Token:
    """A value at text[start:end].

    `other` is a number with a unit nobody asks for, `code` a number that is a name (ISO9001), `broken` a malformed one.
    `fault` says why the value must not be taken: foreign, ambiguous, forecast, period, change, impossible.
    """

    kind: Kind
    start: int
    end: int
    measure: Measure | None = None
    unit: str = ""
    fault: str = ""
    casual: bool = False
    days: Days | None = None
    year: int | None = None
    about: bool = False


class _Unit(NamedTuple):
    kind: Kind
    name: str
    end: int
    factor: Fraction = Fraction(1)
    extra: Fraction = Fraction(0)


class _Prefix(NamedTuple):
    bounds: tuple[str, ...]
    end: int
    implied: bool
    currency: str


_WORDS_BEFORE = {word: bound for bound, listed in words.BEFORE.items() for word in listed.split()}
_WORDS_AFTER = {word: bound for bound, listed in words.AFTER.items() for word in listed.split()}
_BEFORE = re.compile(words.one_of(*map(re.escape, _WORDS_BEFORE)))
_AFTER = re.compile(" ?(?:" + words.one_of(*map(re.escape, _WORDS_AFTER)) + ")")
_NOT_AFTER = re.compile(
    r"多(?![一点些])[少谢数样半久大年月天个]|余[额下款热]|起[来码家草诉]|内[部资外地蒙销]"
    r"|\+ ?[0-9一二两三四五六七八九十]|那样[的子]?[做卖]|这样[做一]"
)
_NEAR = re.compile(r"[近快小](?=[0-9一二两三四五六七八九十几百千万亿壹贰叁肆伍陆柒捌玖])")
_OVER = re.compile(r"[上过破](?=[百千万亿])")
_FILLER = re.compile(
    r"(?:[ 是有在为也就得只能会要了:着]|个(?=[0-9一二两三四五六七八九十几])|做了?|卖了?|搞了?|花了?|投了?|达到?|"
    r"需要?){0,4}"
)
_SEPARATOR = re.compile(r" ?(?:[-~—–―]{1,2}|到|至) ?")
_JOINING = re.compile(r" ?[和与] ?")
_BETWEEN = re.compile(r" ?(?:元|人)?(?:之间|中间|不等)")
_FRACTION = re.compile(r"([百千万])分之")
_DATE_BEGINS = re.compile(
    r"(?:[0-9]{4}|[零〇○一二三四五六七八九]{4}) ?年|[0-9零〇一二三四五六七八九]{2}年[0-9一二三四五六七八九十]{1,2}月"
    r"|[0-9]{4}[-/][0-9]{1,2}[-/]|[0-9]{1,2}月|[一二三四五六七八九十]{1,2}月"
)
_TENTHS = re.compile(r"成(?![立本都员果为功交品分长熟就人年天像效])([一二三四五六七八九1-9]|半)?")
_POINT_UNIT = re.compile(r"个?百分点|个点(?![0-9零一二三四五六七八九])")
_LETTER_BEFORE = re.compile(r"[a-z][ \-/.]?$")
_DIGITS_ON = re.compile(r"[0-9.,]*[0-9]")
_RATIO = re.compile(r" ?[:/] ?[0-9]|开(?=$|[,。 ])")


def amount_at(text: str, start: int) -> Token | None:
    """The value that begins at `start`, modifiers included. None when none does."""
    prefix = _prefix(text, start)
    if prefix.end > start and _starts_otherwise(text, prefix.end):
        return None
    share = _share_at(text, prefix)
    if share is not None:
        return _finished(text, start, share, prefix)
    numeral = numeral_at(text, prefix.end, implied=prefix.implied)
    if numeral is None:
        return None
    if numeral.span is None:
        digits = _DIGITS_ON.match(text, numeral.end)
        return Token("broken", start, digits.end() if digits else numeral.end)
    token = _ranged(text, start, numeral, prefix) or _plain(text, start, numeral, prefix)
    return _finished(text, start, token, prefix)


def _starts_otherwise(text: str, at: int) -> bool:
    """超过|一般水平, 大概|2019年: behind the modifiers stands no amount."""
    phrase = words.SET_PHRASES.match(text, at)
    return (phrase is not None and not text.startswith("分之", at + 1)) or _DATE_BEGINS.match(text, at) is not None


def _prefix(text: str, start: int) -> _Prefix:
    bounds: list[str] = []
    end, implied, currency = start, False, ""
    for _ in range(6):
        if found := _before(text, end, first=end == start):
            bound, end = found
            bounds.append(bound)
            implied = implied or bound in ("over", "almost", "above")
        elif money := words.CURRENCY_WORDS.match(text, end):
            currency, end = money.group().strip(), money.end()
        else:
            break
        filler = _FILLER.match(text, end)
        end = filler.end() if filler else end
    return _Prefix(tuple(bounds), end, implied, currency)


def _before(text: str, start: int, *, first: bool) -> tuple[str, int] | None:
    if found := _BEFORE.match(text, start):
        word = found.group()
        if word == "-" and not _is_sign(text, start):
            return None
        if word == "破" and text[start - 1 : start] == "打":
            return None
        return _WORDS_BEFORE[word], found.end()
    if found := _OVER.match(text, start):
        return ("over" if found.group() == "上" else "above"), found.end()
    if (found := _NEAR.match(text, start)) and text[start - 1 : start] not in (
        "最",
        "远",
        "大",
        "附",
        "靠",
        "很",
        "尽",
    ):
        return "almost", found.end()
    return None


def _is_sign(text: str, start: int) -> bool:
    before = text[max(start - 3, 0) : start].rstrip()
    return not before or not re.match(r"[0-9a-z万亿元%)\]年月日]", before[-1])


def _share_at(text: str, prefix: _Prefix) -> Token | None:
    """百分之七十, 千分之三, 三分之一."""
    found = _FRACTION.match(text, prefix.end)
    if found:
        return _per(text, found, {"百": Fraction(1), "千": Fraction(1, 10), "万": Fraction(1, 100)}[found.group(1)])
    part = numeral_at(text, prefix.end)
    if part is None or part.span is None or not text.startswith("分之", part.end):
        return None
    share = numeral_at(text, part.end + 2)
    if share is None or share.span is None or not (share.span.is_point and part.span.is_point) or not part.span.value:
        return None
    value = share.span.value * 100 / part.span.value
    return Token("percent", prefix.end, share.end, Measure(Span.point(value), 100 / part.span.value), unit="分之")


def _per(text: str, found: re.Match[str], factor: Fraction) -> Token | None:
    implied = text.startswith("百", found.end())
    first = numeral_at(text, found.end(), implied=implied)
    if first is None or first.span is None:
        return None
    span, step, end, soft = first.span, first.step, first.end, first.approximate
    if separator := _SEPARATOR.match(text, end):
        again = _FRACTION.match(text, separator.end())
        last = numeral_at(text, again.end() if again else separator.end())
        if last is not None and last.span is not None:
            joined = _between(span, last.span)
            if joined is None:
                return Token("broken", found.start(), last.end)
            span, step, end, soft = joined, last.step, last.end, soft or last.approximate
    end += 1 if text.startswith("%", end) else 0
    return Token("percent", found.start(), end, Measure(span, step, approximate=soft).times(factor), unit="%")


def _plain(text: str, start: int, numeral: Numeral, prefix: _Prefix) -> Token:
    unit = _unit(text, numeral)
    assert numeral.span is not None
    measure = Measure(numeral.span, numeral.step, approximate=numeral.approximate)
    return _token(text, start, numeral, unit, measure, prefix)


def _token(text: str, start: int, numeral: Numeral, unit: _Unit, measure: Measure, prefix: _Prefix) -> Token:
    kind, name = unit.kind, unit.name
    if prefix.currency and kind in ("number", "money"):
        native = prefix.currency in ("rmb", "cny", "¥", "人民币")
        kind, name = "money", name if name == "foreign" else ("" if native else "foreign")
    if kind == "number" and _is_code(text, start, unit.end):
        kind = "code"
    factor = Fraction(1, 10**4) if kind == "money" else unit.factor
    measure = measure.times(factor)
    if unit.extra:
        measure = replace(measure, stated=measure.stated.shifted(unit.extra), step=Fraction(1))
    token = Token(kind, start, unit.end, measure, unit=name, casual=numeral.casual and kind == "number")
    return replace(token, fault="foreign") if name == "foreign" else token


def _is_code(text: str, start: int, end: int) -> bool:
    digits = text[start:end]
    if re.match(r"[a-z]", text[end : end + 1]) or _RATIO.match(text, end):
        return True
    if digits.isdigit() and (len(digits) >= 11 or (len(digits) > 1 and digits[0] == "0")):
        return True
    return _LETTER_BEFORE.search(text[max(start - 2, 0) : start]) is not None


def _unit(text: str, numeral: Numeral) -> _Unit:
    at = numeral.end
    at += 1 if text.startswith(" ", at) else 0
    return (
        _percent_unit(text, at)
        or _money_unit(text, at, numeral)
        or _thing_unit(text, at)
        or _Unit("money" if numeral.scaled else "number", "", numeral.end)
    )


def _percent_unit(text: str, at: int) -> _Unit | None:
    if text.startswith(("%", "‰"), at):
        return _Unit("percent", "%", at + 1, Fraction(1) if text[at] == "%" else Fraction(1, 10))
    if found := _POINT_UNIT.match(text, at):
        return _Unit("percent", "%", found.end())
    if found := _TENTHS.match(text, at):
        more = found.group(1)
        extra = numeral_at(more, 0) if more and more != "半" else None
        points = Fraction(5) if more == "半" else extra.span.value if extra and extra.span else Fraction(0)
        return _Unit("percent", "成", found.end(), Fraction(10), points)
    return None


def _money_unit(text: str, at: int, numeral: Numeral) -> _Unit | None:
    if found := words.FOREIGN.match(text, at):
        return _Unit("money", "foreign", found.end())
    found = words.YUAN.match(text, at)
    if not found:
        return None
    pieces = (
        numeral.casual and found.group() == "块" and re.match(r"[\u4e00-\u9fff]", text[found.end() : found.end() + 1])
    )
    return _Unit("other", "块", found.end()) if pieces else _Unit("money", "", found.end())


def _thing_unit(text: str, at: int) -> _Unit | None:
    if found := words.DURATION.match(text, at):
        return _Unit("duration", found.group().removeprefix("个"), found.end())
    if found := words.CLASSIFIER.match(text, at):
        people = found.group() in ("号人", "个人", "员", "职工", "工人", "社保", "人次", "名", "位", "口")
        name = "人" if people and found.group() not in ("名", "位") else found.group()
        if text.startswith("半", found.end()) and not text.startswith(("年", "月", "天"), found.end() + 1):
            return _Unit("count", name, found.end() + 1, extra=Fraction(1, 2))
        return _Unit("count", name, found.end())
    if found := words.POINTS.match(text, at):
        return _Unit("number", "分", found.end())
    if found := words.MEASURE.match(text, at):
        return _Unit("other", found.group(), found.end())
    return None


def _ranged(text: str, start: int, first: Numeral, prefix: _Prefix) -> Token | None:
    """1000-2000万, 1千到2千万, 1000万和2000万之间."""
    unit = _unit(text, first)
    separator = _SEPARATOR.match(text, unit.end) or _JOINING.match(text, unit.end)
    if separator is None:
        return None
    again = words.CURRENCY_WORDS.match(text, separator.end())
    last = numeral_at(text, again.end() if again else separator.end())
    if last is None or last.span is None:
        return None
    end_unit = _unit(text, last)
    if separator.group().strip() in ("和", "与") and not _BETWEEN.match(text, end_unit.end):
        return None
    bare = unit.end == first.end and unit.kind == "number"
    if not bare and unit.kind != end_unit.kind:
        half_given = unit.kind == "money" and end_unit.kind == "number"  # 1000万到2000: 2000 what?
        return Token("broken", start, end_unit.end) if half_given else None
    joined = _joined(first, last, bare=bare and not first.scaled)
    if unit.kind == "percent" and unit.name != end_unit.name:
        joined = None
    if joined is None or text[max(start - 1, 0) : start] in ("从", "由"):
        return Token("broken", start, end_unit.end)
    measure = Measure(joined, last.step, approximate=first.approximate or last.approximate)
    return _token(text, start, replace(first, casual=False), end_unit, measure, prefix)


def _joined(first: Numeral, last: Numeral, *, bare: bool) -> Span | None:
    """The range from the first to the last; the first one shares the last one's 万 when it has none of its own."""
    assert first.span is not None
    assert last.span is not None
    if not bare or last.tail == 1:
        return _between(first.span, last.span)
    factors = [1]
    if not first.scaled:
        factors.append(last.large_tail)
    if not first.powered and last.head_single:
        factors.append(last.tail)
    spans = [_between(first.span.scaled(factor), last.span) for factor in dict.fromkeys(reversed(factors))]
    return next((span for span in spans if span is not None and _plausible(span)), None)


def _plausible(span: Span) -> bool:
    return span.low is not None and span.high is not None and span.high <= span.low * 20


def _between(low: Span, high: Span) -> Span | None:
    if low.low is None or low.high is None or high.low is None or high.high is None or low.low >= high.high:
        return None
    return Span(low.low, high.high, low.low_open, high.high_open)


def _finished(text: str, start: int, token: Token, prefix: _Prefix) -> Token:
    """The token with the modifiers on both sides and the faults its neighbours show."""
    if token.measure is None:
        return replace(token, start=start)
    end, behind = token.end, []
    for _ in range(3):
        if between := _BETWEEN.match(text, end):
            end = between.end()
        found = _AFTER.match(text, end)
        if not found or _NOT_AFTER.match(text, end):
            break
        behind.append(_WORDS_AFTER[found.group().strip()])
        end = found.end()
    bounds = tuple(bound for bound in (*prefix.bounds, *behind) if bound != "about")
    measure = replace(
        token.measure,
        bounds=tuple(bound for bound in bounds if bound != "negative"),
        about="about" in prefix.bounds,
        about_behind="about" in behind,
        negative="negative" in bounds,
    )
    fault = token.fault or ("period" if words.PERIOD_AFTER.match(text, end) else "")
    casual = token.casual and not bounds and not behind and not prefix.bounds
    return replace(token, start=start, end=end, measure=measure, fault=fault, casual=casual)
