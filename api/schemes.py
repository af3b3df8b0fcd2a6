"""`/schemes`: what a firm can check itself against, with the clauses it was read from and the facts it asks for."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api import contract, wording
from api.parts import Given
from api.responses import Json
from assessment.desk import Assessor
from assessment.evaluation import cite, in_force
from assessment.schemes import Condition, Scheme
from core import regions
from firms import criteria
from firms.catalogue import Catalogue, Fact
from knowledge.answer import plain
from knowledge.library import Snapshot, StoredDocument

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_SCHEMES])

_FACT = ("id", "label", "kind", "unit", "yearly", "question", "hint", "why", "evidence")


@router.get("/schemes", response_model=contract.Schemes, summary=wording.API_SCHEMES)
async def listing(parts: Given) -> Response:
    """All schemes. Quotes and validity are read from the cited documents; `in_force` is as of today."""
    return Json({"items": await described(parts.assessor)})


@router.get("/schemes/{scheme_id}", response_model=contract.Scheme, summary=wording.API_SCHEME)
async def one(scheme_id: str, parts: Given) -> Response:
    """One scheme. 404 `unknown_scheme`."""
    scheme = parts.assessor.scheme(scheme_id)
    return Json(describe(scheme, parts.assessor, await parts.assessor.snapshot()))


async def described(assessor: Assessor) -> list[dict[str, Any]]:
    """The JSON values of all schemes."""
    snapshot = await assessor.snapshot()
    return [describe(scheme, assessor, snapshot) for scheme in assessor.schemes]


def describe(scheme: Scheme, assessor: Assessor, snapshot: Snapshot) -> dict[str, Any]:
    """The JSON value of a scheme."""
    today = assessor.today()
    document = snapshot.documents.get(scheme.document) if scheme.document else None
    value: dict[str, Any] = plain(
        {
            "id": scheme.id,
            "name": scheme.name,
            "short": scheme.short,
            "version": scheme.version,
            "region": scheme.region,
            "region_name": regions.find(scheme.region).name,
            "verified": scheme.verified,
            "title_years": scheme.title_years,
            **_origin(scheme, document, snapshot, today),
            "conditions": [_condition(item, document, snapshot, today) for item in scheme.conditions],
            "priority": [_condition(item, document, snapshot, today) for item in scheme.priority],
            "facts": [_fact(fact) for fact in facts_of(scheme, assessor.catalogue)],
        }
    )
    return value


def _origin(scheme: Scheme, document: StoredDocument | None, snapshot: Snapshot, today: date) -> dict[str, Any]:
    """The text that a scheme was read from, in the base or outside it, and when that applies."""
    origin = document or scheme.source
    return {
        "document_id": document.id if document else None,
        "document": origin.title if origin else None,
        "number": origin.number if origin else None,
        "in_force": in_force(scheme, snapshot, today),
        "valid_from": origin.valid_from if origin else None,
        "valid_to": snapshot.valid_to(document, today) if document else origin.valid_to if origin else None,
    }


def _condition(
    condition: Condition, document: StoredDocument | None, snapshot: Snapshot, today: date
) -> dict[str, Any]:
    citation = cite(condition, document, snapshot, today)
    return {
        "id": condition.id,
        "title": condition.title,
        "clause": condition.clause,
        "quote": citation.quote if citation else "",
        "start": citation.start if citation else None,
        "end": citation.end if citation else None,
        "note": condition.note,
    }


def facts_of(scheme: Scheme, catalogue: Catalogue) -> list[Fact]:
    """The facts that a scheme's rules use, those behind derived figures included, in the catalogue's order."""
    rules = [condition.rule for condition in (*scheme.conditions, *scheme.priority)]
    used = {fact for rule in rules for name in criteria.subjects(rule) for fact in _behind(name, catalogue)}
    return sorted((catalogue.fact(name) for name in used), key=lambda fact: catalogue.place(fact.id))


def _behind(name: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The facts that a name in a rule stands for: itself, and what it can be worked out from."""
    entry = catalogue.get(name)
    if isinstance(entry, Fact):
        formula = entry.stands_for
        return (name, *(formula.facts if formula else ()))
    return entry.formula.facts if entry else ()


def _fact(fact: Fact) -> dict[str, Any]:
    options = [{"value": option.value, "label": option.label} for option in fact.options]
    return {**{name: getattr(fact, name) for name in _FACT}, "unit": fact.shown_unit, "options": options}
