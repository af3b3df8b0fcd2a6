"""Typical questions: staff keep them, set-up does not undo what they did, and every change reaches search."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, select

from core.database import Database
from core.jobs import Job
from core.settings import async_url
from firms.actors import Actor
from knowledge import faq
from knowledge.citing import NoSuchClause, Reference
from knowledge.desk_models import FaqOverride
from knowledge.faq_desk import EntryChanged, Faq, FaqEntry, NoSuchEntry
from knowledge.library import Library, Metadata, TopicText
from knowledge.models import LibraryRevision, Topic
from knowledge.open_questions import OpenQuestions, Reply
from tests.knowledge.test_open_questions import APPROVER, COUNTY, EDITOR, HOME, OTHER, ask

OLD = "云岭市示例产业扶持办法\n\n第一条　适用于示例企业。\n\n第二条　每家企业补助示例金额7万元。\n"
NEW = (
    "云岭市示例产业扶持办法（修订）\n\n第一条　适用于示例企业。\n\n第二条　由示例局负责解释。\n\n"
    "第三条　每家企业补助示例金额9万元。\n"
)
BUILT_IN = (
    TopicText(0, "", "第一条", True, ("第一条",), ("适用于谁", "谁能享受")),
    TopicText(0, "", "第二条", True, ("第二条",), ("补助多少",)),
    TopicText(0, "", "申领材料", False, ("第二条",), ("要带什么材料",)),
)


async def add(database: Database, text: str = OLD, **more: str) -> str:
    report = await Library(database, home_region=HOME).add(text, Metadata(region=HOME, **more))  # type: ignore[arg-type]
    assert report.document_id is not None
    return report.document_id


async def bring_in(database: Database, document: str, topics: tuple[TopicText, ...] = BUILT_IN) -> bool:
    async with database.transaction() as session:
        return await faq.bring_in(session, document, topics)


async def said(database: Database) -> dict[str, tuple[str, list[str], list[str]]]:
    """Name -> origin, paths, questions of all entries."""
    async with database.reading() as session:
        rows = await session.scalars(select(Topic).order_by(Topic.id))
        return {row.name: (row.origin, row.paths, row.questions) for row in rows}


async def entry_of(database: Database, question: str) -> FaqEntry:
    (found,) = await Faq(database).list(search=question)
    return found


async def revision(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(LibraryRevision.revision)) or 0


# --- set-up and staff ---


async def test_set_up_brings_in_what_is_built_in_and_then_finds_nothing_to_do(database: Database) -> None:
    document = await add(database)
    assert await bring_in(database, document)
    before = await said(database)
    assert not await bring_in(database, document)
    assert await said(database) == before
    assert await bring_in(database, document, BUILT_IN[:1])
    assert list(await said(database)) == ["第一条"]


async def test_what_staff_and_desk_wrote_survives_set_up(database: Database) -> None:
    document = await add(database)
    await bring_in(database, document)
    entries = Faq(database)
    await entries.add(Reference(document, "第二条"), ["能补几万"], EDITOR)
    edited = await entry_of(database, "适用于谁")
    await entries.edit(edited.id, ["哪些企业能享受"], EDITOR, version=edited.version)
    gone = await entry_of(database, "补助多少")
    await entries.delete(gone.id, EDITOR, version=gone.version)
    silent = await entry_of(database, "要带什么材料")
    await entries.edit(silent.id, ["要交什么材料"], EDITOR, version=silent.version)
    kept = await said(database)
    assert not await bring_in(database, document)
    assert await said(database) == kept
    assert {name: questions for name, (_, _, questions) in kept.items()} == {
        "第一条": ["哪些企业能享受"],
        "申领材料": ["要交什么材料"],
        "第二条 2": ["能补几万"],
    }


async def test_a_built_in_entry_that_staff_moved_is_not_brought_back(database: Database) -> None:
    document, other = await add(database), await add(database, NEW)
    await bring_in(database, document)
    entry = await entry_of(database, "补助多少")
    assert await Faq(database).move(entry.id, Reference(other, "第三条"), EDITOR, version=entry.version)
    await bring_in(database, document)
    moved = await entry_of(database, "补助多少")
    assert (moved.document_id, moved.paths, moved.id, moved.origin) == (other, ("第三条",), entry.id, "staff")


async def test_the_traces_of_a_removed_document_go_with_it(database: Database) -> None:
    document = await add(database)
    await bring_in(database, document)
    entry = await entry_of(database, "补助多少")
    await Faq(database).delete(entry.id, EDITOR, version=entry.version)
    await Library(database, home_region=HOME).remove(document)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(FaqOverride)) == 0


# --- every change reaches search ---


async def test_every_change_grows_the_librarys_revision_and_queues_the_index_job(database: Database) -> None:
    document = await add(database)
    await bring_in(database, document)
    entries, library = Faq(database), Library(database, home_region=HOME)
    second = Reference(document, "第二条")

    async def change(act: Callable[[], Awaitable[object]]) -> None:
        before = await revision(database)
        await act()
        assert await revision(database) > before
        async with database.reading() as session:
            waiting = (
                select(func.count()).select_from(Job).where(Job.name == "knowledge.reindex", Job.state == "queued")
            )
            assert await session.scalar(waiting) == 1

    await change(lambda: entries.add(second, ["能补几万"], EDITOR))
    entry = await entry_of(database, "能补几万")
    clause = (await library.snapshot()).by_path[document, "第二条"]
    assert "能补几万" in (await library.snapshot()).questions[clause.id]
    await change(lambda: entries.edit(entry.id, ["能补多少万"], EDITOR, version=entry.version))
    assert "能补多少万" in (await library.snapshot()).questions[clause.id]
    entry = await entries.get(entry.id)
    await change(lambda: entries.move(entry.id, Reference(document, "第一条"), EDITOR, version=entry.version))
    assert "能补多少万" not in (await library.snapshot()).questions[clause.id]
    entry = await entries.get(entry.id)
    await change(lambda: entries.keep(entry.id, EDITOR, version=entry.version))
    await change(lambda: entries.delete(entry.id, EDITOR, version=entry.version))
    with pytest.raises(NoSuchEntry):
        await entries.get(entry.id)


async def test_entries_added_at_once_from_two_processes_do_not_collide(database: Database, database_url: str) -> None:
    document = await add(database)
    other = Database(async_url(database_url))
    added = (
        Faq(where).add(Reference(document, "第二条"), [f"示例问法{number}号"], EDITOR)
        for number, where in enumerate([database, other] * 3)
    )
    same = (Faq(where).add(Reference(document, "第一条"), ["同一个问法"], EDITOR) for where in (database, other))
    results = await asyncio.gather(*added, *same, return_exceptions=True)
    await other.close()
    assert [str(result) for result in results if isinstance(result, Exception)] == [
        "“同一个问法”已经是第一条的常见问题。"
    ]
    assert len(await said(database)) == 7


# --- what is refused ---


async def test_who_saves_an_entry_that_somebody_changed_is_told_what_stands_there(database: Database) -> None:
    document = await add(database)
    await bring_in(database, document)
    entries = Faq(database)
    seen = await entry_of(database, "补助多少")
    await entries.edit(seen.id, ["能补几万"], EDITOR, version=seen.version)
    for act in (
        entries.edit(seen.id, ["另一种问法"], OTHER, version=seen.version),
        entries.move(seen.id, Reference(document, "第一条"), OTHER, version=seen.version),
        entries.keep(seen.id, OTHER, version=seen.version),
        entries.delete(seen.id, OTHER, version=seen.version),
    ):
        with pytest.raises(EntryChanged, match="能补几万"):
            await act


async def test_a_question_belongs_to_one_entry_of_a_document(database: Database) -> None:
    document = await add(database)
    await bring_in(database, document)
    entries = Faq(database)
    with pytest.raises(Exception, match="第二条"):
        await entries.add(Reference(document, "第一条"), ["补助 多少"], EDITOR)
    entry = await entry_of(database, "适用于谁")
    with pytest.raises(Exception, match="第二条"):
        await entries.edit(entry.id, ["补助多少"], EDITOR, version=entry.version)
    assert await entries.edit(entry.id, ["适用于谁"], EDITOR, version=entry.version)


@pytest.mark.parametrize(
    "questions", [[], [" "], ["短"], ["长" * 201], [f"示例问法{number}号" for number in range(51)]]
)
async def test_questions_of_no_use_are_refused(database: Database, questions: list[str]) -> None:
    document = await add(database)
    with pytest.raises(Exception, match="问法"):
        await Faq(database).add(Reference(document, "第二条"), questions, EDITOR)
    assert await said(database) == {}


async def test_an_entry_needs_a_clause_that_exists_and_a_silent_topic_is_not_moved(database: Database) -> None:
    document = await add(database)
    await bring_in(database, document)
    entries = Faq(database)
    with pytest.raises(NoSuchClause):
        await entries.add(Reference(document, "第九条"), ["能补几万"], EDITOR)
    silent = await entry_of(database, "要带什么材料")
    with pytest.raises(Exception, match="文件没写"):
        await entries.move(silent.id, Reference(document, "第一条"), EDITOR, version=silent.version)


async def test_staff_of_a_county_keep_the_entries_of_their_countys_documents_alone(database: Database) -> None:
    city = await add(database)
    county = await Library(database, home_region=HOME).add(NEW, Metadata(region="430422"))
    assert county.document_id is not None
    await bring_in(database, city)
    entries = Faq(database)
    foreign = await entry_of(database, "补助多少")
    with pytest.raises(NoSuchEntry):
        await entries.edit(foreign.id, ["能补几万"], COUNTY, version=foreign.version)
    with pytest.raises(Exception, match="不归您"):
        await entries.add(Reference(city, "第一条"), ["谁能享受补助"], COUNTY)
    own = await entries.add(Reference(county.document_id, "第三条"), ["县里补多少"], COUNTY)
    assert [entry.id for entry in await entries.list(COUNTY)] == [own]
    with pytest.raises(Exception, match="不归您"):
        mine = await entries.get(own, COUNTY)
        await entries.move(own, Reference(city, "第一条"), COUNTY, version=mine.version)


# --- after a document was replaced ---


async def test_entries_under_review_come_first_with_the_successors_most_similar_clause(database: Database) -> None:
    old = await add(database)
    await bring_in(database, old)
    new = await add(database, NEW, supersedes=old)
    entries = Faq(database)
    await entries.add(Reference(new, "第二条"), ["谁来解释"], EDITOR)
    assert [entry.review for entry in await entries.list()] == [True, True, True, False]
    first = await entry_of(database, "补助多少")
    assert (first.document_id, first.review, first.superseded_by) == (old, True, new)
    proposal = await entries.propose(first.id)
    assert proposal is not None
    assert (proposal.document_id, proposal.path) == (new, "第三条")
    assert 0.5 < proposal.likeness < 1
    await entries.move(first.id, Reference(new, "第三条"), EDITOR, version=first.version)
    moved = await entries.get(first.id)
    assert (moved.document_id, moved.paths, moved.review) == (new, ("第三条",), False)
    assert await entries.propose(first.id) is None


async def test_a_reviewed_entry_may_stay(database: Database) -> None:
    document = await add(database)
    await bring_in(database, document)
    async with database.transaction() as session:
        for row in await session.scalars(select(Topic)):
            row.review = True
    entries = Faq(database)
    entry = await entry_of(database, "补助多少")
    await entries.keep(entry.id, EDITOR, version=entry.version)
    assert not (await entries.get(entry.id)).review
    assert [each.review for each in await entries.list()] == [True, True, False]


# --- entries of the desk ---


async def desk_entry(database: Database) -> tuple[FaqEntry, OpenQuestions, int]:
    document = await add(database)
    question = await ask(database, "能补几万")
    questions = OpenQuestions(database, "示例局", ("web",))
    await questions.answer(question, Reply("每家7万元。", Reference(document, "第二条")), EDITOR)
    await questions.approve(question, APPROVER)
    return await entry_of(database, "能补几万"), questions, question


async def test_an_edited_answer_of_the_desk_is_out_of_use_until_it_is_approved_again(database: Database) -> None:
    entry, questions, question = await desk_entry(database)
    assert (entry.origin, entry.answer) == ("desk", "每家7万元。")
    entries = Faq(database)
    active = await entries.edit(
        entry.id, ["能补几万", "补多少万"], OTHER, version=entry.version, answer="每家企业7万元。"
    )
    assert not active
    assert await entries.list() == ()
    group = await questions.get(question)
    assert group.answer is not None
    assert (group.answer.text, group.answer.approved_by, group.answer.author) == ("每家企业7万元。", None, "示例同事")
    await questions.approve(question, APPROVER)
    again = await entry_of(database, "补多少万")
    assert (again.answer, again.questions) == ("每家企业7万元。", ("能补几万", "补多少万"))


async def test_a_deleted_answer_of_the_desk_can_be_approved_again(database: Database) -> None:
    entry, questions, question = await desk_entry(database)
    await Faq(database).delete(entry.id, OTHER, version=entry.version)
    assert await said(database) == {}
    group = await questions.get(question)
    assert group.answer is not None
    assert group.answer.approved_by is None
    await questions.approve(question, APPROVER)
    assert (await entry_of(database, "能补几万")).origin == "desk"


async def test_the_desks_answer_outlives_the_document_it_cited(database: Database) -> None:
    entry, questions, question = await desk_entry(database)
    await Library(database, home_region=HOME).remove(entry.document_id)
    group = await questions.get(question)
    assert group.answer is not None
    assert (group.answer.document_id, group.answer.quote) == (None, "第二条　每家企业补助示例金额7万元。")
    assert await said(database) == {}


async def test_actors_without_a_region_see_all_and_others_what_they_cover(database: Database) -> None:
    await bring_in(database, await add(database))
    elsewhere = Actor("staff", "示例外地", "editor", "430500")
    assert len(await Faq(database).list(EDITOR)) == 3
    assert await Faq(database).list(elsewhere) == ()
