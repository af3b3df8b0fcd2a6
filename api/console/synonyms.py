"""`/console/synonyms`: what people say instead of documents' words; the bureau's own groups can be changed here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from api.console import wording
from api.console.access import Desk, SignedIn, text_of
from core.errors import Conflict, QibanError
from firms import audit
from knowledge.synonyms import SynonymGroup, read_terms

router = APIRouter(prefix="/console/synonyms", include_in_schema=False)

_Place = Annotated[int, Path(ge=0, le=10_000)]


@router.get("")
async def listing(desk: SignedIn) -> Response:
    """The own groups and those that come with the product."""
    return await _page(desk, done=wording.SYNONYMS_DONE.get(desk.request.query_params.get("done", "")))


async def _page(desk: Desk, **context: Any) -> Response:
    synonyms = desk.parts.synonyms
    version, own = await asyncio.to_thread(synonyms.groups)
    built_in = await asyncio.to_thread(synonyms.built_in)
    given: dict[str, Any] = {"version": version, "own": own, "built_in": built_in}
    given["typed"] = {"canonical": "", "spoken": ""}
    return desk.page("synonyms.html", **(given | context))


@router.post("")
async def add(desk: SignedIn) -> Response:
    """Append a group."""
    group, version = await _given(desk)
    return await _save(desk, lambda: desk.parts.synonyms.add(group, version=version), "added", group)


@router.post("/{place}")
async def replace(place: _Place, desk: SignedIn) -> Response:
    """Change a group."""
    group, version = await _given(desk)
    return await _save(desk, lambda: desk.parts.synonyms.replace(place, group, version=version), "edited", group)


@router.post("/{place}/delete")
async def delete(place: _Place, desk: SignedIn) -> Response:
    """Take a group out."""
    _, version = await _given(desk)
    return await _save(desk, lambda: desk.parts.synonyms.remove(place, version=version), "deleted", None)


async def _given(desk: Desk) -> tuple[SynonymGroup, str]:
    desk.whole_area_only()
    form = await desk.request.form()
    group = SynonymGroup(read_terms(text_of(form, "canonical", 2000)), read_terms(text_of(form, "spoken", 5000)))
    return group, text_of(form, "version", 64)


async def _save(desk: Desk, change: Callable[[], None], action: str, group: SynonymGroup | None) -> Response:
    """Change the file and note who did; what was typed stays where something is wrong."""
    try:
        await asyncio.to_thread(change)
    except QibanError as error:
        wrong: dict[str, Any] = {"status": 409 if isinstance(error, Conflict) else 422, "error": error.message}
        if group is not None:
            wrong["typed"] = {"canonical": "、".join(group.canonical), "spoken": "、".join(group.spoken)}
        return await _page(desk, **wrong)
    async with desk.parts.database.transaction() as session:
        await audit.record(
            session, actor=desk.actor.name, action=f"synonyms.{action}", subject_kind="synonyms", subject="own"
        )
    return RedirectResponse(f"/console/synonyms?done={'deleted' if group is None else 'saved'}", status_code=303)
