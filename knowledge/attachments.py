"""Which attachments a text names and does not hold, and whether all it has to say is in one of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.text import squeeze
from knowledge.calendar import narrow
from knowledge.clauses import Clause
from knowledge.naming import is_shell, title_key

_LIST = re.compile(
    r"^附\s*件?\s*[:：]\s*(?P<first>\S.*)$|^附件\s*(?P<number>[0-9一二三四五六七八九十]+)\s*[:：]\s*(?P<named>\S.*)$"
)
_HEAD = re.compile(r"^附\s*件?\s*(?P<number>[0-9一二三四五六七八九十]{0,3})\s*[:：]?$")
_ITEM = re.compile(r"^(?P<number>[0-9]{1,2})\s*[.．、]\s*(?P<name>\S.*)$")
_DAY_OR_SIGNATURE = re.compile(r"年.{1,3}月|(?:局|厅|政府|委员会|办公室|部)$")
_MARKS = re.compile(r"[《》]|\.(?:docx?|xlsx?|pdf|wps|et|zip|rar|txt)$", re.I)
_POINTS_AWAY = re.compile(r"(?:现|予以)[^。]{0,12}(?:印发|发布|转发|下发)|(?:详见|见)附件|附件下载|全文见")
_SHORT_BODY = 400  # visible characters of a notice that only passes something on
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Attachments:
    """`missing` are names as the text gives them. `body_elsewhere`: an attachment says everything, the text nothing."""

    missing: tuple[str, ...]
    body_elsewhere: bool


def read_attachments(text: str, heading: str | None, links: Sequence[str], clauses: Sequence[Clause]) -> Attachments:
    """What a text points to (a list of attachments, links of a page) and does not hold itself."""
    lines = [line.strip() for line in narrow(text).splitlines() if line.strip()]
    listed, bodies = _listed(lines), _bodies(lines)
    keys = {title_key(line) for line in lines if len(line) <= _LONGEST_NAME}
    missing = [
        name for number, name in listed if number not in bodies and not _stands(name, number, listed, keys, bodies)
    ]
    missing += [link for link in map(_bare_name, links) if title_key(link) not in {title_key(name) for name in missing}]
    elsewhere = not bodies and _states_nothing(text, heading, clauses)
    if elsewhere and not missing and heading:
        missing = [_inner(heading)]
    return Attachments(tuple(dict.fromkeys(missing)), elsewhere)


def _listed(lines: Sequence[str]) -> list[tuple[str, str]]:
    """The attachments that a text lists, each with its number (empty for a single one)."""
    found: list[tuple[str, str]] = []
    for at, line in enumerate(lines):
        match = _LIST.match(line)
        if match is None or len(line) > _LONGEST_NAME:
            continue
        if match["named"]:
            found.append((match["number"], _bare_name(match["named"])))
            continue
        found.append(_item(match["first"]))
        for following in lines[at + 1 : at + 20]:
            if not (item := _ITEM.match(following)) or len(following) > _LONGEST_NAME or not found[-1][0]:
                break
            found.append((item["number"], _bare_name(item["name"])))
    return [(number, name) for number, name in found if name and not _DAY_OR_SIGNATURE.search(name)]


def _item(written: str) -> tuple[str, str]:
    item = _ITEM.match(written)
    return (item["number"], _bare_name(item["name"])) if item else ("", _bare_name(written))


def _bare_name(written: str) -> str:
    return _MARKS.sub("", written.strip()).strip(" .。；;")


def _bodies(lines: Sequence[str]) -> set[str]:
    """The numbers of the attachments whose text stands here: 附件2 alone on a line, with more below it."""
    heads = (_HEAD.match(line) for line in lines[:-2])
    return {match["number"] for match in heads if match}


def _stands(name: str, number: str, listed: Sequence[tuple[str, str]], keys: set[str], bodies: set[str]) -> bool:
    """Whether an attachment's text is in the document: its title stands alone on a line, or it is the only one listed
    and the only one there."""
    alone = len(listed) == 1 and bool(bodies)
    return alone or title_key(name) in keys


def _states_nothing(text: str, heading: str | None, clauses: Sequence[Clause]) -> bool:
    """Whether a notice is short, has no numbered clause, and only passes on what is elsewhere."""
    numbered = any(clause.kind not in ("front", "passage", "annex") for clause in clauses)
    passes_on = bool(heading and is_shell(heading)) or bool(_POINTS_AWAY.search(text))
    return not numbered and passes_on and len(squeeze(text)) <= _SHORT_BODY


def _inner(heading: str) -> str:
    found = re.search(r"《(.+)》", heading)
    return found[1] if found else heading
