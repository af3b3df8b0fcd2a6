"""Rates and failures to sign in: who asks too often waits, and nobody can lock somebody else out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
import time_machine
from fastapi import APIRouter, Depends, FastAPI

from api import limits, problems
from api.limits import Limits, TooManyRequests
from tests.api.conftest import assert_problem

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
HERE, THERE = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def forward(clock: time_machine.Traveller, **time: float) -> None:
    clock.shift(timedelta(**time))


def admitted(counting: Limits, times: int, address: str = HERE, key: str | None = None) -> int:
    """How many of so many requests pass."""
    passed = 0
    for _ in range(times):
        try:
            counting.admit(address, key)
        except TooManyRequests:
            continue
        passed += 1
    return passed


def fails(counting: Limits, account: str, address: str) -> bool:
    """A wrong password; False when it was not even looked at."""
    try:
        with counting.signing_in(account, address):
            return True
    except TooManyRequests:
        return False


def succeeds(counting: Limits, account: str, address: str) -> bool:
    """The right password; False when it was not even looked at."""
    try:
        with counting.signing_in(account, address) as attempt:
            attempt.succeeded = True
            return True
    except TooManyRequests:
        return False


def test_an_address_has_20_requests_a_second_and_a_key_50(clock: time_machine.Traveller) -> None:
    counting = Limits()
    counting.is_good("key")
    for _ in range(30):
        assert admitted(counting, 20) == 20
        assert admitted(counting, 50, THERE, "key") == 50
        forward(clock, seconds=1)


def test_whoever_asks_too_often_waits_as_long_as_is_said(clock: time_machine.Traveller) -> None:
    counting = Limits(address_per_10s=5)
    assert admitted(counting, 3) == 3
    forward(clock, seconds=4)
    assert admitted(counting, 9) == 2
    with pytest.raises(TooManyRequests) as caught:
        counting.admit(HERE)
    assert caught.value.headers == {"Retry-After": "6"}
    assert admitted(counting, 1, THERE) == 1
    forward(clock, seconds=5.9)
    assert admitted(counting, 1) == 0
    forward(clock, seconds=0.2)
    assert admitted(counting, 9) == 3


def test_a_key_counts_by_itself_and_a_made_up_one_for_its_address(clock: time_machine.Traveller) -> None:
    counting = Limits(address_per_10s=5, key_per_10s=8)
    counting.is_good("key")
    assert admitted(counting, 20, HERE, "key") == 8
    assert admitted(counting, 1, THERE, "key") == 0
    assert sum(admitted(counting, 1, HERE, f"made up {number}") for number in range(20)) == 5
    forward(clock, seconds=11)
    counting.is_bad("key")
    assert admitted(counting, 20, HERE, "key") == 5


def test_a_host_with_many_ipv6_addresses_is_one(clock: time_machine.Traveller) -> None:
    counting = Limits(address_per_10s=5)
    assert sum(admitted(counting, 1, f"2001:db8:0:1::{number:x}") for number in range(20)) == 5
    assert admitted(counting, 1, "2001:db8:0:2::1") == 1
    assert admitted(counting, 20, "::ffff:203.0.113.7") + admitted(counting, 20, HERE) == 5
    assert admitted(counting, 20, "") == 5


def test_who_is_gone_is_forgotten(clock: time_machine.Traveller) -> None:
    counting = Limits()
    for number in range(5000):
        counting.admit(f"10.0.{number // 256}.{number % 256}")
    for number in range(20_000):
        counting.is_good(str(number))
    forward(clock, minutes=2)
    counting.admit(HERE)
    assert len(counting._windows.storage.events) == 1  # type: ignore[attr-defined]
    assert len(counting._good_keys) <= 10_000


def test_ten_failures_of_an_address_end_its_tries_whomever_it_tries(clock: time_machine.Traveller) -> None:
    counting = Limits()
    assert sum(fails(counting, f"示例{number}", HERE) for number in range(200)) == 10
    assert not succeeds(counting, "示例张三", HERE)
    assert succeeds(counting, "示例张三", THERE)
    forward(clock, minutes=14, seconds=59)
    assert not succeeds(counting, "示例张三", HERE)
    forward(clock, seconds=2)
    assert succeeds(counting, "示例张三", HERE)


def test_an_account_under_attack_opens_to_its_owner_and_to_no_address_that_failed(
    clock: time_machine.Traveller,
) -> None:
    counting = Limits()
    assert sum(fails(counting, "示例 张三", f"10.0.0.{number}") for number in range(10)) == 10
    assert not fails(counting, "示例張三", "10.0.0.1")
    assert succeeds(counting, "示例张三", HERE)
    assert fails(counting, "示例张三", THERE)
    assert not fails(counting, "示例张三", THERE)
    assert not succeeds(counting, "示例张三", THERE)
    assert succeeds(counting, "示例张三", HERE)
    assert succeeds(counting, "示例李四", THERE)
    forward(clock, minutes=15, seconds=1)
    assert succeeds(counting, "示例张三", THERE)


def test_a_refusal_says_when_and_the_same_for_every_account(clock: time_machine.Traveller) -> None:
    counting = Limits()
    for _ in range(10):
        assert fails(counting, "示例张三", HERE)
        forward(clock, seconds=30)
    told = set()
    for account in ("示例张三", "没有这个人", "", "\x00", "x" * 9999):
        with pytest.raises(TooManyRequests) as caught, counting.signing_in(account, HERE):
            pass
        told.add((caught.value.code, caught.value.message, caught.value.headers["Retry-After"]))
    assert {(code, after) for code, _, after in told} == {("too_many_requests", "600")}
    assert len(told) == 1


def test_refusals_and_errors_of_ours_are_no_failures(clock: time_machine.Traveller) -> None:
    counting = Limits()
    for _ in range(20):
        with pytest.raises(ZeroDivisionError), counting.signing_in("示例张三", HERE):
            raise ZeroDivisionError
    assert sum(fails(counting, "示例张三", HERE) for _ in range(10)) == 10
    forward(clock, minutes=10)
    assert not any(fails(counting, "示例张三", HERE) for _ in range(100))
    forward(clock, minutes=5, seconds=1)
    assert succeeds(counting, "示例张三", HERE)


async def test_many_tries_at_once_are_no_more_than_one_after_the_other() -> None:
    counting, looked_at = Limits(), 0

    async def wrong(account: str, address: str) -> None:
        nonlocal looked_at
        with counting.signing_in(account, address):
            looked_at += 1
            await asyncio.sleep(0.01)

    tries = [wrong(f"示例{number}", HERE) for number in range(50)]
    await asyncio.gather(*tries, return_exceptions=True)
    assert looked_at == 10
    assert not succeeds(counting, "示例张三", HERE)
    assert succeeds(counting, "示例张三", THERE)
    assert not counting._trying


async def test_a_try_that_is_broken_off_is_a_failure() -> None:
    counting = Limits()

    async def wrong() -> None:
        with counting.signing_in("示例张三", HERE):
            await asyncio.sleep(60)

    for _ in range(10):
        task = asyncio.create_task(wrong())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert not succeeds(counting, "示例张三", HERE)


@pytest.mark.parametrize("forwarded", [False, True])
async def test_the_interface_answers_a_problem_that_says_when_to_come_back(forwarded: bool) -> None:
    app, router = FastAPI(), APIRouter(prefix="/api/v1")
    router.add_api_route("/thing", lambda: {"ok": True})
    app.include_router(router, dependencies=[Depends(limits.check)])
    app.state.parts = SimpleNamespace(limits=Limits(address_per_10s=5))
    problems.register(app)
    transport = httpx.ASGITransport(app, client=(HERE, 4000))
    async with httpx.AsyncClient(transport=transport, base_url="http://qiban.test") as client:
        answers = [
            await client.get("/api/v1/thing", headers={"X-Forwarded-For": f"10.0.0.{number}"} if forwarded else {})
            for number in range(8)
        ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    problem = assert_problem(answers[-1], 429, "too_many_requests")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
    assert answers[-1].headers["retry-after"] in problem["detail"]
