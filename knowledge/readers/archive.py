"""Parts of Office files: a checked archive, and XML that can neither explode nor reach out of the file."""

from __future__ import annotations

from collections import Counter

from lxml import etree

from core.archive import Archive, Limits, open_checked
from knowledge.readers.errors import TruncatedFile, XmlEntity, ZipBomb

__all__ = ["MAX_XML", "Archive", "Limits", "open_checked", "parse_xml", "read_xml"]

MAX_XML = 48 * 2**20
"""Bytes of one XML part; its tree takes about ten times as much."""
_DECLARATIONS = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("ascii", "utf-16-le", "utf-16-be")
)


def read_xml(archive: Archive, name: str) -> etree._Element:
    """The root of an XML part. Raises KeyError (no such part), XmlEntity, ZipBomb, TruncatedFile.

    A part that is there twice is refused: programs disagree on which of the two counts.
    """
    if Counter(archive.names)[name] > 1:
        raise TruncatedFile()
    return parse_xml(archive.read(name))


def parse_xml(data: bytes) -> etree._Element:
    """The root of an XML document without a document type. Raises XmlEntity, ZipBomb (too large), TruncatedFile."""
    if len(data) > MAX_XML:
        raise ZipBomb()
    if any(declaration in data for declaration in _DECLARATIONS):
        raise XmlEntity()
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        raise TruncatedFile() from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlEntity()
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
