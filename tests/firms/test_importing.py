"""A table of firms goes in: good rows beside bad ones, twice without a difference, whole portions after a kill."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from stdnum.cn import uscc

from core import log
from core.clock import machine_now
from core.database import Database
from core.spans import Days, Span
from firms import audit, consents, importing
from firms.catalogue import catalogue
from firms.cells import Cell
from firms.facts import Name, Names
from firms.firm_rows import Entry, RowReader, known_columns
from firms.importing import FirmImport, Report
from firms.store import Firm, Firms, Profile
from firms.tables import Row, read
from tests.firms.files import HEADER, credit_code, csv_bytes, xlsx_bytes
from tests.firms.test_credit_codes import identity_number

TODAY = date(2026, 11, 24)
PHONE, EMAIL, PERSON = "13800000001", "a@example.invalid", "示例联系人"


def importer(database: Database) -> FirmImport:
    return FirmImport(database, catalogue(), today=TODAY, home="430400")


async def take(database: Database, header: Any, *rows: Any, dry_run: bool = False) -> Report:
    return await importer(database).run(csv_bytes([header, *rows]), dry_run=dry_run)


def row(number: int, name: str | None = None, *more: Any, region: str = "衡南") -> list[Any]:
    return [name or f"示例{chr(0x4E00 + 37 * number)}机械{number}厂", credit_code(number), region, *more]


def table(**columns: Any) -> tuple[list[str], list[Any]]:
    """A header and one row of a firm with these columns besides the three that every firm has."""
    return [*HEADER, *columns], row(1, None, *columns.values())


async def only(database: Database) -> Firm:
    (firm,) = await Firms(database).list()
    return firm


async def counts(database: Database, *tables: str) -> list[int]:
    async with database.reading() as session:
        return [(await session.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one() for name in tables]


# --- what a row says ---


async def test_all_columns_of_the_contract_go_in(database: Database) -> None:
    cells = {
        "企业类型": "有限责任公司",
        "成立日期": "2019-03-01",
        "行业代码": "C34",
        "产业链": "装备制造",
        "从业人数": "120",
        "2024年主营业务收入(万元)": "2,420.5",
        "2025年主营业务收入（元）": "26000000",
        "2025年营业收入(亿元)": "0.3",
        "研发费用(万元)": "90",
        "资产总额(万元)": "8000",
        "负债总额(万元)": "3840",
        "资产负债率(%)": "48%",
        "发明专利": "1",
        "实用新型": "0",
        "软件著作权": "",
        "称号": "示例称号:2027-12-31、高新技术企业：2027/11/1、示例长期称号",
        "证书": "ISO9001:2015、IATF16949",
        "是否失信": "否",
        "主要产品": "硬质合金铣刀",
        "技术需求": "铣刀涂层寿命短，想找团队做物理气相沉积涂层",
        "技术预算(万元)": "30",
        "融资用途": "流动资金",
        "融资金额(万元)": "500万元",
        "融资期限(月)": "1年",
        "可用担保": "信用、厂房抵押",
        "配套意向": "阀体",
        "关注主题": "融资、知识产权",
        "联系人": PERSON,
        "联系电话": PHONE,
        "电子邮箱": EMAIL,
        "Telegram编号": "700001",
        "同意被查看": "是",
        "订阅": "高校、融资",
        "数据来源": "示例统计",
        "数据日期": "2026-10-01",
    }
    report = await take(database, *table(**cells))
    assert report.to_json() == {
        "rows": 1, "added": 1, "updated": 0, "unchanged": 0, "errors": [], "duplicates": [],
        "notices": [],
    }  # fmt: skip
    firms, firm = Firms(database), await only(database)
    assert (firm.region, firm.source, firm.data_date) == ("430422", "示例统计", date(2026, 10, 1))
    assert firm.profile == Profile(
        products="硬质合金铣刀",
        tech_need="铣刀涂层寿命短，想找团队做物理气相沉积涂层",
        tech_budget=Decimal(30),
        finance_use="流动资金",
        finance_amount=Decimal(500),
        finance_term_months=12,
        collateral=("信用", "抵押"),
        supply_wish="阀体",
        topics=("融资", "知识产权"),
    )
    facts = await firms.facts(firm.id)
    assert dict(facts.values) == {
        ("region", None): "430422",
        ("legal_form", None): "limited_company",
        ("founded_on", None): Days.day(date(2019, 3, 1)),
        ("industry", None): "C34",
        ("chain", None): Names((Name("装备制造"),)),
        ("employees", 2025): Span.point(120),
        ("revenue_main", 2024): Span.point(Fraction("2420.5")),
        ("revenue_main", 2025): Span.point(2600),
        ("revenue_total", 2025): Span.point(3000),
        ("rnd_spend", 2025): Span.point(90),
        ("total_assets", 2025): Span.point(8000),
        ("total_liabilities", 2025): Span.point(3840),
        ("debt_ratio", None): Span.point(48),
        ("invention_patents", None): Span.point(1),
        ("utility_models", None): Span.point(0),
        ("titles", None): Names(
            (
                Name("示例称号", date(2027, 12, 31)),
                Name("高新技术企业", date(2027, 11, 1)),
                Name("示例长期称号"),
            )
        ),
        ("certificates", None): Names((Name("ISO9001:2015"), Name("IATF16949"))),
        ("dishonest_listed", None): False,
    }
    assert facts.digits == {("debt_ratio", None): 0}
    (contact,) = await firms.contacts(firm.id)
    assert (contact.name, contact.phone, contact.email, contact.source) == (PERSON, PHONE, EMAIL, "示例统计")
    (identity,) = await firms.identities(firm.id)
    assert (identity.channel, identity.address, identity.claimed) == ("telegram", "700001", False)
    agreed = await firms.consents(firm.id)
    assert {kind: consent.granted for kind, consent in agreed.items()} == {
        "visible": True, "announce:university": True, "announce:financing": True, "telegram": True,
    }  # fmt: skip
    assert {(consent.source, consent.via) for consent in agreed.values()} == {("示例统计", "table")}
    statement = (await firms.history(firm.id, "employees"))[0]
    assert (statement.source, statement.stated_on) == ("示例统计", date(2026, 10, 1))


async def test_the_shape_of_the_answer_is_the_contracts(database: Database) -> None:
    report = await take(database, HEADER, row(1), ["示例乙有限公司", "9.1E+17", "衡南"], row(1))
    answer = report.to_json()
    assert list(answer) == ["rows", "added", "updated", "unchanged", "errors", "duplicates", "notices"]
    assert answer["rows"] == 3
    (error,) = answer["errors"]
    assert (error["row"], error["column"], error["code"]) == (3, "统一社会信用代码", "scientific_notation")
    assert answer["duplicates"] == [{"row": 4, "same_as": credit_code(1), "why": "credit_code"}]


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("统一社会信用代码", "123", "bad_credit_code"),
        ("统一社会信用代码", identity_number("43040519900307001"), "identity_number"),
        ("所在地", "假县", "bad_region"),
        ("所在地", "", "required"),
        ("企业名称", "", "required"),
        ("企业名称", "长" * 201, "too_long"),
        ("企业类型", "皮包公司", "bad_choice"),
        ("成立日期", "2050年20月1号", "bad_date"),
        ("成立日期", "2027-01-01", "impossible_facts"),
        ("行业代码", "造刀的", "bad_industry"),
        ("从业人数", "-1", "impossible_facts"),
        ("从业人数", "12.5", "impossible_facts"),
        ("从业人数", "很多", "bad_number"),
        ("2025年主营业务收入(万元)", "两千", "bad_number"),
        ("2025年主营业务收入(万元)", "2600吨", "bad_number"),
        ("资产负债率(%)", "48万", "bad_number"),
        ("是否失信", "可能", "bad_yes_no"),
        ("称号", "示例称号:2027-13-01", "bad_date"),
        ("技术预算(万元)", "-3", "bad_number"),
        ("融资期限(月)", "1.5", "bad_number"),
        ("联系电话", "回头再说", "bad_contact"),
        ("电子邮箱", "没有邮箱", "bad_contact"),
        ("Telegram编号", "@somebody", "bad_contact"),
        ("同意被查看", "大概", "bad_yes_no"),
        ("订阅", "高校、天气", "bad_choice"),
        ("数据日期", "去年", "bad_date"),
    ],
)
def test_a_cell_that_cannot_be_read_is_an_error_of_its_row_and_column(header: str, cell: str, code: str) -> None:
    given: dict[str, Any] = {"企业名称": "示例甲有限公司", "所在地": "衡南", header: cell}
    read_row = read_one(given)
    if code == "impossible_facts" and isinstance(read_row, Entry):
        return  # judged together with what is stored: test_facts_that_cannot_be_true_together
    assert isinstance(read_row, list)
    (error,) = read_row
    assert (error.row, error.column, error.code) == (2, header, code)
    assert error.message


def read_one(given: Mapping[str, Any]) -> Entry | list[Any]:
    found = read(csv_bytes([list(given), list(given.values())]), known_columns(catalogue(), TODAY.year - 1))
    return RowReader(found.columns, catalogue(), TODAY, "430400").read(found.rows[0])


async def test_facts_that_cannot_be_true_together_are_a_row_error(database: Database) -> None:
    header = [*HEADER, "2025年主营业务收入", "2025年营业收入", "成立日期"]
    report = await take(
        database,
        header,
        row(1, None, 2600, 2599.99, ""),
        row(2, None, 2600, 2600, ""),
        row(3, None, "", "", "2027-01-01"),
    )
    assert [(error.row, error.column, error.code) for error in report.errors] == [
        (2, "2025年主营业务收入", "impossible_facts"),
        (4, "成立日期", "impossible_facts"),
    ]
    assert report.added == 1
    again = await take(database, [*HEADER, "2025年主营业务收入"], row(2, None, 2601))
    assert [error.code for error in again.errors] == ["impossible_facts"]  # the stored total is 2600


async def test_all_errors_of_a_row_are_named(database: Database) -> None:
    report = await take(database, [*HEADER, "从业人数", "联系电话"], ["", "1", "假县", "x", "y"])
    assert len(report.errors) == 5
    assert report.bad_rows == 1
    assert report.nothing_went_in


async def test_nothing_personal_is_echoed_or_logged(database: Database, capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("DEBUG")
    number = identity_number("43040519900307001")
    header = [*HEADER, "联系人", "联系电话", "电子邮箱", "Telegram编号", "从业人数"]
    personal = ["示例私人姓名" * 30, "电话13800000009", "坏邮箱@", "@示例账号", "13800000008"]
    report = await take(database, header, ["示例甲有限公司", number, "衡南", *personal])
    said = str(report.to_json()) + "".join(capfd.readouterr())
    log.configure("WARNING")
    assert report.errors[0].code == "identity_number"
    assert "身份证" in report.errors[0].message
    for secret in (number, number[:14], "示例私人姓名", "13800000009", "坏邮箱", "@示例账号", "13800000008"):
        assert secret not in said
    assert await counts(database, "firms", "contacts") == [0, 0]


# --- years ---


@pytest.mark.parametrize(("data_date", "year"), [("2026-10-01", 2025), ("2024-01-01", 2023), ("", 2025)])
def test_a_yearly_column_without_a_year_is_the_year_before_the_data(data_date: str, year: int) -> None:
    entry = read_one({"企业名称": "示例甲有限公司", "所在地": "衡南", "主营收入": "1", "数据日期": data_date})
    assert isinstance(entry, Entry)
    assert [(fact.fact, fact.year) for fact in entry.facts] == [("region", None), ("revenue_main", year)]


def test_two_columns_of_one_year_agree_or_are_an_error() -> None:
    same = {"企业名称": "示例甲有限公司", "所在地": "衡南", "主营业务收入": "1", "2025年主营业务收入(元)": "10000"}
    assert isinstance(read_one(same), Entry)
    other = read_one({**same, "主营业务收入": "2"})
    assert isinstance(other, list)
    assert other[0].code == "contradiction"


def test_a_stated_ratio_may_be_headed_by_the_last_year_only() -> None:
    found = read(
        csv_bytes([["企业名称", "2025年资产负债率(%)", "2024年资产负债率(%)"], ["示例甲有限公司", "48", "50"]]),
        known_columns(catalogue(), TODAY.year - 1),
    )
    assert [column.header for column in found.columns] == ["企业名称", "2025年资产负债率(%)"]
    assert "2024年资产负债率(%)" in found.notices[0]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("衡南", "430422"), ("衡南县", "430422"), ("430422", "430422"), ("常宁", "430482"), ("蒸湘", "430408"),
        ("衡山", "430423"), ("衡阳县", "430421"), ("衡阳市", "430400"),
    ],
)  # fmt: skip
def test_places_by_short_and_long_names(given: str, code: str) -> None:
    entry = read_one({"企业名称": "示例甲有限公司", "所在地": given})
    assert isinstance(entry, Entry)
    assert entry.region == code


@pytest.mark.parametrize("alias", ["县区", "地区", "所属县市区"])
def test_short_names_of_columns_are_known(alias: str) -> None:
    given = {"企业名称": "示例甲", "信用代码": credit_code(1), alias: "衡南", "主营收入": "1", "员工人数": "2"}
    entry = read_one({**given, "电话": PHONE, "邮箱": EMAIL})
    assert isinstance(entry, Entry)
    assert (entry.credit_code, entry.region, entry.contact) == (
        credit_code(1),
        "430422",
        {"phone": PHONE, "email": EMAIL},
    )
    assert len(entry.facts) == 3


# --- round trips ---


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    money=st.decimals(0, 10**8, places=2),
    unit=st.sampled_from(["万元", "元", "亿元"]),
    count=st.integers(0, 10**6),
    percent=st.decimals(2, 300, places=2),
    founded=st.dates(date(1950, 1, 1), TODAY),
    kind=st.sampled_from(["csv", "gb18030", "xlsx"]),
)
def test_what_a_table_says_is_what_the_facts_hold(
    money: Decimal, unit: str, count: int, percent: Decimal, founded: date, kind: str
) -> None:
    header = ["企业名称", "所在地", f"2025年主营业务收入({unit})", "发明专利", "资产负债率(%)", "成立日期"]
    cells = ["示例甲有限公司", "衡南", f"{money:,f}", str(count), f"{percent:f}", founded.isoformat()]
    data = (
        xlsx_bytes([header, cells])
        if kind == "xlsx"
        else csv_bytes([header, cells], kind if kind != "csv" else "utf-8")
    )
    found = read(data, known_columns(catalogue(), 2025))
    entry = RowReader(found.columns, catalogue(), TODAY, "430400").read(found.rows[0])
    assert isinstance(entry, Entry)
    factor = {"万元": Fraction(1), "元": Fraction(1, 10000), "亿元": Fraction(10000)}[unit]
    assert {fact.fact: fact.value for fact in entry.facts} == {
        "region": "430422",
        "revenue_main": Span.point(Fraction(money) * factor),
        "invention_patents": Span.point(count),
        "debt_ratio": Span.point(Fraction(percent)),
        "founded_on": Days.day(founded),
    }


@given(st.dictionaries(st.sampled_from([c.names[0] for c in known_columns(catalogue(), 2025)]), st.text(max_size=30)))
def test_any_row_is_an_entry_or_errors(given: dict[str, str]) -> None:
    columns = {"企业名称": "示例", "所在地": "衡南"} | given
    found = read(csv_bytes([list(columns), ["x"] * len(columns)]), known_columns(catalogue(), 2025))
    filled = Row(2, {place: Cell(value) for place, value in enumerate(columns.values()) if value.strip()})
    result = RowReader(found.columns, catalogue(), TODAY, "430400").read(filled)
    assert isinstance(result, Entry) or all(error.code and error.message for error in result)


# --- again, and changed ---


async def test_the_same_file_again_changes_nothing(database: Database) -> None:
    header = [*HEADER, "从业人数", "称号", "主要产品", "联系电话", "Telegram编号", "同意被查看", "订阅"]
    rows = [row(n, None, n, "示例称号:2027-12-31", "铣刀", PHONE, 700000 + n, "是", "全部") for n in range(1, 6)]
    nameless = [["示例无代码机械厂", "", "衡东", *rows[0][3:8], "否", ""]]
    first = await take(database, header, *rows, *nameless)
    tables_ = ("firms", "firm_facts", "contacts", "channel_identities", "consents")
    before = await counts(database, *tables_)
    for day in (TODAY, TODAY + timedelta(days=1)):
        again = await FirmImport(database, catalogue(), today=day, home="430400").run(
            csv_bytes([header, *rows, *nameless])
        )
        assert (again.added, again.updated, again.unchanged, again.errors) == (0, 0, 6, ())
    assert first.added == 6
    assert await counts(database, *tables_) == before
    assert {firm.version for firm in await Firms(database).list()} == {1}


async def test_a_filled_cell_updates_and_an_empty_one_leaves_what_is_there(database: Database) -> None:
    header = [*HEADER, "从业人数", "发明专利", "主要产品", "技术需求", "联系电话", "电子邮箱"]
    await take(database, header, row(1, None, 5, 1, "铣刀", "涂层", PHONE, EMAIL))
    report = await take(database, header, row(1, None, 6, "", "", "寿命", "13800000002", ""))
    assert (report.added, report.updated, report.unchanged) == (0, 1, 0)
    firms, firm = Firms(database), await only(database)
    assert firm.profile == Profile(products="铣刀", tech_need="寿命")
    facts = (await firms.facts(firm.id)).values
    assert facts["employees", 2025] == Span.point(6)
    assert facts["invention_patents", None] == Span.point(1)
    assert len(await firms.history(firm.id, "employees")) == 2
    (contact,) = await firms.contacts(firm.id)
    assert (contact.phone, contact.email) == ("13800000002", EMAIL)
    assert firm.version == 2


async def test_a_firm_is_known_by_its_code_whatever_it_is_called_now(database: Database) -> None:
    await take(database, HEADER, row(1, "示例旧名有限公司"))
    report = await take(database, HEADER, row(1, "示例新名有限公司"))
    assert report.updated == 1
    assert "第 2 行" in report.notices[0]
    assert (await only(database)).name == "示例新名有限公司"


async def test_a_row_without_a_code_is_the_firm_of_that_name(database: Database) -> None:
    await take(database, HEADER, row(1, "示例甲有限公司"))
    report = await take(database, [*HEADER, "从业人数"], ["示例甲 有限公司", "", "衡南", 5])
    assert report.updated == 1
    assert (await only(database)).credit_code == credit_code(1)


async def test_a_name_that_two_firms_bear_needs_a_code(database: Database) -> None:
    await take(database, HEADER, row(1, "示例甲有限公司"), row(2, "示例甲有限公司"))
    report = await take(database, HEADER, ["示例甲有限公司", "", "衡南"])
    assert [error.code for error in report.errors] == ["ambiguous_name"]
    assert report.nothing_went_in


async def test_a_dry_run_tells_and_writes_nothing(database: Database) -> None:
    await take(database, HEADER, row(1))
    header, rows = [*HEADER, "从业人数"], [row(1, None, 5), row(2), row(3), row(3), ["", "", ""], ["示例", "x", "衡南"]]
    tables_ = ("firms", "firm_facts", "audit_log")
    before = await counts(database, *tables_)
    planned = await take(database, header, *rows, dry_run=True)
    assert await counts(database, *tables_) == before
    assert (planned.added, planned.updated, planned.unchanged) == (2, 1, 0)
    assert (await take(database, header, *rows)).to_json() == planned.to_json()


# --- duplicates ---


async def test_one_code_twice_is_one_firm_and_the_later_row_is_named(database: Database) -> None:
    report = await take(database, HEADER, row(1, "示例甲机械厂"), row(1, "示例完全不同的名称"))
    assert (report.rows, report.added, len(report.duplicates)) == (2, 1, 1)
    assert (await only(database)).name == "示例甲机械厂"
    again = await take(database, HEADER, row(1, "示例甲机械厂"), row(1, "示例完全不同的名称"))
    assert (again.updated, again.unchanged, again.duplicates) == (0, 1, report.duplicates)


async def test_near_names_go_in_and_are_named(database: Database) -> None:
    names = ["云岭丰股份有限公司", "云岭丰有限公司", "云岭第一机械", "云岭第二机械"]
    report = await take(database, HEADER, *[row(n, name) for n, name in enumerate(names, 1)])
    assert report.added == 4
    assert [d.to_json() for d in report.duplicates] == [{"row": 3, "same_as": "云岭丰股份有限公司", "why": "near_name"}]
    again = await take(database, HEADER, *[row(n, name) for n, name in enumerate(names, 1)])
    assert (again.unchanged, again.duplicates) == (4, report.duplicates)
    later = await take(database, HEADER, ["衡阳云岭丰有限责任公司", "", "衡南"])
    assert (later.added, later.duplicates[0].same_as) == (1, "云岭丰股份有限公司")


async def test_the_same_name_with_another_code_is_another_firm(database: Database) -> None:
    report = await take(database, HEADER, row(1, "示例甲有限公司"), row(2, "示例甲有限公司"))
    assert (report.added, [d.why for d in report.duplicates]) == (2, ["near_name"])


async def test_the_same_name_without_a_code_is_one_firm(database: Database) -> None:
    twice = (["示例甲有限公司", "", "衡南"], ["示例甲有限公司", "", "衡东"])
    report = await take(database, HEADER, *twice)
    assert (report.added, [d.row for d in report.duplicates]) == (1, [3])
    assert (await take(database, HEADER, *twice)).unchanged == 1


# --- codes ---


async def test_a_wrong_check_character_is_the_rows_error_and_good_rows_go_in(database: Database) -> None:
    wrong = credit_code(1)[:-1] + "0"
    letters = credit_code(1).replace("A", "O")
    report = await take(database, HEADER, ["示例甲有限公司", wrong, "衡南"], ["示例某机械厂", letters, "衡南"], row(3))
    assert report.added == 1
    assert [(error.row, error.column, error.code) for error in report.errors] == [
        (2, "统一社会信用代码", "wrong_check_character"),
        (3, "统一社会信用代码", "wrong_check_character"),
    ]
    assert wrong in report.errors[0].message
    assert [firm.credit_code for firm in await Firms(database).list()] == [credit_code(3)]


async def test_leading_zeros_stay_and_spellings_of_a_code_are_one_firm(database: Database) -> None:
    body = "01000099000000001"
    zeros = body + uscc.calc_check_digit(body)
    await take(database, HEADER, ["示例甲有限公司", zeros, "衡东"])
    assert (await only(database)).credit_code == zeros
    code = credit_code(2)
    spellings = (code, code.lower(), f"{code[:6]} {code[6:]}", "".join(chr(ord(sign) + 0xFEE0) for sign in code))
    for number, spelling in enumerate(spellings):
        report = await take(database, HEADER, ["示例乙机械厂", spelling, "衡东"])
        assert (report.added, report.unchanged) == (int(number == 0), int(number > 0))


async def test_names_that_look_like_formulas_are_text(database: Database) -> None:
    names = [
        '=HYPERLINK("http://example.invalid/"&B2)',
        "+1+1",
        "@SUM(A1)",
        "-2公司",
        "\t=2+5",
        "<img src=x onerror=alert(1)>",
    ]
    report = await take(database, HEADER, *[row(n, name) for n, name in enumerate(names)])
    assert report.added == len(names)
    assert {firm.name for firm in await Firms(database).list()} == {name.strip() for name in names}


async def test_a_csv_row_with_an_unquoted_comma_is_not_misread(database: Database) -> None:
    data = f"{','.join(HEADER)},主营业务收入,从业人数\n示例甲厂,{credit_code(1)},衡南,2,000.5,30\n"
    report = await importer(database).run(data.encode())
    assert [error.code for error in report.errors] == ["surplus_cells"]


async def test_a_share_is_taken_as_percent_but_named(database: Database) -> None:
    report = await take(database, *table(**{"资产负债率(%)": "0.48"}))
    assert "0.48%" in report.notices[0]


# --- consents ---


async def test_an_empty_subscription_is_no_consent(database: Database) -> None:
    await take(database, *table(**{"Telegram编号": "700001", "同意被查看": "", "订阅": ""}))
    firm = await only(database)
    assert await Firms(database).consents(firm.id) == {}
    assert len(await Firms(database).identities(firm.id)) == 1


async def test_a_refusal_is_recorded_and_all_means_all(database: Database) -> None:
    await take(database, *table(**{"同意被查看": "否", "订阅": "全部"}))
    agreed = await Firms(database).consents((await only(database)).id)
    assert not agreed["visible"].granted
    assert {kind for kind in agreed if agreed[kind].granted} == {consents.announce(c) for c in consents.CATEGORIES}


async def test_a_shorter_subscription_withdraws_the_rest(database: Database) -> None:
    await take(database, *table(**{"订阅": "政策、高校"}))
    await take(database, *table(**{"订阅": "高校"}))
    agreed = await Firms(database).consents((await only(database)).id)
    assert {kind: consent.granted for kind, consent in agreed.items()} == {
        "announce:policy": False, "announce:university": True,
    }  # fmt: skip


async def test_what_the_firm_withdrew_itself_stays_withdrawn(database: Database) -> None:
    columns = {"同意被查看": "是", "订阅": "政策", "Telegram编号": "700001"}
    await take(database, *table(**columns))
    firm = await only(database)
    async with database.transaction() as session:
        for kind in (consents.VISIBLE, consents.announce("policy"), consents.TELEGRAM):
            await consents.withdraw(session, firm.id, kind, source="chat")
    report = await take(database, *table(**columns))
    assert (report.unchanged, len(report.notices)) == (1, 1)
    assert not any(consent.granted for consent in (await Firms(database).consents(firm.id)).values())
    later = (machine_now() + timedelta(days=2)).date().isoformat()
    await take(database, *table(**columns, 数据日期=later))
    assert all(consent.granted for consent in (await Firms(database).consents(firm.id)).values())


async def test_another_chat_replaces_one_that_nobody_proved(database: Database) -> None:
    await take(database, *table(**{"Telegram编号": "700001"}))
    await take(database, *table(**{"Telegram编号": "700002"}))
    firm = await only(database)
    assert [identity.address for identity in await Firms(database).identities(firm.id)] == ["700002"]


# --- portions, kills, other writers ---


async def test_a_kill_between_portions_leaves_whole_ones_and_the_rest_comes_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PORTION", 3)
    header, rows = [*HEADER, "从业人数"], [row(n, None, n) for n in range(8)]
    written = 0
    carry_out = FirmImport._carry_out

    async def killed(self: FirmImport, *given: Any) -> None:
        nonlocal written
        await carry_out(self, *given)
        written += 1
        if written == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FirmImport, "_carry_out", killed)
        with pytest.raises(KeyboardInterrupt):
            await take(database, header, *rows)
    assert await counts(database, "firms", "firm_facts") == [6, 12]
    report = await take(database, header, *rows)
    assert (report.added, report.unchanged) == (2, 6)


async def test_two_imports_at_once_add_each_firm_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PORTION", 4)
    rows = [row(n) for n in range(20)] + [[f"示例无代码{n}号厂", "", "衡南"] for n in range(5)]
    reports = await asyncio.gather(*(take(database, HEADER, *rows) for _ in range(3)))
    assert await counts(database, "firms") == [25]
    assert sum(report.added for report in reports) == 25
    assert sum(report.unchanged for report in reports) == 50


async def test_others_can_write_between_portions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PORTION", 1)
    rows = [row(n) for n in range(30)]
    work = asyncio.create_task(take(database, HEADER, *rows))
    waits = []
    while not work.done():
        before = machine_now()
        async with database.transaction() as session:
            await audit.record(session, actor="x", action="y", subject_kind="z", subject="0")
        waits.append(machine_now() - before)
        await asyncio.sleep(0)
    assert (await work).added == 30
    assert len(waits) > 3


async def test_an_import_is_in_the_audit_log_by_its_counts(database: Database) -> None:
    await take(database, HEADER, row(1), ["", "", ""], ["示例", "1", "衡南"])
    async with database.reading() as session:
        (entry,) = await audit.about(session, "table", "firms")
    assert (entry.actor, entry.action) == ("command-line", "firms.imported")
    assert entry.details == {"rows": 2, "added": 1, "updated": 0, "unchanged": 0, "bad_rows": 1}


@pytest.mark.long
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_ten_thousand_rows_take_well_under_a_minute(database: Database) -> None:
    header = [
        *HEADER,
        *(f"{year}年主营业务收入(万元)" for year in (2023, 2024, 2025)),
        "从业人数",
        "称号",
        "同意被查看",
        "订阅",
    ]
    rows = [
        row(n, f"示例{n:05d}机械厂", n, n + 1, n + 2, n, "示例称号:2027-12-31", "是", "全部") for n in range(10_000)
    ]
    data, began = csv_bytes([header, *rows]), machine_now()
    assert (await importer(database).run(data)).added == 10_000
    assert machine_now() - began < timedelta(seconds=60)
