"""The engine: keeps what comes in, lets the dialogue answer it, and stores state and replies in one transaction.

Messages of one conversation are handled one after another, in the order in which they came in; different ones side by
side. A message is on disk before it is acknowledged, and its replies are written together with the state that they
belong to: a kill at any moment loses nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from conversation import partner_wording, wording
from conversation.claiming import claim_code
from conversation.dialogue import Dialogue, State, Step
from conversation.messages import NOTHING, IncomingMessage, Reply, to_message
from conversation.models import Conversation, Inbound
from core import log
from core.clock import machine_now
from core.database import Database
from core.errors import Unavailable
from core.text import clean
from knowledge.grouping import Wording
from knowledge.intake import Intake
from messaging import outbox
from messaging.messages import OutMessage
from messaging.outbox import Delivery

_SIDE_BY_SIDE = 32
_SCAN_SECONDS = 2.0
_WAIT_SECONDS = 60.0
_PRIVATE, _AFTER_PRIVATE = "private:", "private;"
"""The topics of deliveries that are emptied once they are settled: from the first, before the second."""

Key = tuple[str, str]
"""A conversation: (channel, address)."""

MessageKey = tuple[str, str, str]
"""A message: (channel, address, the channel's own id)."""


class _Overtaken(Exception):
    """Another process answered the message or moved the conversation on."""


@dataclass(frozen=True)
class Handled:
    """What a message got: its replies and its outcome (asking, read, assessment) as the contract's JSON values."""

    replies: tuple[dict[str, Any], ...]
    outcome: dict[str, Any] = field(default_factory=NOTHING.to_json)


@dataclass(frozen=True)
class Turn:
    """One message of the past with its replies, for showing a conversation again."""

    text: str
    replies: tuple[dict[str, Any], ...]


class Conversations:
    """All conversations of all channels.

    Replies on `pushed` channels (those that the service writes to by itself) go to the outbox; on the others the
    caller of `handle` delivers them. `document_url` is the public address used in links, None for no links. `intake`
    takes declined questions into the desk's queue.
    """

    def __init__(
        self,
        database: Database,
        dialogue: Dialogue,
        *,
        desk: str,
        home_region: str,
        pushed: frozenset[str] = frozenset(),
        document_url: str | None = None,
        on_enqueued: Callable[[], None] = lambda: None,
        intake: Intake | None = None,
    ) -> None:
        self._database = database
        self._intake = intake or Intake()
        self._dialogue = dialogue
        self._desk = desk
        self._home = home_region
        self._pushed = pushed
        self._document_url = document_url
        self._on_enqueued = on_enqueued
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._slots = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._pumps: set[asyncio.Task[None]] = set()
        self._awaited: dict[MessageKey, tuple[dict[str, Any], ...] | None] = {}
        self._log = log.get(__name__)

    async def receive(self, messages: Sequence[IncomingMessage]) -> None:
        """Keep messages; on disk when this returns. One that was kept before is not kept again."""
        await self._keep(messages)
        for key in dict.fromkeys((message.channel, message.address) for message in messages):
            self._start(key)

    async def handle(self, message: IncomingMessage) -> Handled:
        """Keep a message, have it answered and return the replies; the same message again gets the same ones.

        Only what is private is returned once, by the process that answered: what is stored does not hold it.
        """
        own = (message.channel, message.address, message.external_id)
        self._awaited.setdefault(own, None)
        try:
            await self._keep([message])
            handled = await self._answered(message)
            private = self._awaited.get(own)
            return handled if private is None else replace(handled, replies=private)
        finally:
            self._awaited.pop(own, None)

    async def _answered(self, message: IncomingMessage) -> Handled:
        deadline = asyncio.get_running_loop().time() + _WAIT_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            await self._pump((message.channel, message.address))
            if (handled := await self._replies(message)) is not None:
                return handled
            await asyncio.sleep(0.05)  # another process has it in hand
        raise Unavailable()

    async def transcript(self, channel: str, address: str, *, limit: int = 30) -> list[Turn]:
        """The last messages of a conversation with their replies, oldest first."""
        own = (Inbound.channel == channel, Inbound.address == address, Inbound.state == "done")
        async with self._database.reading() as session:
            rows = await session.scalars(select(Inbound).where(*own).order_by(Inbound.id.desc()).limit(limit))
            return [Turn(_shown(row.message), tuple(row.replies)) for row in reversed(rows.all())]

    async def run(self, stop: asyncio.Event) -> None:
        """Take up what a former process left unanswered, now and whenever something is left over."""
        while not stop.is_set():
            try:
                for key in await self._pending():
                    self._start(key)
                await self.forget_private()
            except Exception:
                self._log.exception("inbound_scan_error")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _SCAN_SECONDS)
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def forget_private(self) -> int:
        """Empty the private deliveries that are sent or given up; how many there were."""
        settled = (
            Delivery.topic >= _PRIVATE,
            Delivery.topic < _AFTER_PRIVATE,
            Delivery.state.not_in(("queued", "sending")),
        )
        async with self._database.reading() as session:
            ids = (await session.scalars(select(Delivery.id).where(*settled).limit(100))).all()
        if ids:
            emptied = update(Delivery).where(Delivery.id.in_(ids))
            async with self._database.transaction() as session:
                await session.execute(emptied.values(message=OutMessage(wording.NOT_KEPT).to_json(), topic=None))
        return len(ids)

    async def _keep(self, messages: Sequence[IncomingMessage]) -> None:
        for attempt in range(3):
            try:
                async with self._database.transaction() as session:
                    for message in messages:
                        await _keep_one(session, message)
                return
            except IntegrityError:  # another process kept one of them a moment ago
                if attempt == 2:
                    raise

    async def _pending(self) -> list[Key]:
        async with self._database.reading() as session:
            rows = await session.execute(
                select(Inbound.channel, Inbound.address).where(Inbound.state == "pending").distinct().limit(1000)
            )
            return [(channel, address) for channel, address in rows.all()]

    def _start(self, key: Key) -> None:
        task = asyncio.create_task(self._pump_safely(key))
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)

    async def _pump_safely(self, key: Key) -> None:
        try:
            await self._pump(key)
        except Exception:
            self._log.exception("inbound_error", channel=key[0])

    async def _pump(self, key: Key) -> None:
        """Handle what a conversation has pending, in order."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            while (pending := await self._next(key)) is not None:
                async with self._slots:
                    await self._handle_one(*pending)

    async def _next(self, key: Key) -> tuple[Inbound, Conversation] | None:
        channel, address = key
        first = (
            select(Inbound)
            .where(Inbound.channel == channel, Inbound.address == address, Inbound.state == "pending")
            .order_by(Inbound.id)
            .limit(1)
        )
        own = select(Conversation).where(Conversation.channel == channel, Conversation.address == address)
        async with self._database.reading() as session:
            inbound = await session.scalar(first)
            conversation = await session.scalar(own)
            return (inbound, conversation) if inbound is not None and conversation is not None else None

    async def _handle_one(self, inbound: Inbound, conversation: Conversation) -> None:
        message, state = IncomingMessage.from_json(inbound.message), State.from_json(conversation.state)
        try:
            step = await self._dialogue.respond(state, message)
        except Exception:  # a fault of our own: said so, once, instead of a message that blocks all later ones
            self._log.exception("dialogue_error", inbound=inbound.id, channel=inbound.channel)
            said = partner_wording.CODE_HIDDEN if claim_code(f"{message.text} {message.argument}") else None
            step = Step(state, (Reply(wording.SORRY.format(desk=self._desk)),), said=said)
        await self._store(inbound, conversation, step)

    async def _store(self, inbound: Inbound, conversation: Conversation, step: Step) -> None:
        """Write state, replies and deliveries together, unless another process did so since we read."""
        asked = None if step.declined is None else await self._intake.prepare(step.declined.text)
        try:
            await self._write(inbound, conversation, step, asked)
        except _Overtaken:
            return
        own = (inbound.channel, inbound.address, inbound.external_id)
        if own in self._awaited and any(reply.private for reply in step.replies):
            self._awaited[own] = tuple(reply.to_json() for reply in step.replies)
        self._on_enqueued()
        if step.afterwards is not None:
            await self._follow(step.afterwards)

    async def _follow(self, afterwards: Callable[[], Awaitable[None]]) -> None:
        """Do what follows from replies that are stored. It may be lost in a kill, and is only a courtesy."""
        try:
            await afterwards()
        except Exception:
            self._log.exception("afterwards_error")

    async def _write(self, inbound: Inbound, conversation: Conversation, step: Step, asked: Wording | None) -> None:
        """Raises _Overtaken, with nothing written, when the message is answered already or the state has moved on.

        Both are asked for: message and state are read in two statements, and between them another process may commit.
        """
        replies = [reply.kept() for reply in step.replies]
        now = machine_now()
        ours = update(Conversation).where(
            Conversation.id == conversation.id, Conversation.version == conversation.version
        )
        async with self._database.transaction() as session:
            moved = await session.scalar(
                ours.values(state=step.state.to_json(), version=conversation.version + 1, updated_at=now).returning(
                    Conversation.id
                )
            )
            if moved is None:
                raise _Overtaken
            message = inbound.message if step.said is None else _restated(inbound.message, step.said)
            done = update(Inbound).where(Inbound.id == inbound.id, Inbound.state == "pending").returning(Inbound.id)
            values = {"message": message, "replies": replies, "outcome": step.outcome.to_json(), "handled_at": now}
            if await session.scalar(done.values(state="done", **values)) is None:
                raise _Overtaken
            if step.declined is not None and asked is not None:
                await self._intake.keep(
                    session,
                    asked,
                    why=step.declined.why,
                    region=self._home,
                    channel=inbound.channel,
                    address=inbound.address,
                )
            if inbound.channel in self._pushed:
                await self._enqueue(session, inbound, step.replies)

    async def _enqueue(self, session: AsyncSession, inbound: Inbound, replies: Sequence[Reply]) -> None:
        for number, reply in enumerate(replies):
            await outbox.enqueue(
                session,
                key=f"reply:{inbound.id}:{number}",
                channel=inbound.channel,
                address=inbound.address,
                message=to_message(reply.to_json(), self._document_url),
                topic=f"{_PRIVATE}{inbound.id}" if reply.private else None,
            )

    async def _replies(self, message: IncomingMessage) -> Handled | None:
        own = select(Inbound).where(
            Inbound.channel == message.channel,
            Inbound.address == message.address,
            Inbound.external_id == message.external_id,
        )
        async with self._database.reading() as session:
            row = await session.scalar(own)
            if row is None or row.state != "done":
                return None
            return Handled(tuple(row.replies), row.outcome or NOTHING.to_json())


async def _keep_one(session: AsyncSession, message: IncomingMessage) -> None:
    own = (Inbound.channel == message.channel, Inbound.address == message.address)
    known = select(Inbound.id).where(*own, Inbound.external_id == message.external_id)
    if await session.scalar(known) is not None:
        return
    now = machine_now()
    opened = select(Conversation.id).where(
        Conversation.channel == message.channel, Conversation.address == message.address
    )
    if await session.scalar(opened) is None:
        session.add(
            Conversation(
                channel=message.channel,
                address=message.address,
                state=State().to_json(),
                version=0,
                created_at=now,
                updated_at=now,
            )
        )
    session.add(
        Inbound(
            channel=message.channel,
            address=message.address,
            external_id=message.external_id,
            message=_storable(message.to_json()),
            state="pending",
            replies=[],
            received_at=now,
        )
    )
    await session.flush()


def _storable(message: dict[str, Any]) -> dict[str, Any]:
    """The message without what a database or a channel cannot hold (NUL, lone surrogates)."""
    return {name: clean(value) if isinstance(value, str) else value for name, value in message.items()}


def _restated(message: dict[str, Any], said: str) -> dict[str, Any]:
    """The message in other words: those on a button, or those that hide a secret. A command's argument goes, too."""
    kind = "text" if message["kind"] == "command" else message["kind"]
    return {**message, "kind": kind, "text": said, "argument": ""}


def _shown(message: dict[str, Any]) -> str:
    """What a person sees of his own message: what he typed, or the words on the button."""
    if message["kind"] == "command":
        return f"/{message['text']} {message['argument']}".strip()
    return str(message["text"])
