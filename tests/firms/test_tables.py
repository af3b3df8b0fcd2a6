"""Tables are read by what they hold: encodings, separators, headers, units, merged cells; never misread."""

from __future__ import annotations

import contextlib
import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firms import cells, tables, xlsx
from firms.tables import (
    BadTable,
    DamagedTable,
    DuplicateColumn,
    EncryptedTable,
    Known,
    NoHeader,
    Table,
    TableTooLarge,
    UnknownEncoding,
)
from tests.firms.files import csv_bytes, handmade, with_part, with_stored_value, xlsx_bytes

KNOWN = (
    Known("name", ("企业名称", "公司名称")),
    Known("code", ("信用代码",)),
    Known("revenue", ("主营业务收入", "主营收入"), cells.MONEY, yearly=True),
    Known("ratio", ("资产负债率",), cells.PERCENT),
)
ROWS = [
    ["企业名称", "信用代码", "主营业务收入(万元)"],
    ["示例甲有限公司", "A1", "2600"],
    ["示例乙有限公司", "B2", "3.5"],
]


def read(data: bytes) -> Table:
    return tables.read(data, KNOWN)


def texts(table: Table) -> list[list[str | None]]:
    return [[cells.plain(row.cell(column)) for column in table.columns] for row in table.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_every_encoding_and_separator_gives_the_same_table(encoding: str, separator: str) -> None:
    table = read(csv_bytes(ROWS, encoding, separator))
    assert [column.known.key for column in table.columns] == ["name", "code", "revenue"]
    assert texts(table) == ROWS[1:]
    assert [row.number for row in table.rows] == [2, 3]
    assert table.notices == ()


def test_rare_characters_of_gb18030_survive() -> None:
    rows = [ROWS[0], ["示例㐂𠮷䶮有限公司", "A1", "1"]]
    assert texts(read(csv_bytes(rows, "gb18030")))[0][0] == "示例㐂𠮷䶮有限公司"


def test_xlsx_gives_the_same_table_as_csv() -> None:
    assert texts(read(xlsx_bytes(ROWS))) == ROWS[1:]


@given(
    st.lists(
        st.tuples(
            st.text(
                st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zs", "Zl", "Zp", "Cf")),
                min_size=1,
                max_size=20,
            ),
            st.text("0123456789ABC", min_size=1, max_size=18),
            st.decimals(min_value=0, max_value=10**9, places=2).map(lambda number: f"{number:f}"),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
)
def test_what_is_written_to_csv_is_read_back(rows: list[tuple[str, str, str]], encoding: str) -> None:
    table = read(csv_bytes([ROWS[0], *rows], encoding))
    assert texts(table) == [list(row) for row in rows]


def test_a_file_in_no_known_encoding_is_refused_by_name() -> None:
    data = "企业名称,信用代码\n".encode() + b"\xff\xff\xfe,1\n"
    with pytest.raises(UnknownEncoding, match="GB18030"):
        read(data)


def test_mojibake_names_the_encoding_it_was_read_in() -> None:
    data = "企业名称,信用代码\nx".encode() + b"\xd6\n"  # UTF-8 that is torn: GB18030 can read it, as nonsense
    with pytest.raises((NoHeader, UnknownEncoding), match="GB18030"):
        read(data)


# --- header ---


def test_titles_above_the_header_are_skipped_and_rows_count_from_the_header() -> None:
    table = read(csv_bytes([["示例区企业名单"], [], *ROWS]))
    assert [row.number for row in table.rows] == [2, 3]
    assert "2 行" in table.notices[0]


def test_blank_rows_are_no_rows_but_are_counted() -> None:
    table = read(csv_bytes([ROWS[0], [], ["", " ", ""], ROWS[1]]))
    assert [row.number for row in table.rows] == [4]


@pytest.mark.parametrize(
    ("header", "unit", "year"),
    [
        ("主营业务收入", None, None),
        ("主营业务收入（万元）", "万元", None),
        ("主营业务收入 ( 元 )", "元", None),
        ("2025年主营业务收入(亿元)", "亿元", 2025),
        ("2025 年 主营收入（单位：万元）", "万元", 2025),
        ("２０２５年度主营业务收入", None, 2025),
        ("主营业务收入（2024年）", None, 2024),
        ("主营业务收入(万元)*", "万元", None),
    ],
)
def test_headers_are_read_with_their_unit_and_year(header: str, unit: str | None, year: int | None) -> None:
    table = read(csv_bytes([["企业名称", header], ["示例", "1"]]))
    (column,) = table.having("revenue")
    assert (column.unit, column.year) == (unit, year)


@pytest.mark.parametrize(
    "header", ["主营业务收入(百美元)", "主营业务收入(万吨)", "2025年资产负债率", "企业诨名", "资产负债率(万元)"]
)
def test_a_column_of_another_unit_or_name_is_left_out_and_named(header: str) -> None:
    table = read(csv_bytes([["企业名称", "信用代码", header], ["示例", "A", "1"]]))
    assert len(table.columns) == 2
    assert header in table.notices[0]


def test_a_remark_in_brackets_behind_a_text_column_is_no_unit() -> None:
    assert read(csv_bytes([["企业名称（全称）", "信用代码(18位)"], ["示例", "A"]])).notices == ()


def test_two_columns_of_one_meaning_are_an_error() -> None:
    with pytest.raises(DuplicateColumn, match="主营收入"):
        read(csv_bytes([["企业名称", "主营业务收入", "主营收入(元)"], ["示例", "1", "2"]]))


def test_years_make_columns_different() -> None:
    table = read(
        csv_bytes([["企业名称", "2024年主营业务收入", "2025年主营业务收入", "主营业务收入"], ["示例", "1", "2", "3"]])
    )
    assert [column.year for column in table.having("revenue")] == [2024, 2025, None]


def test_a_unit_above_the_header_holds_for_all_amounts_of_money() -> None:
    table = read(csv_bytes([["名单", "单位：元"], ["企业名称", "主营业务收入", "资产负债率"], ["示例", "1", "2"]]))
    assert table.having("revenue")[0].unit == "元"
    assert table.having("ratio")[0].unit is None


def test_a_repeated_header_is_no_row() -> None:
    table = read(csv_bytes([*ROWS, ROWS[0], ROWS[1]]))
    assert [row.number for row in table.rows] == [2, 3, 5]


@pytest.mark.parametrize("data", [b"", b"\n\n", "企业名称\n示例".encode(), "甲,乙\n1,2".encode(), b"%PDF-1.7 abc"])
def test_without_two_known_names_there_is_no_table(data: bytes) -> None:
    with pytest.raises(NoHeader):
        read(data)


# --- damage ---


def test_a_row_with_more_cells_than_the_header_is_marked() -> None:
    table = read('企业名称,主营业务收入\n示例甲,2,000.5\n示例乙,"2,000.5"\n'.encode())
    assert [row.surplus for row in table.rows] == [True, False]


def test_an_open_quote_does_not_swallow_rows() -> None:
    with pytest.raises(DamagedTable, match="引号"):
        read('企业名称,信用代码\n"示例甲,A\n示例乙,B\n'.encode())


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"PK\x03\x04 not a zip", DamagedTable),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, BadTable),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), EncryptedTable),
        (xlsx_bytes(ROWS)[:-400], DamagedTable),
        (xlsx_bytes(ROWS)[:2000], DamagedTable),
        (b"x" * (tables.MAX_BYTES + 1), TableTooLarge),
    ],
)
def test_what_cannot_be_opened_is_refused_with_a_word(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        read(data)
    assert str(caught.value)


def test_every_damaged_byte_gives_a_table_or_a_refusal() -> None:
    data = xlsx_bytes(ROWS)
    for place in range(0, len(data), max(1, len(data) // 300)):
        broken = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        with contextlib.suppress(BadTable, DamagedTable, EncryptedTable, TableTooLarge):
            read(broken)


def _zip(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _zip_of_zeros()
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("a member was unpacked"))
    with pytest.raises(DamagedTable, match="解压"):
        read(bomb)


def _zip_of_zeros() -> bytes:
    """Declares 200 MB in one member; its data is a part of that, which is enough for a header."""
    data = bytearray(_zip({"xl/worksheets/sheet1.xml": b"0" * 1000}))
    size = (200 * 2**20).to_bytes(4, "little")
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = size
    return bytes(data)


def test_too_many_members_are_refused() -> None:
    with pytest.raises(DamagedTable, match="过多"):
        read(_zip({f"part{number}": b"" for number in range(xlsx.LIMITS.members + 1)}, zipfile.ZIP_STORED))


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    data = with_part(xlsx_bytes(ROWS), "xl/worksheets/sheet1.xml", lambda xml: bomb + xml)
    with pytest.raises(DamagedTable):
        read(data)


def test_a_word_file_is_no_table() -> None:
    relation = '<Relationship Id="r1" Type="http://x/officeDocument" Target="word/document.xml"/>'
    rels = f"<Relationships>{relation}</Relationships>".encode()
    empty = b"<Relationships/>"
    data = _zip({"_rels/.rels": rels, "word/document.xml": b"<w/>", "word/_rels/document.xml.rels": empty})
    with pytest.raises(DamagedTable, match="工作表"):
        read(data)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_twenty_thousand_rows_are_read_and_one_more_is_not(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 50)
    make: Any = csv_bytes if kind == "csv" else xlsx_bytes
    row = ["示例", "A", "1"]
    assert len(read(make([ROWS[0], *[row] * 50])).rows) == 50
    with pytest.raises(TableTooLarge, match="50 行"):
        read(make([ROWS[0], *[row] * 51]))
    assert tables.MAX_COLUMNS == 300


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_three_hundred_columns_are_read_and_one_more_is_not(kind: str) -> None:
    make: Any = csv_bytes if kind == "csv" else xlsx_bytes
    filler = [f"列{number}" for number in range(298)]
    assert len(read(make([["企业名称", "信用代码", *filler], ["示例", "A"]])).rows) == 1
    with pytest.raises(TableTooLarge, match="300 列"):
        read(make([["企业名称", "信用代码", *filler, "多"], ["示例", "A"]]))


# --- XLSX only ---


def test_a_merged_cell_counts_for_every_row_it_covers() -> None:
    rows = [ROWS[0], ["示例甲", "共用", "1"], ["示例乙", None, "2"], ["示例丙", None, "3"], ["示例丁", None, "4"]]
    table = read(xlsx_bytes(rows, lambda sheet: sheet.merge_cells("B2:B4")))
    assert [row[1] for row in texts(table)] == ["共用", "共用", "共用", None]


def test_a_merged_title_and_a_merged_header_are_one_header() -> None:
    def merge(sheet: Any) -> None:
        sheet.merge_cells("A1:C1")
        for letter in "ABC":
            sheet.merge_cells(f"{letter}2:{letter}3")

    table = read(xlsx_bytes([["名单"], ROWS[0], [None, None, None], ROWS[1]], merge))
    assert texts(table) == [ROWS[1]]


def test_a_formula_counts_as_its_stored_value() -> None:
    data = with_stored_value(xlsx_bytes([ROWS[0], ["示例", "A", "=1000*2"]]), "C2", "2000")
    table = read(data)
    assert texts(table)[0][2] == "2000"
    assert table.notices == ()


def test_a_formula_without_a_stored_value_is_unknown_and_named() -> None:
    table = read(xlsx_bytes([ROWS[0], ["示例", "A", "=1000*2"]]))
    assert texts(table)[0][2] is None
    assert "C2" in table.notices[0]


def test_an_error_value_cannot_be_read() -> None:
    data = with_stored_value(xlsx_bytes([ROWS[0], ["示例", "A", "=1/0"]]), "C2", "#DIV/0!")
    data = with_part(data, "xl/worksheets/sheet1.xml", lambda xml: xml.replace('<c r="C2">', '<c r="C2" t="e">'))
    (row,) = read(data).rows
    with pytest.raises(cells.BrokenCell):
        cells.plain(row.cells[2])


def test_numbers_keep_their_shortest_decimal_and_percents_their_format() -> None:
    def shape(sheet: Any) -> None:
        sheet["D2"].number_format = "0.00%"

    header = [*ROWS[0], "资产负债率(%)"]
    table = read(xlsx_bytes([header, ["示例", 12345, 1.1, 0.485]], shape))
    (row,) = table.rows
    assert row.cells[2].value == Decimal("1.1")
    assert cells.number(row.cells[3], cells.PERCENT) == Decimal("48.5")
    assert cells.code(row.cells[1]) == "12345"


STRINGS = (
    "<si><t>企业名称</t></si><si><t>信用代码</t></si>"
    '<si><r><t>示例</t></r><r><t>甲_x005F_乙</t></r><rPh sb="0" eb="1"><t>ノイズ</t></rPh></si>'
)
HEAD = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_shared_strings_are_whole_and_namespaces_do_not_matter(prefix: str) -> None:
    data = handmade(
        HEAD + '<row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3"><v>1.1000000000000001</v></c></row>',
        STRINGS,
        prefix=prefix,
    )
    table = read(data)
    assert texts(table) == [["示例甲_乙", "1.1"]]
    assert table.rows[0].number == 3


@pytest.mark.parametrize(
    ("style", "book", "day"),
    [
        (31, "", "2019-03-01"),
        (14, "", "2019-03-01"),
        (57, "", "2019-03-01"),
        (14, '<workbookPr date1904="1"/>', "2023-03-02"),
    ],
)
def test_dates_are_dates_in_chinese_formats_and_in_both_calendars(style: int, book: str, day: str) -> None:
    row = '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" s="1"><v>43525</v></c></row>'
    styles = f'<cellXfs><xf numFmtId="0"/><xf numFmtId="{style}"/></cellXfs>'
    assert texts(read(handmade(HEAD + row, STRINGS, styles, book=book)))[0][1] == day


def test_own_formats_tell_percents_and_dates() -> None:
    row = '<row r="2"><c r="A2" s="1"><v>43525</v></c><c r="B2" s="2"><v>0.485</v></c></row>'
    dates = '<numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/>'
    own = f'<numFmts>{dates}<numFmt numFmtId="177" formatCode="0.0%"/></numFmts>'
    styles = own + '<cellXfs><xf numFmtId="0"/><xf numFmtId="176"/><xf numFmtId="177"/></cellXfs>'
    (found,) = read(handmade(HEAD + row, STRINGS, styles)).rows
    assert cells.day(found.cells[0]) == date(2019, 3, 1)
    assert cells.number(found.cells[1], cells.PERCENT) == Decimal("48.5")


@pytest.mark.parametrize(
    "sheet",
    [
        HEAD + '<row r="2"><c r="A2" t="s"><v>99</v></c></row>',
        HEAD + '<row r="2"><c r="A2" s="1"><v>1e999</v></c></row><row><c r="ZZZZ1"><v>1</v></c></row>',
        HEAD + '<row r="x"/>',
        HEAD + '<row r="2"><c r="A2"><v>zwei</v></c></row>',
        HEAD + '<row r="2"><c r="A0"><v>1</v></c></row>',
    ],
)
def test_nonsense_in_a_sheet_is_refused(sheet: str) -> None:
    with pytest.raises(DamagedTable):
        read(handmade(sheet, STRINGS))


def test_a_formula_whose_result_is_no_text_is_empty_without_a_notice() -> None:
    row = '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" t="str"><f>IF(1,"",2)</f><v></v></c></row>'
    table = read(handmade(HEAD + row, STRINGS))
    assert texts(table)[0][1] is None
    assert table.notices == ()


def test_many_merged_cells_and_far_rows_take_no_time() -> None:
    row = '<row r="1048576"><c r="A1048576" t="s"><v>2</v></c></row>'
    data = handmade(HEAD + row, STRINGS)
    merged = "".join(f'<mergeCell ref="B{n}:B1048576"/>' for n in range(1, 50))
    data = with_part(data, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("</worksheet>", f"{merged}</worksheet>"))
    assert len(read(data).rows) == 1


def test_only_the_first_sheet_is_read() -> None:
    def second(sheet: Any) -> None:
        sheet.parent.create_sheet("别的").append(["企业名称", "信用代码"])

    assert len(read(xlsx_bytes(ROWS, second)).rows) == 2
