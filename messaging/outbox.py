"""The outbox: where others put what is to be said, and look up what became of it.

A delivery is a row, written in the transaction of the change that causes it: a kill after that commit loses nothing.
The worker marks the row before it calls the channel and again after; when it dies in between, the lease ends and the
next worker sees a delivery that may already have gone out. It is sent once more, with a mark (better twice than never).
After a second death an announcement is left as `uncertain`, never a third time; an answer or a notice goes on.

Deliveries of one lane to one address keep their order: a later one waits until the earlier ones are settled, unless
those wait for a later hour. A reply never waits for a notice or an announcement.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import insert_into
from messaging.deliveries import MARK, OPEN, STATES, Delivery
from messaging.guards import CANCELLED, Allow, Guard, Hold, Skip, Verdict
from messaging.messages import OutMessage
from messaging.traffic import LANES
from messaging.worker import LEASE, OutboxWorker

__all__ = [
    "LANES",
    "LEASE",
    "STATES",
    "Allow",
    "Delivery",
    "Guard",
    "Hold",
    "OutboxWorker",
    "Skip",
    "Verdict",
    "cancel_topic",
    "counts",
    "enqueue",
    "topic_counts",
]


async def enqueue(
    session: AsyncSession,
    *,
    key: str,
    channel: str,
    address: str,
    message: OutMessage,
    lane: str = "reply",
    topic: str | None = None,
    guard: str | None = None,
    guard_args: dict[str, Any] | None = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    urgent: bool = False,
) -> bool:
    """Add a delivery to the caller's transaction; False when this `key` was already enqueued.

    `guard` names who is asked just before the call whether it is still wanted. `not_before` is the machine's time;
    after `not_after`, the service's time, it is skipped as expired. Raises ValueError for an unknown lane.
    """
    if lane not in LANES:
        raise ValueError(f"no lane {lane!r}")
    now = machine_now()
    args = {} if guard_args is None else {"guard_args": guard_args}
    row = insert_into(session, Delivery).values(
        key=key,
        channel=channel,
        address=address,
        message=message.to_json(),
        state="queued",
        due_at=max(now, not_before) if not_before else now,
        attempts=0,
        created_at=now,
        lane=lane,
        topic=topic,
        guard=guard,
        not_after=not_after,
        urgent=urgent,
        **args,
    )
    added = row.on_conflict_do_nothing(index_elements=["key"]).returning(Delivery.id)
    return await session.scalar(added) is not None


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many deliveries there are in each state."""
    return dict((await session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))).all())


async def topic_counts(session: AsyncSession, topic: str) -> dict[str, int]:
    """How many deliveries of a topic are in each state; all states are named."""
    chosen = select(Delivery.state, func.count()).where(Delivery.topic == topic).group_by(Delivery.state)
    return dict.fromkeys(STATES, 0) | dict((await session.execute(chosen)).all())


async def cancel_topic(session: AsyncSession, topic: str, reason: str) -> int:
    """Skip what of a topic still waits, with this reason; how many those were.

    What is in the channel's hands already goes out, but is not tried again.
    """
    waiting = select(Delivery.id).where(Delivery.topic == topic, Delivery.state.in_(OPEN)).order_by(Delivery.id)
    await session.execute(waiting.with_for_update())
    now = machine_now()
    mine = update(Delivery).where(Delivery.topic == topic).execution_options(synchronize_session=False)
    queued = mine.where(Delivery.state == "queued")
    perhaps_out = queued.where(Delivery.reason.startswith(MARK))
    stopped = (
        perhaps_out.values(state="uncertain", settled_at=now),
        queued.values(state="skipped", reason=reason, settled_at=now),
    )
    done = [len((await session.scalars(each.returning(Delivery.id))).all()) for each in stopped]
    sending = mine.where(Delivery.state == "sending")
    await session.execute(sending.values(guard=CANCELLED, guard_args={"reason": reason}))
    return sum(done)
