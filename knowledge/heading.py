"""The head of a document: its title, number, issuer, day of issue, and whether it is a draft, from its own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from core.text import squeeze
from knowledge.calendar import DAY, narrow, read_day, written_days
from knowledge.clauses import read_label
from knowledge.naming import NUMBER, names_a_kind, unshelled

_HEAD_LINES = 30
_LONGEST_LINE = 200  # a longer one is neither title nor signature
_LONGEST_TITLE, _LONGEST_TITLE_LINE, _LONGEST_TAIL = 120, 60, 30
_BODY = frozenset({"part", "chapter", "section", "article", "cn", "cn_paren", "num", "decimal"})

_ORGANISATION = (
    r"(?:人民政府|政府|办公厅|办公室|管委会|管理委员会|委员会|工信局|经信局|局|厅|委|部|署|总局|总署|领导小组|"
    r"协会|中心|银行|国务院|法院|检察院|集团)"
)
_ISSUER = re.compile(
    rf"^[\u4e00-\u9fff（）()]{{2,40}}?{_ORGANISATION}(?:[\s、，,]+[\u4e00-\u9fff（）()]{{2,40}}?{_ORGANISATION})*$"
)
_RED_HEAD = re.compile(rf"^(?P<who>[\u4e00-\u9fff]{{2,30}}?{_ORGANISATION})文件$")
_ISSUER_BEFORE_ABOUT = re.compile(rf"^(?P<who>[\u4e00-\u9fff、\s]{{2,60}}?{_ORGANISATION})\s*关于")
_SIGNATURE_WITH_DAY = re.compile(rf"^(?P<who>[\u4e00-\u9fff\s]{{2,60}}?{_ORGANISATION})\s*(?:{DAY}|[0-9]{{4}}年)$")

_OWN_NUMBER = re.compile(rf"^(?:发文字号|文\s*号|编\s*号)?[:：]?\s*(?P<number>{NUMBER.pattern})$")
_NUMBER_AFTER = re.compile(rf"(?:发文字号|文\s*号)\s*[:：]\s*(?P<number>{NUMBER.pattern})")
_SERIAL = re.compile(
    r"^[（(]?(?P<number>(?:[\u4e00-\u9fff]{0,20}(?:令|公告|通告))?\s?(?:[0-9]{4}年)?第\s?[0-9]{1,4}\s?号)[)）]?$"
)
_NUMBER_IN_TITLE = re.compile(rf"[（(]\s*(?P<number>{NUMBER.pattern})\s*[)）]$")

_DAY_LINE = re.compile(rf"^[（(]?\s*(?P<day>{DAY})\s*[)）]?$")
_DAY_AT_END = re.compile(rf"(?P<day>{DAY})$")
_DAY_NAMED = re.compile(rf"成文(?:日期|时间)\s*[:：]?\s*(?P<day>{DAY})")
_DAY_PUBLISHED = re.compile(rf"(?:发布|发文|公布|印发)(?:日期|时间)\s*[:：]?\s*(?P<day>{DAY})")

_DRAFT = r"(?:征求意见稿|公开征求意见|征集意见稿|草案|送审稿|讨论稿|草稿|审议稿)"
_DRAFT_TITLE = re.compile(_DRAFT)
_DRAFT_LINE = re.compile(rf"^[（(【\[]?\s*(?:代拟)?{_DRAFT}\s*[)）】\]]?$")

_NO_TITLE = re.compile(
    r"^(?:索\s*引\s*号|主题分类|主题词|发布机构|发文机关|发文单位|发布日期|发布时间|成文日期|来源|信息来源|作者|浏览次数|"
    r"字体|有效性|名\s*称|分类|标\s*题|发文字号|文\s*号|公开方式|统一编号|签发人)\s*[:：]|^(?:特急|加急|秘密|公开|.{0,12}(?:公报|文件))$"
)
_ENDS_TITLE = re.compile(
    r"(?:办法|方案|规定|细则|通知|意见|措施|决定|公告|通告|条例|计划|规划|指南|指引|目录|清单|标准|制度|规则|要求|政策|函|"
    r"批复|解读|问答|纪要|公示|通报|报告|办法》|名单|若干条|[0-9一二三四五六七八九十]+条|[)）])$"
)
_OPEN_END = re.compile(r"(?:关于|印发|发布|公布|转发|下发|修改|修订|的|和|与|及|、)$")
_BRACKET_LINE = re.compile(r"^[（(][^（()）]{1,20}[)）]$")
_PASSED_ON = re.compile(
    r"(?:印发|发布|公布|转发|下发|制定|制订)[^。《》]{0,20}《(?P<title>[^》\n]{4,120})》"
    r"|现(?:将|把)《(?P<given>[^》\n]{4,120})》[^。《》]{0,12}(?:印发|发布|公布|转发|下发)"
)
_ANNEX_LINE = re.compile(r"^附\s*件?\s*[0-9一二三四五六七八九十]{0,3}\s*[:：]?$")


@dataclass(frozen=True)
class Line:
    """A visible line of a text, without white space around it and in one width of digits."""

    start: int
    text: str


@dataclass(frozen=True)
class Head:
    """What the head and the signature of a document say; None: nothing plain. `heading` is the title as it is printed,
    `title` what it forwards where it only forwards. `impossible` are days that the calendar does not have."""

    heading: str | None
    title: str | None
    number: str | None
    issuer: str | None
    issued: date | None
    draft: bool
    impossible: tuple[str, ...] = ()


def lines(text: str) -> list[Line]:
    """The visible lines of a text, in order."""
    found, position = [], 0
    for line in narrow(text).splitlines(keepends=True):
        if bare := line.strip():
            found.append(Line(position + len(line) - len(line.lstrip()), bare))
        position += len(line)
    return found


def read_head(text: str, given_heading: str | None = None) -> Head:
    """The head of a text; `given_heading` is what the file's own structure holds to be the title."""
    all_lines = [line for line in lines(text) if len(line.text) <= _LONGEST_LINE]
    head = list(_before_body(all_lines))
    heading = _heading(head) or _clean_heading(given_heading) or _annex_heading(all_lines)
    number = _number(head, heading)
    days = _Days(head, all_lines)
    issued = days.issued()
    return Head(
        heading=heading,
        title=_title(heading, text),
        number=number,
        issuer=_issuer(head, heading, all_lines),
        issued=issued,
        draft=bool(heading and _DRAFT_TITLE.search(heading)) or any(_DRAFT_LINE.match(line.text) for line in head),
        impossible=tuple(days.impossible),
    )


