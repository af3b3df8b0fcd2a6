"""Dates and years in a sentence: 2019-03-01 · 19年3月 · 去年底 · 二〇二五年六月 · 三年前 · 成立快一年了.

A month without a day is the whole month, a year the whole year. 年底 is December, 年初 the first quarter, 年中 May
to August. Counted back from today: 三年前 half a year around that day; 三年了 from just under four years to two and a
half; 三年多 above three and under four years; 快一年 from ten months to just under one year (快三年: two and a half).
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from fractions import Fraction

from core.reading.amounts import Token
from core.reading.numerals import DIGITS, numeral_at
from core.spans import Days, Span, years_back

_CN = "零〇○一二三四五六七八九"
_YEAR = re.compile(rf"([0-9]{{4}}|[{_CN}]{{4}}|[0-9]{{2}}|[零〇○一二九八七][{_CN}]) ?年(?:度)?")
_FIRST_OF_TWO = re.compile(r"((?:19|20)[0-9]{2})(?: ?(?:[-~至到、,和及]) ?)(?=(?:19|20)[0-9]{2} ?年)")
_RELATIVE = {"大前年": -3, "前年": -2, "去年": -1, "上年": -1, "上一年": -1, "今年": 0, "本年": 0, "明年": 1, "后年": 2}
_RELATIVE_YEAR = re.compile(
    r"(?<!以)上(?:一)?年(?:度)?|大前年|(?<![目以之此年大])前年(?:度)?(?!代)|(?<!过)去年(?:度)?|今年(?:度)?|"
    r"(?<!基)本年(?:度)?|(?<!说)明年|(?<![今以之此])后年"
)
_PART_OF_YEAR = re.compile(
    r"[的 ]?(?:(?P<half>[上下])半年(?:度)?|第?(?P<quarter>[一二三四1-4])季度|q(?P<q>[1-4])|"
    r"年?(?P<when>初(?![步始创级期中])|底|末|中(?![标央国秋旬期心介])))"
)
_MONTH = re.compile(r"[的 ]?(?P<month>[0-9]{1,2}|十[一二]?|[一二三四五六七八九]) ?月(?:份)?(?![球饼薪])")
_DAY = re.compile(
    r" ?(?:(?P<day>[0-9]{1,2}|三十[一]?|二十[一二三四五六七八九]?|廿[一二三四五六七八九]?|"
    r"十[一二三四五六七八九]?|[一二三四五六七八九])(?:日|号)"
    r"|(?P<bare>[0-9]{1,2})(?![0-9.,万亿千百十个项人件%年月名家w-])|(?P<third>[上中下])旬|"
    r"(?P<when>初(?![步始创级期])|底|末|中(?![标央国秋期心介])))"
)
_NUMERIC = re.compile(
    r"(?P<year>[0-9]{4}) ?(?P<sep>[-/.]) ?(?P<month>[0-9]{1,2})(?: ?[-/.] ?(?P<day>[0-9]{1,2}))?(?![0-9]|"
    r"[.][0-9]|[-/][0-9])"
)
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?![0-9.])")
_DATED_BEFORE = re.compile(r"(?:成立|注册|创办|开业|设立)(?:于|时间|日期|在|是|:)?$|(?:时间|日期)[是为: ]?$")
_DATED_AFTER = re.compile(r" ?(?:成立|注册|创办|开业|设立|登记)")
_VALUE_UNIT = re.compile(r" ?[万亿元块%人个项件千百十w名家年]|[a-z]")
_NAMED = re.compile(
    r"大前天|前天|昨天|昨日|今天|今日|明天|明日|后天|上上个?月|上个?月(?!球)|这个月|本月|当月|下个?月|"
    r"上个?(?:星期|周|礼拜)"
)
_DAYS_OFF = {"大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2}
_DECADE = re.compile(r"(?:上世纪|上个世纪|20世纪)?(?P<decade>[0-9]0|[一二三四五六七八九]十)年代(?P<part>初|末|中)?")
_SINCE = re.compile(
    r"(?:成立|注册|创办|开办|创立|开业|建厂|办厂|设立|建成|创建|办|开|运营|经营|起步)[^0-9,。;!?]{0,4}$"
)
_SPOKEN_BEFORE = re.compile(
    r"(?P<quick>快要?|将近|接近|近|马上|就要|差不多快)|(?P<short>不到|不足|未满|不满|没到|还没满|没满|还不到|"
    r"还没到)|(?P<full>刚满|满了?|已满|整整?|足足|超过|过了)"
    r"|(?P<idle>刚刚|刚好|刚|才|有了?|已经|已|大概|大约|约|差不多|至今|到现在|也|了| |是|在|于)"
)
_SPAN_UNIT = re.compile(
    r"(?P<unit>年|个半?月|个?星期|周|个?礼拜|天|日)(?![轻代度产级报检])(?P<soft>半|多|余|出头|"
    r"有余)?(?P<end>(?:之|以)?前(?![景列提期沿三十])|了|的|老|历史)?"
)
_HALF_YEAR = re.compile(r"半年(?P<soft>多)?(?P<end>(?:之|以)?前|了)?")
_JUST = re.compile(
    r"(?:刚刚|刚|新近|新)(?:才)?(?:成立|注册|开业|开办|创办)|(?:成立|注册|开业|开办|创办)(?:才|没)?(?:不久|没多久)"
)
_LATEST_MONTHS = 12 * 200


def date_at(text: str, start: int, today: date, *, asked: bool = False) -> Token | None:
    """The date or year that begins at `start`. `asked`: a date was asked for, so that 2025.6 is one."""
    for read in (_numeric, _decade, _written, _named, _month_alone):
        if token := read(text, start, today, asked):
            return token
    return tenure_at(text, start, today, asked=asked)


def number_of(text: str) -> int:
    """The value of a short numeral, digit by digit or with 十 (廿 is twenty)."""
    text = text.replace("廿", "二十")
    if text.isdigit() and text.isascii():
        return int(text)
    if "十" not in text:
        return int("".join(str(DIGITS[char]) for char in text))
    tens, _, ones = text.partition("十")
    return (DIGITS[tens] if tens else 1) * 10 + (DIGITS[ones] if ones else 0)


def full_year(text: str) -> int:
    """A year of two or four digits; two digits up to 50 are of this century."""
    year = number_of(text)
    if len(text) > 2:
        return year
    return year + (2000 if year <= 50 else 1900)


def _days(year: int, month: int | None = None, day: int | None = None) -> Days | None:
    """None when there is no such date, or when it is before 1900."""
    if not 1900 <= year <= 9999 or (month is not None and not 1 <= month <= 12):
        return None
    if month is None:
        return Days.year(year)
    if day is None:
        return Days.month(year, month)
    return Days.day(date(year, month, day)) if 1 <= day <= calendar.monthrange(year, month)[1] else None


def dated(start: int, end: int, days: Days | None, *, about: bool = False) -> Token:
    """A date token; without days it is an impossible date."""
    return Token("date", start, end, days=days, about=about, fault="" if days else "impossible")


def _numeric(text: str, start: int, today: date, asked: bool) -> Token | None:
    if text[start - 1 : start].isascii() and text[start - 1 : start].isalnum() and start:
        return None
    found = _NUMERIC.match(text, start)
    if not found:
        return _compact(text, start, asked)
    year, month, day = found["year"], int(found["month"]), found["day"]
    if _VALUE_UNIT.match(text, found.end()):
        return None
    plausible = 1900 <= int(year) <= 2100 and 1 <= month <= 12
    if not asked and not plausible:
        return None
    if not asked and day is None and (found["sep"] == "." or " " in found.group()) and not _founding(text, found):
        return None
    end = found.end() + (1 if text.startswith(("日", "号"), found.end()) else 0)
    return dated(start, end, _days(int(year), month, int(day) if day else None))


def _founding(text: str, found: re.Match[str]) -> bool:
    """Whether the words beside say that this is a date: 2025.6成立, 成立于2025.6."""
    before = text[max(found.start() - 4, 0) : found.start()]
    return bool(_DATED_BEFORE.search(before) or _DATED_AFTER.match(text, found.end()))


def _compact(text: str, start: int, asked: bool) -> Token | None:
    found = _COMPACT.match(text, start)
    if not found or _VALUE_UNIT.match(text, found.end()):
        return None
    days = _days(*map(int, found.groups()))
    if asked:
        return dated(start, found.end(), days)
    return Token("other", start, found.end()) if days else None


def _decade(text: str, start: int, today: date, asked: bool) -> Token | None:
    found = _DECADE.match(text, start)
    if not found or found["part"]:
        return None
    decade = number_of(found["decade"])
    first = (2000 if decade <= 20 else 1900) + decade
    return dated(start, found.end(), Days(date(first, 1, 1), date(first + 9, 12, 31)), about=True)


def _written(text: str, start: int, today: date, asked: bool) -> Token | None:
    """2019年…, 19年…, 去年…"""
    if found := _FIRST_OF_TWO.match(text, start):
        return Token("year", start, start + 4, year=int(found.group(1)))
    if found := _RELATIVE_YEAR.match(text, start):
        return _in_year(text, start, found.end(), today.year + _RELATIVE[found.group().removesuffix("度")])
    found = _YEAR.match(text, start)
    if not found or _goes_on(text, start) or text.startswith("代", found.end()):
        return None
    if len(found.group(1)) == 2 and not _is_short_year(text, start, found):
        return None
    return _in_year(text, start, found.end(), full_year(found.group(1)))


def _goes_on(text: str, start: int) -> bool:
    """Whether what stands here only continues a number."""
    return re.search(rf"(?:[0-9.]|[0-9],|[{_CN}十百千])$", text[max(start - 2, 0) : start]) is not None


def _is_short_year(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether 19年 names a year and is not as long as nineteen years."""
    if _MONTH.match(text, found.end()) or _PART_OF_YEAR.match(text, found.end()):
        return True
    if re.match(r"[多半前余老左以内间出有了]|历史|经验|时间", text[found.end() : found.end() + 2]):
        return False
    if re.search(
        r"(?:做了|干了|从事|搞了|开了|办了|深耕|专注|有|已|经|近|约|满|过|到|少|概|了|近|这|连续|每)$",
        text[max(start - 3, 0) : start],
    ):
        return False
    digits = found.group(1)
    return digits[0] in "012789零〇○七八九" if digits.isascii() else _spoken_year(digits)


