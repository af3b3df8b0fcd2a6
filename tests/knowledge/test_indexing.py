"""What the index is given: every clause by its views, changed documents only, and what may be used on a date."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from time import perf_counter

import numpy as np
import pytest

from knowledge import clauses, indexing, typical, wording
from knowledge.indexing import MADE, MOST_VIEWS, KnowledgeSource, allowed_items, clause_item, heading, topic_item
from knowledge.readers.tables import Cell, GrowingText
from knowledge.snapshot import ClauseText, Snapshot, StoredDocument, TopicText
from search import Item

TEXT = """云岭市示例办法
第一章 申报条件
第一条 企业应当符合下列条件：
（一）上年度营业收入500万元以上，资产负债率不高于65%。
（二）近2年研发投入占比不低于3%。
第二章 支持措施
第二条 一次性奖励10万元。
"""
TODAY = date(2026, 11, 24)


class FakeLibrary:
    """A library of one snapshot, as far as the index asks for it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.current = snapshot

    async def snapshot(self) -> Snapshot:
        return self.current


def document(name: str, text: str = TEXT, *, first_id: int = 1, growing: GrowingText | None = None) -> StoredDocument:
    """A document with its clauses, numbered from `first_id`."""
    tables = growing.tables if growing else ()
    text = growing.text() if growing else text
    own = tuple(
        ClauseText(
            first_id + c.ordinal, name, c.ordinal, c.parent, c.path, c.label, c.depth, c.start, c.end, c.whole_end,
            text, c.kind, None, c.context,
        )
        for c in clauses.parse(text, tables)
    )  # fmt: skip
    return StoredDocument(
        id=name, title=f"{name}示例办法", number=None, issuer=None, region="430400", level=None, issued=None,
        valid_from=date(2025, 1, 1), valid_to=None, source=None, draft=False, superseded_by=None, superseded_from=None,
        text=text, coverage=1.0, clauses=own,
    )  # fmt: skip


def topic(topic_id: int, path: str | None, *questions: str, of: str = "甲") -> TopicText:
    paths = (path,) if path else ()
    return TopicText(topic_id, of, f"话题{topic_id}", path is not None, paths, questions)


def source(*documents: StoredDocument, topics: Sequence[TopicText] = ()) -> KnowledgeSource:
    return KnowledgeSource(FakeLibrary(Snapshot(1, documents, topics)))  # type: ignore[arg-type]


async def items(
    *documents: StoredDocument, topics: Sequence[TopicText] = ()
) -> tuple[dict[str, Item], dict[int, Item]]:
    """The items of all clauses by path, and all items by id."""
    knowledge = source(*documents, topics=topics)
    found = {item.id: item for item in await knowledge.items(list(await knowledge.fingerprints()))}
    by_path = {one.path: found[clause_item(one.id)] for own in documents for one in own.clauses}
    return by_path, found


def texts(item: Item, kind: str) -> list[str]:
    return [view.text for view in item.views if view.kind == kind]


def rewards() -> GrowingText:
    """A clause with a table."""
    growing = GrowingText()
    growing.line("一、奖励标准")
    growing.table(
        [[Cell("行业"), Cell("类别"), Cell("金额")], [Cell("制造业", rowspan=2), Cell("首次认定"), Cell("50")],
         [Cell("复核通过"), Cell("20")]],
        caption="表1 标准", unit="单位：万元",
    )  # fmt: skip
    return growing


async def test_a_clause_is_found_by_the_whole_its_sentences_and_parts_under_its_headings() -> None:
    by_path, _ = await items(document("甲"))
    item = by_path["第一章 第一条（一）"]
    assert texts(item, "whole") == ["申报条件 （一）上年度营业收入500万元以上，资产负债率不高于65%。"]
    assert texts(item, "part") == ["（一）上年度营业收入500万元以上，", "资产负债率不高于65%。"]
    assert item.lexical.startswith("申报条件 (一)上年度营业收入500万元以上")
    assert texts(by_path["第一章"], "question") == []
    two = by_path["第二章"]
    assert texts(two, "whole") == ["支持措施 第二章 支持措施"]


async def test_a_heading_with_a_list_is_asked_for_by_its_list_but_not_for_passages_or_rows() -> None:
    text = "一、申报条件\n（一）甲企业。\n（二）乙企业。\n二、支持措施\n" + "给予一次性奖励，分两年拨付。" * 100
    by_path, _ = await items(document("甲", text))
    assert texts(by_path["一"], "question") == list(wording.clause_list_question("申报条件"))
    assert "二 段2" in by_path
    assert texts(by_path["二"], "question") == []


