"""PDF files are made here: with reportlab, or object by object where a file has to be odd."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib import pdfencrypt
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table as RuledTable

from core.errors import QibanError
from core.text import squeeze
from knowledge.clauses import parse
from knowledge.readers import pdf, pdf_wording
from knowledge.readers.errors import EmptyFile, EncryptedFile, NoText, TruncatedFile, UnreadableFile
from knowledge.reading import Reading

FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
WIDTH, HEIGHT = A4

Draw = Callable[[Canvas], None]


def made(*pages: Draw, **options: object) -> bytes:
    """A file of pages, each drawn by a function."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, **options)
    for draw in pages:
        canvas.setFont(FONT, 14)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def set_lines(lines: Sequence[str], *, x: float = 70, top: float = 780, pitch: float = 22) -> Draw:
    """Lines from the top of a page; one that begins with full-width blanks is indented by as many letters."""

    def draw(canvas: Canvas) -> None:
        for index, line in enumerate(lines):
            indent = len(line) - len(line.lstrip("\u3000"))
            canvas.drawString(x + 14 * indent, top - pitch * index, line.lstrip("\u3000"))

    return draw


def at(x: float, y: float, text: str, size: float = 14) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(FONT, size)
        canvas.drawString(x, y, text)
        canvas.setFont(FONT, 14)

    return draw


def all_of(*draws: Draw) -> Draw:
    def draw(canvas: Canvas) -> None:
        for one in draws:
            one(canvas)

    return draw


def picture(canvas: Canvas) -> None:
    canvas.drawInlineImage(_grey_picture(), 0, 0, WIDTH, HEIGHT)


def _grey_picture() -> object:
    from PIL import Image

    return Image.new("L", (8, 8), 200)


def text_of(*pages: Draw) -> str:
    return pdf.read(made(*pages)).text


def codes(reading: Reading) -> set[str]:
    return {warned.code for warned in reading.warnings}


def written_by_hand(content: bytes, unicode: dict[int, int]) -> bytes:
    """A file of one page with a content stream as given, in a font of one-byte codes for these characters."""
    pairs = "".join(f"<{code:02X}> <{char:04X}>\n" for code, char in unicode.items()).encode()
    table = b"begincmap\n1 begincodespacerange <00> <FF> endcodespacerange\n%d beginbfchar\n" % len(unicode)
    table += pairs + b"endbfchar\nendcmap"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(table), table),
    ]
    data = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return data + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


# Lines and paragraphs


def test_lines_wrapped_by_hand_are_joined_without_breaking_numbers() -> None:
    text = text_of(set_lines([
        "第一条 对营业收入首次突破1000万元、5000", "万元、1", "亿元的企业，分别奖励10万元、50万", "元。",
        "第二条 研发投入占比不低", "于3.5%，其中人工智能（Artificial", "Intelligence）企业不低于5%。",
        "第三条 本细则自2024年1月1日起施行。",
    ]))  # fmt: skip
    assert text.splitlines() == [
        "第一条 对营业收入首次突破1000万元、5000万元、1亿元的企业，分别奖励10万元、50万元。",
        "第二条 研发投入占比不低于3.5%，其中人工智能（Artificial Intelligence）企业不低于5%。",
        "第三条 本细则自2024年1月1日起施行。",
    ]


FULL = "企业应当在规定的期限内提出申请并按照要求提交全部材料不得弄虚作假"


def test_indented_line_begins_a_paragraph_and_a_full_line_goes_on() -> None:
    text = text_of(set_lines(["\u3000\u3000" + FULL[:-2], FULL, "逾期不予受理", "\u3000\u3000" + FULL[:-2], FULL[:10]]))
    assert text.splitlines() == [FULL[:-2] + FULL + "逾期不予受理", FULL[:-2] + FULL[:10]]


def test_reference_at_the_beginning_of_a_wrapped_line_is_no_new_clause() -> None:
    first = "\u3000\u3000第一条 " + FULL[:-7] + "符合"
    text = text_of(set_lines([first, "第三条规定的企业优先支持。", "\u3000\u3000第二条 " + FULL[:-6], FULL, "完。"]))
    assert [line[:3] for line in text.splitlines()] == ["第一条", "第二条"]