def _spoken_year(digits: str) -> bool:
    first, second = DIGITS[digits[0]], DIGITS[digits[1]]
    return second != first + 1 or first == 0


def _in_year(text: str, start: int, end: int, year: int) -> Token:
    """The year, or the part of it that follows."""
    if found := _PART_OF_YEAR.match(text, end):
        days = _part(year, found)
        return dated(start, found.end(), days, about=found["when"] is not None)
    found = _MONTH.match(text, end)
    if not found:
        fault = "" if 1900 <= year <= 9999 else "impossible"
        return Token("year", start, end, year=year, fault=fault)
    return _in_month(text, start, found.end(), year, number_of(found["month"]))


def _part(year: int, found: re.Match[str]) -> Days | None:
    if not 1900 <= year <= 9999:
        return None
    if found["half"]:
        first, last = (1, 6) if found["half"] == "上" else (7, 12)
    elif number := found["quarter"] or found["q"]:
        last = 3 * number_of(number)
        first = last - 2
    else:
        first, last = {"初": (1, 3), "中": (5, 8)}.get(found["when"], (12, 12))
    return Days(Days.month(year, first).first, Days.month(year, last).last)


def _in_month(text: str, start: int, end: int, year: int, month: int) -> Token:
    found = _DAY.match(text, end)
    if not found:
        return dated(start, end, _days(year, month))
    number = found["day"] or found["bare"]
    if number:
        return dated(start, found.end(), _days(year, month, number_of(number)))
    whole = _days(year, month)
    if whole is None or not found["third"]:
        return dated(start, found.end(), whole)
    first = {"上": 1, "中": 11, "下": 21}[found["third"]]
    last = first + 9 if first < 21 else whole.last.day
    return dated(start, found.end(), Days(date(year, month, first), date(year, month, last)))