async def test_a_row_is_found_by_what_it_says_together_with_its_header() -> None:
    growing = rewards()
    by_path, _ = await items(document("甲", growing=growing))
    row = by_path["表1 行2"]
    said = "表1 标准；单位：万元；行业：制造业；类别：复核通过；金额：20"
    assert texts(row, "whole") == [f"奖励标准 {said}"]
    assert "制造业" in row.lexical
    assert len(row.views) == 2


async def test_a_question_with_its_answer_is_found_by_its_question() -> None:
    by_path, _ = await items(document("甲", "问答\n问：什么时候申报？\n答：每年6月。\n问：奖多少？\n答：10万元。\n"))
    assert texts(by_path["文首 段2"], "question") == ["什么时候申报？"]
    growing = GrowingText()
    growing.table([[Cell("问题"), Cell("答案")], [Cell("奖多少钱"), Cell("10万元")], [Cell("何时申报"), Cell("6月")]])
    by_path, _ = await items(document("甲", growing=growing))
    assert texts(by_path["表1 行1"], "question") == ["奖多少钱"]


async def test_words_before_a_colon_are_no_question() -> None:
    by_path, _ = await items(document("甲", "第一条 着力解决下列问题：融资难。\n第二条 问责：从严。\n"))
    assert all(not texts(item, "question") for item in by_path.values())


async def test_the_views_of_a_clause_are_bounded() -> None:
    text = "第一条 " + "".join(f"第{number}类企业应当报送，" for number in range(200))
    by_path, _ = await items(document("甲", text))
    assert all(len(item.views) <= MOST_VIEWS for item in by_path.values())
    assert max(len(item.views) for item in by_path.values()) == MOST_VIEWS


async def test_titles_tell_clauses_of_several_documents_apart() -> None:
    one, other = document("甲"), document("乙", first_id=100)
    alone, _ = await items(one)
    assert "示例办法" not in alone["第二章 第二条"].lexical
    _, found = await items(one, other)
    clause, twin = one.by_path["第二章 第二条"], other.by_path["第二章 第二条"]
    assert found[clause_item(clause.id)].lexical.startswith("甲示例办法")
    assert found[clause_item(twin.id)].lexical.startswith("乙示例办法")
    said = [view for view in found[clause_item(clause.id)].views if view.kind != "question"]
    assert said == [view for view in alone["第二章 第二条"].views if view.kind != "question"]
    asked = {view.text for view in found[clause_item(clause.id)].views if view.kind == "question"}
    assert asked == set(typical.questions("甲示例办法", "", clause.text))


async def test_fingerprints_are_those_of_the_items() -> None:
    knowledge = source(document("甲"), document("乙", first_id=100), topics=[topic(7, None, "有没有补贴")])
    wanted = await knowledge.fingerprints()
    assert {item.id: item.fingerprint for item in await knowledge.items(list(wanted))} == wanted
    assert topic_item(7) in wanted


async def test_items_that_are_gone_or_stated_topics_are_left_out() -> None:
    knowledge = source(document("甲"), topics=[topic(7, "第二章 第二条", "奖多少")])
    assert [item.id for item in await knowledge.items([2, 4000, topic_item(7), topic_item(8)])] == [2]


@pytest.mark.parametrize(
    ("changed", "topics"),
    [
        (document("甲", TEXT.replace("10万元", "12万元")), ()),
        (document("甲", TEXT.replace("支持措施", "奖励办法")), ()),
        (document("甲"), (topic(7, "第二章 第二条", "奖多少"),)),
    ],
)
async def test_a_fingerprint_changes_with_what_the_item_is_made_of(
    changed: StoredDocument, topics: tuple[TopicText, ...]
) -> None:
    before, after = await items(document("甲")), await items(changed, topics=topics)
    path = "第二章 第二条"
    assert before[0][path].fingerprint != after[0][path].fingerprint
    assert before[0]["第一章 第一条（二）"].fingerprint == after[0]["第一章 第一条（二）"].fingerprint


async def test_the_title_counts_in_the_fingerprint_where_it_counts_in_the_item() -> None:
    one, other = document("甲"), document("乙", first_id=100)
    renamed = replace(one, title="另一个名称")
    assert (await items(one))[1][2].fingerprint == (await items(renamed))[1][2].fingerprint
    assert (await items(one, other))[1][2].fingerprint != (await items(renamed, other))[1][2].fingerprint