def test_paragraph_goes_on_over_the_end_of_a_page_and_each_page_keeps_its_place() -> None:
    reading = pdf.read(made(
        set_lines(["\u3000\u3000第一条 " + FULL[:-6], FULL, "同一企业只享受" + FULL[:-7]]),
        set_lines(["一次奖励。", "\u3000\u3000第二条 由市工信局负责解释。"]),
    ))  # fmt: skip
    first = reading.text.splitlines()[0]
    assert FULL[:-7] + "一次奖励。" in first
    assert reading.text[reading.pages[1] :].startswith("一次奖励。")
    assert reading.page_at(0) == 1
    assert reading.page_at(reading.text.index("第二条")) == 2


def test_article_behind_a_sentence_on_the_same_line_begins_a_line() -> None:
    assert text_of(set_lines(["只享受一次奖励。第三条 本细则自印发之日起施行。"])).splitlines() == [
        "只享受一次奖励。", "第三条 本细则自印发之日起施行。",
    ]  # fmt: skip


def test_hyphen_at_the_end_of_a_line_is_closed_and_words_keep_one_blank() -> None:
    assert text_of(set_lines(["the inter-", "national market for", "new products"])).strip() == (
        "the international market for new products"
    )


def test_drawing_order_does_not_matter() -> None:
    draws = [at(70, 780, "第一条 甲。"), at(70, 758, "第二条 乙。"), at(70, 736, "第三条 丙。")]
    assert text_of(all_of(*reversed(draws))) == text_of(all_of(*draws))


def test_two_columns_are_read_one_after_the_other() -> None:
    articles = [f"第{number}条" for number in (*"一二三四五六七八九十", "十一", "十二", "十三", "十四")]
    full = "材料并且接受监督检查不得弄虚作假骗取"

    def column(labels: list[str], x: float) -> Draw:
        lines = [(f"\u3000\u3000{label} 甲方应当在期限内提出", full, "资金。") for label in labels]
        return set_lines([line for article in lines for line in article], x=x, pitch=18)

    text = text_of(all_of(column(articles[:8], 40), column(articles[8:], 330)))
    assert [line[: line.index(" ")] for line in text.splitlines()] == articles


def test_bold_by_printing_twice_is_read_once() -> None:
    draws = [at(70 + shift, 780, "第一条 奖励1100万元") for shift in (0, 0.4)]
    reading = pdf.read(made(all_of(*draws)))
    assert reading.text == "第一条 奖励1100万元\n"
    assert reading.body == len("第一条奖励1100万元")


def test_letters_set_apart_for_looks_are_one_word() -> None:
    assert text_of(all_of(at(240, 780, "通"), at(300, 780, "知"), at(70, 740, "第一条 甲。"))).splitlines()[0] == "通知"


def test_radicals_and_compatibility_ideographs_become_characters_and_full_width_figures_stay() -> None:
    unicode = {0x41: 0x2F64, 0x42: 0x2F2F, 0x43: 0x2ED3, 0x44: 0xF9B4, 0x45: 0xFF11, 0x46: 0xF0B7}
    data = written_by_hand(b"BT /F1 14 Tf 70 700 Td 4 Tc (ABCDEF) Tj ET", unicode)
    assert squeeze(pdf.read(data).text) == "用工长領１•"


def test_single_characters_of_a_font_that_is_not_there_are_read() -> None:
    draws = [at(70 + 14 * index, 780 - 30 * row, char) for row in (0, 1) for index, char in enumerate("第一条奖励")]
    reading = pdf.read(made(all_of(*draws)))
    assert reading.text.splitlines() == ["第一条奖励"] * 2
    assert reading.body == 10


def test_lines_that_say_the_same_are_all_read() -> None:
    assert text_of(set_lines(["\u3000\u3000" + FULL[:-2], FULL, FULL, FULL])).count(FULL[:-2]) == 4


def test_page_turned_by_a_quarter_reads_like_an_upright_one() -> None:
    def turned(canvas: Canvas) -> None:
        canvas.translate(WIDTH, 0)
        canvas.rotate(90)
        set_lines(["第一条 横排的表。", "第二条 横排的字。"], x=60, top=500)(canvas)

    assert text_of(turned).splitlines() == ["第一条 横排的表。", "第二条 横排的字。"]


# Headers, footers, page numbers


def framed(
    page: int, lines: Sequence[str], header: str = "云岭市人民政府公报 2024年第3期", number: str = "— {} —"
) -> Draw:
    return all_of(at(70, 815, header, 9), set_lines(lines), at(275, 40, number.format(page), 9))


