"""`/healthz` and `/readyz`, at the root."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from api import contract, wording
from api.parts import Given, Parts, Readiness
from api.responses import Json

router = APIRouter(tags=[wording.TAG_HEALTH])


@router.get("/healthz", response_model=contract.Alive, summary=wording.API_HEALTH)
async def healthz() -> Response:
    """The process runs and answers."""
    return Json({"status": "ok"})


@router.get(
    "/readyz",
    response_model=contract.Ready,
    summary=wording.API_READY,
    responses={503: {"model": contract.Ready, "description": "unavailable"}},
)
async def readyz(parts: Given) -> Response:
    """Whether the service can answer. Degraded (no model: keywords only) is still 200, and says what is missing."""
    readiness = await _readiness(parts)
    return Json(asdict(readiness), 503 if readiness.status == "unavailable" else 200)


async def _readiness(parts: Parts) -> Readiness:
    try:
        return await parts.readiness()
    except Exception as error:  # a probe that breaks is an answer, not an error
        return Readiness("unavailable", {"readiness": type(error).__name__})
