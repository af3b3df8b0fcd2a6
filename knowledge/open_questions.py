"""Open questions: what was declined or did not help, in groups that the desk answers, each asker once.

A question is named by its id, and with it the group that it is in. What staff decide names the version of the group
that they saw: whoever comes second is told what the first one did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import Database
from core.errors import BadInput, Conflict, NotFound
from core.text import clean
from firms import audit
from firms.actors import OPERATOR, Actor
from firms.catalogue import folded_name
from knowledge import desk_entries, forgetting, intake
from knowledge import desk_wording as wording
from knowledge.citing import Cited, Reference, look_up, uncited_figures
from knowledge.desk_models import OpenQuestion, QuestionGroup
from knowledge.desk_views import Asked, read_groups
from knowledge.intake import ANSWERED, DISMISSED, REOPENED, WAITING
from messaging import outbox
from messaging.messages import OutMessage, Quote

Which = Literal["all", "waiting", "to_approve", "answered", "dismissed"]

LONGEST_ANSWER = 3000
_SHOWN_QUESTION = 200
_TOPIC = "question:"
_SUBJECT = "question_group"
_WRITTEN = ("question.answered", "question.reworded")


class NoSuchQuestion(NotFound):
    """There is no such question, or it is beyond the actor's region."""

    default = wording.NO_SUCH_QUESTION


class QuestionChanged(Conflict):
    """Somebody else dealt with the question since it was read; the message says how."""

    code = "question_changed"


class FiguresNotCited(BadInput):
    """The answer holds figures that do not stand in the cited clause; who confirms them may send it."""

    code = "figures_not_cited"


class MayNotApproveAnswer(Conflict):
    """An editor approves nothing, and nobody what he wrote himself."""

    code = "approver_needed"


@dataclass(frozen=True)
class Delivered:
    """What became of an answer: askers it goes to, and askers without a channel that works."""

    reached: int = 0
    unreachable: int = 0


@dataclass(frozen=True)
class Reply:
    """What staff write to a group. `version` is that of the group as they saw it (None: not answered by anybody).

    `confirmed`: figures without a source are meant so.
    """

    text: str
    reference: Reference | None = None
    version: int | None = None
    confirmed: bool = field(default=False, kw_only=True)


