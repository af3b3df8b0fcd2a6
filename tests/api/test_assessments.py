from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from api import contract
from tests.api.conftest import GOOD, PLAN, SCHEME, assert_problem, assert_shape

pytestmark = pytest.mark.asyncio(loop_scope="session")
URL = "/api/v1/assessments/evaluate"
JSON = {"Content-Type": "application/json"}


async def evaluate(client: httpx.AsyncClient, facts: dict[str, Any], **body: Any) -> dict[str, Any]:
    """The assessment of these facts; sent as text that `json` writes, in the contract's shape."""
    return await evaluate_text(client, json.dumps({"facts": facts, **body}))


async def evaluate_text(client: httpx.AsyncClient, body: str) -> dict[str, Any]:
    response = await client.post(URL, content=body.encode(), headers=JSON)
    assert response.status_code == 200, response.text
    value: dict[str, Any] = response.json()
    assert_shape(contract.Assessment, value)
    return value


def verdicts(assessment: dict[str, Any]) -> dict[str, str]:
    conditions = [*assessment["conditions"], *assessment["priority"]]
    return {condition["id"]: condition["verdict"] for condition in conditions}


def condition(assessment: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in assessment["conditions"] if c["id"] == name)
    return found


async def test_a_firm_that_meets_everything(client: httpx.AsyncClient) -> None:
    value = await evaluate(client, GOOD, scheme=SCHEME)
    assert (value["scheme"], value["verdict"], value["size_class"]) == (SCHEME, "met", "small")
    assert {verdict for name, verdict in verdicts(value).items() if not name.startswith("P")} == {"met"}
    assert (value["next_question"], value["next_year"]) == (None, None)
    assert [c["id"] for c in value["priority"]] == ["P1", "P2", "P3", "P4"]


async def test_nothing_known_is_unknown_and_says_what_to_ask(client: httpx.AsyncClient) -> None:
    value = await evaluate(client, {})
    assert (value["scheme"], value["verdict"], value["size_class"]) == (SCHEME, "unknown", "unknown")
    assert set(verdicts(value).values()) == {"unknown"}
    assert value["next_question"]
    assert all(c["needs"] and c["evidence"] and c["reason"] for c in value["conditions"])


async def test_null_is_unknown_not_no(client: httpx.AsyncClient) -> None:
    absent = {name: given for name, given in GOOD.items() if name != "dishonest_listed"}
    assert await evaluate(client, GOOD | {"dishonest_listed": None}) == await evaluate(client, absent)
    assert verdicts(await evaluate(client, absent))["6b"] == "unknown"


async def test_the_plans_period_is_over_and_the_verdict_says_so_first(client: httpx.AsyncClient) -> None:
    value = await evaluate(client, GOOD)
    assert (value["as_of"], value["in_force"]) == ("2026-11-24", False)
    assert "2025年12月31日" in value["notices"][0]
    then = await evaluate(client, GOOD, as_of="2025-11-24")
    assert (then["as_of"], then["in_force"]) == ("2025-11-24", True)
    assert verdicts(then)["2a"] == "met"  # 2024 is the last full year then: 2200
    assert verdicts(then)["2b"] == "unknown"  # and nothing is known of 2022


async def test_every_quote_stands_where_it_says(client: httpx.AsyncClient) -> None:
    text = (await client.get(f"/api/v1/documents/{PLAN}/text")).content.decode("utf-8")
    value = await evaluate(client, {})
    assert value["document_id"] == PLAN
    for item in (*value["conditions"], *value["priority"]):
        assert item["quote"]
        assert text[item["start"] : item["end"]] == item["quote"]


@pytest.mark.parametrize(
    ("revenue", "verdict", "gap"),
    [
        ("2000", "met", None),
        ("2000.0", "met", None),
        ("2e3", "met", None),
        ("1999.99", "not_met", "0.01万元"),
        ("1999.99999999999999999999", "not_met", "0.00000000000000000001万元"),
        ("2000.00000000000000000001", "met", None),
        ("1800", "not_met", "200万元"),
    ],
)
async def test_numbers_count_as_they_are_written(
    client: httpx.AsyncClient, revenue: str, verdict: str, gap: str | None
) -> None:
    body = f'{{"facts": {{"industry": "C34", "revenue_main": {{"2025": {revenue}}}}}}}'
    found = condition(await evaluate_text(client, body), "2a")
    assert found["verdict"] == verdict
    if gap and len(gap) < 10:
        assert found["gap"] == gap
        assert found["given"] == f"{revenue}万元"


