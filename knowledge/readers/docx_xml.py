"""Names and small readings of WordprocessingML, the same for transitional and strict files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TypeAlias

from lxml import etree

from core.text import clean, squeeze

Element: TypeAlias = etree._Element

_FAMILIES = {
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    ),
    "http://purl.oclc.org/ooxml/officeDocument/math": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "http://purl.oclc.org/ooxml/drawingml/main": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "http://purl.oclc.org/ooxml/drawingml/diagram": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
}
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_LINE_ENDS = re.compile(r"[\t\n\r]+")
_GONE = frozenset(
    {
        "del",
        "moveFrom",
        "rt",
        "pPr",
        "rPr",
        "sdtPr",
        "sdtEndPr",
        "smartTagPr",
        "customXmlPr",
        "sectPr",
        "tblPr",
        "tblGrid",
    }
)
_OFF = frozenset({"0", "false", "off"})


@cache
def w(name: str) -> str:
    """The full name of an element or attribute of the main namespace."""
    return _W + name


def r(name: str) -> str:
    """The full name of an attribute that refers to another part."""
    return _R + name


def m(name: str) -> str:
    """The full name of an element of Office's formulas."""
    return _M + name


def transitional(root: Element) -> Element:
    """The tree with the names of the strict variant changed to the usual ones, in place."""
    if not any(family in _FAMILIES for family in root.nsmap.values()):
        return root
    for element in root.iter(etree.Element):
        element.tag = _renamed(str(element.tag))
        if any(_family(str(name)) in _FAMILIES for name in element.attrib):
            renamed = {_renamed(str(name)): value for name, value in element.attrib.items()}
            element.attrib.clear()
            element.attrib.update(renamed)
    return root


def _family(name: str) -> str:
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def _renamed(name: str) -> str:
    family = _family(name)
    return f"{{{_FAMILIES[family]}}}{name.rpartition('}')[2]}" if family in _FAMILIES else name


def local(element: Element) -> str:
    """The name without its namespace; empty for comments and processing instructions."""
    tag = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(4096)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def value(element: Element | None, name: str, attribute: str = "val") -> str | None:
    """An attribute of a child (`<w:numId w:val="3"/>` -> "3"), None without child or attribute."""
    child = None if element is None else element.find(w(name))
    return None if child is None else child.get(w(attribute))


def number(element: Element | None, name: str) -> int | None:
    """The whole number in a child's `w:val`, None where there is none."""
    return whole(value(element, name))


def whole(text: str | None) -> int | None:
    """A whole number of at most nine digits, None for anything else."""
    plain = (text or "").strip()
    return int(plain) if len(plain) <= 10 and plain.removeprefix("-").isdecimal() else None


def switch(element: Element | None, name: str) -> bool | None:
    """A property that is on or off (`<w:vanish/>`), None where it is not said."""
    child = None if element is None else element.find(w(name))
    if child is None:
        return None
    return child.get(w("val"), "1").lower() not in _OFF


def alternative(content: Element) -> Element | None:
    """What stands for an `mc:AlternateContent`: its first choice that has something in it, else its fallback."""
    options = [child for child in content if local(child) in ("Choice", "Fallback")]
    filled = [child for child in options if len(child)]
    return next((child for child in filled if local(child) == "Choice"), filled[0] if filled else None)


def children(element: Element) -> Iterator[Element]:
    """The child elements, with `mc:AlternateContent` replaced by what stands for it."""
    for child in element:
        if local(child) == "AlternateContent":
            chosen = alternative(child)
            if chosen is not None:
                yield from children(chosen)
        elif local(child):
            yield child


def live(root: Element, *names: str) -> Iterator[Element]:
    """The elements of these full names below one, in their order, without what is deleted, moved away or shown twice.

    What is inside an element that is given out is not looked at.
    """
    wanted = frozenset(names)
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element.tag in wanted:
            yield element
        elif not is_gone(element):
            waiting.extend(reversed([*children(element)]))


def is_gone(element: Element) -> bool:
    """Whether an element is no part of the text once all tracked changes are accepted, or only describes it."""
    name = local(element)
    if name in _GONE:
        return True
    if name == "tr":
        return element.find(f"{w('trPr')}/{w('del')}") is not None
    return name == "tc" and element.find(f"{w('tcPr')}/{w('cellDel')}") is not None


def text_of(element: Element) -> str:
    """The characters of a text element as Word shows them: outer blanks count only where the file says so."""
    text = clean(_LINE_ENDS.sub(" ", element.text or ""))
    return text if element.get(_SPACE) == "preserve" else text.strip(" ")


def visible(root: Element) -> int:
    """Visible characters of all live text elements at or below one, hidden ones too."""
    return sum(len(squeeze(text_of(found))) for found in live(root, w("t"), m("t")))