def _named(text: str, start: int, today: date, asked: bool) -> Token | None:
    """昨天, 上个月, 上周."""
    found = _NAMED.match(text, start)
    if not found or (text[start - 1 : start] in ("以", "比") and start):
        return None
    name = found.group().replace("个", "")
    if name in _DAYS_OFF:
        return dated(start, found.end(), Days.day(today + timedelta(days=_DAYS_OFF[name])))
    if "月" not in name:
        monday = today - timedelta(days=today.weekday() + 7)
        return dated(start, found.end(), Days(monday, monday + timedelta(days=6)))
    back = {"上上月": 2, "上月": 1, "下月": -1}.get(name, 0)
    month = months_back(today.replace(day=1), back)
    return _in_month(text, start, found.end(), month.year, month.month)


def _month_alone(text: str, start: int, today: date, asked: bool) -> Token | None:
    """3月, 3月5日, 5号: no year."""
    if _goes_on(text, start) or text[start - 1 : start] in ("年", "个"):
        return None
    found = _MONTH.match(text, start) if text[start] not in "的 " else None
    if not found or number_of(found["month"]) > 31:
        return None
    token = _in_month(text, start, found.end(), 2000, number_of(found["month"]))
    return Token("month", start, token.end, fault=token.fault)


def months_back(day: date, months: int) -> date:
    """The same day `months` earlier, or the last one of that month."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def tenure_at(text: str, start: int, today: date, *, asked: bool) -> Token | None:
    """三年前; and, after a word for founding or when a date was asked for, 三年了, 快一年了, 一年多."""
    if found := _JUST.match(text, start):
        about = Days(months_back(today, 3), today)
        return dated(start, found.end(), about, about=True) if found.group().find("久") < 0 else None
    flags, at = _spoken_flags(text, start)
    if at > start and _written(text, at, today, asked):
        return None
    measured = _measured(text, at)
    if measured is None:
        return None
    months, step, ending, soft, end, unit = measured
    since = _SINCE.search(text[max(start - 8, 0) : start]) is not None
    ago = "前" in (ending or "")
    if not (ago or since or asked) or (not asked and not ago and not ending and not soft and not flags):
        return None
    days = _counted_back(today, months, step, unit, ago=ago, soft=soft, flags=flags)
    if days is None:
        return None
    certain = ago or since or ending == "了" or bool(flags - {"idle"}) or soft
    return Token("date", start, end, days=days, about=True, fault="" if certain else "ambiguous")


def _spoken_flags(text: str, start: int) -> tuple[set[str], int]:
    flags: set[str] = set()
    at = start
    for _ in range(5):
        found = _SPOKEN_BEFORE.match(text, at)
        if not found:
            break
        flags.add(str(found.lastgroup))
        at = found.end()
    return flags - {"idle"}, at


_Measured = tuple[Span, Fraction, str, bool, int, str]


def _measured(text: str, at: int) -> _Measured | None:
    """Months, the step that 多 adds, what ends it, whether 多 stands there, the end, the unit."""
    if (found := _HALF_YEAR.match(text, at)) and text[max(at - 1, 0) : at] not in tuple("大小上下前后"):
        return Span.point(6), Fraction(6), found["end"] or "", bool(found["soft"]), found.end(), "月"
    numeral = numeral_at(text, at)
    if numeral is None or numeral.span is None or numeral.scaled:
        return None
    found = _SPAN_UNIT.match(text, numeral.end)
    if not found or _MONTH.match(text, found.end()):
        return None
    unit = found["unit"].replace("个", "").replace("半", "")
    half = Fraction(1, 2) if "半" in found["unit"] or found["soft"] == "半" else Fraction(0)
    factor = {"年": Fraction(12), "月": Fraction(1), "天": Fraction(1, 30), "日": Fraction(1, 30)}.get(
        unit, Fraction(7, 30)
    )
    span = numeral.span.shifted(half).scaled(factor)
    soft = found["soft"] not in (None, "半")
    return span, numeral.step * factor, found["end"] or "", soft, found.end(), unit


def _counted_back(
    today: date, months: Span, step: Fraction, unit: str, *, ago: bool, soft: bool, flags: set[str]
) -> Days | None:
    low, high = months.low, months.high
    if low is None or high is None or high > _LATEST_MONTHS or (low <= 0 and high <= 0):
        return None
    if unit in ("天", "日") and months.is_point and not soft and not flags:
        return Days.day(_back(today, low))
    margin = Fraction(6) if unit == "年" and low.denominator == 1 and low % 12 == 0 else min(low / 6, Fraction(3))
    day = timedelta(days=1)
    match sorted(flags)[0] if flags else "":
        case "quick":
            late = high - (2 if high <= 12 else 6)
            return _range(_back(today, high) + day, _back(today, max(late, high * 5 / 6) if high < 12 else late))
        case "short":
            return _range(_back(today, high) + day, today)
        case "full":
            return _range(_back(today, high + step) + day, _back(today, low))
    if soft or not months.is_point:
        above = step if soft else Fraction(0)
        return _range(_back(today, high + above) + day, _back(today, low) - day)
    if ago:
        return _range(_back(today, high + margin), _back(today, low - margin))
    return _range(_back(today, high + (12 if unit == "年" else 1)) + day, _back(today, low - margin))


def _range(first: date, last: date) -> Days | None:
    return Days(first, last) if first <= last else None


def _back(today: date, months: Fraction) -> date:
    """That many months before, the part of a month in days of a thirtieth."""
    whole = int(months)
    day = years_back(today, whole // 12) if whole % 12 == 0 else months_back(today, whole)
    return day - timedelta(days=round((months - whole) * 30))
