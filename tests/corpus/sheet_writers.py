"""Tables as workbooks and as comma separated values."""

from __future__ import annotations

import csv
import io
from random import Random

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.corpus.tree import Document, Table


def workbook(document: Document, random: Random) -> bytes:
    """Each table on a sheet of its own, or all below one another, with merged cells."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "目录"
    apart = random.random() < 0.5
    row = 1
    for index, table in enumerate(document.tables):
        if index and apart:
            sheet, row = book.create_sheet(f"附表{index + 1}"), 1
        row = _write(sheet, table, row) + 2
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _write(sheet: Worksheet, table: Table, row: int) -> int:
    """Write from a row on; the row below the table."""
    width = len(table.filled()[0])
    for text in (table.caption, table.unit):
        if text:
            sheet.cell(row, 1, text)
            sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)
            row += 1
    taken: set[tuple[int, int]] = set()
    for cells in table.rows:
        column = 1
        for cell in cells:
            while (row, column) in taken:
                column += 1
            sheet.cell(row, column, cell.text)
            last_row, last_column = row + cell.rowspan - 1, column + cell.colspan - 1
            taken |= {(r, c) for r in range(row, last_row + 1) for c in range(column, last_column + 1)}
            if (last_row, last_column) != (row, column):
                sheet.merge_cells(start_row=row, end_row=last_row, start_column=column, end_column=last_column)
        row += 1
    return row


def comma_separated(document: Document, random: Random) -> bytes:
    """The document's one table, header first."""
    out = io.StringIO()
    csv.writer(out).writerows(document.tables[0].filled())
    return out.getvalue().encode(random.choice(("utf-8", "utf-8-sig", "gb18030")))
