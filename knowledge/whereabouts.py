"""Where a document applies, read from its title and its issuer: a region of the table, or one of its own.

Nothing is guessed: what is not plain is left open, and the caller says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core import regions
from core.text import fold, squeeze
from knowledge.calendar import narrow

_NATIONAL = re.compile(
    r"^(?:中共中央|中华人民共和国|国务院|全国人民代表大会|国家[\u4e00-\u9fff]{1,14}(?:局|委|委员会|总局|署)|中国人民银行|"
    r"(?:工业和信息化|财政|科学技术|科技|发展和?改革|国家发展改革|人力资源和?社会保障|商务|教育|农业农村|生态环境|自然资源|"
    r"交通运输|住房和?城乡建设|文化和旅游|民政|司法|公安|水利|应急管理)(?:部|委)|税务总局|市场监管总局|海关总署)"
)
_PLACE = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{2,4}?(?:特别行政区|自治区|自治州|自治县|自治旗|地区|省|市|县|区|州|盟|旗))"
)
_NO_PLACE = re.compile(
    r"^[各全本我该]|(?:上|超|城|门|股|都|夜|集|全|我|本|各|入|挂|后|楼|房|债|菜|车|汽)市$|(?:全|我|本|各|强|百)(?:县|区|省)$|"
    r"(?:园|社|地|小|景|校|库|片|辖|灾|郊|矿|特|新|山|牧|林|战|时|误|禁|盲|老|开发|示范|试验|高新|功能|保税|合作|集聚|街|厂)区$"
    r"|(?:企业|关于|促进|支持|鼓励|加快|推进|推动|扶持|培育|奖励|进一步|中小|建设|发展|公司|上市|产业|科技|数字|专项)"
)
_INNER_TITLE = re.compile(r"《(?P<title>[^《》]+)")
_LEVEL_OF_SUFFIX = (("省", "省级"), ("自治区", "省级"), ("市", "市级"), ("州", "市级"), ("县", "县级"), ("区", "县级"))
_SHORTEST, _LONGEST = 2, 12


@dataclass(frozen=True)
class Whereabouts:
    """A region (six-digit code, or a name outside the table) and its level. `own`: the name is in no table."""

    region: str
    level: str | None
    own: bool = False


def read_whereabouts(title: str | None, issuer: str | None) -> Whereabouts | None:
    """Where a document applies by the place its title begins with, else by its issuer; None where neither is plain."""
    for text in (title, _inner(title), issuer):
        bare = squeeze(narrow(text or ""))
        if _NATIONAL.match(bare):
            return Whereabouts(regions.NATION, "国家级")
        if found := _leading_place(bare):
            return found
    return None


def level_of(region: str) -> str | None:
    """The level of a region: by its code, for a name outside the table by its last word."""
    if region == regions.NATION:
        return "国家级"
    if region.isdigit():
        return "省级" if region.endswith("0000") else "市级" if region.endswith("00") else "县级"
    return next((level for suffix, level in _LEVEL_OF_SUFFIX if region.endswith(suffix)), None)


def _inner(title: str | None) -> str | None:
    """The title that a title speaks of (关于修改《…》的决定)."""
    found = _INNER_TITLE.search(title or "")
    return found["title"] if found else None


def _leading_place(text: str) -> Whereabouts | None:
    """The most exact of the places that a text begins with (省, then 市, then 县)."""
    found: Whereabouts | None = None
    at = 0
    while (place := _place_at(text, at, inside=found)) is not None:
        found, at = place
    return found


def _place_at(text: str, at: int, *, inside: Whereabouts | None) -> tuple[Whereabouts, int] | None:
    for length in range(_LONGEST, _SHORTEST, -1):
        known = regions.find(text[at : at + length])
        if known.known and len(text) >= at + length and fold(known.name) == fold(text[at : at + length]):
            return Whereabouts(known.code, level_of(known.code)), at + length
    if inside is None and (short := _known_short(text)):
        return short
    match = _PLACE.match(text, at)
    if match is None or _NO_PLACE.search(match["name"]) or (inside is not None and not inside.own):
        return None
    name = regions.find(match["name"]).code
    return Whereabouts(name, level_of(name), own=True), match.end()


def _known_short(text: str) -> tuple[Whereabouts, int] | None:
    """A province or city called by its short name at the beginning of a text."""
    head = text[:_LONGEST]
    mentioned = [place for place in regions.mentioned(head) if not place.before]
    if not mentioned:
        return None
    region = mentioned[0].region
    return Whereabouts(region.code, level_of(region.code)), len(fold(head)) - len(mentioned[0].after)
