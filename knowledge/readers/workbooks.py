"""Workbooks (.xlsx): what the cells of each sheet show, without what is hidden."""

from __future__ import annotations

from decimal import Decimal

from openpyxl.utils.cell import get_column_letter, range_boundaries  # type: ignore[import-untyped]

from firms import cells, xlsx
from knowledge.readers import office_wording as wording
from knowledge.readers.blocks import Block
from knowledge.readers.errors import EncryptedFile, TruncatedFile
from knowledge.readers.number_formats import shown
from knowledge.readers.sheet_blocks import MAX_COLUMNS, MAX_ROWS, Area, Noticed, Texts, is_scientific, sheet_blocks
from knowledge.readers.tables import TableTooLarge

_EXACT_DIGITS = 15  # a spreadsheet's number holds no more


def read_book(data: bytes, seen: Noticed) -> list[Block]:
    """The lines and tables of all sheets that are shown. Raises EncryptedFile, TruncatedFile, TableTooLarge."""
    blocks: list[Block] = []
    sheets = _sheets(data)
    for sheet in sheets:
        if sheet.hidden:
            if sheet.rows:
                seen.hidden.append(wording.HIDDEN_SHEET.format(name=sheet.name))
            continue
        where = f"{sheet.name}!" if len(sheets) > 1 else ""
        seen.unsaved += [where + cell for cell in sheet.unsaved]
        blocks += sheet_blocks(_sheet_texts(sheet, where, seen), _areas(sheet), sheet.name)
    return blocks


def _sheets(data: bytes) -> list[xlsx.Sheet]:
    try:
        return xlsx.read_all(data, max_rows=MAX_ROWS, max_columns=MAX_COLUMNS)
    except xlsx.EncryptedTable as error:
        raise EncryptedFile() from error
    except xlsx.TableTooLarge as error:
        raise TableTooLarge() from error
    except xlsx.DamagedTable as error:
        raise TruncatedFile() from error


def _sheet_texts(sheet: xlsx.Sheet, where: str, seen: Noticed) -> Texts:
    """What the cells of a sheet show, without hidden rows and columns."""
    texts: Texts = {}
    for row, found in sorted(sheet.rows.items()):
        if row in sheet.hidden_rows:
            seen.hidden.append(where + wording.HIDDEN_ROW.format(name=row))
            continue
        line: dict[int, str] = {}
        for column, cell in sorted(found.items()):
            name = get_column_letter(column + 1)
            if column in sheet.hidden_columns:
                seen.hidden.append(where + wording.HIDDEN_COLUMN.format(name=name))
            elif cell.broken:
                seen.broken.append(f"{where}{name}{row}")
            elif text := shown(cell):
                line[column] = text
                if _lost_digits(cell):
                    seen.scientific.append(f"{where}{name}{row}")
        if line:
            texts[row] = line
    return texts


def _lost_digits(cell: cells.Cell) -> bool:
    """Whether a long number was rounded by a spreadsheet, which keeps 15 digits."""
    if isinstance(cell.value, Decimal):
        return cell.value.adjusted() >= _EXACT_DIGITS
    return isinstance(cell.value, str) and is_scientific(cell.value.strip())


def _areas(sheet: xlsx.Sheet) -> list[Area]:
    areas = []
    for reference in sheet.merged:
        left, top, right, bottom = range_boundaries(reference)
        columns = [column for column in range(left - 1, right) if column not in sheet.hidden_columns]
        rows = [row for row in sheet.hidden_rows if top <= row <= bottom]
        if columns and len(rows) < bottom - top + 1 and (left - 1) == columns[0] and top not in rows:
            areas.append(Area(top, bottom, columns[0], columns[-1]))
    return areas
