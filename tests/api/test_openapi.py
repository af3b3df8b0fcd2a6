from __future__ import annotations

import httpx
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROUTES = {
    ("post", "/api/v1/questions"),
    ("post", "/api/v1/chat"),
    ("get", "/api/v1/chat/stream"),
    ("get", "/api/v1/chat/history"),
    ("get", "/api/v1/schemes"),
    ("get", "/api/v1/schemes/{scheme_id}"),
    ("post", "/api/v1/assessments/evaluate"),
    ("get", "/api/v1/documents"),
    ("post", "/api/v1/documents"),
    ("get", "/api/v1/documents/{document_id}"),
    ("get", "/api/v1/documents/{document_id}/text"),
    ("get", "/api/v1/offers"),
    ("get", "/api/v1/offers/{offer_id}"),
    ("get", "/api/v1/offers/{offer_id}/firms"),
    ("post", "/api/v1/matches"),
    ("get", "/api/v1/introductions"),
    ("post", "/api/v1/introductions"),
    ("get", "/api/v1/introductions/{introduction_id}"),
    ("post", "/api/v1/introductions/{introduction_id}/accept"),
    ("post", "/api/v1/introductions/{introduction_id}/decline"),
    ("post", "/api/v1/introductions/{introduction_id}/withdraw"),
    ("get", "/api/v1/firms/{firm}/consents"),
    ("put", "/api/v1/firms/{firm}/consents"),
    ("post", "/api/v1/firms/{firm}/claim-codes"),
    ("get", "/api/v1/events/{event_id}"),
    ("get", "/api/v1/events/{event_id}.ics"),
    ("get", "/api/v1/events/{event_id}/registrations"),
    ("post", "/api/v1/events/{event_id}/registrations"),
    ("post", "/api/v1/events/{event_id}/registrations/{registration_id}/cancel"),
    ("post", "/api/v1/events/{event_id}/registrations/{registration_id}/confirm"),
    ("get", "/api/v1/announcements"),
    ("post", "/api/v1/announcements"),
    ("get", "/api/v1/announcements/{announcement_id}"),
    ("get", "/api/v1/announcements/{announcement_id}/preview"),
    ("get", "/api/v1/announcements/{announcement_id}/status"),
    ("post", "/api/v1/announcements/{announcement_id}/approve"),
    ("post", "/api/v1/announcements/{announcement_id}/schedule"),
    ("post", "/api/v1/announcements/{announcement_id}/stop"),
    ("get", "/api/v1/inbox"),
    ("post", "/api/v1/inbox/read"),
    ("get", "/api/v1/open-questions"),
    ("get", "/api/v1/open-questions/{question_id}"),
    ("post", "/api/v1/open-questions/{question_id}/answer"),
    ("post", "/api/v1/open-questions/{question_id}/dismiss"),
    ("post", "/api/v1/open-questions/{question_id}/reopen"),
    ("post", "/api/v1/open-questions/{question_id}/merge"),
    ("post", "/api/v1/open-questions/{question_id}/split"),
    ("post", "/api/v1/open-questions/{question_id}/approve"),
    ("get", "/api/v1/faq"),
    ("post", "/api/v1/faq"),
    ("get", "/api/v1/faq/{entry_id}"),
    ("put", "/api/v1/faq/{entry_id}"),
    ("post", "/api/v1/faq/{entry_id}/keep"),
    ("delete", "/api/v1/faq/{entry_id}"),
    ("get", "/healthz"),
    ("get", "/readyz"),
}


async def test_the_document_names_every_route_with_shapes_and_problems(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/api/v1/openapi.json")).json()
    found = {(method, path) for path, item in schema["paths"].items() for method in item}
    assert found == ROUTES
    for path, item in schema["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert "422" not in operation["responses"]
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    shapes = schema["components"]["schemas"]
    assert {"Answer", "Citation", "Chat", "Reply", "Document", "Problem", "FieldProblem"} <= set(shapes)
    assert {"AssessmentIn", "Assessment", "ConditionVerdict", "Reading", "Scheme", "Asking", "Read"} <= set(shapes)
    assert "HTTPValidationError" not in shapes


async def test_the_document_says_what_facts_look_like(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/api/v1/openapi.json")).json()
    body = schema["paths"]["/api/v1/assessments/evaluate"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/AssessmentIn"}
    asked = schema["components"]["schemas"]["AssessmentIn"]
    assert asked["required"] == ["facts"]
    given = asked["properties"]["facts"]
    assert given["type"] == "object"
    range_ = next(shape for shape in given["additionalProperties"]["anyOf"] if "min" in shape.get("properties", {}))
    assert set(range_["properties"]) == {"min", "max", "above", "below"}


async def test_every_reference_in_the_document_leads_somewhere(client: httpx.AsyncClient) -> None:
    text = (await client.get("/api/v1/openapi.json")).text
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set((await client.get("/api/v1/openapi.json")).json()["components"]["schemas"])


async def test_the_docs_come_from_our_own_files(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/docs")
    assert response.status_code == 200
    assert "swagger-ui" in response.text
    assert "//" not in response.text.replace("<!doctype html>", "")