async def test_whoever_changes_how_items_are_made_raises_their_version() -> None:
    """Else an index written by an older version would never be brought up to date. Raise MADE and write both here."""
    questions = [topic(7, "第一章 第一条", "要什么条件"), topic(8, None, "有没有补贴")]
    _, found = await items(document("甲"), document("乙", first_id=100, growing=rewards()), topics=questions)
    digest = hashlib.sha256()
    for key in sorted(found):
        digest.update(repr((found[key].id, found[key].views, found[key].lexical)).encode())
    assert (MADE, digest.hexdigest()[:16]) == ("3", "12a8b9f0dbc5834b")


async def test_only_documents_that_changed_are_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    made = indexing._clause_fingerprint

    def counted(snapshot: Snapshot, clause: ClauseText) -> str:
        seen.append(clause.document_id)
        return made(snapshot, clause)

    monkeypatch.setattr(indexing, "_clause_fingerprint", counted)
    one, other = document("甲"), document("乙", first_id=100)
    library = FakeLibrary(Snapshot(1, [one, other]))
    knowledge = KnowledgeSource(library)  # type: ignore[arg-type]
    first = await knowledge.fingerprints()
    assert set(seen) == {"甲", "乙"}
    seen.clear()
    library.current = Snapshot(2, [one, document("乙", TEXT.replace("10万元", "12万元"), first_id=100)])
    second = await knowledge.fingerprints()
    assert set(seen) == {"乙"}
    assert {key for key in first if first[key] != second[key]} == {clause_item(other.by_path["第二章 第二条"].id)}


async def test_what_was_worked_out_of_a_document_goes_with_it() -> None:
    knowledge = source(document("甲"))
    await knowledge.fingerprints()
    held = len(indexing._fingerprints._kept)
    del knowledge
    gc.collect()
    assert len(indexing._fingerprints._kept) < held


def test_what_may_be_used_is_every_clause_and_silent_topic_of_applicable_documents() -> None:
    one, later = document("甲"), replace(document("乙", first_id=100), valid_from=date(2026, 1, 1))
    elsewhere = replace(document("丙", first_id=200), region="云岭市")
    topics = [topic(7, None, "有没有补贴"), topic(8, "第二章", "奖多少"), topic(9, None, "另一个", of="乙")]
    snapshot = Snapshot(1, [later, elsewhere, one], topics)
    for day, region in (
        (date(2025, 6, 1), "430400"),
        (TODAY, "430400"),
        (TODAY, "云岭市"),
        (date(2020, 1, 1), "430400"),
    ):
        usable = snapshot.applicable(day, region)
        expected = {clause_item(clause.id) for own in usable.values() for clause in own.clauses}
        expected |= {topic_item(item.id) for item in topics if not item.stated and item.document_id in usable}
        allowed = allowed_items(snapshot, day, region)
        assert allowed.dtype == np.int64
        assert list(allowed) == sorted(expected)
        assert allowed_items(snapshot, day, region) is allowed
    with pytest.raises(ValueError, match="read-only"):
        allowed_items(snapshot, TODAY, "430400")[0] = 0


def test_topics_under_review_stay_for_dates_before_their_document_was_replaced() -> None:
    replaced = replace(document("甲"), superseded_by="乙", superseded_from=date(2026, 1, 1))
    snapshot = Snapshot(1, [replaced], [replace(topic(7, None, "有没有补贴"), review=True)])
    assert topic_item(7) in allowed_items(snapshot, date(2025, 6, 1), "430400")
    assert topic_item(7) not in allowed_items(snapshot, TODAY, "430400")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第 四 条 支持措施\n一次性奖励。", "支持措施"),
        ("（一）基本条件", "基本条件"),
        ("## 二、支持措施", "支持措施"),
        ("三、企业应当按时报送。", ""),
        ("附件：\n办法", ""),
        ("四、" + "很长的标题" * 10, ""),
    ],
)
def test_the_heading_of_a_clause_stands_behind_its_label(text: str, expected: str) -> None:
    assert heading(document("甲", text).clauses[0]) == expected


@pytest.mark.long
async def test_a_change_in_a_base_of_a_hundred_thousand_clauses_costs_one_document() -> None:
    text = "\n".join(f"{number % 900 + 1}、企业应当按时报送第{number}号材料。" for number in range(10_000))
    documents = [document(f"文件{number}", text, first_id=1 + number * 10_000) for number in range(10)]
    library = FakeLibrary(Snapshot(1, documents))
    knowledge = KnowledgeSource(library)  # type: ignore[arg-type]
    assert len(await knowledge.fingerprints()) == 100_000
    library.current = Snapshot(2, [*documents, document("又一份", first_id=200_000)])
    started = perf_counter()
    assert len(await knowledge.fingerprints()) > 100_000
    assert len(await knowledge.items([2, 4, 400_002])) == 3
    assert len(allowed_items(library.current, TODAY, "430400")) > 100_000
    assert perf_counter() - started < 5
