"""A table of offers goes in: good rows beside bad ones, exactly, twice without a difference, no place ever lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.clock import Clock
from core.database import Database
from firms import audit, tables
from firms.actors import Actor
from firms.catalogue import catalogue
from firms.firm_rows import RowError
from firms.importing import Duplicate, Report
from matching.importing import OfferImport, Plan, plan
from matching.offer import Offer
from matching.offer_rows import OfferReader, known_columns
from matching.offers import ZONE, OfferContact, Offers, public_json
from tests.firms.files import credit_code, csv_bytes, with_stored_value, xlsx_bytes
from tests.firms.test_credit_codes import identity_number

TODAY = date(2026, 11, 24)
CLOCK = Clock(pinned=TODAY)
HOME = "430400"
HEADER = ["编号", "类别", "标题", "提供方", "服务地区"]
PHONE, EMAIL, PERSON = "0734-0000001", "a@example.com", "示例联系人"

CONTRACT = (
    """编号,类别,标题,提供方,服务地区,准入条件,研究方向,技术成熟度,合作方式,起步经费(万元),名额,有效期至
示例-G1,高校,刀具涂层团队,示例大学材料学院,湖南省,,物理气相沉积硬质涂层、膜基结合力,7,委托开发、共建实验室,20,3,2027-06-30
""",
    """编号,类别,标题,提供方,服务地区,准入条件,最低额度(万元),最高额度(万元),最长期限(月),年利率(%),担保方式,适用用途
示例-R1,融资,专精特新信用贷,示例银行,衡阳市,资产负债率 <= 60; 主营业务收入 >= 1000,100,500,12,3.6,信用,流动资金
""",
    """编号,类别,标题,提供方,服务地区,所需产品工艺,证书要求,年需求量,交货期(天)
