"""Markdown: the words as they are, headings as lines, tables as tables; marks and comments left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge.readers.cleaning import warned
from knowledge.readers.plain import decode
from knowledge.readers.tables import MAX_COLUMNS, Cell, Rows, written
from knowledge.reading import Reading

_COMMENT_START, _COMMENT_END = "<!--", "-->"
_FENCE = re.compile(r"[ ]{0,3}(?P<mark>`{3,}|~{3,})[^`]*")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]+(?P<text>.*)")
_CLOSING = re.compile(r"[ \t]+#+[ \t]*$")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:=+|-{2,})[ \t]*")
_BREAK = re.compile(r"[ ]{0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_QUOTE = re.compile(r"(?:[ ]{0,3}>[ ]?)+")
_BULLET = re.compile(r"(?P<indent>[ \t]*)[-*+][ \t]+(?:\[[ xX]\][ \t]+)?")
_IMAGE = re.compile(r"(?<!\\)!\[(?P<text>[^\]\n]{0,200})\]\([^()\n]{0,500}\)")
_LINK = re.compile(r"(?<!\\)\[(?P<text>[^\]\n]{1,200})\]\((?P<target>[^()\s]{0,500})(?:[ \t]+\"[^\"\n]{0,200}\")?\)")
_STRONG = re.compile(r"(?<!\\)(?P<mark>\*\*\*|\*\*|__)(?=\S)(?P<text>[^*_\n]{1,500})(?<=\S)(?P=mark)")
_EMPHASIS = re.compile(r"(?<![*0-9A-Za-z\\])\*(?=[^\s*])(?P<text>[^*\n]{1,500})(?<=[^\s*])\*(?![*0-9A-Za-z])")
_STRUCK = re.compile(r"~~(?=\S)[^~\n]{1,500}~~")
_CODE = re.compile(r"(?<!\\)(?P<mark>`{1,3})(?P<text>[^`\n]{1,500})(?P=mark)")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_LINE_END = re.compile(r"<br[ ]*/?>", re.IGNORECASE)
_CELL_END = re.compile(r"(?<!\\)\|")
_ATTACHMENT = re.compile(r"\.(?:docx?|wps|pdf|xlsx?|et|csv|zip|rar|ofd)(?:[?#].*)?$", re.IGNORECASE)


def read(data: bytes) -> Reading:
    """The text of a Markdown file. `title` is its first heading of the first level.

    Warnings: `struck_text`, `truncated`. Raises UnreadableFile.
    """
    decoded = decode(data)
    lines = list(_without_comments(decoded.text.splitlines()))
    text = written(_items(lines))
    reading = Reading(
        text.text(),
        format="markdown",
        title=next((_words(line[2:]) for line in lines if line.startswith("# ")), None),
        tables=tuple(text.tables),
        links=tuple(dict.fromkeys(_attachments(lines))),
    )
    if any(_STRUCK.search(line) for line in lines):
        reading = warned(reading, "struck_text")
    return warned(reading, "truncated") if decoded.cut else reading


def _without_comments(lines: Sequence[str]) -> Iterator[str]:
    """The lines without what stands in HTML comments; what stands in fenced code is no comment."""
    inside = fenced = False
    for line in lines:
        if not inside and _FENCE.fullmatch(line):
            fenced = not fenced
        if fenced:
            yield line
            continue
        kept, inside = _outside(line, inside)
        if kept.strip() or not (inside or _COMMENT_END in line):
            yield kept


def _outside(line: str, inside: bool) -> tuple[str, bool]:
    kept = []
    while line:
        before, mark, line = line.partition(_COMMENT_END if inside else _COMMENT_START)
        if not inside:
            kept.append(before)
        if mark:
            inside = not inside
    return "".join(kept), inside


def _items(lines: Sequence[str]) -> Iterator[str | Rows]:
    index = 0
    while index < len(lines):
        if fence := _FENCE.fullmatch(lines[index]):
            end = _fence_end(lines, index + 1, fence["mark"])
            yield from lines[index + 1 : end]
            index = end + 1
        elif height := _table_height(lines, index):
            yield _table(lines[index : index + height])
            index += height
        else:
            if not _is_mark(lines, index):
                yield _words(lines[index])
            index += 1


def _fence_end(lines: Sequence[str], start: int, mark: str) -> int:
    """The index of the line that closes a fence, or of the end."""
    return next((index for index in range(start, len(lines)) if lines[index].strip().startswith(mark)), len(lines))


def _is_mark(lines: Sequence[str], index: int) -> bool:
    """Whether a line only underlines the one above it or separates parts."""
    line = lines[index]
    underlines = index > 0 and lines[index - 1].strip() != "" and _UNDERLINE.fullmatch(line) is not None
    return underlines or _BREAK.fullmatch(line) is not None


def _table_height(lines: Sequence[str], index: int) -> int:
    """How many lines the table beginning here has, 0 where none does: a header, a rule of as many columns, rows."""
    if index + 1 >= len(lines) or "|" not in lines[index] or not _RULE.fullmatch(lines[index + 1]):
        return 0
    if len(_split(lines[index])) != len(_split(lines[index + 1])):
        return 0
    height = 2
    while index + height < len(lines) and "|" in lines[index + height]:
        height += 1
    return height


def _table(lines: Sequence[str]) -> Rows:
    rows = [_split(line) for line in (lines[0], *lines[2:])]
    return Rows([[Cell(_words(cell)) for cell in row[: MAX_COLUMNS + 1]] for row in rows], header_rows=1)


def _split(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [cell.strip() for cell in _CELL_END.split(inner)]


def _words(line: str) -> str:
    """A line without the marks of Markdown; what is escaped stays as its character."""
    if heading := _HEADING.fullmatch(line):
        line = _CLOSING.sub("", heading["text"])
    line = _QUOTE.sub("", line, count=1) if line.lstrip().startswith(">") else line
    line = _BULLET.sub(r"\g<indent>", line, count=1) if _BULLET.match(line) else line
    line = _STRUCK.sub("", line)
    line = _LINE_END.sub("\n", _LINK.sub(r"\g<text>", _IMAGE.sub(r"\g<text>", line)))
    for pattern in (_STRONG, _EMPHASIS, _CODE):
        line = pattern.sub(r"\g<text>", line)
    return _ESCAPED.sub(r"\1", line).strip()


def _attachments(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        for link in _LINK.finditer(line):
            if _ATTACHMENT.search(link["target"]):
                yield link["text"]
