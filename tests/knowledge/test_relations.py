"""What replaces, changes and prolongs what: by number and title, whichever comes first, and back when one goes."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from core.database import Database
from core.errors import BadInput, NotFound
from core.jobs import Job
from core.settings import async_url
from knowledge.library import Ingestion, Library, Metadata, Snapshot, StoredDocument, TopicText
from knowledge.relations import SUPERSEDED_JOB

HERE = "云岭市"
OLD = (
    "云岭市小企业认定办法\n云工信发〔2021〕12号\n第一条 奖励20万元。\n"
    "第二条 本办法自2021年5月1日起施行，有效期5年。\n2021年4月20日\n"
)
NEW = (
    "云岭市小企业认定管理办法\n云工信规〔2025〕3号\n第一条 上年度营业收入1500万元以上可申报。\n第二条 奖励15万元。\n"
    "第三条 本办法自2025年7月1日起施行，《云岭市小企业认定办法》（云工信发【2021】12号）同时废止。\n2025年6月10日\n"
)
AMENDMENT = (
    "关于修改《云岭市小企业认定管理办法》的决定\n云工信规〔2025〕9号\n"
    "将第二条“奖励15万元”修改为“奖励18万元”，其他条款不变。自2025年12月1日起施行。\n2025年11月3日\n"
)
PROLONGATION = (
    "关于延长《云岭市小企业认定办法》有效期的通知\n云工信发〔2024〕5号\n"
    "《云岭市小企业认定办法》（云工信发〔2021〕12号）有效期延长至2027年12月31日。\n2024年1月10日\n"
)


@pytest.fixture
def library(database: Database) -> Library:
    return Library(database, home_region="430400")


async def taken_in(library: Library, text: str, **given: Any) -> StoredDocument:
    report = await library.add(text, Metadata(**given))
    assert report.document_id is not None
    return await library.get(report.document_id)


def codes(report: Ingestion) -> set[str]:
    return {warning["code"] for warning in report.warnings}


@pytest.mark.parametrize("texts", list(itertools.permutations([OLD, NEW, AMENDMENT, PROLONGATION])))
async def test_the_order_of_ingestion_does_not_matter(library: Library, texts: tuple[str, ...]) -> None:
    ids = {text: (await taken_in(library, text)).id for text in texts}
    snapshot = await library.snapshot()
    old, new = snapshot.documents[ids[OLD]], snapshot.documents[ids[NEW]]
    assert (old.superseded_by, old.superseded_from) == (new.id, date(2025, 7, 1))
    assert snapshot.replaced_by(new.id) == (old,)
    assert set(snapshot.applicable(date(2025, 6, 30), HERE)) == {ids[OLD], ids[PROLONGATION]}
    assert set(snapshot.applicable(date(2025, 7, 1), HERE)) == {ids[NEW], ids[PROLONGATION]}
    assert snapshot.valid_to(old, date(2024, 1, 9)) == date(2026, 4, 30)
    assert snapshot.valid_to(old, date(2024, 1, 10)) == date(2027, 12, 31)
    clause = new.by_path["第二条"]
    (change,) = snapshot.amendments(clause, date(2025, 12, 1))
    assert (change.document_id, change.old, change.new) == (ids[AMENDMENT], "奖励15万元", "奖励18万元")
    assert change.clause is not None
    assert change.old in change.clause.text


async def test_an_amendment_counts_from_its_day_and_is_announced_from_its_issue(library: Library) -> None:
    new = await taken_in(library, NEW)
    amendment = await taken_in(library, AMENDMENT)
    snapshot = await library.snapshot()
    reward, revenue = new.by_path["第二条"], new.by_path["第一条"]
    assert snapshot.amendments(reward, date(2025, 11, 30)) == ()
    assert [item.document_id for item in snapshot.upcoming(reward, date(2025, 11, 30))] == [amendment.id]
    assert snapshot.upcoming(reward, date(2025, 11, 2)) == ()
    assert len(snapshot.amendments(reward, date(2025, 12, 1))) == 1
    assert snapshot.upcoming(reward, date(2025, 12, 1)) == ()
    assert snapshot.amendments(revenue, date(2026, 1, 1)) == ()
    assert amendment.id not in snapshot.applicable(date(2025, 11, 30), HERE)
    assert amendment.id in snapshot.applicable(date(2025, 12, 1), HERE)


async def test_a_change_in_a_sub_clause_or_without_a_place_finds_its_clause(library: Library) -> None:
    base = await taken_in(
        library,
        "云岭市办法\n第一章 总则\n第一条 示范企业。\n第二章 条件\n第二条 条件：\n（一）示范企业甲。\n"
        "（二）营业收入乙。\n",
    )
    await taken_in(
        library,
        "关于修改《云岭市办法》的决定\n一、将第二条中的“甲”修改为“丙”。\n二、将“示范企业”修改为“标杆企业”。\n"
        "三、增加一条，作为第二条：“新增的内容。”\n四、删去第九条。\n五、第一条修改为：“标杆企业认定。”\n",
    )
    snapshot = await library.snapshot()
    changed = {
        clause.path: [(item.kind, item.new) for item in snapshot.amendments(clause, date(2026, 1, 1))]
        for clause in base.clauses
        if snapshot.amendments(clause, date(2026, 1, 1))
    }
    assert changed == {
        "第一章 第一条": [("words", "标杆企业"), ("rewrite", "标杆企业认定。")],
        "第二章 第二条（一）": [("words", "丙"), ("words", "标杆企业")],
    }


async def test_several_prolongations_add_up(library: Library) -> None:
    old = await taken_in(library, OLD)
    await taken_in(library, PROLONGATION)
    await taken_in(
        library,
        "关于继续延长《云岭市小企业认定办法》有效期的通知\n"
        "《云岭市小企业认定办法》（云工信发〔2021〕12号）有效期延长2年。\n2027年6月1日\n",
    )
    snapshot = await library.snapshot()
    assert snapshot.valid_to(old, date(2027, 6, 1)) == date(2029, 12, 31)
    assert snapshot.expired(old, date(2026, 5, 1)) is False
    assert snapshot.in_force(old, date(2029, 12, 31)) is True
    assert snapshot.expired(old, date(2030, 1, 1)) is True


async def test_a_draft_ends_changes_and_prolongs_nothing_until_it_is_published(library: Library) -> None:
    old = await taken_in(library, OLD)
    draft = await taken_in(library, NEW, draft=True)
    assert (await library.get(old.id)).superseded_by is None
    published = await library.update(draft.id, {"draft": False}, version=1)
    assert (published.draft, published.id) == (False, (await library.get(old.id)).superseded_by)
    await library.update(draft.id, {"draft": True}, version=2)
    assert (await library.get(old.id)).superseded_by is None


async def test_the_first_of_several_successors_counts(library: Library) -> None:
    old = await taken_in(library, OLD)
    first = await taken_in(library, NEW)
    later = NEW.replace("2025年7月1日", "2026年1月1日").replace("〔2025〕3号", "〔2025〕8号")
    await taken_in(library, later.replace("1500万元", "1600万元"))
    assert (await library.get(old.id)).superseded_by == first.id
    await library.remove(first.id)
    assert (await library.get(old.id)).superseded_from == date(2026, 1, 1)


async def test_what_is_not_held_waits_and_is_said(library: Library) -> None:
    report = await library.add(NEW, Metadata())
    (warning,) = [item for item in report.warnings if item["code"] == "target_unknown"]
    assert "《云岭市小企业认定办法》（云工信发【2021】12号）" in warning["message"]
    old = await taken_in(library, OLD)
    new = await library.get(report.document_id or "")
    assert [relation.target_id for relation in new.relations] == [old.id]
    await library.remove(old.id)
    assert [relation.target_id for relation in (await library.get(new.id)).relations] == [None]
    again = await taken_in(library, OLD)
    assert again.superseded_by == new.id


async def test_what_staff_name_by_id_holds_and_waits_by_name_once_it_is_gone(library: Library) -> None:
    old = await taken_in(library, OLD)
    new = await taken_in(library, "云岭市另一办法\n第一条 奖励3万元。\n2025年1月1日\n", supersedes=old.id)
    (relation,) = new.relations
    assert (relation.kind, relation.target_id, relation.given) == ("supersedes", old.id, True)
    await library.remove(old.id)
    again = await taken_in(library, OLD)
    assert again.superseded_by == new.id


async def test_an_amendment_named_by_staff_takes_its_changes_from_the_text(library: Library) -> None:
    new = await taken_in(library, NEW)
    other = await taken_in(library, "补充通知\n将第二条“奖励15万元”修改为“奖励16万元”。\n2025年8月1日\n", amends=new.id)
    (change,) = (await library.snapshot()).amendments(new.by_path["第二条"], date(2025, 8, 1))
    assert (change.new, change.document_id) == ("奖励16万元", other.id)


async def test_a_prolongation_named_by_staff_ends_when_staff_say(library: Library) -> None:
    old = await taken_in(library, OLD)
    await taken_in(library, "补充通知\n原文件继续适用。\n2026年1月1日\n", prolongs=old.id, valid_to=date(2028, 1, 1))
    snapshot = await library.snapshot()
    assert snapshot.valid_to(snapshot.documents[old.id], date(2026, 1, 1)) == date(2028, 1, 1)


@pytest.mark.parametrize("kind", ["supersedes", "amends", "prolongs"])
async def test_a_relation_to_no_document_or_to_itself_keeps_nothing(library: Library, kind: str) -> None:
    with pytest.raises(NotFound):
        await library.add(NEW, Metadata(**{kind: "doc-none"}))
    with pytest.raises(BadInput):
        await library.add(NEW, Metadata(**{kind: "own"}), document_id="own")
    assert await library.list() == []


async def test_a_document_that_names_itself_says_nothing_of_itself(library: Library) -> None:
    document = await taken_in(
        library, NEW.replace("《云岭市小企业认定办法》（云工信发【2021】12号）", "《云岭市小企业认定管理办法》")
    )
    assert document.relations == ()


async def test_two_that_end_each_other_both_stay_and_it_is_said(library: Library) -> None:
    first = await taken_in(
        library, "云岭市甲办法\n云〔2024〕1号\n第一条 一。\n第二条 《云岭市乙办法》（云〔2024〕2号）同时废止。\n"
    )
    report = await library.add(
        "云岭市乙办法\n云〔2024〕2号\n第一条 二。\n第二条 《云岭市甲办法》（云〔2024〕1号）同时废止。\n", Metadata()
    )
    assert "relation_cycle" in codes(report)
    assert {document.superseded_by for document in await library.list()} == {None}
    await library.remove(first.id)
    assert (await library.get(report.document_id or "")).superseded_by is None


async def test_the_same_title_elsewhere_or_under_another_number_is_another_document(library: Library) -> None:
    elsewhere = await taken_in(library, "小企业办法\n第一条 奖励一。\n2020年1月1日\n", region="青溪市")
    numbered = await taken_in(library, "小企业办法\n云〔2019〕1号\n第一条 奖励二。\n2019年1月1日\n", region=HERE)
    later = await taken_in(library, "小企业办法\n第一条 奖励三。\n2027年1月1日\n", region=HERE)
    new = await taken_in(
        library, "小企业新办法\n第一条 《小企业办法》（云〔2018〕7号）同时废止。\n2026年1月1日\n", region=HERE
    )
    assert [relation.target_id for relation in new.relations] == [None]
    for document in (elsewhere, numbered, later):
        assert (await library.get(document.id)).superseded_by is None
    plain = await taken_in(library, "小企业办法\n第一条 奖励四。\n2018年1月1日\n", region=HERE)
    assert plain.superseded_by == new.id


async def test_a_correction_of_number_or_day_settles_anew(library: Library) -> None:
    old = await taken_in(library, OLD.replace("〔2021〕12号", "〔2021〕99号"))
    new = await taken_in(library, NEW)
    assert (await library.get(old.id)).superseded_by is None
    await library.update(old.id, {"number": "云工信发[2021]12号"}, version=1)
    assert (await library.get(old.id)).superseded_by == new.id
    await library.update(new.id, {"valid_from": date(2025, 9, 1)}, version=1)
    assert (await library.get(old.id)).superseded_from == date(2025, 9, 1)


async def test_typical_questions_of_a_replaced_document_are_for_review_and_work_before_its_end(
    library: Library, database: Database
) -> None:
    old = await taken_in(library, OLD)
    await library.set_topics(old.id, [TopicText(0, old.id, "奖励", True, ("第一条",), ("奖多少",))])
    new = await taken_in(library, NEW)
    snapshot = await library.snapshot()
    (topic,) = snapshot.topics.values()
    assert topic.review is True
    assert snapshot.questions[snapshot.by_path[old.id, "第一条"].id] == ["奖多少"]
    assert old.id in snapshot.applicable(date(2025, 6, 30), HERE)
    async with database.reading() as session:
        (job,) = (await session.scalars(select(Job).where(Job.name == SUPERSEDED_JOB))).all()
        assert job.args == {"old": old.id, "new": new.id}
    await library.remove(new.id)
    assert [topic.review for topic in (await library.snapshot()).topics.values()] == [False]


# --- any order of anything ---

FAMILY = 5
START = date(2021, 1, 1)


@dataclass(frozen=True)
class Given_:
    """A document of the machine: which others it ends, changes and prolongs."""

    number: int
    ends: frozenset[int]
    changes: int | None
    prolongs: int | None
    draft: bool

    @property
    def day(self) -> date:
        return START + timedelta(days=100 * self.number)

    @property
    def last(self) -> date:
        return self.day + timedelta(days=150)

    def text(self) -> str:
        lines = [
            f"关于修改《云岭市办法{self.changes}》的决定" if self.changes is not None else f"云岭市办法{self.number}"
        ]
        lines += [_number(self.number), f"第一条 这是第{'甲乙丙丁戊'[self.number]}份文件的内容。"]
        lines += [f"第二条 《云岭市办法{old}》（{_number(old)}）同时废止。" for old in sorted(self.ends)]
        if self.changes is not None:
            place = f"《云岭市办法{self.changes}》（{_number(self.changes)}）第一条"
            lines.append(f"第三条 将{place}“内容”修改为“新内容{self.number}”。")
        if self.prolongs is not None:
            old = f"《云岭市办法{self.prolongs}》（{_number(self.prolongs)}）"
            lines.append(f"第四条 {old}有效期延长至2030年1月{self.number + 1}日。")
        return "\n".join(lines) + "\n"

    def metadata(self) -> Metadata:
        return Metadata(
            title=f"云岭市办法{self.number}", issued=self.day, valid_from=self.day, valid_to=self.last, draft=self.draft
        )


def _number(number: int) -> str:
    return f"云工信发〔2021〕{number + 1}号"


_others = st.integers(0, FAMILY - 1)


@st.composite
def documents(draw: st.DrawFn) -> Given_:
    number = draw(_others)
    other = _others.filter(lambda one: one != number)
    return Given_(
        number=number,
        ends=draw(st.frozensets(other, max_size=2)),
        changes=draw(st.none() | other),
        prolongs=draw(st.none() | other),
        draft=draw(st.booleans()) and draw(st.booleans()),
    )


class Machine(RuleBasedStateMachine):
    """Documents that come and go; the model looks only at which there are."""

    def __init__(self, template: Path, folder: Path) -> None:
        super().__init__()
        for old in folder.glob("machine.db*"):
            old.unlink()
        shutil.copy(template, folder / "machine.db")
        self.runner = asyncio.Runner()
        self.database = Database(async_url(f"sqlite:///{folder / 'machine.db'}"))
        self.library = Library(self.database, home_region="430400")
        self.there: dict[int, tuple[Given_, str]] = {}

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(step)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()

    @rule(document=documents())
    def add(self, document: Given_) -> None:
        if document.number in self.there:
            return
        report = self.run(self.library.add(document.text(), document.metadata()))
        self.there[document.number] = (document, report.document_id)

    @rule(number=_others)
    def remove(self, number: int) -> None:
        if number in self.there:
            self.run(self.library.remove(self.there.pop(number)[1]))

    @rule(number=_others)
    def publish(self, number: int) -> None:
        if number in self.there and self.there[number][0].draft:
            document, known = self.there[number]
            version = self.run(self.library.get(known)).version
            self.run(self.library.update(known, {"draft": False}, version=version))
            changed = Given_(document.number, document.ends, document.changes, document.prolongs, False)
            self.there[number] = (changed, known)

    @invariant()
    def it_is_as_the_documents_say(self) -> None:
        snapshot: Snapshot = self.run(self.library.snapshot())
        numbers = {known: number for number, (_, known) in self.there.items()}
        assert set(snapshot.documents) == set(numbers)
        for day in (START + timedelta(days=50 * step) for step in range(12)):
            assert {numbers[known] for known in snapshot.applicable(day, HERE)} == self.applicable(day)
            for number, (_, known) in self.there.items():
                stored = snapshot.documents[known]
                assert snapshot.valid_to(stored, day) == self.last_day(number, day)
                changes = snapshot.amendments(stored.by_path["第一条"], day)
                assert [change.new for change in changes] == self.changes(number, day)

    def active(self) -> list[Given_]:
        return sorted((one for one, _ in self.there.values() if not one.draft), key=lambda one: one.number)

    def ended_by(self, number: int) -> list[Given_]:
        """Who ends a document, leaving out those that it ends itself, perhaps over others."""
        ends = {one.number: one.ends & self.there.keys() for one in self.active()}
        reached: set[int] = set()
        frontier = {number}
        while frontier:
            frontier = {old for one in frontier for old in ends.get(one, ())} - reached
            reached |= frontier
        return [one for one in self.active() if number in one.ends and one.number not in reached]

    def applicable(self, day: date) -> set[int]:
        begun = {one.number for one in self.active() if one.day <= day}
        return {number for number in begun if not any(by.day <= day for by in self.ended_by(number))}

    def last_day(self, number: int, day: date) -> date:
        longer = [one for one in self.about(number, day) if one.prolongs == number]
        return date(2030, 1, longer[-1].number + 1) if longer else self.there[number][0].last

    def changes(self, number: int, day: date) -> list[str]:
        return [f"新内容{one.number}" for one in self.about(number, day) if one.changes == number]

    def about(self, number: int, day: date) -> list[Given_]:
        """The documents in effect that may speak of this one: of a draft nobody does."""
        return [] if self.there[number][0].draft else [one for one in self.active() if one.day <= day]


def test_whatever_order_documents_come_and_go_in(sqlite_template: Path, tmp_path: Path) -> None:
    run_state_machine_as_test(
        lambda: Machine(sqlite_template, tmp_path),
        settings=settings(
            max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
