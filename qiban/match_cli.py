"""`qiban match` and `qiban match-offer`: what fits a firm or a need, and which firms fit an offer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from core.errors import BadInput
from firms.catalogue import Catalogue, Fact
from matching import wording
from matching.eligibility import ToCheck
from matching.kinds import kinds
from matching.results import Match, MatchResult, OfferFirms, reference
from qiban import console, terminal
from qiban.bootstrap import Services, open_services
from qiban.console import Json

KindOption = Annotated[str | None, typer.Option("--kind", help="university, financing, service, event or partner.")]


def match(
    firm: Annotated[str | None, typer.Argument(help="Credit code, id or exact name.")] = None,
    kind: KindOption = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many of each kind (1 to 100).")] = 5,
    every: Annotated[bool, typer.Option("--all", help="For every firm.")] = False,
    need: Annotated[str | None, typer.Option("--need", help="A need in words, without a firm.")] = None,
    region: Annotated[str | None, typer.Option("--region", help="With --need: where the firm is.")] = None,
    as_json: Json = False,
) -> None:
    """Offers for a firm, for every firm, or for a need: with reasons, and what is still to be checked."""
    if sum((firm is not None, every, need is not None)) != 1 or (region is not None and need is None):
        raise BadInput(wording.FIRM_OR_NEED)
    results, catalogue = console.wait_for(_results(firm, need, region, kind, limit))
    if as_json:
        found = [result.to_json() for result in results]
        console.show_json({"results": found} if every else found[0])
        return
    for result in results:
        terminal.write("\n".join(report(result, catalogue)))
    if every:
        total = sum(len(result.matches) for result in results)
        terminal.write(wording.COUNT_LINE.format(firms=len(results), matches=total))


async def _results(
    firm: str | None, need: str | None, region: str | None, kind: str | None, limit: int
) -> tuple[list[MatchResult], Catalogue]:
    async with open_services(console.quiet_settings()) as services:
        maker = services.matchmaker
        if need is not None:
            results = [await maker.match_need(need, region=region, kind=kind, limit=limit)]
        elif firm is not None:
            results = [await maker.match(await services.firms.find(firm), kind=kind, limit=limit)]
        else:
            results = await maker.match_all(kind, limit)
        return results, maker.catalogue


def match_offer(
    offer: Annotated[str, typer.Argument(help="The offer's id.")],
    limit: Annotated[int, typer.Option("--limit", help="At most so many firms (1 to 100).")] = 20,
    as_json: Json = False,
) -> None:
    """Firms for an offer: those that agreed to be seen, without contacts."""
    found = console.wait_for(_offer_firms(offer, limit))
    if as_json:
        console.show_json(found.to_json())
    else:
        terminal.write("\n".join(offer_report(found)))


async def _offer_firms(offer: str, limit: int) -> OfferFirms:
    async with open_services(console.quiet_settings()) as services:
        return await _firms_for(services, offer, limit)


async def _firms_for(services: Services, offer: str, limit: int) -> OfferFirms:
    return await services.matchmaker.firms_for(await services.offers.get(offer), limit=limit)


def report(result: MatchResult, catalogue: Catalogue) -> Iterator[str]:
    """A result for a person: by kind, best first, with reasons and open questions."""
    yield wording.NEED_LINE if result.firm is None else wording.FIRM_LINE.format(name=result.firm.name)
    yield from (wording.NOTICE_LINE.format(text=notice) for notice in result.notices)
    for kind in dict.fromkeys(match.offer.kind for match in result.matches):
        yield wording.KIND_LINE.format(kind=kinds()[kind].label)
        of_kind = [match for match in result.matches if match.offer.kind == kind]
        for place, found in enumerate(of_kind, start=1):
            yield from _match_lines(place, found)
    if result.near_misses:
        yield wording.NEAR_LINE
    for near in result.near_misses:
        missing = wording.JOIN.join(near.missing)
        yield wording.NEAR_MISS_LINE.format(title=near.offer.title, id=near.offer.id, missing=missing)
    if ask := _question(result, catalogue):
        yield wording.NEXT_LINE.format(ask=ask)


def _match_lines(place: int, found: Match) -> Iterator[str]:
    offer = found.offer
    values = {"title": offer.title, "provider": offer.provider, "id": offer.id, "score": found.score}
    yield wording.MATCH_LINE.format(place=place, **values)
    yield from _detail_lines(found.reasons, found.to_check)


def _detail_lines(reasons: tuple[str, ...], to_check: tuple[ToCheck, ...]) -> Iterator[str]:
    yield from (wording.REASON_LINE.format(text=reason) for reason in reasons)
    yield from (wording.CHECK_LINE.format(ask=check.ask) for check in to_check)


def _question(result: MatchResult, catalogue: Catalogue) -> str | None:
    """The question of the fact to ask next, as the match that waits for it words it."""
    checks = (check for found in result.matches for check in found.to_check)
    asked = next((check.ask for check in checks if check.fact == result.next_question), None)
    entry = catalogue.get(result.next_question) if result.next_question else None
    return asked or (entry.question if isinstance(entry, Fact) else None)


def offer_report(found: OfferFirms) -> Iterator[str]:
    """The firms for an offer, for a person."""
    yield wording.OFFER_LINE.format(title=found.offer.title)
    yield from (wording.NOTICE_LINE.format(text=notice) for notice in found.notices)
    for place, one in enumerate(found.firms, start=1):
        values = {"name": one.firm.name, "firm": reference(one.firm), "score": one.score}
        yield wording.OFFERED_FIRM_LINE.format(place=place, **values)
        yield from _detail_lines(one.reasons, one.to_check)