class OpenQuestions:
    """The open questions of a database. `desk` is the name under which they are answered, `reachable` the channels on
    which somebody can be, `document_url` the public address under which documents are shown (None: no links)."""

    def __init__(
        self,
        database: Database,
        desk: str,
        reachable: Collection[str],
        *,
        document_url: str | None = None,
        on_enqueued: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._desk = desk
        self._reachable = reachable
        self._document_url = document_url
        self._on_enqueued = on_enqueued

    # --- reading ---

    async def list(
        self,
        actor: Actor = OPERATOR,
        *,
        which: Which = "all",
        before: int | None = None,
        limit: int = 50,
    ) -> tuple[Asked, ...]:
        """Groups within the actor's reach, that of the newest question first, older than the question `before`."""
        async with self._database.reading() as session:
            chosen = select(QuestionGroup).where(*_which(which), *await _within_reach(session, actor))
            if before is not None:
                chosen = chosen.where(QuestionGroup.newest_id < before)
            groups = await session.scalars(chosen.order_by(QuestionGroup.newest_id.desc()).limit(limit))
            return await read_groups(session, groups.all(), self._reachable)

    async def get(self, question_id: int, actor: Actor = OPERATOR) -> Asked:
        """The group of a question. Raises NoSuchQuestion."""
        async with self._database.reading() as session:
            group = await _group(session, question_id, actor, lock=False)
            return (await read_groups(session, [group], self._reachable))[0]

    async def near(self, question_id: int, actor: Actor = OPERATOR) -> tuple[Asked, ...]:
        """Groups that perhaps ask the same as this question's. Raises NoSuchQuestion."""
        async with self._database.reading() as session:
            group = await _group(session, question_id, actor, lock=False)
            ids = await intake.near(session, group.id)
            chosen = select(QuestionGroup).where(QuestionGroup.id.in_(ids), *await _within_reach(session, actor))
            found = {row.id: row for row in await session.scalars(chosen)}
            return await read_groups(session, [found[each] for each in ids if each in found], self._reachable)

    async def count(self, actor: Actor = OPERATOR) -> int:
        """How many groups wait for an answer, within the actor's reach."""
        async with self._database.reading() as session:
            waiting = select(func.count()).select_from(QuestionGroup)
            return await session.scalar(waiting.where(*_which("waiting"), *await _within_reach(session, actor))) or 0

    # --- deciding ---

    async def answer(self, question_id: int, reply: Reply | str, actor: Actor) -> Delivered:
        """Answer a group: each asker who has no answer yet gets it once on his channel, through the outbox.

        Where everybody has one, a changed text goes to all again, as a correction; the same text again changes
        nothing. An answer that was approved needs approval again. Raises NoSuchQuestion, NoSuchClause, BadInput,
        FiguresNotCited, QuestionChanged.
        """
        given = Reply(reply) if isinstance(reply, str) else reply
        said = clean(given.text).strip()
        if not said or len(said) > LONGEST_ANSWER:
            raise BadInput(wording.ANSWER_LENGTH.format(limit=LONGEST_ANSWER))
        async with self._database.transaction() as session:
            group = await _group(session, question_id, actor)
            cited = None if given.reference is None else await look_up(session, given.reference)
            same = _says(group, said, cited)
            if group.state == ANSWERED and same:
                return Delivered()
            _check_version(group, given.version)
            if not given.confirmed:
                _check_figures(said, cited)
            if not same:
                await _write(session, group, said, cited, actor)
            delivered = await self._send(session, group, said, cited, correction=not same)
            await _settle(session, group, ANSWERED)
            await _note(session, actor, "answered", group, {"reached": delivered.reached, "cited": cited is not None})
        self._on_enqueued()
        return delivered

    async def dismiss(self, question_id: int, reason: str, actor: Actor, *, version: int | None = None) -> None:
        """Leave a group without an answer: `reason` is one of `wording.DISMISSALS`. Raises as `answer` does."""
        if reason not in wording.DISMISSALS:
            raise BadInput(wording.UNKNOWN_DISMISSAL.format(options="、".join(wording.DISMISSALS.values())))
        async with self._database.transaction() as session:
            group = await _group(session, question_id, actor)
            if group.state == DISMISSED and group.dismissed_as == reason:
                return
            _check_version(group, version)
            await _settle(session, group, DISMISSED, dismissed_as=reason)
            await _note(session, actor, "dismissed", group, {"reason": reason})

    async def reopen(self, question_id: int, actor: Actor, *, version: int | None = None) -> None:
        """Take up a group again that was answered or dismissed. Raises NoSuchQuestion, QuestionChanged."""
        async with self._database.transaction() as session:
            group = await _group(session, question_id, actor)
            if group.state in WAITING:
                return
            if version is not None and version != group.version:
                raise _changed(group)
            group.state, group.dismissed_as, group.settled_at = REOPENED, None, None
            group.version += 1
            await _note(session, actor, "reopened", group)

    async def merge(self, question_id: int, into: int, actor: Actor, *, version: int | None = None) -> None:
        """Put all questions of a group into that of the question `into`.

        Raises NoSuchQuestion, QuestionChanged, and BadInput where the group's answer is approved or both are one.
        """
        async with self._database.transaction() as session:
            first, second = sorted((question_id, into))  # in one order, so that two merges do not wait in a ring
            groups = {first: await _group(session, first, actor), second: await _group(session, second, actor)}
            gone, stays = groups[question_id], groups[into]
            if gone.id == stays.id:
                raise BadInput(wording.SAME_GROUP)
            if _is_entry(gone):
                raise BadInput(wording.MERGE_APPROVED)
            if version is not None and version != gone.version:
                raise _changed(gone)
            await _move(session, OpenQuestion.group_id == gone.id, stays)
            await session.execute(delete(QuestionGroup).where(QuestionGroup.id == gone.id))
            await _note(session, actor, "merged", stays, {"group": gone.id})

    async def split(self, question_id: int, actor: Actor) -> None:
        """Give a question's wording a group of its own, with everybody who asked in these words.

        Raises NoSuchQuestion, and BadInput for the only wording of a group.
        """
        async with self._database.transaction() as session:
            group = await _group(session, question_id, actor)
            row = await session.get_one(OpenQuestion, question_id)
            others = select(OpenQuestion.id).where(OpenQuestion.group_id == group.id, OpenQuestion.key != row.key)
            if await session.scalar(others.limit(1)) is None:
                raise BadInput(wording.ONLY_WORDING)
            own = await intake.new_group(session)
            own_wording = (OpenQuestion.group_id == group.id) & (OpenQuestion.key == row.key)
            _take_over(own, group)
            await _move(session, own_wording, own)
            await intake.settle_group(session, group.id)
            await _note(session, actor, "split", group, {"group": own.id})

    # --- becoming a typical question ---

    async def reword(
        self, question_id: int, questions: Sequence[str], actor: Actor, *, version: int | None = None
    ) -> None:
        """Choose the wordings that become typical questions; voids an approval. Raises as `answer` does."""
        chosen = checked_questions(questions)
        async with self._database.transaction() as session:
            group = await _group(session, question_id, actor)
            if version is not None and version != group.version:
                raise _changed(group)
            await desk_entries.withdraw(session, group)
            group.questions, group.author = list(chosen), actor.name
            group.version += 1
            await _note(session, actor, "reworded", group)

    async def approve(self, question_id: int, actor: Actor, *, version: int | None = None) -> None:
        """Make a group's answer an entry of the typical questions; by an approver who did not write it.

        Raises MayNotApproveAnswer, NoSuchQuestion, QuestionChanged, and BadInput without an answer or a citation.
        """
        if not actor.may_approve:
            raise MayNotApproveAnswer(wording.NOT_APPROVER)
        async with self._database.transaction() as session:
            group = await _group(session, question_id, actor)
            _check_approvable(group)
            if folded_name(actor.name) in await _writers(session, group):
                raise MayNotApproveAnswer(wording.OWN_ANSWER)
            if version is not None and version != group.version:
                raise _changed(group)
            group.approved_by = actor.name
            group.version += 1
            await desk_entries.publish(session, group)
            await _note(session, actor, "approved", group)

    # --- sending ---

    async def _send(
        self, session: AsyncSession, group: QuestionGroup, said: str, cited: Cited | None, *, correction: bool
    ) -> Delivered:
        """Queue the answer for those who wait, or, where nobody does and it is a new one, for all; one message an
        address."""
        rows = await _askers(session, group.id, all_again=correction)
        newest = {(row.channel, row.address): row for row in rows if row.channel in self._reachable and row.address}
        for row in newest.values():
            await self._enqueue(session, row, group.version, said, cited)
        nowhere = sum(not row.address or row.channel not in self._reachable for row in rows)
        mine = update(OpenQuestion).where(OpenQuestion.id.in_([row.id for row in rows]))
        await session.execute(mine.values(answered_at=machine_now()))
        return Delivered(len(newest), nowhere)

    async def _enqueue(
        self, session: AsyncSession, row: OpenQuestion, version: int, said: str, cited: Cited | None
    ) -> None:
        """`version` is that of the group when the answer was given: one answer an asker and decision."""
        assert row.channel is not None
        assert row.address is not None
        await outbox.enqueue(
            session,
            key=f"answer:{row.id}:{version}",
            channel=row.channel,
            address=row.address,
            message=self._message(row.text[:_SHOWN_QUESTION], said, cited),
            lane="notice",
            topic=f"{_TOPIC}{row.id}",
        )

    def _message(self, question: str, said: str, cited: Cited | None) -> OutMessage:
        """The desk's words, marked as the desk's, with the clause quoted below."""
        text = wording.OFFICER_ANSWER.format(question=question, desk=self._desk, answer=said)
        if cited is None:
            return OutMessage(text)
        url = f"{self._document_url}/documents/{cited.document_id}?start={cited.start}&end={cited.end}#quote"
        source = wording.QUOTE_SOURCE.format(document=cited.document, label=cited.label)
        quoted = wording.OFFICER_CITED.format(document=cited.document, label=cited.label, quote=cited.quote)
        quote = Quote(source, cited.quote, url if self._document_url else None)
        return OutMessage(f"{text}\n\n{quoted}", quotes=(quote,))


def checked_questions(questions: Sequence[str]) -> tuple[str, ...]:
    """Typical questions as they are stored: cleaned, each once. Raises BadInput."""
    cleaned = [" ".join(clean(question).split()) for question in questions]
    key = intake.likeness().key
    chosen = tuple({key(question): question for question in reversed(cleaned) if question}.values())[::-1]
    if not chosen:
        raise BadInput(wording.NO_QUESTIONS)
    if len(chosen) > desk_entries.MOST_QUESTIONS:
        raise BadInput(wording.TOO_MANY_QUESTIONS.format(limit=desk_entries.MOST_QUESTIONS))
    for question in chosen:
        if not 2 <= len(question) <= desk_entries.LONGEST_QUESTION:
            limit = desk_entries.LONGEST_QUESTION
            raise BadInput(wording.QUESTION_LENGTH.format(limit=limit, question=question[:40]))
    return chosen


def _which(which: Which) -> tuple[ColumnElement[bool], ...]:
    group = QuestionGroup
    match which:
        case "waiting":
            return (group.state.in_(WAITING),)
        case "to_approve":
            return (group.answer != "", group.document_id.is_not(None), group.approved_by.is_(None))
        case "answered" | "dismissed":
            return (group.state == which,)
        case "all":
            return ()


async def _within_reach(session: AsyncSession, actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """That every question of a group is of a region that the actor covers."""
    asked_from = list(await session.scalars(select(OpenQuestion.region).distinct()))
    beyond = [region for region in asked_from if not actor.covers(region)]
    if not beyond:
        return ()
    outside = select(OpenQuestion.id).where(OpenQuestion.group_id == QuestionGroup.id, OpenQuestion.region.in_(beyond))
    return (~outside.exists(),)


async def _group(session: AsyncSession, question_id: int, actor: Actor, *, lock: bool = True) -> QuestionGroup:
    """The group of a question, locked unless told otherwise. Raises NoSuchQuestion, also beyond the actor's reach."""
    within = await _within_reach(session, actor)
    own = select(OpenQuestion.group_id).where(OpenQuestion.id == question_id).scalar_subquery()
    chosen = select(QuestionGroup).where(QuestionGroup.id == own, *within)
    found = await session.scalar(chosen.with_for_update() if lock else chosen)
    if found is None:
        raise NoSuchQuestion()
    return found


async def _askers(session: AsyncSession, group_id: int, *, all_again: bool) -> Sequence[OpenQuestion]:
    """The questions without an answer, oldest first; where there are none, and it is to go to all again, all."""
    own = select(OpenQuestion).where(OpenQuestion.group_id == group_id).order_by(OpenQuestion.id)
    waiting = (await session.scalars(own.where(OpenQuestion.answered_at.is_(None)))).all()
    return (await session.scalars(own)).all() if all_again and not waiting else waiting


async def _move(session: AsyncSession, which: ColumnElement[bool], group: QuestionGroup) -> None:
    """Put questions into a group: it gets the newest one, and is reopened when somebody in it waits."""
    await session.execute(update(OpenQuestion).where(which).values(group_id=group.id))
    own = select(OpenQuestion).where(OpenQuestion.group_id == group.id)
    group.newest_id = await session.scalar(own.with_only_columns(func.max(OpenQuestion.id))) or 0
    waiting = await session.scalar(own.where(OpenQuestion.answered_at.is_(None)).limit(1))
    if group.state == ANSWERED and waiting is not None:
        group.state, group.settled_at = REOPENED, None
    group.version += 1
    await session.flush()


def _take_over(own: QuestionGroup, group: QuestionGroup) -> None:
    """Give a group that is split off what was decided for both; who waits in it reopens it."""
    own.state = ANSWERED if group.state == REOPENED else group.state
    own.dismissed_as, own.settled_at = group.dismissed_as, group.settled_at
    own.answer, own.author = group.answer, group.author
    own.document_id, own.path, own.quote = group.document_id, group.path, group.quote


def _is_entry(group: QuestionGroup) -> bool:
    """Whether the group's answer is a typical question now; those of a document that is gone went with it."""
    return group.approved_by is not None and group.document_id is not None


def _says(group: QuestionGroup, said: str, cited: Cited | None) -> bool:
    """Whether the group's answer is this one already."""
    now = (group.answer, group.document_id, group.path)
    return now == (said, cited.document_id if cited else None, cited.path if cited else None)


async def _write(session: AsyncSession, group: QuestionGroup, said: str, cited: Cited | None, actor: Actor) -> None:
    await desk_entries.withdraw(session, group)
    group.answer, group.author = said, actor.name
    group.document_id, group.path = (cited.document_id, cited.path) if cited else (None, None)
    group.quote = cited.quote if cited else ""


async def _settle(session: AsyncSession, group: QuestionGroup, state: str, *, dismissed_as: str | None = None) -> None:
    group.state, group.dismissed_as, group.settled_at = state, dismissed_as, machine_now()
    group.version += 1
    await forgetting.schedule(session)


def _check_version(group: QuestionGroup, version: int | None) -> None:
    """Raises QuestionChanged unless this is the group as it was seen; who names none has seen it without an answer."""
    seen = version == group.version if version is not None else group.state in WAITING
    if not seen:
        raise _changed(group)


def _changed(group: QuestionGroup) -> QuestionChanged:
    who = (group.author or wording.SOMEBODY).removeprefix("staff:")
    answer = wording.ITS_ANSWER.format(answer=group.answer) if group.answer else ""
    what = answer or wording.ITS_STATE.format(state=wording.STATES[group.state])
    return QuestionChanged(wording.QUESTION_CHANGED.format(who=who, what=what), version=group.version)


def _check_figures(said: str, cited: Cited | None) -> None:
    """Raises FiguresNotCited for figures that the cited clause does not hold."""
    missing = uncited_figures(said, cited.quote if cited else "")
    if missing:
        words = wording.NUMBERS_NOT_CITED if cited else wording.NUMBERS_WITHOUT_CITATION
        raise FiguresNotCited(words.format(numbers="、".join(missing)))


def _check_approvable(group: QuestionGroup) -> None:
    if not group.answer:
        raise BadInput(wording.NOTHING_TO_APPROVE)
    if group.document_id is None:
        raise BadInput(wording.CITATION_NEEDED)
    if _is_entry(group):
        raise BadInput(wording.ALREADY_APPROVED)


async def _writers(session: AsyncSession, group: QuestionGroup) -> frozenset[str]:
    """The folded names of all who wrote the answer or its questions."""
    records = await audit.about(session, _SUBJECT, str(group.id))
    names = [record.actor for record in records if record.action in _WRITTEN]
    return frozenset(folded_name(name) for name in (group.author or "", *names))


async def _note(
    session: AsyncSession, actor: Actor, action: str, group: QuestionGroup, details: dict[str, object] | None = None
) -> None:
    await audit.record(
        session,
        actor=actor.name,
        action=f"question.{action}",
        subject_kind=_SUBJECT,
        subject=str(group.id),
        details=details,
    )
