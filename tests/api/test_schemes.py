from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from api import contract
from api.parts import Parts
from assessment.desk import Assessor
from core.clock import Clock
from tests.api.conftest import PLAN, SCHEME, assert_problem, assert_shape, open_client

pytestmark = pytest.mark.asyncio(loop_scope="session")
URL = "/api/v1/schemes"
NATIONAL = {"national-srdi-sme-2026", "national-little-giant-2026"}


async def schemes(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    value = (await client.get(URL)).json()
    assert_shape(contract.Schemes, value)
    return {scheme["id"]: scheme for scheme in value["items"]}


async def test_the_schemes_with_where_they_come_from(client: httpx.AsyncClient) -> None:
    found = await schemes(client)
    assert {SCHEME, *NATIONAL} <= set(found)
    plan = found[SCHEME]
    assert (plan["region"], plan["region_name"], plan["document_id"]) == ("430400", "衡阳市", PLAN)
    assert (plan["in_force"], plan["valid_from"], plan["valid_to"]) == (False, "2021-04-27", "2025-12-31")
    assert (plan["verified"], plan["title_years"]) == (True, 3)
    for name in NATIONAL:
        assert (found[name]["verified"], found[name]["in_force"], found[name]["document_id"]) == (False, True, None)
        assert found[name]["document"]
        assert found[name]["number"]


async def test_one_scheme_is_the_same_as_in_the_list(client: httpx.AsyncClient) -> None:
    for name, scheme in (await schemes(client)).items():
        response = await client.get(f"{URL}/{name}")
        assert_shape(contract.Scheme, response.json())
        assert response.json() == scheme


async def test_every_condition_quotes_the_document_word_for_word(client: httpx.AsyncClient) -> None:
    text = (await client.get(f"/api/v1/documents/{PLAN}/text")).content.decode("utf-8")
    plan = (await schemes(client))[SCHEME]
    assert [condition["id"] for condition in plan["priority"]] == ["P1", "P2", "P3", "P4"]
    assert len(plan["conditions"]) == 19
    for condition in (*plan["conditions"], *plan["priority"]):
        assert condition["clause"].startswith("四（")
        assert condition["quote"]
        assert text[condition["start"] : condition["end"]] == condition["quote"]


async def test_the_facts_are_those_behind_the_rules(client: httpx.AsyncClient) -> None:
    facts = {fact["id"]: fact for fact in (await schemes(client))[SCHEME]["facts"]}
    assert {"revenue_main", "revenue_total", "total_assets", "total_liabilities", "debt_ratio"} <= set(facts)
    assert {"industry", "employees", "rnd_spend", "ic_layouts", "incident_grade", "honours"} <= set(facts)
    assert not {"main_share", "size_class", "platform_score", "prior_title"} & set(facts)  # worked out, or of others
    assert (facts["revenue_main"]["unit"], facts["revenue_main"]["yearly"]) == ("万元", True)
    assert facts["debt_ratio"]["unit"] == "%"
    assert {option["value"] for option in facts["legal_form"]["options"]} >= {"limited_company", "branch"}
    assert all(fact["question"] and fact["evidence"] for fact in facts.values())


async def test_every_fact_that_is_asked_for_can_be_given(client: httpx.AsyncClient) -> None:
    for name, scheme in (await schemes(client)).items():
        body = {"scheme": name, "facts": dict.fromkeys(fact["id"] for fact in scheme["facts"])}
        value = (await client.post("/api/v1/assessments/evaluate", json=body)).json()
        known = {fact["id"] for fact in scheme["facts"]}
        needed = {need["fact"] for c in (*value["conditions"], *value["priority"]) for need in c["needs"]}
        assert needed
        assert needed <= known


@pytest.mark.parametrize("name", ["nope", "%00", "小巨人", "x" * 500, "%ED%A0%80"])
async def test_an_unknown_scheme_is_not_found(client: httpx.AsyncClient, name: str) -> None:
    assert_problem(await client.get(f"{URL}/{name}"), 404, "unknown_scheme")


async def test_what_is_in_force_goes_by_the_services_day(parts: Parts) -> None:
    def on(day: date) -> Parts:
        clock = Clock(pinned=day)
        library, schemes = parts.library, parts.assessor.schemes
        return replace(parts, assessor=Assessor(library, schemes, clock, home_region="430400"))

    async with open_client(on(date(2025, 12, 31))) as client:
        found = await schemes(client)
        assert {name for name, scheme in found.items() if scheme["in_force"]} == {SCHEME}
    async with open_client(on(date(2026, 4, 1))) as client:
        found = await schemes(client)
        assert {name for name, scheme in found.items() if scheme["in_force"]} == NATIONAL
