"""What a text says of itself is read from it; what is not plain is left open, and said."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.clauses import parse
from knowledge.describing import Description, describe
from knowledge.naming import number_key, title_key, unshelled
from knowledge.reading import Reading
from knowledge.record import Metadata

HOME = "430400"


def described(text: str, **given_: object) -> Description:
    reading = Reading.plain(text)
    return describe(reading, parse(text), Metadata(**given_), HOME)  # type: ignore[arg-type]


def codes(record: Description) -> set[str]:
    return {warned.code for warned in record.warnings}


# --- titles and numbers as they are compared ---


@pytest.mark.parametrize(
    "written",
    [
        "湘工信中小发展【2021】27号",
        "湘工信中小发展〔2021〕27号",
        "湘工信中小发展[2021]27号",
        "湘工信中小发展［２０２１］２７号",
        "湘工信中小发展（2021）27号",
        "湘工信中小发展 〔2021〕 第27号",
        "湘工信中小发展〔2021〕027号",
    ],
)
def test_brackets_widths_and_blanks_do_not_tell_numbers_apart(written: str) -> None:
    assert number_key(written) == number_key("湘工信中小发展〔2021〕27号")


@pytest.mark.parametrize("other", ["湘工信中小发展〔2021〕72号", "湘工信中小发展〔2022〕27号", "湘工信〔2021〕27号"])
def test_other_figures_or_letters_make_another_number(other: str) -> None:
    assert number_key(other) != number_key("湘工信中小发展〔2021〕27号")


@pytest.mark.parametrize(
    "written",
    [
        "就业见习基地管理办法(示人社规字〔2019〕6号)",
        "《就业见习基地管理办法》",
        "关于印发《就业见习基地管理办法》的通知",
        "示例市人力资源和社会保障局关于印发《就业见习基地管理办法》的通知",
        "关于印发就业见习基地管理办法的通知",
        "就业见习基地 管理办法",
        "就業見習基地管理辦法",
    ],
)
def test_shells_marks_and_numbers_do_not_tell_titles_apart(written: str) -> None:
    assert title_key(written) == title_key("就业见习基地管理办法")


@pytest.mark.parametrize(
    "other",
    [
        "就业见习基地管理办法（试行）",
        "就业见习基地管理办法（征求意见稿）",
        "就业见习基地管理细则",
        "关于修改《就业见习基地管理办法》的决定",
    ],
)
def test_a_trial_a_draft_and_an_amendment_are_other_titles(other: str) -> None:
    assert title_key(other) != title_key("就业见习基地管理办法")


@pytest.mark.parametrize(
    ("title", "inner"),
    [
        ("关于印发《云岭市小企业奖励办法（试行）》的通知", "云岭市小企业奖励办法（试行）"),
        ("云岭市财政局关于转发《关于落实〈奖励办法〉的意见》的通知", "关于落实《奖励办法》的意见"),
        ("关于公布2025年小企业名单的通知", "关于公布2025年小企业名单的通知"),
        ("关于组织2025年申报的通知", "关于组织2025年申报的通知"),
        ("关于印发《甲办法》和《乙办法》的通知", "关于印发《甲办法》和《乙办法》的通知"),
    ],
)
def test_only_a_forwarding_notice_is_called_by_what_it_forwards(title: str, inner: str) -> None:
    assert unshelled(title) == inner


# --- the head ---


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("云岭市小企业认定办法\n云工信发〔2021〕12号\n", "云岭市小企业认定办法"),
        ("云岭市小企业培育计划\n实施方案（2021-2025年）\n", "云岭市小企业培育计划实施方案（2021-2025年）"),
        (
            "云岭市人民政府文件\n云政发〔2025〕3号\n关于印发《云岭市\n小企业奖励办法（试行）》的\n通知\n各县市区：\n",
            "云岭市小企业奖励办法（试行）",
        ),
        (
            "云岭市工业和信息化局\n关于修改《云岭市小企业认定管理办法》的决定\n",
            "关于修改《云岭市小企业认定管理办法》的决定",
        ),
        (
            "索引号：000/2025-1\n发布日期：2025-03-18\n关于组织2025年小企业申报的通知\n",
            "关于组织2025年小企业申报的通知",
        ),
        ("附件1\n云岭市小企业奖励办法\n", "云岭市小企业奖励办法"),
        ("云岭市小企业奖励办法\n（征求意见稿）\n", "云岭市小企业奖励办法（征求意见稿）"),
        ("各县市区：\n现将《云岭市小企业奖励办法》印发给你们。\n", "云岭市小企业奖励办法"),
        ("云岭市小企业奖励办法（云工信发〔2021〕12号）\n", "云岭市小企业奖励办法"),
    ],
)
def test_the_title_is_found(head: str, title: str) -> None:
    assert described(head + "第一条 奖励20万元。\n").title == title


def test_the_heading_of_a_page_is_the_title_where_the_text_has_none() -> None:
    reading = Reading("各县区：请于3月1日前申报。", title="关于组织申报的通知")
    assert describe(reading, parse(reading.text), Metadata(), HOME).title == "关于组织申报的通知"


def test_a_file_name_is_the_title_of_last_resort() -> None:
    text = "各县区：请于3月1日前申报，奖励标准为20万元。"
    assert described(text, file_name="C:\\temp\\云岭市申报通知.docx").title == "云岭市申报通知"
    assert described("云岭市申报通知\n" + text, file_name="abc-123.txt").title == "云岭市申报通知"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("云岭市办法\n云工信发〔2021〕12号\n第一条 无。", "云工信发〔2021〕12号"),
        ("云岭市办法\n文号：云工信发【2021】 12 号\n第一条 无。", "云工信发【2021】12号"),
        ("云岭市人民政府文件 云政发〔2025〕3号\n关于奖励的通知\n第一条 无。", "云政发〔2025〕3号"),
        ("云岭市办法（云工信发〔2021〕12号）\n第一条 无。", "云工信发〔2021〕12号"),
        ("云岭市人民政府令\n第12号\n云岭市办法\n第一条 无。", "第12号"),
        ("云岭市办法\n第一条 按《某办法》（云工信发〔2019〕1号）执行。\n云工信发〔2019〕2号\n", None),
        ("云岭市办法\n根据《某办法》（云工信发〔2019〕1号）制定。\n第一条 无。", None),
    ],
)
def test_the_number_is_the_heads_own_not_one_cited(text: str, number: str | None) -> None:
    assert described(text).number == number


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        ("云岭市财政局关于奖励的通知\n第一条 无。", "云岭市财政局"),
        ("云岭市财政局 云岭市科技局关于奖励的通知\n第一条 无。", "云岭市财政局云岭市科技局"),
        ("云岭市人民政府文件\n关于奖励的通知\n第一条 无。", "云岭市人民政府"),
        ("奖励办法\n第一条 无。\n\n云岭市工业和信息化局\n2025年6月10日\n", "云岭市工业和信息化局"),
        ("云岭县小企业奖励办法\n云岭县工信局 2025年\n第一条 无。", "云岭县工信局"),
        ("奖励办法\n第一条 由云岭市财政局负责解释。", None),
    ],
)
def test_the_issuer_is_read_where_it_is_plain(text: str, issuer: str | None) -> None:
    assert described(text).issuer == issuer


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2025年6月10日", date(2025, 6, 10)),
        ("２０２５年６月１０日", date(2025, 6, 10)),
        ("二〇二五年六月十日", date(2025, 6, 10)),
        ("二○二五年十二月三十一日", date(2025, 12, 31)),
        ("2025 年 6 月 10 日", date(2025, 6, 10)),
        ("（2025年6月10日）", date(2025, 6, 10)),
        ("云岭市财政局 2025年6月10日", date(2025, 6, 10)),
        ("2025年13月40日", None),
    ],
)
def test_the_day_of_issue_is_that_of_the_signature(written: str, day: date | None) -> None:
    record = described(f"奖励办法\n第一条 申报截止2024年1月1日。\n\n{written}\n")
    assert record.issued == day
    assert ("date_impossible" in codes(record)) is (day is None)


def test_an_impossible_date_is_left_out_and_said() -> None:
    record = described("奖励办法\n第一条 本办法自2025年2月30日起施行。\n2025年1月10日\n")
    assert (record.valid_from, record.issued) == (date(2025, 1, 10), date(2025, 1, 10))
    assert "2025年2月30日" in next(w.message for w in record.warnings if w.code == "date_impossible")


# --- time ---


@pytest.mark.parametrize(
    ("sentence", "first", "last"),
    [
        ("本办法自2021年5月1日起施行，有效期5年。", date(2021, 5, 1), date(2026, 4, 30)),
        ("本办法自2024年2月29日起施行，有效期五年。", date(2024, 2, 29), date(2029, 2, 27)),
        ("本办法自印发之日起施行，有效期两年。", date(2021, 4, 20), date(2023, 4, 19)),
        ("本办法自发布之日起30日后施行。", date(2021, 5, 20), None),
        ("本通知自2021年5月1日起执行。有效期至2027年12月31日。", date(2021, 5, 1), date(2027, 12, 31)),
        ("本措施自2021年5月1日起实施，有效期至2024年12月31日止。", date(2021, 5, 1), date(2024, 12, 31)),
        ("本办法自2021年5月1日起试行，试行2年。", date(2021, 5, 1), date(2023, 4, 30)),
        ("本方案实施期限为2021年5月1日至2025年12月31日。", date(2021, 4, 20), date(2025, 12, 31)),
        ("对认定的企业实行动态管理，有效期3年。", date(2021, 4, 20), None),
        ("本办法所称小企业证书有效期3年。", date(2021, 4, 20), None),
        ("《某办法》自2019年1月1日起施行。", date(2021, 4, 20), None),
        ("申报时间为2021年6月1日至2021年7月1日。", date(2021, 4, 20), None),
        ("将第三条修改为：“本办法自2030年1月1日起施行”。", date(2021, 4, 20), None),
    ],
)
def test_the_period_is_the_documents_own(sentence: str, first: date, last: date | None) -> None:
    record = described(f"奖励办法\n第一条 {sentence}\n2021年4月20日\n")
    assert (record.valid_from, record.valid_to) == (first, last)


@pytest.mark.parametrize("years", ["（2021-2025年）", "（2021—2025年）", "（2021－2025年）", "（2021年—2025年）"])
def test_years_in_the_title_are_a_period(years: str) -> None:
    assert described(f"云岭市培育计划实施方案{years}\n一、目标\n无。\n").valid_to == date(2025, 12, 31)


def test_a_period_that_contradicts_itself_is_left_open_and_said() -> None:
    record = described("奖励办法\n第一条 本办法自2025年5月1日起施行，有效期至2024年12月31日。\n")
    assert (record.valid_from, record.valid_to) == (date(2025, 5, 1), None)
    assert "dates_crossed" in codes(record)


def test_given_days_that_cross_are_refused() -> None:
    with pytest.raises(BadInput):
        described("奖励办法\n第一条 无。", valid_from=date(2025, 1, 2), valid_to=date(2025, 1, 1))


@pytest.mark.parametrize(
    ("head", "draft"),
    [
        ("云岭市小企业认定管理办法（征求意见稿）\n", True),
        ("云岭市小企业认定管理办法\n（草案）\n", True),
        ("关于《云岭市小企业认定管理办法（征求意见稿）》公开征求意见的公告\n", True),
        ("云岭市小企业认定管理办法（送审稿）\n", True),
        ("云岭市小企业认定管理办法（试行）\n", False),
        ("云岭市小企业认定管理办法\n在公开征求意见的基础上，制定本办法。\n", False),
    ],
)
def test_a_draft_is_known_by_its_title(head: str, draft: bool) -> None:
    record = described(head + "第一条 上年度营业收入1200万元以上。\n")
    assert record.draft is draft
    assert ("draft" in codes(record)) is draft


def test_staff_are_believed_before_the_text() -> None:
    text = "云岭市办法（征求意见稿）\n云工信发〔2021〕12号\n第一条 本办法自2021年5月1日起施行。\n2021年4月20日\n"
    record = described(
        text,
        title="甲办法",
        number="甲〔2022〕1号",
        issuer="甲局",
        region="衡南县",
        level="省级",
        issued=date(2022, 1, 1),
        valid_from=date(2022, 2, 1),
        valid_to=date(2023, 1, 1),
        draft=False,
    )
    assert (record.title, record.number, record.issuer, record.region) == ("甲办法", "甲〔2022〕1号", "甲局", "430422")
    assert (record.level, record.issued, record.draft) == ("省级", date(2022, 1, 1), False)
    assert (record.valid_from, record.valid_to) == (date(2022, 2, 1), date(2023, 1, 1))


# --- place ---


@pytest.mark.parametrize(
    ("text", "region", "level"),
    [
        ("云岭市小企业认定办法\n第一条 无。", "云岭市", "市级"),
        ("青溪市工信局关于奖励的通知\n第一条 无。", "青溪市", "市级"),
        ("关于修改《云岭市小企业认定办法》的决定\n第一条 无。", "云岭市", "市级"),
        ("关于印发《云岭县小企业奖励办法》的通知\n第一条 无。", "云岭县", "县级"),
        ("衡阳市小企业认定办法\n第一条 无。", "430400", "市级"),
        ("衡南县小企业认定办法\n第一条 无。", "430422", "县级"),
        ("湖南省小企业认定办法\n第一条 无。", "430000", "省级"),
        ("湖南省衡阳市小企业认定办法\n第一条 无。", "430400", "市级"),
        ("长沙市小企业认定办法\n第一条 无。", "430100", "市级"),
        ("工业和信息化部办公厅关于组织申报的通知\n第一条 无。", "100000", "国家级"),
        ("国务院关于奖励的意见\n第一条 无。", "100000", "国家级"),
        ("奖励办法\n第一条 无。\n\n湖南省财政厅\n2025年1月1日\n", "430000", "省级"),
    ],
)
def test_a_place_at_the_beginning_of_title_or_issuer_is_the_region(text: str, region: str, level: str) -> None:
    record = described(text)
    assert (record.region, record.level) == (region, level)
    assert "region_unknown" not in codes(record)
    assert ("region_new" in codes(record)) is not region.isdigit()


@pytest.mark.parametrize(
    "title",
    [
        "关于组织申报的通知",
        "企业上市奖励办法",
        "全市小企业奖励办法",
        "高新区小企业奖励办法",
        "各县市区奖励办法",
        "工业园区奖励办法",
        "支持企业上市若干措施",
        "城市更新奖励办法",
        "本市小企业奖励办法",
        "小微企业奖励办法",
        "进一步优化市场环境的意见",
    ],
)
def test_what_is_no_plain_place_leaves_the_document_at_home_and_says_so(title: str) -> None:
    record = described(f"{title}\n第一条 无。")
    assert record.region == HOME
    assert "region_unknown" in codes(record)


# --- attachments ---

SHELL = (
    "关于印发《云岭市小企业奖励办法》的通知\n"
    "各县区：《云岭市小企业奖励办法》已经市政府同意，现印发给你们。\n（详见附件）"
)


def test_a_shell_whose_body_is_elsewhere_says_what_is_missing() -> None:
    record = described(SHELL)
    assert record.missing == ("云岭市小企业奖励办法",)
    assert "body_in_attachment" in codes(record)
    assert record.title == "关于印发《云岭市小企业奖励办法》的通知"


def test_a_shell_with_its_body_is_whole() -> None:
    record = described(SHELL + "\n\n附件：\n云岭市小企业奖励办法\n第一条 奖励3万元。\n")
    assert record.missing == ()
    assert not codes(record) & {"body_in_attachment", "attachment_missing"}
    assert record.title == "云岭市小企业奖励办法"


@pytest.mark.parametrize(
    ("tail", "missing"),
    [
        ("附件：1.申报表\n2.汇总表.xlsx\n\n云岭市工信局\n2025年1月1日\n", ("申报表", "汇总表")),
        ("附件：申报表\n\n2025年1月1日\n", ("申报表",)),
        ("附件1：申报表\n附件2：汇总表\n", ("申报表", "汇总表")),
        ("附件：1.申报表\n2.汇总表\n2025年1月1日\n附件1\n申报表\n企业名称：\n填表人：\n", ("汇总表",)),
        (
            "附件：1.申报表\n2.汇总表\n2025年1月1日\n附件1\n申报表\n企业名称：\n附件2\n汇总表\n企业名称：\n填表人：\n",
            (),
        ),
        ("本通知没有附件。\n", ()),
    ],
)
def test_listed_attachments_without_a_body_are_missing(tail: str, missing: tuple[str, ...]) -> None:
    record = described(f"关于组织申报的通知\n一、条件\n营业收入500万元以上。\n二、材料\n申报表和汇总表。\n\n{tail}")
    assert record.missing == missing
    assert ("attachment_missing" in codes(record)) is bool(missing)


def test_links_of_a_page_that_lead_elsewhere_are_missing() -> None:
    reading = Reading("关于组织申报的通知\n一、条件\n营业收入500万元以上。", links=("申报表.docx",))
    assert describe(reading, parse(reading.text), Metadata(), HOME).missing == ("申报表",)


# --- whatever comes ---

_PIECES = st.sampled_from(
    re.split(
        r"\|",
        "《|》|“|”|（|）|关于|印发|的通知|自|2025年|13月|40日|起施行|有效期|5年|第一条|\n|云岭市|同时废止|修改为|附件：|1.|"
        "〔2021〕12号| |市|、|。|将第二条|征求意见稿|𠮷",
    )
)


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_text_makes_describing_fail(text: str) -> None:
    record = described(text + "字")
    assert record.title
    assert record.valid_from is None or record.valid_to is None or record.valid_from <= record.valid_to
