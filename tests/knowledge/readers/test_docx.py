"""The text of Word files comes out as the printed document shows it."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter

import docx as python_docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import QibanError
from core.text import squeeze
from knowledge.clauses import coverage, parse
from knowledge.readers.docx import read
from knowledge.readers.errors import EmptyFile, NoText, TruncatedFile, UnreadableFile, XmlEntity
from knowledge.reading import Reading
from tests.knowledge.readers.docx_writing import (
    STRICT,
    abstract,
    cell,
    docx,
    level,
    num,
    p,
    row,
    style,
    t,
    table,
)

DELETED = '<w:del w:id="1" w:author="a"/>'


def text_of(body: str, **parts: str) -> str:
    return read(docx(body, **parts)).text  # type: ignore[arg-type]


def codes(reading: Reading) -> list[str]:
    return [warned.code for warned in reading.warnings]


def is_complete(reading: Reading) -> bool:
    """Whether all of the body that was seen stands in the text."""
    return reading.body == len(squeeze(reading.text))


# --- runs ------------------------------------------------------------------------------------------------------------


def test_runs_breaks_tabs_and_hyphens_are_put_together() -> None:
    body = p(
        t("政府") + t("补助") + "<w:r><w:br/></w:r>" + t("云政") + "<w:r><w:noBreakHyphen/><w:t>3号</w:t><w:tab/></w:r>"
    )
    assert text_of(body + p("末")) == "政府补助\n云政-3号\n末\n"


def test_outer_blanks_of_a_run_count_only_where_the_file_says_so() -> None:
    assert text_of(p("<w:r><w:t>  甲\n 乙 </w:t></w:r>" + t(" 丙"))) == "甲  乙 丙\n"


def test_content_of_links_tags_controls_and_insertions_is_text() -> None:
    inside = (
        f"<w:hyperlink>{t('一')}</w:hyperlink><w:smartTag><w:smartTagPr/>{t('二')}</w:smartTag>"
        f"<w:sdt><w:sdtPr/><w:sdtContent>{t('三')}</w:sdtContent></w:sdt><w:ins>{t('四')}</w:ins>"
        f"<w:customXml><w:customXmlPr/>{t('五')}</w:customXml><w:moveTo>{t('六')}</w:moveTo>"
    )
    assert text_of(p(inside)) == "一二三四五六\n"


def test_controls_around_paragraphs_rows_and_cells_are_looked_into() -> None:
    def held(content: str) -> str:
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"

    body = held(p("甲") + held(p("乙"))) + table(held(row("丙", "丁")), f"<w:tr>{held(cell('戊'))}{cell('己')}</w:tr>")
    assert text_of(body) == "甲\n乙\n丙 | 丁\n戊 | 己\n"


def test_a_prompt_in_an_empty_control_is_no_text() -> None:
    prompt = f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{t('单击此处输入文字')}</w:sdtContent></w:sdt>"
    reading = read(docx(p(t("名称：") + prompt)))
    assert reading.text == "名称：\n"
    assert is_complete(reading)


def test_only_the_base_of_ruby_text_is_read() -> None:
    ruby = f"<w:r><w:ruby><w:rubyPr/><w:rt>{t('héng')}</w:rt><w:rubyBase>{t('衡')}</w:rubyBase></w:ruby></w:r>"
    reading = read(docx(p(ruby + t("器"))))
    assert reading.text == "衡器\n"
    assert is_complete(reading)


def test_symbols_are_what_their_font_shows() -> None:
    def sym(font: str, code: str) -> str:
        return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'

    body = p(
        sym("Symbol", "F0B3") + t("500") + sym("Wingdings", "F0FE") + sym("Wingdings 2", "00A3") + sym("宋体", "2460")
    )
    assert text_of(body) == "≥500☑□①\n"


def test_ordinary_text_in_a_symbol_font_is_what_the_font_shows() -> None:
    assert text_of(p(t("s = 5; 条", '<w:rFonts w:ascii="Symbol"/>'))) == "σ = 5; 条\n"


def test_an_unknown_symbol_is_reported() -> None:
    reading = read(docx(p(t("甲") + '<w:r><w:sym w:font="Own" w:char="F0B3"/></w:r>')))
    assert reading.text == "甲\n"
    assert codes(reading) == ["unknown_symbols"]


def test_raised_figures_do_not_join_the_number_before_them() -> None:
    raised = '<w:vertAlign w:val="superscript"/>'
    assert (
        text_of(p(t("10") + t("4", raised) + t("平方米，CO") + t("2", '<w:vertAlign w:val="subscript"/>')))
        == "10⁴平方米，CO₂\n"
    )


def test_formulas_are_written_on_one_line() -> None:
    def m(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    formula = (
        f"<m:oMath>{m('增长率=')}<m:f><m:num>{m('本年-上年')}</m:num><m:den>{m('上年')}</m:den></m:f>{m('×')}"
        f"<m:sSup><m:e>{m('10')}</m:e><m:sup>{m('2')}</m:sup></m:sSup></m:oMath>"
    )
    reading = read(docx(p(t("按公式：") + formula)))
    assert reading.text == "按公式：增长率=(本年-上年)/上年×10^2\n"
    assert is_complete(reading)


# --- fields ----------------------------------------------------------------------------------------------------------


def field(instruction: str, result: str | None = None) -> str:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    inside = f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
    return mark("begin") + inside + (mark("separate") + result if result is not None else "") + mark("end")


def test_fields_show_their_result_also_when_nested() -> None:
    nested = field("IF " + "x", t("表") + field("SEQ 表", t("3")))
    simple = f'<w:fldSimple w:instr="REF a">{t("第五条")}</w:fldSimple>'
    assert text_of(p(nested + t("见") + simple)) == "表3见第五条\n"


def test_a_circled_number_made_by_a_field_is_read() -> None:
    assert text_of(p(field(r"eq \o\ac(○,11)") + t("企业"))) == "⑪企业\n"


def test_a_table_of_contents_is_left_out_without_loss_of_coverage() -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> TOC \\o "1-3" </w:instrText></w:r>'
    contents = (
        p(begin + '<w:r><w:fldChar w:fldCharType="separate"/></w:r>' + t("一、总则\t1"))
        + p(t("二、附则\t9"))
        + p('<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    )
    reading = read(docx(p("目录") + contents + p("一、总则")))
    assert reading.text == "目录\n一、总则\n"
    assert is_complete(reading)


def test_a_field_that_never_ends_takes_nothing_with_it() -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>TOC</w:instrText></w:r>'
    assert text_of(p(begin + t("甲")) + p("乙")) == "甲\n乙\n"


# --- tracked changes -------------------------------------------------------------------------------------------------


def test_tracked_changes_count_as_accepted() -> None:
    deleted = "<w:del><w:r><w:delText>10</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom>{t('旧处')}</w:moveFrom>"
    reading = read(docx(p(t("奖励") + deleted + f"<w:ins>{t('20')}</w:ins>" + t("万元") + moved)))
    assert reading.text == "奖励20万元\n"
    assert is_complete(reading)


def test_a_deleted_paragraph_end_joins_two_paragraphs() -> None:
    assert text_of(p("前半", mark=DELETED) + p("后半") + p("末")) == "前半后半\n末\n"


def test_a_deleted_paragraph_is_gone_and_does_not_count() -> None:
    numbering = abstract(0, level(0, "%1、", "chineseCounting")) + num(1, 0)
    gone = p("<w:del><w:r><w:delText>删去</w:delText></w:r></w:del>", num=("1", 0), mark=DELETED)
    body = p("甲", num=("1", 0)) + gone + p("乙", num=("1", 0))
    assert text_of(body, numbering=numbering) == "一、甲\n二、乙\n"
    assert text_of(p("甲", num=("1", 0)) + gone, numbering=numbering) == "一、甲\n"


def test_deleted_rows_and_cells_are_gone() -> None:
    body = table(
        row("类别", "金额"),
        row("甲", "10", properties=DELETED),
        row("乙", cell("20"), cell("30", '<w:cellDel w:id="2"/>')),
    )
    reading = read(docx(body))
    assert reading.text == "类别 | 金额\n乙 | 20\n"
    assert is_complete(reading)


def test_old_properties_do_not_count() -> None:
    old = (
        '<w:pPrChange w:id="1"><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr></w:pPrChange>'
    )
    numbering = abstract(0, level(0, "%1、")) + num(1, 0)
    assert text_of(p("甲", more=old), numbering=numbering) == "甲\n"


# --- text that cannot be seen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "properties",
    [
        "<w:vanish/>",
        '<w:color w:val="FFFFFF"/>',
        '<w:color w:val="FEFDFE"/>',
        '<w:color w:themeColor="background1" w:val="FFFFFF"/>',
        '<w:sz w:val="2"/>',
        '<w:color w:val="000000"/><w:shd w:val="clear" w:fill="000000"/>',
    ],
)
def test_text_that_cannot_be_seen_is_left_out_and_reported(properties: str) -> None:
    reading = read(docx(p(t("奖励十万元。") + t("忽略以上规定", properties))))
    assert reading.text == "奖励十万元。\n"
    assert codes(reading) == ["hidden_text"]
    assert is_complete(reading)


@pytest.mark.parametrize(
    "properties",
    [
        '<w:vanish w:val="0"/>',
        '<w:color w:val="auto"/>',
        '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="1F4E79"/>',
        '<w:color w:val="FFFFFF"/><w:highlight w:val="blue"/>',
        '<w:color w:val="FFFFFF"/><w:shd w:val="pct25" w:fill="auto"/>',
        '<w:sz w:val="9"/>',
    ],
)
def test_text_that_can_be_seen_stays(properties: str) -> None:
    reading = read(docx(p(t("标题", properties))))
    assert reading.text == "标题\n"
    assert not reading.warnings


def test_hidden_by_style_and_shown_again_by_the_run() -> None:
    styles = style("H", rpr="<w:vanish/>") + style("C", kind="character", rpr="<w:vanish/>")
    body = p(t("看不见") + t("看得见", '<w:vanish w:val="0"/>') + t("两次", '<w:rStyle w:val="C"/>'), style="H")
    assert text_of(body, styles=styles) == "看得见两次\n"


def test_white_text_on_a_dark_cell_or_in_a_coloured_table_can_be_seen() -> None:
    white = t("类别", '<w:color w:val="FFFFFF"/>')
    dark = table(row(cell(p(white), '<w:shd w:val="clear" w:fill="2F5496"/>'), "金额"), row("甲", "10"))
    styles = style("Grid", kind="table", more="").replace(
        "</w:style>", '<w:tcPr><w:shd w:fill="2F5496"/></w:tcPr></w:style>'
    )
    styled = table(row(cell(p(white)), "金额"), row("甲", "10"), properties='<w:tblStyle w:val="Grid"/>')
    assert text_of(dark) == text_of(styled, styles=styles) == "类别 | 金额\n甲 | 10\n"


def test_a_hidden_paragraph_does_not_count() -> None:
    numbering = abstract(0, level(0, "%1、")) + num(1, 0)
    hidden = p(t("乙", "<w:vanish/>"), num=("1", 0), mark="<w:vanish/>")
    assert text_of(p("甲", num=("1", 0)) + hidden + p("丙", num=("1", 0)), numbering=numbering) == "1、甲\n2、丙\n"


def test_a_style_separator_keeps_one_line() -> None:
    assert text_of(p("第一条", mark="<w:vanish/><w:specVanish/>") + p("　为了")) == "第一条　为了\n"


def test_comments_headers_and_footers_are_left_out() -> None:
    comment = (
        '<w:commentRangeStart w:id="0"/>'
        + t("正文")
        + '<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>'
    )
    ending = '<w:sectPr><w:headerReference r:id="h"/></w:sectPr>'
    extra = {"word/header1.xml": b"<w:hdr/>", "word/comments.xml": "<w:comments>意见</w:comments>".encode()}
    assert read(docx(p(comment) + ending, extra=extra)).text == "正文\n"


# --- notes, boxes, links ---------------------------------------------------------------------------------------------


def note_mark(identity: int, kind: str = "footnote") -> str:
    return f'<w:r><w:{kind}Reference w:id="{identity}"/></w:r>'


def note(identity: int, *paragraphs: str, kind: str = "footnote") -> str:
    return f'<w:{kind} w:id="{identity}">{"".join(map(p, paragraphs))}</w:{kind}>'


def test_notes_stand_on_a_line_after_their_paragraph_and_belong_to_its_clause() -> None:
    separator = '<w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
    body = p(t("第一条 收入") + note_mark(2) + t("不低于500万元。")) + p(t("第二条 其他。") + note_mark(1, "endnote"))
    reading = read(
        docx(
            body,
            footnotes=separator + note(2, "以审计报告为准。", "另行规定。"),
            endnotes=note(1, "见附件。", kind="endnote"),
        )
    )
    assert reading.text == (
        "第一条 收入不低于500万元。\n〔注1〕以审计报告为准。 另行规定。\n第二条 其他。\n〔注2〕见附件。\n"
    )
    assert is_complete(reading)
    first = parse(reading.text)[0]
    assert "〔注1〕" in reading.text[first.start : first.end]


def test_notes_in_a_table_come_after_it_and_only_once() -> None:
    body = table(
        row("类别", "金额"), row("甲", cell(p(t("10") + note_mark(1)))), row("乙", cell(p(t("20") + note_mark(1))))
    )
    reading = read(docx(body, footnotes=note(1, "按年计。")))
    assert reading.text == "类别 | 金额\n甲 | 10\n乙 | 20\n〔注1〕按年计。\n"
    assert [line.cells for line in reading.tables[0].rows] == [("甲", "10"), ("乙", "20")]
    assert is_complete(reading)


def test_notes_nobody_refers_to_are_left_out() -> None:
    reading = read(docx(p(t("甲") + note_mark(9)), footnotes=note(1, "无人引用")))
    assert reading.text == "甲\n"
    assert is_complete(reading)


def box(content: str) -> str:
    inside = f"<w:txbxContent>{content}</w:txbxContent>"
    return (
        f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>{inside}</wps:txbx></w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{inside}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    reading = read(
        docx(p(t("正文") + box(p(t("流程", '<w:color w:val="FFFFFF"/>')) + table(row("受理", "审核")))) + p("末"))
    )
    assert reading.text == "正文\n流程\n受理 | 审核\n末\n"
    assert is_complete(reading)


def test_lettering_is_read() -> None:
    assert text_of(p('<w:r><w:pict><v:textpath string="云岭市人民政府文件"/></w:pict></w:r>')) == "云岭市人民政府文件\n"


def test_the_shapes_of_a_diagram_are_lines() -> None:
    drawing = '<w:r><w:drawing><dgm:relIds xmlns:dgm="d" r:dm="g"/></w:drawing></w:r>'
    shapes = "".join(f"<pt><t><a:t xmlns:a='a'>{words}</a:t></t></pt>" for words in ("企业申报", "", "部门审核"))
    made = docx(
        p(t("流程如下：") + drawing),
        parts={"g": ("diagramData", "diagrams/data1.xml")},
        extra={"word/diagrams/data1.xml": f"<dataModel><ptLst>{shapes}</ptLst></dataModel>".encode()},
    )
    assert read(made).text == "流程如下：\n企业申报\n部门审核\n"


def test_links_to_files_are_named() -> None:
    targets = {"a": "http://example.invalid/f/%E9%99%84%E4%BB%B6.docx?x=1", "b": "http://example.invalid/page.html"}
    body = p(
        f'<w:hyperlink r:id="a">{t("附件1：申报表")}</w:hyperlink><w:hyperlink r:id="b">{t("官网")}</w:hyperlink>'
    ) + p(field('HYPERLINK "http://example.invalid/list.xlsx"', t("名单")))
    assert read(docx(body, links=targets)).links == ("附件1：申报表", "名单")


def test_embedded_files_and_pictures_are_reported() -> None:
    picture = "<w:r><w:drawing><a:blip/></w:drawing></w:r>"
    embedded = '<w:r><w:object><v:imagedata/><o:OLEObject ProgID="Excel.Sheet.12"/></w:object></w:r>'
    assert codes(read(docx(p(t("见图") + picture)))) == ["pictures_without_text"]
    assert codes(read(docx(p(t("正文" * 60) + picture)))) == []
    assert codes(read(docx(p(t("正文" * 60) + embedded)))) == ["embedded_files"]
    with pytest.raises(NoText):
        read(docx(p(picture)))


def test_the_title_is_what_is_styled_as_title() -> None:
    styles = style("a5", name="Title") + style("Own", based_on="a5")
    body = p("云岭市关于印发", style="a5") + p("奖励办法的通知", style="Own") + p("正文") + p("另题", style="a5")
    assert read(docx(body, styles=styles)).title == "云岭市关于印发奖励办法的通知"
    assert read(docx(body)).title is None


# --- tables ----------------------------------------------------------------------------------------------------------


def merged(kind: str = "") -> str:
    return f'<w:vMerge w:val="{kind}"/>' if kind else "<w:vMerge/>"


def test_cells_merged_downwards_are_said_once_and_filled_in() -> None:
    body = p("表1 奖励标准（单位：万元）") + table(
        row("类别", "层级", "金额"),
        row(cell("制造业", merged("restart")), "国家级", "100"),
        row(cell("", merged()), "省级", "50"),
        row("软件业", "省级", "40"),
    )
    reading = read(docx(body))
    found = reading.tables[0]
    assert reading.text.count("制造业") == 1
    assert [line.cells[0] for line in found.rows] == ["制造业", "制造业", "软件业"]
    assert (found.caption, found.unit) == ("表1 奖励标准（单位：万元）", "单位：万元")
    assert reading.text[found.start : found.end] == reading.text.rstrip("\n")


def test_text_under_a_merged_cell_is_hidden_in_print_and_reported() -> None:
    body = table(row("类别", "金额"), row(cell("甲", merged("restart")), "1"), row(cell("暗", merged()), "2"))
    reading = read(docx(body))
    assert "暗" not in reading.text
    assert codes(reading) == ["hidden_text"]
    assert is_complete(reading)


def test_a_title_across_all_columns_is_the_caption() -> None:
    body = table(
        row(cell("云岭市划型标准", '<w:gridSpan w:val="3"/>')),
        row("行业", "收入", "人员"),
        row("软件", "≥1000", "≥100"),
    )
    found = read(docx(body)).tables[0]
    assert (found.caption, found.header) == ("云岭市划型标准", ("行业", "收入", "人员"))
    assert found.rows[0].cells == ("软件", "≥1000", "≥100")


def test_values_in_one_cell_stay_apart() -> None:
    body = table(row("档次（元）", "日期"), row(cell(p("2660") + p("2430") + p("2180")), "2025年3月1日"))
    reading = read(docx(body))
    assert reading.tables[0].rows[0].cells == ("2660\n2430\n2180", "2025年3月1日")
    assert "2660 / 2430 / 2180 | 2025年3月1日" in reading.text


def test_squares_left_free_keep_the_columns() -> None:
    body = table(row("甲", "乙", "丙"), row("2", "3", properties='<w:gridBefore w:val="1"/>'), row("1"))
    assert [line.cells for line in read(docx(body)).tables[0].rows] == [("", "2", "3"), ("1", "", "")]


def test_the_old_way_of_merging_across_is_understood() -> None:
    title = cell("标题", '<w:hMerge w:val="restart"/>') + cell("", '<w:hMerge w:val="continue"/>')
    found = read(docx(table(f"<w:tr>{title}</w:tr>", row("类别", "金额"), row("甲", "10")))).tables[0]
    assert (found.caption, found.header) == ("标题", ("类别", "金额"))


def test_rows_marked_as_header_are_the_header() -> None:
    header = "<w:tblHeader/>"
    body = table(row("2024", "2025", properties=header), row("一季度", "二季度", properties=header), row("10", "20"))
    found = read(docx(body)).tables[0]
    assert found.header == ("2024/一季度", "2025/二季度")
    assert len(found.rows) == 1


def test_the_same_title_may_stand_below_two_others() -> None:
    wide = '<w:gridSpan w:val="2"/>'
    body = table(
        row(cell("类别", merged("restart")), cell("首次认定", wide), cell("复核", wide)),
        row(cell("", merged()), "国家级", "省级", "国家级", "省级"),
        row("制造业", "100", "50", "30", "20"),
    )
    found = read(docx(body)).tables[0]
    assert found.header == ("类别", "首次认定/国家级", "首次认定/省级", "复核/国家级", "复核/省级")
    assert [line.cells for line in found.rows] == [("制造业", "100", "50", "30", "20")]


def test_a_table_in_a_cell_is_read_in_its_cell() -> None:
    inner = table(row("首次", "10"), row("复核", "5"))
    body = table(row("类别", "标准"), row("甲", f"<w:tc><w:tcPr/>{inner}{p('万元')}</w:tc>"))
    reading = read(docx(body))
    assert reading.tables[0].rows[0].cells == ("甲", "首次 10\n复核 5\n万元")
    assert len(reading.tables) == 1
    assert is_complete(reading)


def test_a_frame_of_one_column_is_no_table() -> None:
    body = table(row(cell(p("一、总则") + table(row("类别", "金额"), row("甲", "1")))), row(cell(p("二、附则"))))
    reading = read(docx(body))
    assert reading.text == "一、总则\n类别 | 金额\n甲 | 1\n二、附则\n"
    assert len(reading.tables) == 1


def test_the_lines_above_a_table_are_its_caption_and_unit_only_where_they_read_like_one() -> None:
    rows = (row("类别", "金额"), row("甲", "1"))
    found = read(docx(p("附表2-1 补助") + p("（单位：万元）") + table(*rows))).tables[0]
    assert (found.caption, found.unit) == ("附表2-1 补助", "单位：万元")
    styled = read(docx(p("各类补助", style="C") + table(*rows), styles=style("C", name="caption"))).tables[0]
    assert styled.caption == "各类补助"
    assert read(docx(p("各档补助标准表") + p("单位：元") + table(*rows))).tables[0].caption == "各档补助标准表"
    led = read(docx(p("具体标准如下：") + table(*rows)))
    assert led.tables[0].caption == ""
    assert led.text.startswith("具体标准如下：\n类别")
    assert read(docx(p("表1规定的企业，按本办法办理。") + table(*rows))).tables[0].caption == ""


def test_lines_above_an_empty_table_stay() -> None:
    assert text_of(p("各档标准表") + p("单位：万元") + table(row("", ""))) == "各档标准表\n单位：万元\n"


def test_hidden_rows_are_left_out_and_reported() -> None:
    reading = read(docx(table(row("类别", "金额"), row("甲", "1"), row("乙", "2", properties="<w:hidden/>"))))
    assert "乙" not in reading.text
    assert codes(reading) == ["hidden_text"]
    assert is_complete(reading)


# --- files -----------------------------------------------------------------------------------------------------------


def test_the_strict_variant_says_the_same() -> None:
    numbering = abstract(0, level(0, "%1、", "chineseCounting")) + num(1, 0)
    body = p(t("条件") + note_mark(1), num=("1", 0)) + table(row("甲", "乙"), row("1", "2"))
    parts = {"numbering": numbering, "footnotes": note(1, "说明")}
    assert (
        read(docx(body, spaces=STRICT, **parts)).text
        == read(docx(body, **parts)).text
        == "一、条件\n〔注1〕说明\n甲 | 乙\n1 | 2\n"
    )


def test_what_another_program_put_around_the_document_does_not_matter() -> None:
    stored = io.BytesIO()
    document = python_docx.Document()
    document.add_heading("云岭市奖励办法", level=0)
    document.add_paragraph("第一条 为了发展。")
    document.save(stored)
    reading = read(stored.getvalue())
    assert (reading.title, reading.text, reading.format) == (
        "云岭市奖励办法",
        "云岭市奖励办法\n第一条 为了发展。\n",
        "docx",
    )


@pytest.mark.parametrize(
    ("data", "text", "warned"), [("条件\n奖励", "正文\n条件\n奖励\n", []), ("<p>", "正文\n", ["embedded_files"])]
)
def test_plain_text_shown_in_place_is_read_and_other_files_are_reported(
    data: str, text: str, warned: list[str]
) -> None:
    chunks = {"c": ("aFChunk", "chunk.txt")}
    reading = read(docx(p("正文") + '<w:altChunk r:id="c"/>', parts=chunks, extra={"word/chunk.txt": data.encode()}))
    assert (reading.text, codes(reading)) == (text, warned)


def test_an_empty_document_is_refused() -> None:
    with pytest.raises(EmptyFile):
        read(docx(p("　") + p()))


def test_a_document_without_its_main_part_is_refused() -> None:
    with pytest.raises(UnreadableFile):
        read(rewritten(docx(p("甲")), "word/document.xml", None))


def test_declared_entities_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'
    with pytest.raises(XmlEntity):
        read(rewritten(docx(p("甲"), numbering=abstract(0)), "word/numbering.xml", bomb))


def test_a_part_that_is_no_xml_is_refused() -> None:
    with pytest.raises(TruncatedFile):
        read(rewritten(docx(p("甲")), "word/document.xml", b"<w:document><w:body>"))


def test_deep_nesting_is_refused_or_read_but_never_crashes() -> None:
    body = p("甲")
    for _ in range(60):
        body = table(row(cell(body + p("乙")), "丙"))
    with pytest.raises(QibanError):
        read(docx("<w:sdt><w:sdtContent>" * 300 + p("甲") + "</w:sdtContent></w:sdt>" * 300))
    assert "甲" in read(docx(body)).text


def rewritten(data: bytes, part: str, content: bytes | None) -> bytes:
    """The file with one part replaced, or left out for None."""
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
            elif content is not None:
                new.writestr(name, content)
    return stored.getvalue()


# --- any document ----------------------------------------------------------------------------------------------------

WORDS = st.text("甲乙丙丁一二三（）、。0123%", min_size=1, max_size=12)
RUNS = st.one_of(
    WORDS.map(t),
    WORDS.map(lambda words: f"<w:ins>{t(words)}</w:ins>"),
    WORDS.map(lambda words: f"<w:hyperlink>{t(words)}</w:hyperlink>"),
    WORDS.map(lambda words: field("REF a", t(words))),
    WORDS.map(lambda words: f"<w:sdt><w:sdtPr/><w:sdtContent>{t(words)}</w:sdtContent></w:sdt>"),
    WORDS.map(lambda words: box(p(words))),
)
PARAGRAPHS = st.tuples(
    st.lists(RUNS, max_size=3), st.sampled_from([None, ("1", 0), ("1", 1)]), st.sampled_from(["", DELETED])
).map(lambda given_: p("".join(given_[0]), num=given_[1], mark=given_[2]))
CELLS = st.tuples(st.lists(PARAGRAPHS, min_size=1, max_size=2), st.sampled_from(["", '<w:gridSpan w:val="2"/>'])).map(
    lambda given_: cell("".join(given_[0]), given_[1])
)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=3).map(lambda cells: row(*cells)), min_size=1, max_size=3).map(
    lambda rows: table(*rows)
)
BODIES = st.lists(st.one_of(PARAGRAPHS, TABLES), min_size=1, max_size=6)
NUMBERING = abstract(0, level(0, "%1、", "chineseCounting"), level(1, "（%2）", "chineseCounting")) + num(1, 0)


@given(BODIES)
def test_every_visible_character_of_any_document_is_in_its_text_once(blocks: list[str]) -> None:
    body = "".join(blocks)
    written = re.findall(r"<w:t [^>]*>([^<]*)</w:t>", re.sub(r"<mc:Fallback>.*?</mc:Fallback>", "", body))
    try:
        reading = read(docx(body, numbering=NUMBERING))
    except EmptyFile:
        assert not "".join(written).strip()
        return
    assert is_complete(reading)
    labels_and_marks = Counter(squeeze(reading.text)) - Counter(squeeze("".join(written)))
    assert not Counter(squeeze("".join(written))) - Counter(squeeze(reading.text))
    assert set(labels_and_marks) <= set("一二三四五六七八九十、（）|/")
    assert coverage(reading.text, parse(reading.text)) == 1.0
    for found in reading.tables:
        assert all(reading.text[line.start : line.end].strip() for line in found.rows)


@given(st.binary(max_size=60), st.integers(0, 10_000))
def test_damage_anywhere_is_a_clear_error_or_a_text(noise: bytes, place: int) -> None:
    whole = docx(p("甲" * 30, num=("1", 0)) + table(row("乙", "丙")), numbering=NUMBERING)
    place %= len(whole)
    for damaged in (whole[:place], whole[:place] + noise + whole[place + len(noise) :]):
        try:
            assert squeeze(read(damaged).text)
        except QibanError:
            continue


@given(st.data())
def test_xml_that_says_nonsense_is_a_clear_error_or_a_text(data: st.DataObject) -> None:
    body = p("甲" * 9, num=("1", 1)) + table(row(cell("乙", merged("restart")), "丙"), row(cell("", merged()), "丁"))
    attributes = [*re.finditer(r'"([^"]*)"', body)]
    chosen = data.draw(st.sampled_from(attributes))
    nonsense = data.draw(st.sampled_from(["", "-1", "0", "999999999", "9" * 30, "abc", "１"]))
    changed = body[: chosen.start(1)] + nonsense + body[chosen.end(1) :]
    try:
        assert "甲" in read(docx(changed, numbering=NUMBERING)).text
    except QibanError:
        assert "甲" in body
