"""Pages of government sites: the document in them, without navigation, scripts and hidden text."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Sequence
from itertools import islice

from lxml import etree, html

from core.text import clean, fold, squeeze
from knowledge.readers.cleaning import warned
from knowledge.readers.errors import MAX_CHARS, EmptyFile, TextTooLong, UnreadableFile
from knowledge.readers.html_body import Block, body_of, remove_noise
from knowledge.readers.html_hidden import remove_unseen
from knowledge.readers.html_lines import Line, folded, lines_of
from knowledge.readers.plain import decode
from knowledge.readers.tables import Rows, written
from knowledge.reading import Reading

_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")
_TITLES = ("ArticleTitle", "articletitle", "title")
_SITE = re.compile(r"\s*[-_—|–]+\s*")
_SHORTEST_TITLE = 6
_MOST_ELEMENTS = 400_000


def read(data: bytes) -> Reading:
    """The document in a page: its lines and tables, with `title` and the names of attachments in `links`.

    Charsets declared wrongly do not matter: the bytes decide. Warnings: `hidden_text`, `struck_text`,
    `truncated`.
    Raises EmptyFile, UnreadableFile, TextTooLong.
    """
    decoded = decode(data)
    reading = _read(decoded.text)
    return warned(reading, "truncated") if decoded.cut or _is_cut(decoded.text) else reading


def read_mhtml(data: bytes) -> Reading:
    """The page in a web archive (.mht), whose pictures and styles are left out. Raises as `read` does."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            content = part.get_payload(decode=True)
            return read(content if isinstance(content, bytes) else b"")
    raise UnreadableFile()


def _read(text: str) -> Reading:
    root = _parsed(text)
    named = _named(root)
    hidden, struck = remove_unseen(root), _remove_struck(root)
    title = _title(root, named)
    remove_noise(root)
    body = body_of(list(lines_of(root)), title)
    grown = written(map(_item, body))
    reading = Reading(
        text=grown.text(),
        format="html",
        title=title,
        tables=tuple(grown.tables),
        links=tuple(dict.fromkeys(name for block in body for name in block.links)),
        body=sum(map(_counted, body)),
    )
    reading = warned(reading, "hidden_text") if hidden else reading
    return warned(reading, "struck_text") if struck else reading


def _remove_struck(root: etree._Element) -> bool:
    """Take out what is crossed out; whether there was any."""
    struck = [element for element in root.iter("del", "s", "strike") if squeeze("".join(element.itertext()))]
    for element in struck:
        if element.getparent() is not None:
            element.drop_tree()
    return bool(struck)


def _parsed(text: str) -> etree._Element:
    """The tree of a page; no address is followed. Raises EmptyFile, UnreadableFile (nested too deep), TextTooLong."""
    parser = html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    text = clean(text)
    declaration = _DECLARATION.match(text)
    try:
        root = html.document_fromstring(text[declaration.end() :] if declaration else text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise EmptyFile() from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableFile()
    if sum(1 for _ in islice(root.iter(), _MOST_ELEMENTS + 1)) > _MOST_ELEMENTS:
        raise TextTooLong()
    if len(squeeze("".join(root.itertext()))) > MAX_CHARS:
        raise TextTooLong()
    return root


def _is_cut(text: str) -> bool:
    """Whether a page ends before its end: inside a tag, or without the closing tag that belongs to it."""
    lowered = text[-4000:].lower()
    if lowered.rfind("<") > lowered.rfind(">"):
        return True
    return "<html" in text[:4000].lower() and "</html" not in lowered


def _named(root: etree._Element) -> list[str]:
    """What the page's head says that it is called, without the name of the site."""
    metas = [meta.get("content") or "" for name in _TITLES for meta in root.iter("meta") if meta.get("name") == name]
    titles = ["".join(found.itertext()) for found in root.iter("title")]
    return [name for given in metas + titles if (name := _SITE.split(folded(given))[0])]


def _title(root: etree._Element, named: Sequence[str]) -> str | None:
    """The heading of the document: the first-level heading that the head names too, else the last, else the name."""
    headings = [text for found in root.iter("h1") if len(text := folded("".join(found.itertext()))) >= 2]
    known = [squeeze(fold(name)) for name in named]
    for heading in headings:
        if squeeze(fold(heading)) in known:
            return heading
    if headings:
        return headings[-1]
    return next((name for name in named if len(name) >= _SHORTEST_TITLE), None)


def _item(block: Block) -> str | Rows:
    return block.text if isinstance(block, Line) else Rows(block.rows, block.caption)


def _counted(block: Block) -> int:
    if isinstance(block, Line):
        return len(squeeze(block.text))
    return len(squeeze(block.caption)) + sum(len(squeeze(cell.text)) for row in block.rows for cell in row)