@pytest.mark.parametrize("number", ["— {} —", "- {} -", "第 {} 页 共 3 页", "{}", "{}/3", "Page {} of 3"])
def test_running_headers_and_page_numbers_are_no_text(number: str) -> None:
    pages = [framed(page, [f"\u3000\u3000第{name}条 {FULL}"], number=number) for page, name in enumerate("一二三", 1)]
    reading = pdf.read(made(*pages))
    assert reading.text.splitlines() == [f"第{name}条 {FULL}" for name in "一二三"]
    assert reading.body == len(squeeze(reading.text))


def test_header_does_not_stand_in_a_sentence_that_runs_over_the_page() -> None:
    pages = [framed(1, ["\u3000\u3000" + FULL[:-2], FULL]), framed(2, ["完成申报。", "\u3000\u3000" + FULL[:-2]])]
    assert FULL + "完成申报。" in text_of(*pages).splitlines()[0]


def test_line_like_a_header_that_occurs_once_stays() -> None:
    pages = [framed(page, [f"\u3000\u3000第{name}条 {FULL}"]) for page, name in enumerate("一二三", 1)]
    pages.append(framed(4, ["第四条 甲。"], header="云岭市人民政府公报 2025年第9期"))
    text = text_of(*pages)
    assert "2025年第9期" in text
    assert "2024年第3期" not in text


def test_annexes_that_open_one_page_after_another_are_no_running_header() -> None:
    pages = [all_of(at(70, 790, f"附件{page}"), set_lines([f"申报表之{page}"], top=740)) for page in (1, 2, 3)]
    assert [clause.path for clause in parse(text_of(*pages)) if clause.kind == "annex"] == ["附件1", "附件2", "附件3"]


def test_footnote_stays_and_stands_behind_the_paragraph_that_runs_over_the_page() -> None:
    note = at(70, 60, "[1]以上一年度审计报告为准。", 9)
    body = ["\u3000\u3000" + FULL[:-2], FULL, FULL, FULL]
    text = text_of(all_of(set_lines(body), note), set_lines(["到期为止。", "\u3000\u3000" + FULL[:-2]]))
    lines = text.splitlines()
    assert lines[0] == FULL[:-2] + FULL * 3 + "到期为止。"
    assert lines[1] == "[1]以上一年度审计报告为准。"


# Tables


def ruled(rows: list[list[str]], style: Sequence[tuple[object, ...]] = (), y: float = 600) -> Draw:
    def draw(canvas: Canvas) -> None:
        table = RuledTable(
            rows, style=[("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONT", (0, 0), (-1, -1), FONT), *style]
        )
        table.wrapOn(canvas, WIDTH, HEIGHT)
        table.drawOn(canvas, 70, y)

    return draw


def test_ruled_table_is_a_table_with_caption_unit_and_merged_cells_filled_in() -> None:
    rows = [
        ["行业", "类别", "金额"],
        ["制造业", "首次认定", "50"],
        ["", "复核通过", "20"],
        ["软件业", "首次认定", "30"],
    ]
    above = at(70, 780, "一、按下表奖励。"), at(70, 750, "表1 奖励标准"), at(70, 730, "单位：万元")
    table, below = ruled(rows, [("SPAN", (0, 1), (0, 2))], y=640), at(70, 600, "二、以上奖励不重复享受。")
    reading = pdf.read(made(all_of(*above, table, below)))
    (found,) = reading.tables
    assert (found.caption, found.unit, found.header) == ("表1 奖励标准", "单位：万元", ("行业", "类别", "金额"))
    assert [row.cells for row in found.rows] == [
        ("制造业", "首次认定", "50"), ("制造业", "复核通过", "20"), ("软件业", "首次认定", "30"),
    ]  # fmt: skip
    assert reading.text[found.rows[1].start : found.rows[1].end] == "| 复核通过 | 20"
    assert reading.text.count("制造业") == 1
    assert reading.text.splitlines()[-1] == "二、以上奖励不重复享受。"


def test_table_over_two_pages_is_one_with_its_header_once() -> None:
    head, rows = ["序号", "企业"], [[str(number), f"示例企业{number}"] for number in range(1, 21)]
    reading = pdf.read(made(ruled([head, *rows[:10]], y=60), ruled([head, *rows[10:]], y=560)))
    (found,) = reading.tables
    assert [row.cells for row in found.rows] == [tuple(row) for row in rows]
    assert reading.page_at(found.rows[9].start) == 1
    assert reading.page_at(found.rows[10].start) == 2
    assert reading.body == len(squeeze(reading.text).replace("|", ""))


