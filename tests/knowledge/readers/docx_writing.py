"""Word files for the tests, written as raw XML: short words for what a reader has to understand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

TRANSITIONAL = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
}
STRICT = {
    "w": "http://purl.oclc.org/ooxml/wordprocessingml/main",
    "r": "http://purl.oclc.org/ooxml/officeDocument/relationships",
    "m": "http://purl.oclc.org/ooxml/officeDocument/math",
}
_SHARED = {
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
}
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def docx(
    body: str,
    *,
    numbering: str = "",
    styles: str = "",
    footnotes: str = "",
    endnotes: str = "",
    links: Mapping[str, str] | None = None,
    parts: Mapping[str, tuple[str, str]] | None = None,
    extra: Mapping[str, bytes] | None = None,
    spaces: Mapping[str, str] = TRANSITIONAL,
    root: str = "",
) -> bytes:
    """A Word file with this XML inside `w:body` and in the parts.

    `links` are addresses outside by relationship id, `parts` kinds and names of further parts, `extra` their content.
    """
    own = {"numbering": numbering, "styles": styles, "footnotes": footnotes, "endnotes": endnotes}
    declared = "".join(f' xmlns:{name}="{uri}"' for name, uri in {**spaces, **_SHARED}.items())
    relations = "".join(
        f'<Relationship Id="part_{name}" Type="{spaces["r"]}/{name}" Target="{name}.xml"/>'
        for name, xml in own.items()
        if xml
    ) + "".join(
        f'<Relationship Id="{key}" Type="{spaces["r"]}/hyperlink" Target="{escape(target)}" TargetMode="External"/>'
        for key, target in (links or {}).items()
    )
    relations += "".join(
        f'<Relationship Id="{key}" Type="{spaces["r"]}/{kind}" Target="{name}"/>'
        for key, (kind, name) in (parts or {}).items()
    )
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_MAIN}.{name}+xml"/>' for name, xml in own.items() if xml
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        f'"application/xml"/><Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>'
        f"{overrides}</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="main" Type='
        f'"{spaces["r"]}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
        "word/document.xml": f"<w:document{declared}>{root}<w:body>{body}</w:body></w:document>",
        **{f"word/{name}.xml": f"<w:{name}{declared}>{xml}</w:{name}>" for name, xml in own.items() if xml},
    }
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + text)
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return stored.getvalue()


def t(text: str, properties: str = "") -> str:
    """A run of text."""
    settings = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{settings}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def p(content: str = "", *, style: str = "", num: tuple[str, int] | None = None, mark: str = "", more: str = "") -> str:
    """A paragraph; plain text becomes a run. `num` is (list id, level), `mark` properties of the paragraph's end."""
    inside = content if content.startswith("<") or not content else t(content)
    settings = (
        (f'<w:pStyle w:val="{style}"/>' if style else "")
        + more
        + (f'<w:numPr><w:ilvl w:val="{num[1]}"/><w:numId w:val="{num[0]}"/></w:numPr>' if num else "")
        + (f"<w:rPr>{mark}</w:rPr>" if mark else "")
    )
    return f"<w:p>{f'<w:pPr>{settings}</w:pPr>' if settings else ''}{inside}</w:p>"


def level(
    place: int, text: str, number_format: str = "decimal", *, start: int | None = 1, suffix: str = "", more: str = ""
) -> str:
    """A level of a numbering definition."""
    return (
        f'<w:lvl w:ilvl="{place}">'
        + (f'<w:start w:val="{start}"/>' if start is not None else "")
        + f'<w:numFmt w:val="{number_format}"/>{more}'
        + (f'<w:suff w:val="{suffix}"/>' if suffix else "")
        + f'<w:lvlText w:val="{escape(text)}"/></w:lvl>'
    )


def abstract(identity: int, *levels: str, more: str = "") -> str:
    """A numbering definition."""
    return (
        f'<w:abstractNum w:abstractNumId="{identity}"><w:multiLevelType w:val="multilevel"/>{more}{"".join(levels)}'
        "</w:abstractNum>"
    )


def num(identity: int, definition: int, overrides: str = "") -> str:
    """A list on a definition."""
    return f'<w:num w:numId="{identity}"><w:abstractNumId w:val="{definition}"/>{overrides}</w:num>'


def override(place: int, start: int) -> str:
    """A list's own start of a level."""
    return f'<w:lvlOverride w:ilvl="{place}"><w:startOverride w:val="{start}"/></w:lvlOverride>'


def style(
    identity: str,
    *,
    name: str = "",
    based_on: str = "",
    ppr: str = "",
    rpr: str = "",
    kind: str = "paragraph",
    more: str = "",
) -> str:
    """A style."""
    return (
        f'<w:style w:type="{kind}" w:styleId="{identity}"{more}><w:name w:val="{name or identity}"/>'
        + (f'<w:basedOn w:val="{based_on}"/>' if based_on else "")
        + (f"<w:pPr>{ppr}</w:pPr>" if ppr else "")
        + (f"<w:rPr>{rpr}</w:rPr>" if rpr else "")
        + "</w:style>"
    )


def cell(content: str = "", properties: str = "") -> str:
    """A cell of a table; plain text becomes a paragraph."""
    inside = content if content.startswith("<") else p(content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inside}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    """A row of a table."""
    settings = f"<w:trPr>{properties}</w:trPr>" if properties else ""
    return f"<w:tr>{settings}{''.join(found if found.startswith('<w:tc>') else cell(found) for found in cells)}</w:tr>"


def table(*rows: str, properties: str = "") -> str:
    """A table."""
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr><w:tblGrid/>{''.join(rows)}</w:tbl>"
