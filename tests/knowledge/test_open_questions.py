"""Open questions: the same question in a few words is one group, the group is answered once, and each asker once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select, update

from core.clock import machine_now
from core.database import Database
from core.jobs import Job
from core.settings import async_url
from firms import audit
from firms.actors import Actor
from knowledge import forgetting
from knowledge.citing import NoSuchClause, Reference, uncited_figures
from knowledge.desk_models import OpenQuestion, QuestionGroup
from knowledge.grouping import Known, Wording, common_share, unpack, worth_asking
from knowledge.intake import Intake, likeness
from knowledge.library import Library, Metadata
from knowledge.models import Topic
from knowledge.open_questions import (
    FiguresNotCited,
    MayNotApproveAnswer,
    NoSuchQuestion,
    OpenQuestions,
    QuestionChanged,
    Reply,
)
from messaging.outbox import Delivery
from qiban import schema

HOME = "430400"
EDITOR = Actor("staff", "示例编辑", "editor")
OTHER = Actor("staff", "示例同事", "editor")
APPROVER = Actor("staff", "示例审批", "approver")
COUNTY = Actor("staff", "示例县里", "editor", "430422")
DOCUMENT = "云岭市示例产业扶持办法\n\n第一条　本办法适用于示例企业。\n\n第二条　每家企业补助示例金额7万元。\n"


class Meanings:
    """An encoder whose vectors are told: texts of one meaning lie near each other."""

    def __init__(self, **meanings: tuple[float, ...]) -> None:
        self._meanings = meanings
        self.inside_transaction = False

    def encode_query(self, text: str) -> NDArray[np.float32]:
        from core.database import _inside

        self.inside_transaction |= _inside.get()
        vector = np.array(self._meanings.get(text, (0.0, 0.0, 1.0)), dtype=np.float32)
        return vector / np.linalg.norm(vector)

    def status(self) -> dict[str, Any]:
        return {"model": "meanings@1"}


async def ask(
    database: Database, text: str, *, intake: Intake | None = None, address: str | None = "s1", **more: Any
) -> int:
    """Put a question into the queue; its id."""
    intake = intake or Intake()
    wording = await intake.prepare(text)
    assert wording is not None
    channel = "web" if address else None
    values = {"why": "not_stated", "region": HOME, "channel": channel, "address": address, **more}
    async with database.transaction() as session:
        return await intake.keep(session, wording, **values)


def desk(database: Database, *reachable: str) -> OpenQuestions:
    return OpenQuestions(database, "示例局", reachable or ("web", "telegram"), document_url="https://qiban.example")


async def add_document(database: Database) -> str:
    report = await Library(database, home_region=HOME).add(DOCUMENT, Metadata(region=HOME))
    assert report.document_id is not None
    return report.document_id


async def sent(database: Database) -> list[Delivery]:
    async with database.reading() as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.id)))


# --- what is the same ---


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("补贴什么时候到账", "请问补贴什么时候到账呢？"),
        ("补贴什么时候到账", "補貼什麼時候到賬"),
        ("能不能申报", "能申报吗"),
        ("有没有补贴", "有补贴吗"),
        ("ISO 认证 要吗", "iso认证要吗"),
    ],
)
def test_fillers_widths_and_signs_change_nothing_about_a_question(one: str, other: str) -> None:
    assert likeness().key(one) == likeness().key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("去年1800万够不够", "去年2800万够不够"),
        ("分公司能报吗", "分公司不能报吗"),
        ("衡南县的企业能报吗", "衡阳县的企业能报吗"),
        ("要ISO9001吗", "要ISO14001吗"),
    ],
)
def test_figures_places_and_denials_make_another_question_however_near_it_sounds(one: str, other: str) -> None:
    vector = np.array([1.0, 0.0], dtype=np.float32)
    rules = likeness()
    known = Known(7, other, rules.key(other), Wording(other, "", vector).stored, "m")
    assert rules.choose(Wording(one, rules.key(one), vector, "m"), [known]) is None


def test_of_several_groups_the_nearest_is_chosen_and_of_equals_the_oldest() -> None:
    rules = likeness()

    def known(group: int, angle: float) -> Known:
        vector = np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)
        return Known(group, f"示例问法{'甲乙丙丁'[group]}", str(group), Wording("", "", vector).stored, "m")

    new = Wording("示例说法", "new", np.array([1.0, 0.0], dtype=np.float32), "m")
    assert rules.choose(new, [known(1, 0.15), known(2, 0.05), known(3, 0.05)]) == 2
    assert rules.choose(new, [known(1, 0.5)]) is None
    assert rules.nearby(new, [known(1, 0.3), known(2, 0.25), known(3, 1.0)], 3) == (2, 1)


def test_vectors_of_another_model_are_not_compared() -> None:
    vector = np.array([1.0, 0.0], dtype=np.float32)
    known = Known(1, "完全不同的话", "k", Wording("", "", vector).stored, "other")
    assert likeness().choose(Wording("示例说法", "new", vector, "m"), [known]) is None


@given(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=8))
def test_a_vector_comes_back_from_the_database_as_it_went_in(values: list[float]) -> None:
    vector = np.array(values, dtype=np.float32)
    assert unpack(Wording("", "", vector).stored).tolist() == vector.tolist()  # type: ignore[union-attr]


@given(st.text(), st.text())
def test_likeness_by_words_is_symmetric_and_within_bounds(one: str, other: str) -> None:
    assert 0 <= common_share(one, other) <= 1
    assert common_share(one, other) == common_share(other, one)
    assert common_share(one, one) == (1 if one else 0)


@given(st.text(max_size=60))
def test_every_text_has_one_key_and_asking_it_politely_has_the_same(text: str) -> None:
    assert likeness().key(text) == likeness().key(f"  {text}？ ")


def test_signs_and_figures_alone_are_no_question_for_the_desk() -> None:
    assert [text for text in ("👍👍", "？？？", "666", "", "　", "a") if worth_asking(text)] == []
    assert worth_asking("奖金")


# --- the queue ---


async def test_the_same_question_is_one_group_and_its_askers_are_counted(database: Database) -> None:
    await ask(database, "补贴什么时候到账")
    await ask(database, "请问补贴什么时候到账？", address="s2")
    newest = await ask(database, "补贴什么时候到账呢", address="s2")
    await ask(database, "外地分公司能申报吗", address=None)
    second, first = (await desk(database).list())[::-1]
    assert (first.count, first.askers, first.waiting) == (1, 0, 0)
    assert (second.count, second.askers, second.waiting, second.id) == (3, 2, 2, newest)
    assert [text for _, text in second.wordings] == ["补贴什么时候到账呢"]
    assert await desk(database).count() == 2


async def test_questions_of_one_meaning_are_one_group_and_the_model_is_asked_outside_the_transaction(
    database: Database,
) -> None:
    meanings = Meanings(
        补贴什么时候到账=(1, 0, 0), 补贴款啥时候到账=(0.99, 0.1, 0), 补贴怎么退回=(0.9, 0.43, 0), 问法甲=(0, 1, 0)
    )
    intake = Intake(meanings)
    for text in ("补贴什么时候到账", "补贴款啥时候到账", "补贴怎么退回", "问法甲"):
        await ask(database, text, intake=intake)
    listed = await desk(database).list()
    assert [[text for _, text in group.wordings] for group in listed] == [
        ["问法甲"],
        ["补贴怎么退回"],
        ["补贴款啥时候到账", "补贴什么时候到账"],
    ]
    assert not meanings.inside_transaction
    near = await desk(database).near(listed[1].id)
    assert [group.group for group in near] == [listed[2].group]
    async with database.reading() as session:
        stored = (await session.scalars(select(OpenQuestion.model))).all()
    assert set(stored) == {"meanings@1"}


async def test_what_is_only_near_is_shown_to_staff_and_joined_by_hand(database: Database) -> None:
    intake = Intake(Meanings(补贴什么时候到账=(1, 0, 0), 补贴几号能发下来=(0.95, 0.31, 0)))
    first = await ask(database, "补贴什么时候到账", intake=intake)
    second = await ask(database, "补贴几号能发下来", intake=intake, address="s2")
    questions = desk(database)
    near = await questions.near(second)
    assert [group.id for group in near] == [first]
    await questions.merge(second, first, EDITOR, version=(await questions.get(second)).version)
    merged = await questions.get(first)
    assert (merged.count, merged.id, await questions.count()) == (2, second, 1)
    with pytest.raises(Exception, match="已经在一组"):
        await questions.merge(second, first, EDITOR)
    await questions.split(second, EDITOR)
    assert (await questions.get(first)).count == 1
    assert await questions.count() == 2
    assert await ask(database, "补贴几号能发下来", intake=intake) > second
    assert (await questions.get(second)).count == 2  # asked again it goes where staff put it


async def test_the_only_wording_of_a_group_is_not_split_off(database: Database) -> None:
    question = await ask(database, "补贴什么时候到账")
    await ask(database, "补贴什么时候到账呢")
    with pytest.raises(Exception, match="只有这一种问法"):
        await desk(database).split(question, EDITOR)


async def test_the_same_question_at_once_from_two_processes_is_one_group(database: Database, database_url: str) -> None:
    other = Database(async_url(database_url))
    texts = [(where, f"s{number}") for number, where in enumerate([database, other] * 5)]
    await asyncio.gather(*(ask(where, "补贴什么时候到账", address=address) for where, address in texts))
    await other.close()
    (group,) = await desk(database).list()
    assert (group.count, group.askers) == (10, 10)


# --- answering ---


async def test_an_answer_reaches_every_asker_once_with_the_clause_quoted(database: Database) -> None:
    document = await add_document(database)
    first = await ask(database, "补助多少钱")
    await ask(database, "补助多少钱呢", channel="telegram", address="42")
    await ask(database, "补助多少钱？", channel="telegram", address="42")
    await ask(database, "补助多少钱啊", address=None)
    reply = Reply("每家7万元，找属地窗口领取。", Reference(document, "第二条"), version=1)
    delivered = await desk(database).answer(first, reply, EDITOR)
    assert (delivered.reached, delivered.unreachable) == (2, 1)
    deliveries = await sent(database)
    assert sorted((row.channel, row.address, row.lane) for row in deliveries) == [
        ("telegram", "42", "notice"),
        ("web", "s1", "notice"),
    ]
    for row in deliveries:
        assert "示例局答复：每家7万元" in row.message["text"]
        assert "第二条　每家企业补助示例金额7万元。" in row.message["text"]
        (quote,) = row.message["quotes"]
        assert quote["text"] == "第二条　每家企业补助示例金额7万元。"
        assert quote["url"].startswith(f"https://qiban.example/documents/{document}?start=")
        assert (row.topic or "").startswith("question:")
    group = await desk(database).get(first)
    assert (group.state, group.answered, group.waiting, await desk(database).count()) == ("answered", True, 0, 0)


async def test_the_same_answer_again_sends_nothing_and_a_correction_goes_to_all(database: Database) -> None:
    question = await ask(database, "窗口在哪里")
    questions = desk(database)
    await questions.answer(question, "在示例大厅。", EDITOR)
    assert (await questions.answer(question, "在示例大厅。", OTHER)).reached == 0
    with pytest.raises(QuestionChanged, match="在示例大厅"):
        await questions.answer(question, "在示例中心。", OTHER)
    seen = await questions.get(question)
    assert (await questions.answer(question, Reply("在示例中心。", version=seen.version), OTHER)).reached == 1
    assert [row.message["text"].rpartition("：")[2] for row in await sent(database)] == ["在示例大厅。", "在示例中心。"]


async def test_a_correction_back_to_the_first_words_is_sent_and_taking_up_again_sends_nothing(
    database: Database,
) -> None:
    question = await ask(database, "窗口在哪里")
    questions = desk(database)
    for text in ("在示例大厅。", "在示例中心。", "在示例大厅。"):
        await questions.answer(question, Reply(text, version=(await questions.get(question)).version), EDITOR)
    assert len(await sent(database)) == 3
    await questions.reopen(question, EDITOR)
    assert (await questions.answer(question, "在示例大厅。", EDITOR)).reached == 0
    assert (await questions.get(question)).state == "answered"


async def test_a_wording_that_is_split_off_keeps_what_was_decided_and_opens_for_who_waits(database: Database) -> None:
    first, second = await ask(database, "窗口在哪里"), await ask(database, "大厅在几楼", address="s2")
    questions = desk(database)
    await questions.merge(second, first, EDITOR)
    await questions.answer(first, "在示例大厅。", EDITOR)
    await questions.split(second, EDITOR)
    split = await questions.get(second)
    assert split.answer is not None
    assert (split.state, split.answer.text, await questions.count()) == ("answered", "在示例大厅。", 0)
    await questions.merge(second, first, EDITOR)
    await ask(database, "大厅在几楼", address="s3")
    await questions.split(second, EDITOR)
    assert ((await questions.get(second)).state, (await questions.get(first)).state) == ("reopened", "answered")


async def test_who_asks_after_the_answer_reopens_the_group_and_only_he_gets_it(database: Database) -> None:
    first = await ask(database, "窗口在哪里")
    questions = desk(database)
    await questions.answer(first, "在示例大厅。", EDITOR)
    later = await ask(database, "请问窗口在哪里", address="s2")
    again = await questions.get(later)
    assert (again.state, again.waiting, again.answered, await questions.count()) == ("reopened", 1, False, 1)
    assert again.answer is not None
    assert (await questions.answer(later, Reply(again.answer.text, version=again.version), OTHER)).reached == 1
    assert [row.address for row in await sent(database)] == ["s1", "s2"]


async def test_two_answers_at_once_send_one(database: Database, database_url: str) -> None:
    question = await ask(database, "窗口在哪里")
    other = Database(async_url(database_url))
    replies = [Reply(f"答复{word}。", version=1) for word in "甲乙丙丁"]
    results = await asyncio.gather(
        *(
            desk(where).answer(question, reply, EDITOR)
            for where, reply in zip((database, other) * 2, replies, strict=True)
        ),
        return_exceptions=True,
    )
    await other.close()
    assert sum(isinstance(result, QuestionChanged) for result in results) == 3
    assert len(await sent(database)) == 1


async def test_the_second_editor_is_told_what_the_first_one_wrote(database: Database) -> None:
    question = await ask(database, "窗口在哪里")
    questions = desk(database)
    seen = await questions.get(question)
    await questions.answer(question, Reply("在示例大厅。", version=seen.version), EDITOR)
    with pytest.raises(QuestionChanged, match="示例编辑.*在示例大厅"):
        await questions.answer(question, Reply("不知道。", version=seen.version), OTHER)
    with pytest.raises(QuestionChanged):
        await questions.dismiss(question, "irrelevant", OTHER, version=seen.version)


async def test_figures_that_no_clause_holds_are_sent_only_when_confirmed(database: Database) -> None:
    document = await add_document(database)
    question = await ask(database, "补助多少钱")
    questions = desk(database)
    for text, reference in (
        ("每家9万元。", Reference(document, "第二条")),
        ("每家7%。", Reference(document, "第二条")),
        ("每家7万元。", None),
    ):
        with pytest.raises(FiguresNotCited):
            await questions.answer(question, Reply(text, reference), EDITOR)
    assert await sent(database) == []
    await questions.answer(question, Reply("每家9万元。", Reference(document, "第二条"), confirmed=True), EDITOR)
    assert len(await sent(database)) == 1


def test_uncited_figures_are_named_as_written() -> None:
    quote = "补助7万元，比例不低于百分之三十，2025年6月1日起施行"
    assert uncited_figures("补助7万元，30%，2025-06-01起", quote) == ()
    assert uncited_figures("补助8万元，30天内", quote) == ("8万元", "30天")


async def test_a_citation_that_does_not_exist_is_refused_and_any_width_is_read(database: Database) -> None:
    document = await add_document(database)
    question = await ask(database, "补助多少钱")
    questions = desk(database)
    for reference in (Reference(document, "第九条"), Reference("没有这份", "第二条")):
        with pytest.raises(NoSuchClause):
            await questions.answer(question, Reply("请看引用。", reference), EDITOR)
    await questions.answer(question, Reply("请看引用。", Reference(document, " 第二条 ")), EDITOR)
    answer = (await questions.get(question)).answer
    assert answer is not None
    assert (answer.path, answer.quote) == ("第二条", "第二条　每家企业补助示例金额7万元。")


@pytest.mark.parametrize("text", ["", "　\n", "答" * 3001])
async def test_an_empty_or_endless_answer_is_refused(database: Database, text: str) -> None:
    question = await ask(database, "窗口在哪里")
    with pytest.raises(Exception, match="3000"):
        await desk(database).answer(question, text, EDITOR)


# --- states, rights, audit ---


async def test_a_dismissed_question_waits_no_more_and_stays_dismissed_when_asked_again(database: Database) -> None:
    question = await ask(database, "加微信领红包")
    questions = desk(database)
    with pytest.raises(Exception, match="广告"):
        await questions.dismiss(question, "whatever", EDITOR)
    await questions.dismiss(question, "advert", EDITOR, version=1)
    await questions.dismiss(question, "advert", EDITOR, version=1)
    await ask(database, "加微信领红包！")
    group = await questions.get(question)
    assert (group.state, group.dismissed_as, group.count, await questions.count()) == ("dismissed", "advert", 2, 0)
    await questions.reopen(question, EDITOR, version=group.version)
    assert (await questions.get(question)).state == "reopened"
    assert await questions.count() == 1


async def test_staff_of_a_county_see_and_answer_the_questions_of_their_county_alone(database: Database) -> None:
    city = await ask(database, "市里窗口在哪里")
    county = await ask(database, "县里窗口在哪里", region="430422")
    mixed = await ask(database, "窗口在哪里", region="430422")
    await ask(database, "窗口在哪里呢", region=HOME)
    questions = desk(database)
    assert [group.id for group in await questions.list(COUNTY)] == [county]
    assert await questions.count(COUNTY) == 1
    for hidden in (city, mixed, 999_999):
        for act in (
            questions.get(hidden, COUNTY),
            questions.answer(hidden, "不归我答", COUNTY),
            questions.dismiss(hidden, "irrelevant", COUNTY),
            questions.merge(county, hidden, COUNTY),
        ):
            with pytest.raises(NoSuchQuestion):
                await act
    assert (await questions.answer(county, "在示例大厅。", COUNTY)).reached == 1


async def test_every_decision_is_in_the_audit_log_without_the_question(database: Database) -> None:
    question = await ask(database, "窗口在哪里")
    questions = desk(database)
    await questions.answer(question, "在示例大厅。", EDITOR)
    await questions.reopen(question, OTHER)
    await questions.dismiss(question, "duplicate", OTHER)
    group = await questions.get(question)
    async with database.reading() as session:
        records = await audit.about(session, "question_group", str(group.group))
    assert [(record.actor, record.action) for record in records] == [
        ("staff:示例编辑", "question.answered"),
        ("staff:示例同事", "question.reopened"),
        ("staff:示例同事", "question.dismissed"),
    ]
    assert "窗口" not in str(records)


async def test_pages_of_groups_follow_one_another_without_a_gap(database: Database) -> None:
    asked = [await ask(database, f"示例问题{word}怎么办") for word in "甲乙丙丁戊"]
    questions, seen, before = desk(database), [], None
    while page := await questions.list(before=before, limit=2):
        seen += [group.id for group in page]
        before = page[-1].id
    assert seen == asked[::-1]


# --- becoming a typical question ---


async def answered(database: Database) -> tuple[OpenQuestions, int, str]:
    document = await add_document(database)
    question = await ask(database, "补助多少钱")
    questions = desk(database)
    await questions.answer(question, Reply("每家7万元。", Reference(document, "第二条")), EDITOR)
    return questions, question, document


async def topics(database: Database) -> list[Topic]:
    async with database.reading() as session:
        return list(await session.scalars(select(Topic)))


async def test_an_approved_answer_is_a_typical_question_of_its_clause(database: Database) -> None:
    questions, question, document = await answered(database)
    assert await topics(database) == []
    waiting = await questions.list(which="to_approve")
    assert [group.id for group in waiting] == [question]
    await questions.approve(question, APPROVER, version=waiting[0].version)
    (topic,) = await topics(database)
    assert (topic.document_id, topic.paths, topic.questions) == (document, ["第二条"], ["补助多少钱"])
    assert (topic.origin, topic.answer, topic.stated) == ("desk", "每家7万元。", True)
    async with database.reading() as session:
        job = await session.scalar(select(func.count()).select_from(Job).where(Job.name == "knowledge.reindex"))
    assert job
    snapshot = await Library(database, home_region=HOME).snapshot()
    clause = snapshot.by_path[document, "第二条"]
    assert snapshot.questions[clause.id] == ["补助多少钱"]


async def test_nobody_approves_what_he_wrote_and_no_editor_approves(database: Database) -> None:
    questions, question, document = await answered(database)
    author = Actor("staff", "示例编辑", "approver")
    for actor in (EDITOR, OTHER, author):
        with pytest.raises(MayNotApproveAnswer):
            await questions.approve(question, actor)
    seen = await questions.get(question)
    reply = Reply("每家7万元，不重复。", Reference(document, "第二条"), seen.version)
    await questions.answer(question, reply, APPROVER)
    with pytest.raises(MayNotApproveAnswer):  # also who wrote an earlier version of it
        await questions.approve(question, author)
    assert await topics(database) == []


async def test_an_answer_without_a_clause_is_no_typical_question(database: Database) -> None:
    question = await ask(database, "窗口在哪里")
    questions = desk(database)
    with pytest.raises(Exception, match="还没有答复"):
        await questions.approve(question, APPROVER)
    await questions.answer(question, "在示例大厅。", EDITOR)
    with pytest.raises(Exception, match="引用"):
        await questions.approve(question, APPROVER)


async def test_a_changed_answer_needs_approval_again(database: Database) -> None:
    questions, question, document = await answered(database)
    await questions.approve(question, APPROVER)
    seen = await questions.get(question)
    with pytest.raises(Exception, match="已经审批"):
        await questions.approve(question, APPROVER)
    await questions.reword(question, ["补助是多少", "补助是多少？", "能补几万"], OTHER, version=seen.version)
    assert await topics(database) == []
    await questions.approve(question, APPROVER)
    assert (await topics(database))[0].questions == ["补助是多少", "能补几万"]
    seen = await questions.get(question)
    await questions.answer(question, Reply("补助7万元。", Reference(document, "第二条"), seen.version), OTHER)
    assert await topics(database) == []


async def test_a_group_whose_answer_is_approved_takes_others_in_but_is_not_merged_away(database: Database) -> None:
    questions, question, _ = await answered(database)
    await questions.approve(question, APPROVER)
    other = await ask(database, "能补几万", address="s2")
    with pytest.raises(Exception, match="常见问题"):
        await questions.merge(question, other, EDITOR)
    await questions.merge(other, question, EDITOR)
    merged = await questions.get(question)
    assert (merged.state, merged.waiting, len(await topics(database))) == ("reopened", 1, 1)


# --- keeping ---


async def test_addresses_are_forgotten_ninety_days_after_the_answer_and_the_text_stays(database: Database) -> None:
    settled = await ask(database, "窗口在哪里")
    await ask(database, "补助多少钱", address="s2")
    questions = desk(database)
    await questions.answer(settled, "在示例大厅。", EDITOR)
    now = machine_now()
    async with database.transaction() as session:
        assert await forgetting.forget(session, now + timedelta(days=89)) == 0
        assert await forgetting.forget(session, now + timedelta(days=91)) == 1
        rows = {row.text: row.address for row in await session.scalars(select(OpenQuestion))}
        due = await session.scalar(select(Job.run_at).where(Job.name == forgetting.FORGET_JOB))
    assert rows == {"窗口在哪里": None, "补助多少钱": "s2"}
    assert due is not None
    assert timedelta(days=90) < due - now < timedelta(days=91)
    assert (await questions.get(settled)).text == "窗口在哪里"


async def test_who_waits_again_is_not_forgotten_and_who_asks_into_a_dismissed_group_is(database: Database) -> None:
    questions = desk(database)
    await questions.answer(await ask(database, "窗口在哪里"), "在示例大厅。", EDITOR)
    await ask(database, "窗口在哪里", address="s2")
    await questions.dismiss(await ask(database, "加微信领红包"), "advert", EDITOR)
    await ask(database, "加微信领红包", address="s3")
    async with database.transaction() as session:
        await forgetting.forget(session, machine_now() + timedelta(days=91))
        kept = (await session.scalars(select(OpenQuestion.address).order_by(OpenQuestion.id))).all()
    assert kept == ["s1", "s2", None, None]


async def test_the_job_forgets_by_itself_and_bears_being_run_twice(database: Database) -> None:
    question = await ask(database, "窗口在哪里")
    await desk(database).answer(question, "在示例大厅。", EDITOR)
    long_ago = machine_now() - timedelta(days=100)
    async with database.transaction() as session:
        await session.execute(update(QuestionGroup).values(settled_at=long_ago))
    run = forgetting.handler(database)
    await run({})
    await run({})
    async with database.reading() as session:
        assert (await session.scalars(select(OpenQuestion.address))).all() == [None]


# --- from before there were groups ---


async def test_questions_from_before_become_groups_of_their_own_and_what_was_answered_stays_so(
    database: Database,
) -> None:
    def down(connection: Connection) -> None:
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")

    now = "2026-11-01 10:00:00+00:00" if database.dialect == "postgresql" else "2026-11-01T10:00:00.000000+00:00"
    async with database.engine.execution_options(qiban_write=True).connect() as connection:
        await connection.run_sync(down)
        for number, words in ((1, "窗口在哪里"), (2, "补助多少钱")):
            await connection.exec_driver_sql(
                "INSERT INTO open_questions (text, why, region, channel, address, asked_at)"
                f" VALUES ('{words}', 'not_stated', '430400', 'web', 's{number}', '{now}')"
            )
        await connection.exec_driver_sql(
            "INSERT INTO deliveries (key, channel, address, message, state, due_at, attempts, created_at, lane, topic,"
            f" urgent) VALUES ('answer:1:x', 'web', 's1', '{{}}', 'sent', '{now}', 0, '{now}', 'notice', 'question:1',"
            f" {'false' if database.dialect == 'postgresql' else 0})"
        )
        await connection.commit()
    await schema.migrate(database)
    listed = await desk(database).list()
    assert [(group.id, group.text, group.state, group.waiting) for group in listed] == [
        (2, "补助多少钱", "open", 1),
        (1, "窗口在哪里", "answered", 0),
    ]
    assert (await desk(database).get(await ask(database, "另一个示例问题"))).group == 3
    assert await desk(database).count() == 2
