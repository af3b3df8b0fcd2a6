"""A file goes in whole or not at all, and its report says what a person should know."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import docx
import pytest
from sqlalchemy import func, select

from core.database import Database
from firms.models import AuditRow
from knowledge.ingestion import ingest
from knowledge.library import Ingestion, Library, Metadata
from knowledge.models import ClauseRow, Document, Relation, Sketch
from knowledge.reading import Reading, Row, Table, Warned

NOTICE = "云岭市工信局通知：各县（市、区）企业请于3月1日前申报，奖励标准为20万元。"
LINES = ["云岭市小企业奖励办法", "第一条 营业收入500万元以上的企业，给予奖励。", "第二条 一次性奖励10万元。"]
SHELL = (
    "<html><head><meta charset='utf-8'></head><body><h1>关于印发《云岭市小企业奖励办法》的通知</h1>"
    "<p>各县区：《云岭市小企业奖励办法》已经市政府同意，现印发给你们。</p><p>（详见附件）</p></body></html>"
)


@pytest.fixture
def library(database: Database) -> Library:
    return Library(database, home_region="430400")


def codes(report: Ingestion) -> set[str]:
    return {warning["code"] for warning in report.warnings}


def as_docx(lines: list[str]) -> bytes:
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


async def counted(database: Database, *tables: Any) -> list[int]:
    async with database.reading() as session:
        return [await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


async def test_a_gbk_file_is_read_and_kept_as_it_was(library: Library) -> None:
    report = await ingest(library, NOTICE.encode("gb18030"), "通知.txt", Metadata())
    document = await library.get(report.document_id or "")
    assert document.text == NOTICE
    assert "奖励标准为20万元" in document.clauses[0].text
    assert "\ufffd" not in document.text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"\xef\xbb\xbf" + NOTICE.encode(), b"\xff\xfe" + NOTICE.encode("utf-16-le")),
        (NOTICE.encode(), NOTICE.replace("（", "(").replace("）", ")").replace("，", ", ").encode("gb18030")),
        ("\n".join(LINES).encode(), as_docx(LINES)),
        (as_docx(LINES), "\r\n\r\n".join(LINES).encode("utf-16")),
    ],
)
async def test_the_same_content_in_another_wrapper_is_a_duplicate(
    library: Library, database: Database, first: bytes, second: bytes
) -> None:
    one = await ingest(library, first, "甲", Metadata())
    other = await ingest(library, second, "乙", Metadata())
    assert one.status == "ready"
    assert (other.document_id, other.duplicate_of) == (one.document_id, one.document_id)
    assert await counted(database, Document) == [1]


async def test_nearly_the_same_content_goes_in_with_a_warning_that_names_the_other(library: Library) -> None:
    lines = [f"第{number}条 对第{number * 37 % 1009}类企业给予奖励{number}万元。" for number in range(1, 90)]
    first = await library.add("云岭市办法\n" + "\n".join(lines), Metadata())
    second = await library.add("云岭市办法\n" + "\n".join(lines[:-1]), Metadata())
    (warning,) = [item for item in second.warnings if item["code"] == "near_duplicate"]
    assert first.document_id is not None
    assert first.document_id in warning["message"]
    assert second.document_id != first.document_id
    assert "near_duplicate" not in codes(await library.add("青溪市办法\n第一条 奖励30万元。", Metadata()))


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty_file"), ("\u3000\n".encode(), "empty_file"), (b"\x89PNG\r\n\x1a\n" + b"0" * 64, None)],
)
async def test_a_file_that_cannot_be_read_leaves_nothing_and_says_why(
    library: Library, database: Database, data: bytes, code: str | None
) -> None:
    report = await ingest(library, data, "坏.txt", Metadata())
    assert (report.status, report.document_id, report.coverage, report.clauses) == ("failed", None, 0.0, 0)
    (warning,) = report.warnings
    assert warning["message"]
    assert code in (None, warning["code"])
    assert await counted(database, Document, ClauseRow, Relation, Sketch) == [0, 0, 0, 0]


async def test_a_text_that_fills_less_than_the_file_showed_is_not_taken_in(
    library: Library, database: Database
) -> None:
    with pytest.raises(Exception, match="未能完整读取"):
        await library.add(Reading("第一条 奖励3万元。", body=1000), Metadata())
    assert await counted(database, Document) == [0]
    report = await library.add(Reading("第一条 奖励3万元。", body=9), Metadata())
    assert report.coverage == 1.0


class Broken(Library):
    """A library in which something goes wrong that nobody foresaw."""

    async def add(self, *_: Any, **__: Any) -> Ingestion:
        raise RuntimeError("unforeseen")


async def test_a_fault_of_our_own_is_reported_like_any_other(database: Database) -> None:
    report = await ingest(Broken(database, home_region="430400"), NOTICE.encode(), "a.txt", Metadata())
    assert (report.status, codes(report)) == ("failed", {"ingestion_failed"})
    assert "unforeseen" not in report.warnings[0]["message"]


async def test_a_shell_goes_in_as_partial_and_names_what_is_missing(library: Library) -> None:
    report = await ingest(library, SHELL.encode(), "shell.html", Metadata())
    assert report.status == "partial"
    assert report.missing == ("云岭市小企业奖励办法",)
    assert "body_in_attachment" in codes(report)
    document = await library.get(report.document_id or "")
    assert (document.status, document.missing) == ("partial", ("云岭市小企业奖励办法",))
    assert [item.name for item in await library.missing()] == ["云岭市小企业奖励办法"]
    await library.add("\n".join(LINES), Metadata())
    assert await library.missing() == []


async def test_pages_without_text_make_a_document_partial(library: Library) -> None:
    text = "云岭市办法\n第一条 甲。\n第二条 乙。\n"
    reading = Reading(text, format="pdf", pages=(0, len(text)), unread_pages=(2, 3, 4))
    report = await library.add(reading, Metadata())
    assert (report.status, report.pages_without_text) == ("partial", (2, 3, 4))
    assert "2、3、4" in next(item["message"] for item in report.warnings if item["code"] == "pages_without_text")
    document = await library.get(report.document_id or "")
    assert (document.format, document.unread_pages, document.clauses[0].page) == ("pdf", (2, 3, 4), 1)


async def test_pages_and_tables_of_the_reading_are_kept_with_the_clauses(library: Library) -> None:
    text = "云岭市办法\n第一条 见表。\n行业 金额\n制造业 50\n第二条 其他。\n"
    start, row, end = text.index("行业"), text.index("制造业"), text.index("第二条")
    table = Table(start, end, ("行业", "金额"), rows=(Row(row, end - 1, ("制造业", "50")),))
    report = await library.add(Reading(text, format="pdf", pages=(0, end), tables=(table,)), Metadata())
    document = await library.get(report.document_id or "")
    assert (report.tables, document.tables) == (1, 1)
    assert document.by_path["第二条"].page == 2
    assert document.by_path["第一条"].page == 1
    assert any("50" in clause.context for clause in document.clauses if clause.kind == "row")


async def test_a_reader_that_could_not_read_all_makes_the_document_partial(library: Library) -> None:
    reading = Reading("云岭市办法\n第一条 甲。\n", warnings=(Warned("glyphs_unreadable", "有字认不出。"),))
    assert (await library.add(reading, Metadata())).status == "partial"


async def test_a_citation_never_shows_the_files_name(library: Library) -> None:
    name = "/srv/upload/3f2a9c-uuid/云岭市办法终稿2.docx"
    report = await ingest(library, as_docx(LINES), name, Metadata())
    document = await library.get(report.document_id or "")
    assert (document.title, document.file_name) == ("云岭市小企业奖励办法", "云岭市办法终稿2.docx")
    nameless = await ingest(library, "各县区：请于3月1日前申报。".encode(), name, Metadata())
    assert nameless.title == "云岭市办法终稿2"


async def test_the_report_says_what_was_read_and_what_staff_said(library: Library) -> None:
    text = "云岭市办法\n云工信发〔2021〕12号\n第一条 本办法自2021年5月1日起施行，有效期5年。\n2021年4月20日\n"
    report = await ingest(library, text.encode(), "a.txt", Metadata(issuer="云岭市工信局"))
    assert report.read == {
        "title": "云岭市办法",
        "number": "云工信发〔2021〕12号",
        "issuer": "云岭市工信局",
        "region": "云岭市",
        "level": "市级",
        "issued": date(2021, 4, 20),
        "valid_from": date(2021, 5, 1),
        "valid_to": date(2026, 4, 30),
        "draft": False,
    }


async def test_who_takes_a_document_in_and_out_is_in_the_audit_log(library: Library, database: Database) -> None:
    report = await ingest(library, NOTICE.encode(), "a.txt", Metadata(), actor="示例经办人")
    document_id = report.document_id or ""
    await library.update(document_id, {"title": "通知"}, version=1, actor="示例经办人")
    await library.remove(document_id, actor="示例经办人")
    async with database.reading() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.id))).all()
    assert [row.action for row in rows] == ["document.added", "document.changed", "document.removed"]
    assert {(row.actor, row.subject) for row in rows} == {("示例经办人", document_id)}
