"""Readers of one number: money, percent, a count, a plain number.

A number that was written but not used is never lost: the answer is then Doubt. Ranges: see `measures`.
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from core.reading import answers
from core.reading.amounts import Token
from core.reading.measures import Measure, Slack, half_a_tenth_part, percent_points, tenth, tenth_or_one
from core.reading.outcome import Declined, Doubt, Known, Outcome
from core.reading.sentence import Asked, Sentence, parse
from core.reading.words import DECLINED
from core.spans import Span

_ANY_DAY = date(2000, 1, 1)
_WAN = Fraction(10**4)
_CONTEXT = ("year", "date", "month")
_LOSS = re.compile(r"亏损?|赔了?|倒贴|负数|负的|负增长|负利润")
_HALVES = {
    **dict.fromkeys(("一半", "半数"), (50, "")),
    **dict.fromkeys(("过半", "大半", "多半"), (50, "above")),
    **dict.fromkeys(("一小半", "小半", "少半"), (50, "below")),
    **dict.fromkeys(("百分百", "百分之百"), (100, "")),
}
_HALF = re.compile(
    r"(?P<before>超过|不到|大概|约|差不多|至少|接近|将近|近)?(?P<word>一半|半数|过半|大半|多半|一小半|小半|少半|"
    r"百分百|百分之百)(?P<after>以上|以下|多|左右|不到|出头)?"
)
_HALF_BOUNDS = {
    **dict.fromkeys(("接近", "将近", "近"), "almost"),
    **dict.fromkeys(("超过", "多"), "above"),
    **dict.fromkeys(("至少", "以上"), "at_least"),
    **{"不到": "short", "以下": "at_most", "出头": "little_over"},
}
_PART = re.compile(r"^([0-9]{1,9}) ?/ ?([0-9]{1,9})$")
_NO_COUNT = re.compile(
    r"^(?:目前|现在|暂时|暂|我们|咱们|公司|还|一直|都|也|是|,| )*"
    r"(?:没有?|无|零|zero|none|nil)(?:任何|一个|一件|一项|过)?(?:申请|授权|拿到|取得|获得|办)?(?:过)?的?"
    r"(?:个|件|项|人)?(?:有效)?(?:发明|实用新型|外观设计|外观|软件著作权|软著|著作权|集成电路布图设计|集成电路|"
    r"布图设计|专利|商标|知识产权|员工|研发人员|人|项|个|件)*(?:专利)?"
    r"(?:呢|啊|了|的|哦|吧|,|。|!| |\.)*$"
)
_NONE_AT_ALL = re.compile(
    r"^(?:我们|目前|还|现在|,| )*(?:连)?(?:一(?:个人|[个件项人名])?(?:专利)?(?:都|也)?(?:还|暂时)?没有?(?:过)?|[0零]蛋|"
    r"没有?一[个件项])(?:呢|啊|了|的|。|!)*$"
)
_BELOW_ZERO = re.compile(r"负数|为负|是负的")
_NOT_NONE = re.compile(r"不(?:是|能说|可能|会)没|并非没")
_TRIVIAL = frozenset({("duration", "年"), *(("count", unit) for unit in "家位名种批次款")})


def read_money(text: str, *, today: date) -> Outcome:
    """An amount in 万元. A bare number is `unit_missing`, with the reading in 万元 first, then in 元 and 亿元."""
    sentence = parse(text, today=today, asked="money")
    early = answers.settled_early(sentence)
    if early is not None:
        return early
    if not _values(sentence, ()):
        return _no_number(sentence)
    if _LOSS.search(sentence.rest):
        return Doubt("negative")
    reached = [token for token in _values(sentence, ()) if token.fault != "forecast"]
    if not reached:
        return Doubt("ambiguous", _spans(_values(sentence, ("money",)), tenth))
    return _one(sentence, reached, "money", tenth)


def read_percent(text: str) -> Outcome:
    """A share in percent numbers: 70 for 70 %. A bare number up to 1 is `percent_or_ratio`, with both readings."""
    sentence = parse(text, today=_ANY_DAY, asked="percent")
    early = answers.settled_early(sentence)
    if early is not None:
        return early
    if half := _half(sentence):
        return half
    if not _values(sentence, ()):
        return _no_number(sentence)
    if _LOSS.search(sentence.rest):
        return Doubt("negative")
    return _one(sentence, _values(sentence, ()), "percent", percent_points)


def read_count(text: str, *, units: tuple[str, ...] = ()) -> Outcome:
    """A whole number of people or things; none is 0. `units` names units beyond the classifiers (年)."""
    sentence = parse(text, today=_ANY_DAY, asked="count")
    plain = sentence.text.strip()
    if _NONE_AT_ALL.match(plain) or (not _values(sentence, ()) and _NO_COUNT.match(plain)):
        return Known(Span.point(0))
    early = answers.settled_early(sentence)
    if early is not None:
        return early
    tokens = _values(sentence, ())
    if not tokens:
        return _no_number(sentence)
    tokens = [_as_count(token) if token.unit in units else token for token in tokens]
    outcome = _one(sentence, tokens, "count", tenth_or_one)
    return _whole(outcome, tokens)


def read_number(text: str) -> Outcome:
    """A plain decimal number such as a score."""
    sentence = parse(text, today=_ANY_DAY, asked="number")
    early = answers.settled_early(sentence)
    if early is not None:
        return early
    if not _values(sentence, ()):
        return _no_number(sentence)
    return _one(sentence, _values(sentence, ()), "number", tenth)


def _values(sentence: Sentence, kinds: tuple[str, ...]) -> list[Token]:
    """The tokens of some kinds, or all that are not years and dates beside the value."""
    if kinds:
        return [token for token in sentence.tokens if token.kind in kinds]
    return _without_trivial([token for token in sentence.tokens if token.kind not in _CONTEXT])


def _no_number(sentence: Sentence) -> Outcome:
    if DECLINED.search(sentence.text):
        return Declined()
    if _BELOW_ZERO.search(sentence.text):
        return Doubt("negative")
    if _NOT_NONE.search(sentence.text):
        return Doubt("ambiguous")
    if answers.says_none(sentence.text):
        return Doubt("zero_or_none", (Span.point(0),))
    if any(token.kind == "month" for token in sentence.tokens):
        return Doubt("unreadable")
    return answers.nothing_read(sentence)


def _one(sentence: Sentence, tokens: list[Token], asked: Asked, slack: Slack) -> Outcome:
    """The value of the tokens, which must be one, of the right kind and not changed by other words."""
    if any(token.kind in ("broken", "code") for token in tokens):
        return Doubt("unreadable")
    if any(token.fault == "foreign" for token in tokens):
        return Doubt("foreign_currency")
    if any(token.measure is not None and token.measure.negative for token in tokens):
        return Doubt("negative")
    spans = _spans(tokens, slack)
    fitting = [token for token in tokens if _fits(token, asked)]
    if not fitting:
        return Doubt("other_unit", spans)
    readings = [_reading(token, asked, slack) for token in fitting]
    different = list(dict.fromkeys(readings))
    if len(different) > 1 or len(fitting) < len(tokens) or answers.holds_digits(sentence.rest):
        return Doubt("several", _spans(fitting, slack))
    outcome = different[0]
    if isinstance(outcome, Known) and (_faulty(fitting) or answers.changes_meaning(sentence.rest)):
        return Doubt("ambiguous", (outcome.value,))
    if isinstance(outcome, Known) and DECLINED.search(sentence.rest) and not outcome.about:
        return Doubt("ambiguous", (outcome.value,))
    return outcome


def _faulty(tokens: list[Token]) -> bool:
    return any(token.fault for token in tokens)


def _fits(token: Token, asked: Asked) -> bool:
    if token.kind == "number":
        return not token.unit or asked == "number"
    return token.kind == asked


def _reading(token: Token, asked: Asked, slack: Slack) -> Outcome:
    measure = token.measure
    assert measure is not None
    if asked == "money" and token.kind == "number":
        return _without_unit(measure, slack)
    if asked == "percent" and token.kind == "number" and _is_ratio(measure):
        return Doubt("percent_or_ratio", _settled(measure, slack) + _settled(measure.times(Fraction(100)), slack))
    settled = measure.settle(half_a_tenth_part if token.unit == "成" else slack)
    if settled is None:
        return Doubt("ambiguous", (measure.stated,))
    return Known(settled.span, settled.about)


def _without_unit(measure: Measure, slack: Slack) -> Outcome:
    """A bare number: zero is zero in every unit."""
    if measure.stated == Span.point(0) and not measure.bounds:
        return Known(Span.point(0))
    readings = [measure.times(factor) for factor in (Fraction(1), 1 / _WAN, _WAN)]
    return Doubt("unit_missing", tuple(span for reading in readings for span in _settled(reading, slack)))


def _is_ratio(measure: Measure) -> bool:
    return any(bound is not None and 0 < bound <= 1 for bound in (measure.stated.low, measure.stated.high))


def _settled(measure: Measure, slack: Slack) -> tuple[Span, ...]:
    settled = measure.settle(slack)
    return () if settled is None else (settled.span,)


def _spans(tokens: list[Token], slack: Slack) -> tuple[Span, ...]:
    """What was given, each once, at most five."""
    spans = [span for token in tokens if token.measure is not None for span in _settled(token.measure, slack)]
    return tuple(dict.fromkeys(spans))[:5]


def _half(sentence: Sentence) -> Outcome | None:
    """一半, 过半, and parts written as 1/3."""
    text = sentence.text.strip()
    if (part := _PART.match(text)) and 0 < int(part.group(1)) <= int(part.group(2)):
        return Known(Span.point(Fraction(100 * int(part.group(1)), int(part.group(2)))))
    found = _HALF.search(text)
    if not found or sentence.tokens:
        return None
    value, bound = _HALVES[found["word"]]
    bounds = {bound, _HALF_BOUNDS.get(found["before"] or "", ""), _HALF_BOUNDS.get(found["after"] or "", "")} - {""}
    around = found["before"] in ("大概", "约", "差不多") or found["after"] == "左右"
    measure = Measure(Span.point(value), Fraction(10), tuple(bounds), about=around, approximate=bound != "")
    settled = measure.settle(half_a_tenth_part)
    rest = text[: found.start()] + "#" + text[found.end() :]
    if settled is None or answers.changes_meaning(rest) or answers.holds_digits(rest):
        return Doubt("ambiguous", (Span.point(value),))
    return Known(settled.span, settled.about)


def _without_trivial(tokens: list[Token]) -> list[Token]:
    """我们是一家…公司 and 一年… count nothing, where something else stands."""
    kept = [token for token in tokens if not (_is_one(token) and (token.kind, token.unit) in _TRIVIAL)]
    return kept or tokens


def _is_one(token: Token) -> bool:
    return token.measure == Measure(Span.point(1), Fraction(1))


def _as_count(token: Token) -> Token:
    return Token("count", token.start, token.end, token.measure, fault=token.fault)


def _whole(outcome: Outcome, tokens: list[Token]) -> Outcome:
    """A count that was stated exactly is whole."""
    stated = [
        token.measure.stated for token in tokens if token.measure is not None and token.kind in ("count", "number")
    ]
    ends = [end for span in stated if span.is_point for end in (span.value,)]
    if isinstance(outcome, Known) and any(end.denominator != 1 for end in ends):
        return Doubt("not_whole")
    return outcome
