"""What becomes of a delivery, whatever happens to it in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import steps
from messaging.channel import Blocked, Rejected, RetryAfter, Sent, Uncertain
from messaging.deliveries import MARK, OPEN, STATES, Delivery
from messaging.guards import Hold, Skip
from messaging.steps import MAX_ATTEMPTS, Answer

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=10)

ANSWERS: list[Answer | str] = [
    Sent("1"),
    Blocked("blocked"),
    Rejected("too long"),
    RetryAfter(3.0),
    Uncertain("read timed out"),
    Skip("opted_out"),
    Hold(NOW + timedelta(hours=9)),
    "death before the call",
    "death after the call",
]


def queued(lane: str = "bulk") -> Delivery:
    return Delivery(id=1, channel="telegram", address="1", state="queued", due_at=NOW, attempts=0, lane=lane)


@given(
    st.sampled_from(["reply", "notice", "bulk"]),
    st.lists(st.tuples(st.sampled_from(ANSWERS), st.booleans(), st.booleans()), max_size=30),
)
def test_it_may_arrive_twice_at_most_and_what_may_have_arrived_is_never_denied(
    lane: str, events: list[tuple[Answer | str, bool, bool]]
) -> None:
    row, out = queued(lane), 0
    for answer, blocked, expires in events:
        row.not_after = NOW - LEASE if expires else None
        change = steps.before_call(row, today=NOW, blocked=blocked)
        if change is not None:
            change.apply(row, NOW)
            assert row.state in ("skipped", "uncertain")
        else:
            steps.take(row, "me", NOW, LEASE)
            assert (row.state, row.lease_ends_at) == ("sending", NOW + LEASE)
            out += isinstance(answer, Sent | Uncertain) or answer == "death after the call"
            if not isinstance(answer, str):
                steps.after_call(row, answer, NOW).apply(row, NOW)
        assert row.state in STATES
        assert (row.settled_at is None) == (row.state in OPEN)
        if row.state == "skipped":
            assert out == 0
        if row.state not in OPEN:
            break
    assert out <= 2
    if row.state == "sent":
        assert out >= 1


def test_a_refusal_keeps_its_words_and_a_block_is_named() -> None:
    row = queued()
    assert steps.after_call(row, Blocked("user is deactivated"), NOW).reason == "blocked: user is deactivated"
    assert steps.after_call(row, Rejected("too long"), NOW).reason == "too long"


@pytest.mark.parametrize(("attempts", "seconds", "pause"), [(1, 0.0, 1), (3, 0.0, 4), (3, 17.0, 17), (11, 0.0, 900)])
def test_pauses_grow_and_are_never_shorter_than_asked(attempts: int, seconds: float, pause: float) -> None:
    row = queued("reply")
    row.attempts = attempts
    change = steps.after_call(row, RetryAfter(seconds), NOW)
    assert change.due_at == NOW + timedelta(seconds=pause)


@pytest.mark.parametrize("lane", ["reply", "notice", "bulk"])
def test_it_gives_up_in_the_end(lane: str) -> None:
    row = queued(lane)
    row.attempts = MAX_ATTEMPTS[lane]
    assert steps.after_call(row, RetryAfter(1.0, "unreachable"), NOW).state == "failed"
    row.reason = MARK + "read timed out"
    assert steps.after_call(row, RetryAfter(1.0, "unreachable"), NOW).state == "uncertain"