@pytest.mark.parametrize(
    ("liabilities", "verdict"), [("7000", "met"), ("7000.4", "not_met"), ("7000.0000000000001", "not_met")]
)
async def test_a_ratio_is_never_rounded_across_its_bound(
    client: httpx.AsyncClient, liabilities: str, verdict: str
) -> None:
    body = f'{{"facts": {{"total_assets": {{"2025": 10000}}, "total_liabilities": {{"2025": {liabilities}}}}}}}'
    found = condition(await evaluate_text(client, body), "2c")
    assert found["verdict"] == verdict
    assert "70.00%" not in found["reason"]


async def test_growth_is_exact(client: httpx.AsyncClient) -> None:
    body = '{"facts": {"industry": "I65", "revenue_main": {"2025": 1322.5, "2024": 1150, "2023": 1000}}}'
    found = condition(await evaluate_text(client, body), "2b")
    assert found["verdict"] == "met"
    assert [(reading["id"], reading["verdict"]) for reading in found["readings"]] == [("cagr", "met"), ("mean", "met")]


async def test_readings_that_disagree_leave_it_open_and_show_both(client: httpx.AsyncClient) -> None:
    found = condition(
        await evaluate(client, {"industry": "C34", "revenue_main": {"2025": 2400, "2024": 1600, "2023": 2000}}), "2b"
    )
    assert found["verdict"] == "unknown"
    assert {reading["verdict"] for reading in found["readings"]} == {"met", "not_met"}
    assert all(reading["value"] in found["reason"] for reading in found["readings"])


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"min": 1900, "max": 2000}, "unknown"),
        ({"min": 2000}, "met"),
        ({"min": 2000, "max": 2100}, "met"),
        ({"above": 1999}, "unknown"),
        ({"above": 2000}, "met"),
        ({"below": 2000}, "not_met"),
        ({"max": 2000}, "unknown"),
        ({"below": 2000.01}, "unknown"),
    ],
)
async def test_a_range_decides_only_when_all_of_it_decides(
    client: httpx.AsyncClient, given: dict[str, Any], verdict: str
) -> None:
    by_year = await evaluate(client, {"industry": "C34", "revenue_main": {"2025": given}})
    assert verdicts(by_year)["2a"] == verdict
    last_year = await evaluate(client, {"industry": "C34", "revenue_main": given})
    assert verdicts(last_year)["2a"] == verdict


async def test_another_scheme_is_judged_when_named(client: httpx.AsyncClient) -> None:
    value = await evaluate(client, GOOD, scheme="national-little-giant-2026")
    assert (value["scheme"], value["verified"], value["document_id"]) == ("national-little-giant-2026", False, None)
    assert "官方原文" in "".join(value["notices"])
    assert all(item["quote"] == "" for item in value["conditions"])


@pytest.mark.parametrize(
    ("facts", "code", "fact"),
    [
        ({"revenue_main": {"2025": 2600}, "revenue_total": {"2025": 2500}}, "impossible_facts", "revenue_main"),
        ({"employees": -1}, "impossible_facts", "employees"),
        ({"employees": 1.5}, "impossible_facts", "employees"),
        ({"cloud_core_businesses": 5}, "impossible_facts", "cloud_core_businesses"),
        ({"founded_on": "2027-01-01"}, "impossible_facts", "founded_on"),
        ({"revenue_main": {"2025": {"min": 3, "max": 2}}}, "impossible_facts", "revenue_main"),
        ({"income": 1}, "unknown_fact", "income"),
        ({"main_share": 60}, "unknown_fact", "main_share"),
        ({"revenue_main": "很多"}, "bad_fact_value", "revenue_main"),
        ({"revenue_main": True}, "bad_fact_value", "revenue_main"),
        ({"revenue_main": [1]}, "bad_fact_value", "revenue_main"),
        ({"revenue_main": {"2025": {"min": 1, "above": 1}}}, "bad_fact_value", "revenue_main"),
        ({"revenue_main": {"25": 1}}, "bad_fact_value", "revenue_main"),
        ({"own_brand": {"2025": True}}, "bad_fact_value", "own_brand"),
        ({"own_brand": 1}, "bad_fact_value", "own_brand"),
        ({"legal_form": "gmbh"}, "bad_fact_value", "legal_form"),
        ({"founded_on": "2019-02-30"}, "bad_fact_value", "founded_on"),
        ({"prior_title": ["none", "srdi_sme"]}, "bad_fact_value", "prior_title"),
        ({"revenue_main": "\x00"}, "bad_fact_value", "revenue_main"),
    ],
)
async def test_bad_facts_have_a_code_and_name_the_fact(
    client: httpx.AsyncClient, facts: dict[str, Any], code: str, fact: str
) -> None:
    problem = assert_problem(await client.post(URL, json={"facts": facts}), 422, code)
    (place,) = problem["fields"]
    assert place["field"].split(".")[:2] == ["facts", fact]
    assert place["message"] == problem["detail"]