def test_values_one_below_another_in_a_cell_stay_apart() -> None:
    reading = pdf.read(made(ruled([["年度", "金额"], ["近三年", "2660\n2430\n2180"]])))
    assert reading.tables[0].rows[0].cells[1] == "2660\n2430\n2180"


def test_frame_around_text_is_no_table() -> None:
    def frame(canvas: Canvas) -> None:
        canvas.rect(60, 700, 400, 100)
        set_lines(["重要提示", "请于月底前申报。"])(canvas)

    reading = pdf.read(made(frame))
    assert reading.tables == ()
    assert "请于月底前申报。" in reading.text


def test_drawing_of_very_many_lines_is_no_table_and_takes_no_time() -> None:
    def drawing(canvas: Canvas) -> None:
        for index in range(30_000):
            canvas.line(index % 500, index % 700, index % 500 + 40, index % 700)
        set_lines(["第一条 见图。"])(canvas)

    reading = pdf.read(made(drawing))
    assert reading.tables == ()
    assert "第一条 见图。" in reading.text


# What cannot be seen, what cannot be read


@pytest.mark.parametrize("hide", ["white", "tiny", "invisible", "outside"])
def test_text_nobody_can_see_is_left_out_with_a_warning(hide: str) -> None:
    def draw(canvas: Canvas) -> None:
        set_lines(["第一条 奖励10万元。"])(canvas)
        text = canvas.beginText(70 if hide != "outside" else 5000, 500)
        text.setFont(FONT, 1 if hide == "tiny" else 14)
        if hide == "white":
            text.setFillColorRGB(1, 1, 1)
        if hide == "invisible":
            text.setTextRenderMode(3)
        text.textOut("奖励999万元")
        canvas.drawText(text)

    reading = pdf.read(made(draw))
    assert reading.text == "第一条 奖励10万元。\n"
    assert codes(reading) == {"hidden_text"}


def test_white_text_on_a_dark_ground_can_be_seen() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColorRGB(0.1, 0.2, 0.6)
        canvas.rect(50, 770, 400, 40, stroke=0, fill=1)
        canvas.setFillColorRGB(1, 1, 1)
        set_lines(["第一条 奖励10万元。"])(canvas)

    reading = pdf.read(made(draw))
    assert (reading.text, codes(reading)) == ("第一条 奖励10万元。\n", set())


def test_invisible_text_over_a_scan_is_its_text() -> None:
    def draw(canvas: Canvas) -> None:
        picture(canvas)
        text = canvas.beginText(70, 780)
        text.setFont(FONT, 14)
        text.setTextRenderMode(3)
        text.textOut("第一条 奖励10万元。")
        canvas.drawText(text)

    reading = pdf.read(made(draw))
    assert (reading.text, reading.unread_pages, codes(reading)) == ("第一条 奖励10万元。\n", (), set())


def test_watermark_across_the_page_is_named_and_is_no_text() -> None:
    def draw(canvas: Canvas) -> None:
        set_lines(["第一条 甲。"])(canvas)
        canvas.saveState()
        canvas.translate(150, 300)
        canvas.rotate(45)
        canvas.drawString(0, 0, "征求意见稿")
        canvas.restoreState()

    reading = pdf.read(made(draw))
    assert reading.text == "第一条 甲。\n"
    assert "征求意见稿" in next(warned.message for warned in reading.warnings if warned.code == "watermark")


def test_pages_without_text_are_named() -> None:
    reading = pdf.read(made(set_lines(["第一条 适用于本市企业。"]), picture, picture, picture))
    assert reading.unread_pages == (2, 3, 4)
    assert reading.pages == (0, *[len(reading.text)] * 3)
    assert "第2-4页" in reading.warnings[0].message
    assert reading.warnings[0].code == "pages_without_text"


def test_empty_page_is_not_called_unread() -> None:
    reading = pdf.read(made(set_lines(["第一条 甲。"]), lambda canvas: None, set_lines(["第二条 乙。"])))
    assert reading.unread_pages == ()
    assert reading.page_at(reading.text.index("第二条")) == 3


def test_page_numbers_are_written_as_runs() -> None:
    assert pdf_wording.page_numbers([2, 3, 4, 7, 9, 10]) == "2-4、7、9-10"


