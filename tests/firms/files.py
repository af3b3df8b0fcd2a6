"""Small tables made for tests, as bytes. All firms are invented (示例); region 000099 of their codes does not exist."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from stdnum.cn import uscc

HEADER = ("企业名称", "统一社会信用代码", "所在地")


def credit_code(number: int) -> str:
    """An invented code with the right check character."""
    body = f"91000099MA{number:07d}"
    return body + uscc.calc_check_digit(body)


def csv_bytes(rows: Iterable[Sequence[Any]], encoding: str = "utf-8", separator: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: Iterable[Sequence[Any]], change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook with these rows; `change` is given the sheet before it is saved."""
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_part(data: bytes, part: str, replace: Callable[[str], str]) -> bytes:
    """The same workbook with one part of it rewritten."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, replace(content.decode()).encode() if name == part else content)
    return stream.getvalue()


def with_stored_value(data: bytes, cell: str, value: str) -> bytes:
    """The workbook with a stored value for the formula in a cell, as Excel saves it."""
    pattern = re.compile(rf'(<c r="{cell}"[^>]*><f>[^<]*</f>)<v\s*/?>(?:</v>)?')
    return with_part(data, "xl/worksheets/sheet1.xml", lambda xml: pattern.sub(rf"\1<v>{value}</v>", xml))


def handmade(sheet: str, strings: str = "", styles: str = "", *, book: str = "", prefix: str = "") -> bytes:
    """A workbook as Excel and WPS write it: shared strings, styles by number; `prefix` before every element's name."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def relations(*pairs: tuple[str, str]) -> str:
        items = "".join(f'<Relationship Id="r{n}" Type="{kind}/{t}" Target="{p}"/>' for n, (t, p) in enumerate(pairs))
        return f"<Relationships>{items}</Relationships>"

    parts = {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": relations(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")
        ),
        "xl/workbook.xml": f'<workbook>{book}<sheets><sheet name="名单" r:id="r0"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{sheet}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst>{strings}</sst>",
        "xl/styles.xml": f"<styleSheet>{styles}</styleSheet>",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            xml = re.sub(r"<(/?)([a-zA-Z])", rf"<\1{prefix}\2", content) if prefix else content
            archive.writestr(name, xml)
    return stream.getvalue()