@pytest.mark.parametrize("scheme", ["nope", "", "../x", "小巨人", "x" * 100])
async def test_an_unknown_scheme_is_not_found(client: httpx.AsyncClient, scheme: str) -> None:
    assert_problem(await client.post(URL, json={"scheme": scheme, "facts": {}}), 404, "unknown_scheme")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "facts"),
        ({"facts": None}, "facts"),
        ({"facts": []}, "facts"),
        ({"facts": "industry"}, "facts"),
        ({"facts": {}, "scheme": 7}, "scheme"),
        ({"facts": {}, "scheme": "x" * 101}, "scheme"),
        ({"facts": {}, "as_of": "2026-02-30"}, "as_of"),
        ({"facts": {}, "as_of": 20261124}, "as_of"),
        ({"facts": {}, "as_of": "0001-01-01"}, "as_of"),
        ({"facts": {}, "as_of": "9999-12-31"}, "as_of"),
    ],
)
async def test_a_wrong_shape_names_the_field(client: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    problem = assert_problem(await client.post(URL, json=body), 422, "invalid_request")
    assert [item["field"] for item in problem["fields"]] == [field]


@pytest.mark.parametrize("day", ["1950-01-01", "2024-02-29", "2199-12-31"])
async def test_any_day_in_reach_can_be_judged(client: httpx.AsyncClient, day: str) -> None:
    facts = {name: given for name, given in GOOD.items() if name != "founded_on"}
    assert (await evaluate(client, facts, as_of=day))["as_of"] == day


async def test_what_is_given_twice_counts_as_given_last(client: httpx.AsyncClient) -> None:
    body = '{"facts": {"industry": "F51", "industry": "C34", "revenue_main": {"2025": 1, "2025": 2000}}}'
    assert condition(await evaluate_text(client, body), "2a")["verdict"] == "met"


BAD_BODIES: dict[str, bytes] = {
    "empty": b"",
    "GBK": json.dumps({"facts": {"region": "衡南县"}}, ensure_ascii=False).encode("gbk"),
    "NaN": b'{"facts": {"employees": NaN}}',
    "Infinity": b'{"facts": {"employees": -Infinity}}',
    "beyond all exponents": b'{"facts": {"employees": 1e99999999999999999999}}',
    "large exponent": b'{"facts": {"employees": 1e999}}',
    "tiny exponent": b'{"facts": {"revenue_main": 1e-999}}',
    "5,000 digits": b'{"facts": {"employees": ' + b"9" * 5_000 + b"}}",
    "200,000 digits": b'{"facts": {"employees": ' + b"9" * 200_000 + b"}}",
    "200,000 decimals": b'{"facts": {"employees": 0.' + b"9" * 200_000 + b"}}",
    "deeply nested": b'{"facts": {"employees": ' + b"[" * 100_000,
    "deep object": b'{"facts":' * 25_000,
    "deep value": b'{"facts": {"employees": ' + b"[" * 900 + b"]" * 900 + b"}}",
    "lone surrogate in a name": b'{"facts": {"\\ud800": 1}}',
    "lone surrogate in a value": b'{"facts": {"industry": "\\ud800"}}',
    "lone surrogate in the scheme": b'{"scheme": "\\ud800", "facts": {}}',
    "raw surrogate": b'{"facts": {"industry": "\xed\xa0\x80"}}',
    "a list": b"[]",
    "broken off": b'{"facts": {"employees": 1',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
async def test_a_body_that_is_no_question_is_a_problem(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post(URL, content=body, headers=JSON)
    assert 400 <= response.status_code < 500, response.text
    assert_problem(response, response.status_code, response.json()["code"])
    assert "Traceback" not in response.text
    assert len(response.content) < 2_000


async def test_a_huge_body_is_refused(client: httpx.AsyncClient) -> None:
    body = b'{"facts": {"industry": "' + b"C" * 10_000_000 + b'"}}'
    assert_problem(await client.post(URL, content=body, headers=JSON), 413, "too_large")


async def test_a_body_that_is_not_called_json_says_so(client: httpx.AsyncClient) -> None:
    response = await client.post(URL, content=b'{"facts": {}}', headers={"Content-Type": "text/plain"})
    assert "application/json" in assert_problem(response, 422, "invalid_request")["detail"]


async def test_a_body_full_of_facts_is_answered(client: httpx.AsyncClient) -> None:
    """Every year of every amount, and as many names as fit."""
    years = {str(year): {"min": 1, "max": 2} for year in range(1900, 2100)}
    money = ("revenue_main", "revenue_total", "total_assets", "total_liabilities", "rnd_spend")
    facts = dict.fromkeys(money, years) | {"titles": [f"称号{number}" for number in range(5_000)]}
    assert (await evaluate(client, facts))["verdict"] == "unknown"