def test_scan_without_text_is_refused() -> None:
    with pytest.raises(NoText) as refused:
        pdf.read(made(picture, picture))
    assert refused.value.code == "no_text"


def test_pages_with_nothing_on_them_are_an_empty_file() -> None:
    with pytest.raises(EmptyFile):
        pdf.read(made(lambda canvas: None))


def of_private_letters(private: int) -> bytes:
    """Forty letters, some of which have only a private code point, as fonts without a table have."""
    unicode = {0x30 + index: (0xE000 if index < private else 0x4E00) + index for index in range(40)}
    return written_by_hand(b"BT /F1 10 Tf 70 700 Td <%s> Tj ET" % bytes(unicode).hex().encode(), unicode)


def test_letters_without_unicode_are_left_out_with_a_warning() -> None:
    reading = pdf.read(of_private_letters(2))
    assert len(squeeze(reading.text)) == reading.body == 38
    assert codes(reading) == {"glyphs_unreadable"}


def test_page_most_of_whose_letters_have_no_unicode_has_no_text() -> None:
    with pytest.raises(NoText):
        pdf.read(of_private_letters(20))


# Files that are not whole, not open, not PDF


def test_password_to_open_is_asked_for_and_owner_password_alone_is_not() -> None:
    page = set_lines(["第一条 甲。"])
    with pytest.raises(EncryptedFile) as refused:
        pdf.read(made(page, encrypt=pdfencrypt.StandardEncryption("secret", "owner")))
    assert refused.value.code == "encrypted"
    assert pdf.read(made(page, encrypt=pdfencrypt.StandardEncryption("", "owner", canCopy=0))).text == "第一条 甲。\n"


def test_damaged_empty_and_other_files_are_told_apart() -> None:
    whole = made(set_lines(["第一条 甲。"]))
    for data, error in ((whole[:40], TruncatedFile), (b"", EmptyFile), (b"<html><p>x</p></html>", UnreadableFile)):
        with pytest.raises(error):
            pdf.read(data)


def test_file_cut_short_that_can_still_be_read_says_so() -> None:
    whole = made(*[set_lines([f"第{name}条 甲。"]) for name in "一二三"])
    cut = whole[: whole.rindex(b"startxref")]
    assert codes(pdf.read(cut)) == {"truncated"}


def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_PAGES", 2)
    with pytest.raises(pdf.TooManyPages) as refused:
        pdf.read(made(*[set_lines(["甲"])] * 3))
    assert "1000 页" in refused.value.message


def test_form_fields_and_annotations_are_not_read() -> None:
    def draw(canvas: Canvas) -> None:
        set_lines(["第一条 甲。"])(canvas)
        canvas.acroForm.textfield(name="field", value="FIELD 999", x=70, y=500)
        canvas.textAnnotation("NOTE 888", Rect=[70, 400, 90, 420])

    text = text_of(draw)
    assert "999" not in text
    assert "888" not in text


@settings(max_examples=60)
@given(st.binary(max_size=400), st.integers(min_value=0, max_value=3000), st.integers(min_value=0, max_value=400))
def test_any_bytes_are_read_or_refused(noise: bytes, position: int, cut: int) -> None:
    whole = made(set_lines(["第一条 甲。", "第二条 乙。"]))
    for data in (b"%PDF-1.4\n" + noise, whole[:position] + noise + whole[position + cut :]):
        try:
            reading = pdf.read(data)
        except QibanError:
            continue
        assert "\ufffd" not in reading.text


@settings(max_examples=40)
@given(st.lists(st.text("甲乙丙丁戊己庚辛壬癸，。；0123456789%", min_size=1, max_size=120), min_size=1, max_size=30))
def test_every_character_drawn_is_read_once(paragraphs: list[str]) -> None:
    lines = [line for text in paragraphs for line in (text[at : at + 30] for at in range(0, len(text), 30))]
    pages = [lines[at : at + 25] for at in range(0, len(lines), 25)]
    reading = pdf.read(made(*[set_lines(page, top=700) for page in pages]))
    assert squeeze(reading.text) == "".join(lines)
    assert reading.body == len("".join(lines))


def test_library_keeps_no_file_open() -> None:
    data = made(set_lines(["第一条 甲。"]))
    for _ in range(50):
        pdf.read(data)
    assert pdfium.PdfDocument(data)[0].get_textpage().get_text_range() == "第一条 甲。"