示例-P1,配套,阀体铸件采购,示例重工集团,全国,球墨铸铁阀体、5-80kg、精加工,ISO9001,12000件,30
""",
)
EVENTS = """编号,标题,组织方,服务地区,准入条件,主题,地点,开始时间,报名截止,名额
示例-E1,质押融资对接会,示例服务中心,衡阳市,发明专利 >= 1,融资、知识产权,示例会议中心,2026-12-05 14:30,2026-12-03,40
"""


def importer(database: Database, kind: str | None = None) -> OfferImport:
    return OfferImport(database, catalogue(), clock=CLOCK, home=HOME, kind=kind)


async def take(database: Database, header: Sequence[str], *rows: Sequence[Any], dry_run: bool = False) -> Report:
    return await importer(database).run(csv_bytes([header, *rows]), dry_run=dry_run)


def one(kind: str = "服务", offer_id: str = "示例-1", regions: str = "衡阳市", **columns: Any) -> list[Any]:
    return [offer_id, kind, "示例资源", "示例提供方", regions, *columns.values()]


async def taken_in(database: Database, kind: str = "服务", regions: str = "衡阳市", **columns: Any) -> Offer:
    """The offer of a table with one row."""
    report = await take(database, [*HEADER, *columns], one(kind, regions=regions, **columns))
    assert report.errors == ()
    return await Offers(database).get("示例-1")


async def event(database: Database, start: Any = "2026-12-05 14:30", **columns: Any) -> Offer:
    return await taken_in(database, "活动", 开始时间=start, **columns)


def planned(kind: str = "服务", **columns: Any) -> Plan | list[RowError]:
    """What a table with one row would do in an empty database."""
    row = one(kind, **{name: cell for name, cell in columns.items() if name != "regions"})
    header = [*HEADER, *(name for name in columns if name != "regions")]
    row[4] = columns.get("regions", row[4])
    table = tables.read(csv_bytes([header, row]), known_columns())
    entry = OfferReader(table.columns, catalogue(), HOME).read(table.rows[0])
    return entry if isinstance(entry, list) else plan(entry, None, CLOCK.now())


def offered(kind: str = "服务", **columns: Any) -> Offer:
    """The offer that a row makes."""
    found = planned(kind, **columns)
    assert isinstance(found, Plan), found
    return found.offer


def faults(kind: str = "服务", **columns: Any) -> list[tuple[str, str]]:
    """What is wrong with a row: columns and codes."""
    found = planned(kind, **columns)
    return [(error.column, error.code) for error in found] if isinstance(found, list) else []


def at(*parts: int) -> datetime:
    return datetime(*parts).replace(tzinfo=ZONE)  # type: ignore[arg-type]


def codes(report: Report) -> list[tuple[str, str]]:
    return [(error.column, error.code) for error in report.errors]


# --- what a row says ---


async def test_the_tables_of_the_contract_go_in_as_they_stand(database: Database) -> None:
    for table in CONTRACT:
        report = await importer(database).run(table.encode())
        assert report.to_json() == {
            "rows": 1, "added": 1, "updated": 0, "unchanged": 0, "errors": [], "duplicates": [], "notices": [],
        }  # fmt: skip
    assert (await importer(database, "event").run(EVENTS.encode())).added == 1
    found = {offer.id: offer for offer in await Offers(database).all_open(CLOCK.now())}
    university, loan, buyer, meeting = (found[f"示例-{name}"] for name in ("G1", "R1", "P1", "E1"))
    assert dict(university.details) == {
        "research": "物理气相沉积硬质涂层、膜基结合力",
        "trl": "7",
        "cooperation": ["委托开发", "共建实验室"],
        "start_cost": "20",
    }
    assert (university.regions, university.capacity, university.valid_until) == (("430000",), 3, date(2027, 6, 30))
    assert (university.kind, university.rule, university.state, university.version) == ("university", None, "active", 1)
    assert dict(loan.details) == {
        "amount_min": "100",
        "amount_max": "500",
        "term_max": "12",
        "rate": {"min": "3.6", "max": "3.6"},
        "security": ["信用"],
        "uses": ["流动资金"],
    }
    assert loan.rule == "资产负债率 <= 60; 主营业务收入 >= 1000"
    assert (buyer.regions, buyer.valid_until, buyer.capacity) == (("100000",), None, None)
    assert dict(buyer.details) == {
        "products": "球墨铸铁阀体、5-80kg、精加工",
        "certificates": ["ISO9001"],
        "yearly_volume": "12000件",
        "delivery_days": "30",
    }
    assert (meeting.kind, meeting.provider, meeting.waitlist) == ("event", "示例服务中心", True)
    assert (meeting.starts_at, meeting.closes_at) == (at(2026, 12, 5, 14, 30), at(2026, 12, 4))
    assert dict(meeting.details) == {"topics": ["融资", "知识产权"], "place": "示例会议中心"}


async def test_one_file_mixes_kinds_and_says_what_it_does_not_read(database: Database) -> None:
    header = [*HEADER, "组织方", "起步经费(万元)", "收费", "开始时间", "别的列"]
    report = await take(
        database,
        header,
        one("university", "1", 组织方="", 起步经费="20", 收费="", 开始时间="", 别的列="x"),
        ["2", "活动", "示例活动", "", "衡南、常宁", "示例组织方", "", "", "2027-01-05 09:00", ""],
        one("服务", "3", 组织方="", 起步经费="20", 收费="公益", 开始时间="2027-01-01", 别的列=""),
    )
    assert (report.added, report.errors) == (3, ())
    assert sorted(report.notices) == sorted(
        [
            "以下列没有读取（不认识列名、单位或年度）：别的列。",
            "“开始时间”不是该类资源的列，没有读取：第 4 行。",
            "“起步经费(万元)”不是该类资源的列，没有读取：第 4 行。",
        ]
    )
    offers = Offers(database)
    assert ((await offers.get("2")).provider, (await offers.get("2")).regions) == ("示例组织方", ("430422", "430482"))
    assert ((await offers.get("3")).details, (await offers.get("3")).starts_at) == ({"fee": "免费"}, None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
async def test_every_encoding_and_a_title_row_are_read(database: Database, encoding: str) -> None:
    data = csv_bytes([["示例资源一览表"], ["编号 ", "类 别*", "标题", "提供方", "服务地区"], one()], encoding)
    report = await importer(database).run(data)
    assert (report.added, report.errors) == (1, ())


@pytest.mark.parametrize(
    ("header", "cell", "key", "value"),
    [
        ("最高额度(亿元)", "0.05", "amount_max", "500"),
        ("最高额度（元）", "1,234,567", "amount_max", "123.4567"),
        ("最高额度", "500万元", "amount_max", "500"),
        ("最高额度(万元)", "0.1", "amount_max", "0.1"),
        ("最长期限(年)", "3", "term_max", "36"),
        ("最长期限(月)", "1年", "term_max", "12"),
        ("年利率(%)", "3.65", "rate", {"min": "3.65", "max": "3.65"}),
        ("年利率(%)", "3.2-4.1", "rate", {"min": "3.2", "max": "4.1"}),
        ("年利率(%)", "3.20%～4.10%", "rate", {"min": "3.2", "max": "4.1"}),
        ("年利率", "3.2至4.1%", "rate", {"min": "3.2", "max": "4.1"}),
        ("年利率(‰)", "36.5", "rate", {"min": "3.65", "max": "3.65"}),
        ("放款时间(工作日)", "5个工作日", "payout_days", "5"),
        ("仅限白名单", "否", "whitelist_only", False),
        ("担保方式", "无抵押、专利质押、存货", "security", ["信用", "知识产权质押", "存货"]),
        ("担保方式", "不限", "security", []),
    ],
)
def test_cells_are_read_exactly(header: str, cell: str, key: str, value: Any) -> None:
    offer = offered("融资", **{header: cell})
    assert dict(offer.details) == {key: value}
    assert public_json(offer)["details"] == {key: value}


def test_words_for_no_end_no_limit_and_levels_are_read() -> None:
    offer = offered("高校", 有效期至="长期", 名额="不限", 技术成熟度="TRL 7", 所在地="长沙")
    assert (offer.valid_until, offer.capacity, dict(offer.details)) == (None, None, {"trl": "7", "location": "430100"})
    assert public_json(offer)["details"]["location"] == "长沙市"


async def test_a_spreadsheet_keeps_merged_cells_formulas_and_percent_formats(database: Database) -> None:
    rows: list[list[Any]] = [
        [*HEADER, "年利率(%)", "最高额度(万元)", "有效期至"],
        ["示例-1", "融资", "甲", "示例银行", "衡阳市", 0.0365, "=1+1", datetime(2026, 11, 24)],
        ["示例-2", "融资", "乙", None, None, "3.2-4.1", "=1+1", None],
    ]

    def change(sheet: Any) -> None:
        sheet["F2"].number_format = "0.00%"
        sheet.merge_cells("D2:D3")
        sheet.merge_cells("E2:E3")

    report = await importer(database).run(with_stored_value(xlsx_bytes(rows, change), "G2", "500"))
    assert (report.added, report.errors) == (2, ())
    assert any("G3" in notice for notice in report.notices)
    first, second = await Offers(database).get("示例-1"), await Offers(database).get("示例-2")
    assert dict(first.details) == {"rate": {"min": "3.65", "max": "3.65"}, "amount_max": "500"}
    assert first.valid_until == TODAY
    assert (second.provider, second.regions) == ("示例银行", ("430400",))
    assert dict(second.details) == {"rate": {"min": "3.2", "max": "4.1"}}


async def test_a_rate_that_looks_like_a_share_is_named(database: Database) -> None:
    header = [*HEADER, "年利率(%)"]
    report = await take(database, header, one("融资", 年利率="0.0365"), one("融资", "示例-2", 年利率="0.05%"))
    assert [notice for notice in report.notices if "百分数" in notice and "第 2 行" in notice]


async def test_hostile_text_is_kept_as_text(database: Database) -> None:
    offer = await taken_in(database, 内容="=cmd|' /C calc'!A0", 服务内容="<script>\x07\u202e；'); DROP TABLE offers;--")
    assert offer.content == "=cmd|' /C calc'!A0"
    assert offer.details["services"] == "<script>；'); DROP TABLE offers;--"


# --- times ---


@pytest.mark.parametrize(
    ("deadline", "closes"),
    [
        ("2026-12-03", at(2026, 12, 4)),
        ("2026年12月3日", at(2026, 12, 4)),
        ("2026-12-03 24:00", at(2026, 12, 4)),
        ("2026-12-03 18:00", at(2026, 12, 3, 18)),
        ("2026-12-31", at(2027, 1, 1)),
        ("", at(2026, 12, 5, 14, 30)),
    ],
)
def test_a_deadline_of_a_day_lasts_to_its_end(deadline: str, closes: datetime) -> None:
    offer = offered("活动", 开始时间="2026-12-05 14:30", 报名截止=deadline)
    assert offer.closes_at == closes
    assert not offer.expired(closes - timedelta(seconds=1))
    assert offer.expired(closes)


async def test_an_event_without_a_deadline_column_closes_when_it_begins_and_moves_with_it(database: Database) -> None:
    assert (await event(database)).closes_at == at(2026, 12, 5, 14, 30)
    assert (await event(database, "2026-12-06 09:00")).closes_at == at(2026, 12, 6, 9)


async def test_an_end_may_be_a_time_alone_and_a_start_a_day_alone(database: Database) -> None:
    assert (await event(database, 结束时间="17:30")).ends_at == at(2026, 12, 5, 17, 30)
    report = await take(
        database, [*HEADER, "开始时间", "候补"], one("活动", "示例-2", 开始时间="2026-12-05", 候补="否")
    )
    assert report.notices == ("“开始时间”没有写明几点，按当天 0:00 处理：第 2 行。",)
    stored = await Offers(database).get("示例-2")
    assert (stored.starts_at, stored.waitlist) == (at(2026, 12, 5), False)


async def test_valid_until_is_inclusive_and_what_is_over_is_named(database: Database) -> None:
    header = [*HEADER, "有效期至"]
    report = await take(
        database, header, one("服务", "今天", 有效期至="2026-11-24"), one("服务", "昨天", 有效期至="2026-11-23")
    )
    assert report.notices == ("按有效期或截止时间已经过期，导入后不会展示：第 3 行。",)
    assert [offer.id for offer in (await Offers(database).list(open_at=CLOCK.now())).items] == ["今天"]


# --- errors ---


@pytest.mark.parametrize(
    ("kind", "header", "cell", "code"),
    [
        ("服务", "准入条件", "资产负债率小于六十", "bad_rule"),
        ("服务", "准入条件", "净利润 >= 100", "bad_rule"),
        ("服务", "准入条件", "资产负债率 <= 60；口碑 = 好", "bad_rule"),
        ("服务", "准入条件", "资产负债率 <= 60 或", "bad_rule"),
        ("服务", "准入条件", "所在地 not in 假县", "bad_rule"),
        ("服务", "准入条件", "；", "bad_rule"),
        ("服务", "准入条件", "企业规模 in 巨型", "bad_rule"),
        ("服务", "有效期至", "2026-02-30", "bad_date"),
        ("服务", "名额", "-1", "bad_number"),
        ("服务", "名额", "2.5", "bad_number"),
        ("服务", "名额", "99999999999", "bad_number"),
        ("服务", "状态", "暂停", "bad_choice"),
        ("服务", "收费", "看情况", "bad_choice"),
        ("服务", "所在地", "假县", "bad_region"),
        ("服务", "提供方信用代码", "91000099MA00000200", "wrong_check_character"),
        ("服务", "提供方信用代码", "9.1E+17", "scientific_notation"),
        ("服务", "提供方信用代码", identity_number("11010119900101123"), "identity_number"),
        ("服务", "联系电话", "找小王", "bad_contact"),
        ("服务", "电子邮箱", "a.example.com", "bad_contact"),
        ("服务", "Telegram编号", "@someone", "bad_contact"),
        ("高校", "技术成熟度", "10", "bad_number"),
        ("高校", "技术成熟度", "0", "bad_number"),
        ("高校", "技术成熟度", "6.5", "bad_number"),
        ("高校", "起步经费(万元)", "面议", "bad_number"),
        ("高校", "起步经费(万元)", "-5", "bad_number"),
        ("融资", "年利率(%)", "LPR+50BP", "bad_number"),
        ("融资", "年利率(%)", "4.1-3.2", "bad_number"),
        ("融资", "年利率(%)", "LPR-4.1", "bad_number"),
        ("融资", "年利率(%)", "365", "bad_number"),
        ("融资", "年利率(%)", "-3.6", "bad_number"),
        ("融资", "最长期限(月)", "1.5", "bad_number"),
        ("融资", "仅限白名单", "看情况", "bad_yes_no"),
        ("活动", "报名截止", "下周三", "bad_date"),
        ("活动", "报名截止", "9999-12-31", "bad_date"),
        ("活动", "报名截止", "0001-01-01", "bad_date"),
    ],
)
def test_a_cell_that_cannot_be_read_is_an_error_of_its_row(kind: str, header: str, cell: str, code: str) -> None:
    start = {"开始时间": "2026-12-05 14:30"} if kind == "活动" else {}
    assert faults(kind, **{header: cell}, **start) == [(header, code)]


async def test_a_row_with_an_error_does_not_go_in(database: Database) -> None:
    report = await take(database, [*HEADER, "准入条件"], one(准入条件="净利润 >= 100"))
    assert (codes(report), report.nothing_went_in) == ([("准入条件", "bad_rule")], True)
    assert "净利润" in report.errors[0].message
    assert await Offers(database).every() == ()


@pytest.mark.parametrize(
    "regions", ["假县", "衡阳市、假县", "衡阳市（衡山县除外）", "除衡东县外各县", "衡阳市衡南县常宁市"]
)
def test_service_regions_that_are_not_clear_are_an_error(regions: str) -> None:
    assert faults(regions=regions) == [("服务地区", "bad_region")]


async def test_required_cells_are_named_one_by_one(database: Database) -> None:
    report = await take(
        database, [*HEADER, "开始时间"], ["", "活动", "", "\u200b", "", ""], ["示例-1", "", "", "", "", ""]
    )
    assert codes(report) == [
        ("编号", "required"), ("标题", "required"), ("服务地区", "required"), ("提供方", "required"),
        ("开始时间", "required"), ("类别", "required"),
    ]  # fmt: skip
    assert faults("其他") == [("类别", "bad_choice")]
    assert codes(await importer(database, "event").run(csv_bytes([HEADER, one("融资")])))[0] == ("类别", "bad_choice")


@pytest.mark.parametrize(
    ("kind", "columns", "column"),
    [
        ("服务", {"名额": "3", "已用名额": "4"}, "已用名额"),
        ("融资", {"最低额度(万元)": "500", "最高额度(万元)": "100"}, "最低额度"),
        ("活动", {"开始时间": "2026-12-05 14:30", "结束时间": "2026-12-05 13:30"}, "结束时间"),
    ],
)
def test_cells_that_contradict_each_other_are_an_error(kind: str, columns: dict[str, str], column: str) -> None:
    assert faults(kind, **columns) == [(column, "contradiction")]


async def test_good_rows_go_in_beside_bad_ones_and_rows_count_from_the_header(database: Database) -> None:
    report = await take(
        database,
        [*HEADER, "准入条件"],
        one(offer_id="甲", 准入条件="净利润 >= 1"),
        one(offer_id="乙", 准入条件="发明专利 >= 1 or 软件著作权 >= 3"),
        one(offer_id="甲", 准入条件=""),
        one(offer_id="乙", 准入条件="资产负债率 <= 60"),
    )
    assert (report.rows, report.added, [error.row for error in report.errors]) == (4, 2, [2])
    assert report.duplicates == (Duplicate(5, "乙", "id"),)
    assert (await Offers(database).get("乙")).rule == "发明专利 >= 1 or 软件著作权 >= 3"


# --- again ---


async def test_the_same_file_again_changes_nothing(database: Database) -> None:
    table = [*HEADER, "名额", "联系人", "有效期至"], one(名额="3", 联系人=PERSON, 有效期至="2027-01-31")
    await take(database, *table)
    before = await Offers(database).get("示例-1")
    report = await take(database, *table)
    assert (report.added, report.updated, report.unchanged) == (0, 0, 1)
    assert await Offers(database).get("示例-1") == before


async def test_an_empty_cell_takes_away_and_a_column_that_is_not_there_does_not(database: Database) -> None:
    full = {"准入条件": "发明专利 >= 1", "名额": "3", "服务内容": "培训", "收费": "免费", "联系人": PERSON}
    await taken_in(database, **full)
    kept = await taken_in(database)
    assert (kept.rule, kept.capacity, kept.version) == ("发明专利 >= 1", 3, 1)
    emptied = await taken_in(database, **dict.fromkeys(full, ""))
    assert (emptied.rule, emptied.capacity, dict(emptied.details), emptied.version) == (None, None, {}, 2)
    assert (await Offers(database).contact(emptied.number)).name == PERSON


async def test_places_that_were_given_away_are_not_lost(database: Database) -> None:
    offer = await taken_in(database, 名额="5", 已用名额="1")
    async with database.transaction() as session:
        await Offers(database).take_seat(session, offer.number, CLOCK.now())
    header = [*HEADER, "名额", "已用名额"]
    for taken, expected in (("1", 2), ("", 2), ("4", 4), ("0", 4)):
        report = await take(database, header, one(名额="5", 已用名额=taken))
        stored = await Offers(database).get("示例-1")
        assert (stored.taken, stored.version) == (expected, 1)
        assert (report.updated, report.unchanged) == ((1, 0) if taken == "4" else (0, 1))
        assert any("已给出的名额" in notice for notice in report.notices) == (taken in ("1", "0"))
    report = await take(database, [*HEADER, "名额"], one(名额="2"))
    assert [notice for notice in report.notices if "不再接受" in notice]
    assert (await Offers(database).get("示例-1")).is_full


async def test_an_offer_withdrawn_here_comes_back_only_by_a_word(database: Database) -> None:
    offer = await taken_in(database, 状态="有效")
    async with database.transaction() as session:
        await Offers(database).withdraw(session, offer.id, Actor("provider", offer.provider))
    assert (await taken_in(database, 状态="")).state == "withdrawn"
    report = await take(database, [*HEADER, "状态"], one(状态="有效"))
    assert (report.updated, len(report.notices)) == (1, 1)
    assert (await taken_in(database, 状态="已撤下")).state == "withdrawn"


async def test_an_id_does_not_change_its_kind(database: Database) -> None:
    await taken_in(database)
    report = await take(database, HEADER, one("融资"))
    assert codes(report) == [("编号", "other_kind")]
    assert (await Offers(database).get("示例-1")).kind == "service"


# --- what is written ---


async def test_contacts_are_kept_apart_from_the_offer(database: Database) -> None:
    columns = {"联系人": PERSON, "联系电话": PHONE, "电子邮箱": EMAIL, "Telegram编号": "700001"}
    offer = await taken_in(database, 提供方信用代码=credit_code(7), **columns)
    contact = OfferContact(PERSON, PHONE, EMAIL, "700001")
    assert await Offers(database).contact(offer.number) == contact
    assert offer.provider_credit_code == credit_code(7)
    async with database.reading() as session:
        rows = (await session.execute(text("SELECT * FROM offers"))).all()
        log = (await session.execute(text("SELECT * FROM audit_log"))).all()
    for secret in columns.values():
        assert secret not in f"{public_json(offer)}{rows}{log}"
    changed = await taken_in(database, 联系电话="0734-0000002")
    assert (changed.version, (await Offers(database).contact(offer.number)).phone) == (1, "0734-0000002")


async def test_a_dry_run_writes_nothing_and_tells_the_same(database: Database) -> None:
    table = [*HEADER, "名额"], one(offer_id="甲", 名额="x"), one(offer_id="乙", 名额="1"), one(offer_id="乙", 名额="2")
    planned = await take(database, *table, dry_run=True)
    async with database.reading() as session:
        counts = [
            (await session.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()
            for name in ("offers", "offer_contacts", "audit_log")
        ]
    assert counts == [0, 0, 0]
    assert await take(database, *table) == planned


async def test_an_import_is_in_the_audit_log_with_counts(database: Database) -> None:
    staff = OfferImport(database, catalogue(), clock=CLOCK, home=HOME, actor=Actor("staff", "示例员工", "editor"))
    await staff.run(csv_bytes([HEADER, one(), one("其他", "示例-2")]))
    async with database.reading() as session:
        (record,) = await audit.about(session, "table", "offers")
    assert (record.actor, record.action) == ("staff:示例员工", "offers.imported")
    assert record.details == {"rows": 2, "added": 1, "updated": 0, "unchanged": 0, "bad_rows": 1}


async def test_only_what_changed_is_reported_for_the_index(database: Database) -> None:
    told: list[tuple[int, ...]] = []

    async def changed(_session: Any, numbers: Sequence[int]) -> None:
        told.append(tuple(numbers))

    hooked = OfferImport(database, catalogue(), clock=CLOCK, home=HOME, on_changed=changed)
    await hooked.run(csv_bytes([HEADER, one(offer_id="甲"), one(offer_id="乙")]))
    await hooked.run(csv_bytes([HEADER, one(offer_id="甲"), one(offer_id="乙")]))
    await hooked.run(csv_bytes([HEADER, one(offer_id="甲"), one(offer_id="乙", regions="全国")]))
    numbers = {offer.id: offer.number for offer in await Offers(database).every()}
    assert told == [(numbers["甲"], numbers["乙"]), (numbers["乙"],)]


async def test_two_imports_at_once_add_each_offer_once(database: Database) -> None:
    data = csv_bytes([HEADER, *(one(offer_id=f"示例-{number}") for number in range(250))])
    reports = await asyncio.gather(*(importer(database).run(data) for _ in range(3)))
    assert sum(report.added for report in reports) == 250
    assert sum(report.unchanged for report in reports) == 500
    assert len(await Offers(database).every()) == 250


async def test_a_whole_sheet_of_errors_is_told_in_the_order_of_its_rows(database: Database) -> None:
    report = await take(database, HEADER, *(one(offer_id="", regions="假县") for _ in range(3)))
    assert [error.row for error in report.errors] == [2, 2, 3, 3, 4, 4]
    assert all(isinstance(error, RowError) and error.message for error in report.errors)
