"""Votes: one an answer and conversation, the last one counts, and a thumb down is an open question."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.clock import machine_now
from core.database import Database
from knowledge import forgetting
from knowledge.desk_models import AnswerVote
from knowledge.feedback import REASONS, Given, Votes
from knowledge.intake import Intake
from tests.knowledge.test_open_questions import EDITOR, HOME, desk, sent

CITED = {"document_id": "doc-1", "clause": "第二条", "start": 10, "end": 20}
GIVEN = Given("web", "s1", "r1", "补助多少钱", HOME, "answered", date(2026, 11, 24), (CITED,))


async def rows(database: Database) -> list[AnswerVote]:
    async with database.reading() as session:
        return list(await session.scalars(select(AnswerVote).order_by(AnswerVote.id)))


async def test_a_vote_keeps_the_question_the_clauses_the_day_and_the_status(database: Database) -> None:
    assert await Votes(database, Intake()).vote(GIVEN, "up")
    (row,) = await rows(database)
    assert (row.question, row.cited, row.as_of, row.status) == ("补助多少钱", [CITED], date(2026, 11, 24), "answered")
    assert (row.vote, row.reason, row.question_id) == ("up", None, None)
    assert await desk(database).count() == 0


async def test_a_double_press_counts_once_and_a_changed_mind_replaces_the_vote(database: Database) -> None:
    votes = Votes(database, Intake())
    pressed = [await votes.vote(GIVEN, vote) for vote in ("down", "down", "up", "up", "down")]  # type: ignore[arg-type]
    assert pressed == [True, False, True, False, True]
    (row,) = await rows(database)
    assert row.vote == "down"
    tally = await votes.tally(machine_now() - timedelta(days=1))
    assert (tally.up, tally.down) == (0, 1)


async def test_a_thumb_down_is_an_open_question_and_a_thumb_up_takes_it_back(database: Database) -> None:
    votes = Votes(database, Intake())
    await votes.vote(GIVEN, "down")
    (group,) = await desk(database).list()
    assert (group.text, group.why, group.down_votes, group.waiting) == ("补助多少钱", "down_voted", 1, 1)
    await votes.vote(GIVEN, "up")
    assert await desk(database).list() == ()


async def test_a_thumb_up_after_the_desks_answer_leaves_the_answer_alone(database: Database) -> None:
    votes = Votes(database, Intake())
    await votes.vote(GIVEN, "down")
    (group,) = await desk(database).list()
    await desk(database).answer(group.id, "请看示例大厅公告。", EDITOR)
    await votes.vote(GIVEN, "up")
    assert [each.state for each in await desk(database).list()] == ["answered"]
    assert len(await sent(database)) == 1


async def test_votes_of_different_people_on_one_question_meet_in_one_group(database: Database) -> None:
    votes = Votes(database, Intake())
    for number in range(3):
        await votes.vote(replace(GIVEN, address=f"s{number}"), "down")
    (group,) = await desk(database).list()
    assert (group.count, group.askers, group.down_votes) == (3, 3, 3)


async def test_a_reason_belongs_to_the_thumb_down_it_was_given_for(database: Database) -> None:
    votes = Votes(database, Intake())
    assert not await votes.give_reason("web", "s1", "r1", "outdated")
    await votes.vote(GIVEN, "down")
    assert not await votes.give_reason("web", "s1", "r1", "something else")
    assert not await votes.give_reason("web", "another", "r1", "outdated")
    for reason in REASONS:
        assert await votes.give_reason("web", "s1", "r1", reason)
    assert (await votes.tally(machine_now() - timedelta(days=1))).reasons == {"other": 1}
    await votes.vote(GIVEN, "up")
    assert not await votes.give_reason("web", "s1", "r1", "outdated")
    assert (await rows(database))[0].reason is None


async def test_two_presses_at_once_are_one_vote(database: Database) -> None:
    votes = Votes(database, Intake())
    await votes.vote(GIVEN, "up")
    results = await asyncio.gather(*(votes.vote(GIVEN, "down") for _ in range(6)))
    assert sorted(results) == [False] * 5 + [True]
    (group,) = await desk(database).list()
    assert group.count == 1


@pytest.mark.parametrize("vote", ["up", "down"])
async def test_two_first_presses_at_once_are_one_vote(database: Database, vote: str) -> None:
    votes = Votes(database, Intake())
    results = await asyncio.gather(*(votes.vote(GIVEN, vote) for _ in range(6)))  # type: ignore[arg-type]
    assert sorted(results) == [False] * 5 + [True]
    assert len(await rows(database)) == 1
    assert sum(group.count for group in await desk(database).list()) == (vote == "down")


async def test_addresses_of_votes_are_forgotten_and_the_votes_stay(database: Database) -> None:
    await Votes(database, Intake()).vote(GIVEN, "up")
    async with database.transaction() as session:
        await forgetting.forget(session, machine_now() + timedelta(days=91))
    (row,) = await rows(database)
    assert (row.address, row.vote) == (None, "up")