def _before_body(all_lines: Sequence[Line]) -> Iterator[Line]:
    """The lines before the first numbered clause, thirty at most."""
    for line in all_lines[:_HEAD_LINES]:
        label = read_label(line.text)
        if label is not None and label.kind in _BODY:
            return
        yield line


def _heading(head: Sequence[Line]) -> str | None:
    """The title at the top, over as many lines as it takes."""
    for at, line in enumerate(head):
        if _is_beside_title(line.text):
            continue
        if not _may_be_title(line.text):
            return None
        return _joined([item.text for item in head[at:]])
    return None


def _is_beside_title(line: str) -> bool:
    """Whether a line at the top is a number, a date, an organisation or a mark, and no part of a title."""
    patterns = (_OWN_NUMBER, _SERIAL, _DAY_LINE, _NO_TITLE, _RED_HEAD, _ISSUER, _ANNEX_LINE, _DRAFT_LINE)
    return any(pattern.match(line) for pattern in patterns)


def _may_be_title(line: str, shortest: int = 4) -> bool:
    plain = squeeze(line)
    return shortest <= len(plain) <= _LONGEST_TITLE_LINE and not plain.endswith(("：", ":", "。", "；", ";", "，", ","))


def _joined(following: Sequence[str]) -> str:
    """A title's lines put together while it is not complete, or a further line can only be its end."""
    title = squeeze(following[0])
    for line in map(squeeze, following[1:]):
        if len(title) + len(line) > _LONGEST_TITLE or not _goes_on(title, line):
            break
        title += line
    return title


