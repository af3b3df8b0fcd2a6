"""Lanes and rates, in any order of events."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.channel import Rejected, RetryAfter, Sent
from messaging.topics import IN_A_ROW, Refusals
from messaging.traffic import LANES, Bucket, Traffic


def traffic(lanes: int = 8, bulk_lanes: int = 5, rate: float = 25.0) -> Traffic:
    return Traffic(("telegram", "web"), lanes=lanes, bulk_lanes=bulk_lanes, rate=rate, unlimited=frozenset({"web"}))


@given(st.floats(0.5, 500), st.lists(st.tuples(st.floats(0.0, 2.0), st.integers(0, 9)), max_size=40))
def test_a_bucket_never_lets_more_through_than_its_rate_and_one_burst(
    rate: float, asks: list[tuple[float, int]]
) -> None:
    bucket, now, through = Bucket(rate), 1000.0, 0
    for pause, wanted in asks:
        now += pause
        some = min(wanted, bucket.whole(now))
        bucket.spend(some, now)
        through += some
        assert through <= (now - 1000.0) * rate + max(1.0, rate / 5) + 1e-6
    assert bucket.whole(now + bucket.ready_in(now) + 1e-6) >= 1


def test_what_did_not_go_out_is_given_back() -> None:
    bucket = Bucket(5.0)
    bucket.spend(1, 10.0)
    assert bucket.whole(10.0) == 0
    bucket.spend(-1, 10.0)
    assert bucket.whole(10.0) == 1


@given(st.integers(1, 12), st.integers(1, 12), st.lists(st.tuples(st.sampled_from(range(4)), st.booleans())))
def test_places_are_never_oversold_and_two_are_kept_for_replies(
    lanes: int, bulk_lanes: int, events: list[tuple[int, bool]]
) -> None:
    roads, under_way = traffic(lanes, bulk_lanes), Counter[str]()
    for number, arrives in events:
        queue = roads.queues[number]
        if arrives:
            under_way[queue.lane] += roads.places(queue, under_way)
        elif under_way[queue.lane]:
            under_way[queue.lane] -= 1
        assert sum(under_way.values()) <= lanes
        assert under_way["bulk"] <= bulk_lanes
        if lanes > 2:
            assert under_way["bulk"] + under_way["notice"] <= lanes - 2
        if lanes > 3:
            assert under_way["bulk"] <= lanes - 3


def test_each_lane_is_served_when_nothing_else_is_under_way() -> None:
    for lanes in range(1, 10):
        roads = traffic(lanes)
        assert [queue.lane for queue in roads.to_look({}, 0.0)] == ["reply", "notice", "bulk", "bulk"]
        assert {queue.lane for queue in roads.queues} == set(LANES)


def test_a_pause_is_for_bulk_on_that_channel() -> None:
    roads = traffic()
    for queue in roads.queues[:3]:
        roads.pause(queue, 60.0, 100.0)
    rooms = [roads.room(queue, {}, 101.0) > 0 for queue in roads.queues]
    assert rooms == [True, True, False, True]
    assert roads.room(roads.queues[2], {}, 160.5) > 0
    assert roads.paused_for(roads.queues[2], 130.0) == pytest.approx(30.0)


def test_what_is_empty_is_left_alone_until_something_happens() -> None:
    roads = traffic()
    for queue in roads.queues:
        roads.mark_empty(queue, 10.5, roads.stirred)
    assert roads.to_look({}, 10.0) == ()
    assert roads.next_look_in({}, 10.0) == pytest.approx(0.5)
    roads.stir("notice")
    assert [queue.lane for queue in roads.to_look({}, 10.0)] == ["notice"]
    assert len(roads.to_look({}, 10.6)) == 4


def test_what_arrived_during_the_look_is_not_overlooked() -> None:
    roads = traffic()
    as_of = roads.stirred
    roads.stir()
    roads.mark_empty(roads.queues[0], 10.5, as_of)
    assert roads.queues[0] in roads.to_look({}, 10.0)


@pytest.mark.parametrize("wrong", [{"lanes": 0}, {"bulk_lanes": 0}, {"rate": 0.0}, {"rate": -1.0}])
def test_rates_that_send_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        traffic(**wrong)


class TestRefusals:
    """A topic that fails as a whole."""

    def test_five_in_a_row_are_reported_once(self) -> None:
        refusals = Refusals()
        assert [refusals.note("t", Rejected("x")) for _ in range(8)] == [n == IN_A_ROW for n in range(1, 9)]

    def test_one_that_was_sent_ends_it(self) -> None:
        refusals = Refusals()
        answers = [Rejected("x"), Sent(), *[Rejected("x")] * 9]
        assert not any(refusals.note("t", answer) for answer in answers)

    def test_a_pause_neither_counts_nor_ends_it(self) -> None:
        refusals = Refusals()
        answers = [*[Rejected("x")] * 4, RetryAfter(1.0), Rejected("x")]
        assert [refusals.note("t", answer) for answer in answers][-2:] == [False, True]
