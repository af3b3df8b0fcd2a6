"""Reader of one region: its code, and never a place that was not named."""

from __future__ import annotations

import re

from core import regions
from core.reading import words
from core.reading.answers import folded
from core.reading.outcome import Declined, Doubt, Known, NoValue, Outcome

_UNKNOWN_PLACE = re.compile(r"[\u4e00-\u9fff]{1,8}(?:省|市(?!场|值|级)|县(?!级)|区(?!别|分|域|块)|州|旗)")
_CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")
_CHANGED = re.compile(
    r"不在|不是|不属于|没在|没有?在|并非|非|以前|原来|原先|曾经|打算|准备|计划|想(?:搬|去|到)|搬到|搬去|迁|如果|"
    r"要是|将|之外|以外|除了|外地|附近|旁边|隔壁"
)
_GENERIC = re.compile(r"^(?:小|园|市|城|郊|县|城)?区$|^(?:本|我们|咱们|全)?(?:省|市|县|区)$")


def read_region(text: str, home: str | None = None) -> Outcome:
    """The code of the one place named. `home`: the desk's region, to which 高新区 and the like belong."""
    plain = folded(text)
    if not plain or words.QUESTION.search(plain):
        return NoValue()
    found = regions.places(plain, home)
    if not found.regions:
        return _unknown(plain)
    codes = tuple(region.code for region in found.shared or found.regions)
    if found.shared:
        return Doubt("ambiguous", codes)
    if len(codes) > 1:
        return Doubt("several", codes[:5])
    if home is not None and codes[0] != home and regions.covers(codes[0], home):
        return Doubt("ambiguous", codes)  # 湖南: inside or outside this city?
    if _CHANGED.search(plain) or words.DECLINED.search(plain):
        return Doubt("ambiguous", codes)
    return Doubt("unreadable", codes) if _names_an_unknown_part(plain, found.regions[0]) else Known(codes[0])


def _unknown(plain: str) -> Outcome:
    if words.DECLINED.search(plain):
        return Declined()
    place = _UNKNOWN_PLACE.search(plain)
    if _CODE.search(plain) or (place and not _GENERIC.match(place.group())):
        return Doubt("unreadable")
    return NoValue()


def _names_an_unknown_part(plain: str, region: regions.Region) -> bool:
    """某市假县: a part that a city's table would know."""
    short = region.name.rstrip("省市县区")
    behind = plain[plain.rfind(short) + len(short) :].lstrip("市县区省")
    part = re.match(r"[\u4e00-\u9fff]{1,5}(?:县|区|市)(?![域别分场内里级])", behind)
    known = part is None or part.group()[:-1] in ("市", "城", "郊", "园", "工业园", "开发", "县城", "老城", "新城")
    return not known and regions.has_parts(region.code)
