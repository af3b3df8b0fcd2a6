"""Titles and numbers of documents as they are compared: brackets, widths, blanks and shells do not matter."""

from __future__ import annotations

import re

from core.text import fold, squeeze

_OPEN, _CLOSE = r"[〔【\[（(［]", r"[〕】\])）］]"
NUMBER = re.compile(rf"[\u4e00-\u9fff]{{1,20}}\s?{_OPEN}\s?(?:19|20)\d\d\s?{_CLOSE}\s?第?\s?\d{{1,5}}\s?号")
"""A document's number (云工信发〔2021〕12号) in a text of one width."""

_NUMBERED = re.compile(rf"{_OPEN}[^{_OPEN[1:-1]}{_CLOSE[1:-1]}]*{NUMBER.pattern}{_CLOSE}")
_BRACKETS = str.maketrans(dict.fromkeys("〔【（(［", "[") | dict.fromkeys("〕】）)］", "]"))
_LEADING = re.compile(r"(?<=\])第?0*(?=\d)")
_FORWARDS = r"(?:重新|修订|联合)?(?:印发|发布|公布|下发|转发|颁布|颁发)"
_NOTICE = r"的?(?:通知|公告|通告|决定|函)$"
_QUOTED_SHELL = re.compile(rf"^[^《]*关于{_FORWARDS}[^《]*《(?P<inner>.+)》{_NOTICE}")
_BARE_SHELL = re.compile(rf"^[^《》]*?关于{_FORWARDS}(?P<inner>[^《》]+?){_NOTICE}")
_KIND = r"(?:办法|方案|规定|细则|意见|措施|条例|计划|规划|指南|指引|标准|制度|规则|政策|目录|要求|若干条)"
_KIND_AT_END = re.compile(rf"{_KIND}(?:[（(][^（()）]{{1,20}}[)）])?$")
_NO_WORD = re.compile(r"[\W_]+")


def number_key(number: str) -> str:
    """A number folded for comparison: 湘工信〔2021〕027号, 湘工信【2021】27号 and 湘工信[2021]第27号 are one."""
    return _LEADING.sub("", squeeze(fold(number)).translate(_BRACKETS))[:100]


def title_key(title: str) -> str:
    """A title folded for comparison: without a forwarding shell, 《》, its number in brackets, marks and blanks."""
    return _NO_WORD.sub("", fold(unshelled(_NUMBERED.sub("", title))))[:300]


def unshelled(title: str) -> str:
    """What a forwarding notice forwards (关于印发《…》的通知); any other title as it is."""
    bare = squeeze(title)
    if (quoted := _QUOTED_SHELL.match(bare)) and "》和《" not in bare and "》、《" not in bare:
        return quoted["inner"].replace("〈", "《").replace("〉", "》")
    if (named := _BARE_SHELL.match(bare)) and _KIND_AT_END.search(named["inner"]):
        return named["inner"]
    return title


def is_shell(title: str) -> bool:
    """Whether a title is that of a notice which only forwards a document."""
    return unshelled(title) != title


def names_a_kind(title: str) -> bool:
    """Whether a title ends with the name of a kind of document (办法, 方案 ...), marks in brackets after it or not."""
    return bool(_KIND_AT_END.search(squeeze(title)))
