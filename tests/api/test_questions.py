from __future__ import annotations

import httpx
import pytest

from api import contract
from tests.api.conftest import PLAN, assert_problem, assert_shape

pytestmark = pytest.mark.asyncio(loop_scope="session")
URL = "/api/v1/questions"


async def test_an_answer_has_the_contracts_shape_and_quotes_the_clause(client: httpx.AsyncClient) -> None:
    answer = (await client.post(URL, json={"text": "负债率有要求吗"})).json()
    assert_shape(contract.Answer, answer)
    assert answer["status"] == "answered"
    assert answer["citations"][0]["clause"] == "四（一）2"
    assert "不高于70%" in answer["citations"][0]["quote"]
    assert "2025年12月31日" in answer["notices"][0]


async def test_every_quote_is_the_text_between_its_offsets(client: httpx.AsyncClient) -> None:
    text = (await client.get(f"/api/v1/documents/{PLAN}/text")).content.decode("utf-8")
    for question in ("申报条件有哪些", "负债率有要求吗", "有效期几年", "贷款有什么支持", "谁来组织实施"):
        for citation in (await client.post(URL, json={"text": question})).json()["citations"]:
            assert text[citation["start"] : citation["end"]] == citation["quote"]


async def test_what_the_plan_does_not_say_is_declined_with_the_desks_name(client: httpx.AsyncClient) -> None:
    answer = (await client.post(URL, json={"text": "今天天气怎么样"})).json()
    assert_shape(contract.Answer, answer)
    assert answer["status"] == "declined"
    assert "衡阳市工业和信息化局" in answer["text"]


async def test_the_answer_is_for_the_date_asked_for(client: httpx.AsyncClient) -> None:
    then = (await client.post(URL, json={"text": "负债率有要求吗", "as_of": "2023-05-01"})).json()
    assert then["notices"] == []
    assert then["citations"][0]["in_force"] is True
    before = (await client.post(URL, json={"text": "负债率有要求吗", "as_of": "2020-05-01"})).json()
    assert before["status"] == "declined"


@pytest.mark.parametrize("region", ["430400", "衡阳市", "４３０４００", " 衡阳市 ", "", None])
async def test_the_desks_region_by_name_or_code(client: httpx.AsyncClient, region: str | None) -> None:
    answer = (await client.post(URL, json={"text": "负债率有要求吗", "region": region})).json()
    assert answer["status"] == "answered"


@pytest.mark.parametrize("region", ["云岭市", "440300", "深圳市"])
async def test_another_region_does_not_get_our_rules(client: httpx.AsyncClient, region: str) -> None:
    answer = (await client.post(URL, json={"text": "负债率有要求吗", "region": region})).json()
    assert (answer["status"], answer["why"]) == ("declined", "other_region")


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u0000", "\u200b\u200d"])
async def test_a_question_without_words(client: httpx.AsyncClient, text: str) -> None:
    assert_problem(await client.post(URL, json={"text": text}), 422, "empty_question")


async def test_a_question_that_is_too_long(client: httpx.AsyncClient) -> None:
    assert_problem(await client.post(URL, json={"text": "资" * 1001}), 422, "question_too_long")
    assert_problem(await client.post(URL, json={"text": "资" * 20000}), 422, "question_too_long")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": None}, "text"),
        ({"text": 7}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": {"a": 1}}, "text"),
        ({"text": "x", "as_of": "2026-13-01"}, "as_of"),
        ({"text": "x", "as_of": "yesterday"}, "as_of"),
        ({"text": "x", "as_of": 20261124}, "as_of"),
        ({"text": "x", "as_of": "2026-11-24T09:00:00"}, "as_of"),
        ({"text": "x", "region": 430400}, "region"),
        ({"text": "x", "region": "市" * 101}, "region"),
    ],
)
async def test_a_wrong_type_names_the_field_and_repeats_nothing(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    response = await client.post(URL, json=body)
    problem = assert_problem(response, 422, "invalid_request")
    assert [item["field"] for item in problem["fields"]] == [field]
    assert "yesterday" not in response.text
    assert "2026-13-01" not in response.text
    assert "市市" not in response.text
