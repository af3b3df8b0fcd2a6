"""Documents go in whole, once, and come out as they went in; removed ones are gone."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from core.database import Database
from core.datafile import BadDataFile
from core.errors import BadInput, Conflict, NotFound
from core.jobs import Job
from knowledge import base, loading
from knowledge.indexing import KnowledgeSource, allowed_items
from knowledge.language import Language
from knowledge.library import Library, Metadata, TopicText
from knowledge.models import ClauseRow, Document, Sketch, Topic

RULES = """小微企业奖励办法
云工信发〔2024〕7号
2024年3月1日
一、条件
（一）营业收入500万元以上。
（二）成立满1年。
二、奖励
一次性10万元。
"""
OTHER = "云岭市另一办法\n第一条 租金减免百分之五十。\n"


@pytest.fixture
def library(database: Database) -> Library:
    return Library(database, home_region="430400")


async def test_a_document_comes_out_as_it_went_in(library: Library) -> None:
    report = await library.add(RULES, Metadata(region="云岭市"))
    assert (report.status, report.coverage, report.clauses) == ("ready", 1.0, 5)
    assert report.document_id is not None
    document = await library.get(report.document_id)
    assert document.text == RULES
    assert (document.title, document.number, document.issued) == (
        "小微企业奖励办法",
        "云工信发〔2024〕7号",
        date(2024, 3, 1),
    )
    assert document.region == "云岭市"
    for clause in document.clauses:
        assert document.text[clause.start : clause.end] == clause.text


async def test_the_same_content_again_is_a_duplicate_and_changes_nothing(library: Library, database: Database) -> None:
    first = await library.add(RULES, Metadata())
    again = await library.add(RULES.replace("\n", "\r\n") + "\n\n", Metadata(title="另一个名字"))
    assert again.duplicate_of == first.document_id
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ClauseRow)) == 5


async def test_a_removed_document_leaves_nothing_behind(library: Library, database: Database) -> None:
    report = await library.add(RULES, Metadata())
    assert report.document_id is not None
    await library.set_topics(report.document_id, [TopicText(0, report.document_id, "x", True, ("一",), ("问",))])
    await library.remove(report.document_id)
    with pytest.raises(NotFound):
        await library.get(report.document_id)
    async with database.reading() as session:
        for table in (ClauseRow, Topic):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
    with pytest.raises(NotFound):
        await library.remove(report.document_id)


async def test_clause_ids_are_never_used_again(library: Library) -> None:
    first = await library.add(RULES, Metadata())
    assert first.document_id is not None
    old = {clause.id for clause in (await library.get(first.document_id)).clauses}
    await library.remove(first.document_id)
    second = await library.add(RULES, Metadata())
    assert second.document_id is not None
    new = {clause.id for clause in (await library.get(second.document_id)).clauses}
    assert not old & new


async def test_every_change_asks_for_the_index_once(library: Library, database: Database) -> None:
    await library.add(RULES, Metadata())
    await library.add(RULES + "三、附则\n", Metadata())
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Job)) == 1


async def test_a_snapshot_follows_every_change(library: Library, database: Database) -> None:
    elsewhere = Library(database, home_region="430400")
    assert not (await elsewhere.snapshot()).documents
    report = await library.add(RULES, Metadata())
    assert report.document_id is not None
    assert report.document_id in (await elsewhere.snapshot()).documents
    assert (await elsewhere.snapshot()) is (await elsewhere.snapshot())
    await library.remove(report.document_id)
    assert not (await elsewhere.snapshot()).documents


@pytest.mark.parametrize(
    ("metadata", "as_of", "region", "usable"),
    [
        (Metadata(), date(2024, 3, 1), "430400", True),
        (Metadata(), date(2024, 2, 29), "430400", False),
        (Metadata(draft=True), date(2025, 1, 1), "430400", False),
        (Metadata(valid_to=date(2024, 12, 31)), date(2025, 1, 1), "430400", True),
        (Metadata(region="云岭市"), date(2025, 1, 1), "430400", False),
        (Metadata(region="云岭市"), date(2025, 1, 1), "云岭市", True),
        (Metadata(region="湖南省"), date(2025, 1, 1), "430400", True),
        (Metadata(region="衡南县"), date(2025, 1, 1), "430400", False),
        (Metadata(region="衡阳市"), date(2025, 1, 1), "430422", True),
    ],
)
async def test_what_may_be_used_where_and_when(
    library: Library, metadata: Metadata, as_of: date, region: str, usable: bool
) -> None:
    await library.add(RULES, metadata)
    snapshot = await library.snapshot()
    assert bool(snapshot.applicable(as_of, region)) is usable
    assert bool(len(allowed_items(snapshot, as_of, region))) is usable


async def test_a_superseded_document_applies_only_before_its_successor(library: Library) -> None:
    old = await library.add(RULES, Metadata())
    assert old.document_id is not None
    await library.add(RULES + "新\n", Metadata(valid_from=date(2025, 7, 1), supersedes=old.document_id))
    snapshot = await library.snapshot()
    assert old.document_id in snapshot.applicable(date(2025, 6, 30), "430400")
    assert old.document_id not in snapshot.applicable(date(2025, 7, 1), "430400")


async def test_superseding_what_does_not_exist_keeps_nothing(library: Library) -> None:
    with pytest.raises(NotFound):
        await library.add(RULES, Metadata(supersedes="doc-none"))
    assert await library.list() == []


@pytest.mark.parametrize(
    "metadata", [Metadata(level="乡级"), Metadata(valid_from=date(2025, 1, 2), valid_to=date(2025, 1, 1))]
)
async def test_impossible_metadata_is_refused(library: Library, metadata: Metadata) -> None:
    with pytest.raises(BadInput):
        await library.add(RULES, metadata)


async def test_what_did_not_change_is_the_same_object_in_the_next_snapshot(library: Library) -> None:
    kept = (await library.add(RULES, Metadata())).document_id or ""
    other = (await library.add(OTHER, Metadata())).document_id or ""
    before = await library.snapshot()
    await library.set_topics(other, [TopicText(0, other, "x", True, ("第一条",), ("问",))])
    await library.add("青溪市办法\n第一条 另一个。", Metadata())
    after = await library.snapshot()
    assert after.documents[kept] is before.documents[kept]
    assert after.documents[other] is not before.documents[other]
    assert after.clauses[before.documents[kept].clauses[0].id] is before.documents[kept].clauses[0]
    await library.remove(other)
    last = await library.snapshot()
    assert last.documents[kept] is before.documents[kept]
    assert set(last.documents) == set(after.documents) - {other}
    assert not set(last.clauses) & {clause.id for clause in before.documents[other].clauses}


async def test_a_library_of_another_process_sees_every_change(library: Library, database: Database) -> None:
    elsewhere = Library(database, home_region="430400")
    known = (await library.add(RULES, Metadata())).document_id or ""
    before = await elsewhere.snapshot()
    await library.update(known, {"title": "新的标题"}, version=1)
    after = await elsewhere.snapshot()
    assert (before.documents[known].title, after.documents[known].title) == ("小微企业奖励办法", "新的标题")
    await library.remove(known)
    again = (await library.add(OTHER, Metadata())).document_id
    assert set((await elsewhere.snapshot()).documents) == {again}


async def test_a_library_larger_than_one_transaction_is_read_whole(
    library: Library, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_BATCH", 2)
    ids = [(await library.add(f"办法{number}\n第一条 内容{number}。", Metadata())).document_id for number in range(7)]
    snapshot = await Library(database, home_region="430400").snapshot()
    assert list(snapshot.documents) == ids
    assert [document.clauses[-1].text for document in snapshot.documents.values()] == [
        f"第一条 内容{number}。" for number in range(7)
    ]


async def test_readers_and_writers_side_by_side_never_see_half_a_document(library: Library, database: Database) -> None:
    elsewhere = Library(database, home_region="430400")

    async def write() -> None:
        for number in range(8):
            report = await library.add(f"办法{number}\n第一条 甲。\n第二条 乙{number}。", Metadata())
            if number % 2:
                await library.remove(report.document_id or "")

    writing = asyncio.create_task(write())
    while not writing.done():
        for document in (await elsewhere.snapshot()).documents.values():
            assert [clause.path for clause in document.clauses] == ["文首", "第一条", "第二条"]
        await asyncio.sleep(0)
    await writing
    assert len((await elsewhere.snapshot()).documents) == 4


async def test_two_that_bring_the_same_document_at_once_store_it_once(library: Library, database: Database) -> None:
    elsewhere = Library(database, home_region="430400")
    reports = await asyncio.gather(*(one.add(RULES, Metadata()) for one in (library, elsewhere, library)))
    assert len({report.document_id for report in reports}) == 1
    assert [report.duplicate_of is None for report in reports].count(True) == 1


async def test_a_correction_of_what_somebody_else_changed_is_refused(library: Library) -> None:
    known = (await library.add(RULES, Metadata())).document_id or ""
    changed = await library.update(known, {"title": "甲", "region": "青溪市"}, version=1)
    assert (changed.title, changed.region, changed.version) == ("甲", "青溪市", 2)
    with pytest.raises(Conflict):
        await library.update(known, {"title": "乙"}, version=1)
    assert (await library.get(known)).title == "甲"


@pytest.mark.parametrize(
    "changes",
    [
        {"title": " "},
        {"region": ""},
        {"level": "乡级"},
        {"valid_from": date(2030, 1, 1), "valid_to": date(2029, 1, 1)},
        {"text": "别的原文"},
        {"superseded_by": "x"},
    ],
)
async def test_a_correction_that_cannot_be_changes_nothing(library: Library, changes: dict[str, Any]) -> None:
    known = (await library.add(RULES, Metadata())).document_id or ""
    with pytest.raises(BadInput):
        await library.update(known, changes, version=1)
    assert (await library.get(known)).version == 1


async def test_what_an_older_version_stored_is_completed(library: Library, database: Database) -> None:
    known = (await library.add(RULES, Metadata())).document_id or ""
    async with database.transaction() as session:
        emptied = update(Document).where(Document.id == known)
        await session.execute(emptied.values(title_key="", number_key="", content_hash="old"))
        await session.execute(delete(Sketch))
    await library.complete()
    successor = await library.add("新办法\n第一条 云工信发〔2024〕7号同时废止。\n2025年1月1日\n", Metadata())
    assert (await library.get(known)).superseded_by == successor.document_id
    assert (await library.add(RULES, Metadata())).duplicate_of == known
    assert "near_duplicate" in {item["code"] for item in (await library.add(RULES + "又。\n", Metadata())).warnings}
    before = await library.snapshot()
    await library.complete()
    assert await library.snapshot() is before


async def test_the_built_in_base_loads_once(library: Library) -> None:
    await base.load(library)
    before = await library.snapshot()
    await base.load(library)
    after = await library.snapshot()
    assert after is before
    (document,) = before.documents.values()
    assert (document.region, document.level, document.valid_to) == ("430400", "市级", date(2025, 12, 31))
    assert document.issuer == "衡阳市工业和信息化局"
    assert document.text == (base.DATA / "documents" / "hengyang-little-giant-plan-2021-2025.txt").read_text("utf-8")


async def test_every_clause_of_the_plan_is_indexed_with_its_typical_questions(library: Library) -> None:
    await base.load(library)
    source = KnowledgeSource(library)
    snapshot = await library.snapshot()
    fingerprints = await source.fingerprints()
    items = await source.items(list(fingerprints))
    assert {item.id for item in items} == set(fingerprints)
    assert {clause.id * 2 for clause in snapshot.clauses.values()} <= set(fingerprints)
    by_id = {item.id: item for item in items}
    revenue = by_id[2 * snapshot.by_path["hengyang-little-giant-plan-2021-2025", "四（一）2"].id]
    assert any(view.kind == "question" for view in revenue.views)
    assert any(view.text == "企业资产负债率不高于70%。" for view in revenue.views)


async def test_typical_questions_of_a_clause_that_does_not_exist_are_refused(library: Library) -> None:
    report = await library.add(RULES, Metadata())
    assert report.document_id is not None
    with pytest.raises(BadInput, match="九（九）"):
        await library.set_topics(
            report.document_id, [TopicText(0, report.document_id, "x", True, ("九（九）",), ("问",))]
        )


def test_slips_pinyin_and_everyday_words() -> None:
    language = Language.load(base.DATA / "synonyms.yaml")
    assert "专精特新" in language.correct("zhuanjingtexin tiaojian")
    assert "专精特新" in language.correct("专精特薪的申报条件")
    assert language.correct("tt") == "tt"
    assert "主营业务收入" in language.expand(language.correct("去年营业额多少"))
    assert "主营业务收入" in language.expand(language.correct("去年營業額多少"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("groups:\n  - canonical: 甲\n    spoken: [乙]\n", "第 3 行"),
        ("groups:\n  - canonical: 甲\n", "第 2 行"),
        ("typos:\n  - {wrong: a}\n", "第 2 行"),
    ],
)
def test_a_bad_synonyms_file_names_the_line(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "synonyms.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataFile) as caught:
        Language.load(path)
    assert line in caught.value.message