def _goes_on(title: str, line: str) -> bool:
    if _BRACKET_LINE.match(line):
        return not _OWN_NUMBER.match(line.strip("（()）"))
    if _is_beside_title(line) or not _may_be_title(line, shortest=2):
        return False
    open_ends = title.count("《") > title.count("》") or title.count("（") > title.count("）")
    if open_ends or _OPEN_END.search(title) or not _ENDS_TITLE.search(title):
        return open_ends or bool(_ENDS_TITLE.search(line) or _OPEN_END.search(line))
    return (
        len(line) <= _LONGEST_TAIL
        and names_a_kind(line)
        and not line.startswith(("关于", "《", title[:2]))
        and read_label(line) is None
    )


def _clean_heading(given: str | None) -> str | None:
    bare = squeeze(narrow(given or ""))
    return bare if 4 <= len(bare) <= _LONGEST_TITLE else None


def _annex_heading(all_lines: Sequence[Line]) -> str | None:
    """The title under the word 附件, of a notice that has no title of its own."""
    for at, line in enumerate(all_lines[:-1]):
        if _ANNEX_LINE.match(line.text) and _may_be_title(all_lines[at + 1].text):
            return _joined([item.text for item in all_lines[at + 1 : at + 6]])
    return None


def _title(heading: str | None, text: str) -> str | None:
    if heading is not None:
        return unshelled(_NUMBER_IN_TITLE.sub("", heading))
    passed_on = _PASSED_ON.search(text[:600])
    return passed_on["title"] or passed_on["given"] if passed_on else None


def _number(head: Sequence[Line], heading: str | None) -> str | None:
    """The document's own number: one that stands alone in the head or after 文号, or in brackets after the title."""
    for line in head:
        if found := _OWN_NUMBER.match(line.text) or _NUMBER_AFTER.search(line.text) or _SERIAL.match(line.text):
            return squeeze(found["number"])
        red = line.text.rpartition("文件")[2].strip()
        if "文件" in line.text and (found := _OWN_NUMBER.match(red)):
            return squeeze(found["number"])
    in_title = _NUMBER_IN_TITLE.search(heading or "")
    return squeeze(in_title["number"]) if in_title else None


def _issuer(head: Sequence[Line], heading: str | None, all_lines: Sequence[Line]) -> str | None:
    """Who issued it: named in the red head, before 关于 in the title, alone at the top, or above the date."""
    for line in head[:6]:
        if red := _RED_HEAD.match(squeeze(line.text)):
            return red["who"]
        if signed := _SIGNATURE_WITH_DAY.match(line.text):
            return _spaced(signed["who"])
    if heading and (before := _ISSUER_BEFORE_ABOUT.match(heading)):
        return _spaced(before["who"])
    if lone := next((line for line in head if _ISSUER.match(line.text)), None):
        return _spaced(lone.text)
    for line, following in pairwise(all_lines):
        if _DAY_LINE.match(following.text) and _ISSUER.match(line.text):
            return _spaced(line.text)
    signed_lines = (_SIGNATURE_WITH_DAY.match(line.text) for line in all_lines)
    return next((_spaced(found["who"]) for found in signed_lines if found), None)


def _spaced(names: str) -> str:
    """Names one after another with one blank between them."""
    return " ".join(names.split())[:200]


class _Days:
    """The day of issue, and what is no day at all."""

    def __init__(self, head: Sequence[Line], all_lines: Sequence[Line]) -> None:
        self._head = head
        self._lines = all_lines
        self.impossible = [found.text for line in all_lines for found in written_days(line.text) if found.day is None]

    def issued(self) -> date | None:
        """The day named as that of issue, else the first that stands alone on a line or closes a signature, else the
        day of publication."""
        named = (_DAY_NAMED.search(line.text) for line in self._head)
        alone = (_DAY_LINE.match(line.text) for line in self._lines)
        signed = (_SIGNATURE_WITH_DAY.match(line.text) and _DAY_AT_END.search(line.text) for line in self._lines)
        published = (_DAY_PUBLISHED.search(line.text) for line in self._head)
        for found in (*named, *alone, *signed, *published):
            if found and (day := read_day(found["day"])) is not None:
                return day
        return None
