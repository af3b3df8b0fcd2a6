"""Matching: the offers for a firm or a need, the firms for an offer.

The database decides who may have what; the index only says how near texts are. Each call reads the database once and
computes in a thread of the executor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import regions
from core.clock import Clock
from core.database import Database
from core.errors import BadInput
from core.text import clean
from core.truth import Truth
from firms import consents
from firms.catalogue import Catalogue
from firms.consents import VISIBLE
from firms.facts import Facts, Key, Value, value_from_json
from firms.models import FirmFact
from firms.store import NO_YEAR, Firm, Firms, Profile
from matching import wording
from matching.eligibility import Admission, Eligibility, Rulebook, Subject, filled, needed_facts
from matching.fit import Pair, Scored, fit, ranked
from matching.introductions import REST_DAYS
from matching.kinds import kinds
from matching.models import IntroductionRow
from matching.offer import KINDS, Offer
from matching.offers import Offers
from matching.relevance import FIELDS, Near, Relevance, asked_by_offer, asked_of
from matching.results import Match, MatchResult, NearMiss, OfferedFirm, OfferFirms, next_question, shortened
from matching.source import firm_number, firm_texts, lexical_text
from search import SearchIndex

MOST = 100
"""The highest limit."""
NEAR_MISSES = 5
LONGEST_NEED = 2000
"""Characters of a need that are read."""
CHECKS_OF_A_NEED = 3
"""How many open questions are named for each offer where no firm is known."""
_DEPTH = 300  # so many of the firms nearest to each text of an offer are looked at closely

_T = TypeVar("_T")


class BadLimit(BadInput):
    """The limit is not a number from 1 to `MOST`."""

    code = "bad_limit"
    default = wording.BAD_LIMIT.format(most=MOST)


class UnknownKind(BadInput):
    """There is no such kind of offer."""

    code = "unknown_kind"


class EmptyNeed(BadInput):
    """Nothing is said of what is needed."""

    code = "empty_need"
    default = wording.EMPTY_NEED


@dataclass(frozen=True)
class Stock:
    """All offers as they were at a mark of `Offers.mark`, by number with the text in which keywords are looked up."""

    mark: tuple[Any, ...]
    offers: tuple[Offer, ...]
    texts: Mapping[int, str]


@dataclass(frozen=True)
class Market:
    """The offers that are open at a moment."""

    offers: tuple[Offer, ...]
    now: datetime
    texts: Mapping[int, str]


@dataclass(frozen=True)
class Declined:
    """The offers that were declined by or for a firm lately: numbers, with the version each was declined at."""

    versions: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def rests(self, offer: Offer) -> bool:
        """Whether the pair rests: the offer says what it said then."""
        return offer.version in self.versions.get(offer.number, ())

    def changed(self, offer: Offer) -> bool:
        """Whether it was declined and says something else now."""
        return offer.number in self.versions and not self.rests(offer)


@dataclass(frozen=True)
class _Wish:
    """What is looked for: by whom, of which kinds, how many of each."""

    subject: Subject
    kinds: tuple[str, ...]
    limit: int
    declined: Declined = field(default_factory=Declined)
    checks: int | None = None


class Matchmaker:
    """Matches firms and offers. `index` holds the offers, `firm_index` the firms; `executor` runs what holds the
    processor; `home_region` is the code of the desk's own region."""

    def __init__(
        self,
        database: Database,
        firms: Firms,
        offers: Offers,
        index: SearchIndex,
        firm_index: SearchIndex,
        catalogue: Catalogue,
        clock: Clock,
        executor: Executor,
        home_region: str,
    ) -> None:
        self._database = database
        self._firms = firms
        self._offers = offers
        self._relevance = Relevance(index)
        self._firm_relevance = Relevance(firm_index)
        self._rulebook = Rulebook(catalogue)
        self._clock = clock
        self._executor = executor
        self._home = home_region
        self._stock: Stock | None = None

    @property
    def catalogue(self) -> Catalogue:
        return self._rulebook.catalogue

    async def match(
        self, firm: Firm, *, kind: str | None = None, limit: int = 5, extra: Facts | None = None
    ) -> MatchResult:
        """What fits a firm: at most `limit` of each kind. `extra` fills what the stored facts do not know.

        Raises BadLimit, UnknownKind.
        """
        wanted, now = _kinds(kind, limit), self._clock.now()
        async with self._database.reading() as session:
            stored = await self._firms.facts(firm.id, session)
            market = await self._market(session, now)
            declined = await _declined(session, now.date(), firm_ids=[firm.id])
        facts = filled(stored, extra, self.catalogue, now.year - 1)
        wish = _Wish(Subject.of(firm, facts), wanted, limit, declined.get(firm.id, Declined()))
        return await self._in_thread(self._match, wish, market)

    async def match_need(
        self,
        text: str,
        *,
        region: str | None = None,
        kind: str | None = None,
        limit: int = 5,
        facts: Facts | None = None,
    ) -> MatchResult:
        """What fits a need that somebody states. `region`: name or code, by default the desk's own.

        Raises EmptyNeed, BadLimit, UnknownKind.
        """
        wanted, now, need = _kinds(kind, limit), self._clock.now(), clean(text).strip()[:LONGEST_NEED]
        if not need:
            raise EmptyNeed()
        async with self._database.reading() as session:
            market = await self._market(session, now)
        profile = Profile(tech_need=need, finance_use=need, supply_wish=need)
        subject = Subject(None, facts or Facts(), _region(region) or self._home, profile)
        wish = _Wish(subject, wanted, limit, checks=CHECKS_OF_A_NEED)
        return await self._in_thread(self._match, wish, market)

    async def match_all(self, kind: str | None = None, limit: int = 5) -> list[MatchResult]:
        """What fits each firm, in the order of their ids. Raises BadLimit, UnknownKind."""
        wanted, now = _kinds(kind, limit), self._clock.now()
        async with self._database.reading() as session:
            firms = await self._firms.list(session=session)
            market = await self._market(session, now)
            facts = await self._facts(session, [offer.rule for offer in market.offers])
            declined = await _declined(session, now.date())
        results: list[MatchResult] = []
        for firm in firms:
            subject = Subject.of(firm, facts.get(firm.id, Facts()))
            wish = _Wish(subject, wanted, limit, declined.get(firm.id, Declined()))
            results.append(await self._in_thread(self._match, wish, market))
        return results

    async def firms_for(self, offer: Offer, *, limit: int = 20) -> OfferFirms:
        """The firms for an offer that agreed to be seen by providers, best first. Raises BadLimit."""
        _check_limit(limit)
        now = self._clock.now()
        if not offer.is_open(now):
            return OfferFirms(offer, notices=(wording.OFFER_NOT_OPEN,))
        async with self._database.reading() as session:
            visible = await consents.granting(session, VISIBLE)
            firms = [firm for firm in await self._firms.list(session=session) if firm.id in visible] if visible else []
            facts = await self._facts(session, [offer.rule]) if firms else {}
            declined = await _declined(session, now.date(), offer_number=offer.number)
        subjects = [
            Subject.of(firm, facts.get(firm.id, Facts()))
            for firm in firms
            if not declined.get(firm.id, Declined()).rests(offer)
        ]
        return await self._in_thread(self._offered, offer, subjects, now, limit)

    async def fits(self, firm_id: str, offer: Offer) -> Truth:
        """Whether an offer is meant for a firm as far as is known. Whether it is open is another question.

        Raises NoSuchFirm.
        """
        now = self._clock.now()
        async with self._database.reading() as session:
            firm = await self._firms.get(firm_id, session)
            facts = await self._firms.facts(firm_id, session)
        return Admission(Subject.of(firm, facts), now, self._rulebook).admits(offer).verdict

    async def _market(self, session: AsyncSession, now: datetime) -> Market:
        """The offers that are open now. What the database holds is asked each time, and read when it changed."""
        mark = await self._offers.mark(session)
        if self._stock is None or self._stock.mark != mark:
            offers = await self._offers.every(session)
            self._stock = Stock(mark, offers, {offer.number: lexical_text(offer) for offer in offers})
        stock = self._stock
        return Market(tuple(offer for offer in stock.offers if offer.is_open(now)), now, stock.texts)

    async def _in_thread(self, function: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)

    async def _facts(self, session: AsyncSession, rules: Iterable[str | None]) -> Mapping[str, Facts]:
        """What is known of all firms by which offers with these rules are judged and weighed."""
        names = needed_facts(rules, self._rulebook)
        columns = (FirmFact.firm_id, FirmFact.fact, FirmFact.year, FirmFact.value, FirmFact.digits)
        rows = await session.execute(
            select(*columns).where(FirmFact.superseded_at.is_(None), FirmFact.fact.in_(sorted(names)))
        )
        values: dict[str, dict[Key, Value]] = {}
        digits: dict[str, dict[Key, int]] = {}
        for firm_id, fact, year, value, places in rows:
            key = (fact, None if year == NO_YEAR else year)
            values.setdefault(firm_id, {})[key] = value_from_json(value)
            if places is not None:
                digits.setdefault(firm_id, {})[key] = places
        return {firm_id: Facts(known, digits.get(firm_id, {})) for firm_id, known in values.items()}

    # --- in a thread ---

    def _match(self, wish: _Wish, market: Market) -> MatchResult:
        self._relevance.refresh()
        admission = Admission(wish.subject, market.now, self._rulebook)
        judged = [
            (offer, admission.judge(offer))
            for offer in market.offers
            if offer.kind in wish.kinds and not wish.declined.rests(offer)
        ]
        matches: list[Match] = []
        missed: list[Scored] = []
        for kind in wish.kinds:
            scored = self._score(wish, market, [pair for pair in judged if pair[0].kind == kind])
            kept = ranked([one for one in scored if one.eligibility.verdict is not Truth.NOT_MET])
            matches += [_match_of(wish, score, one) for score, one in kept[: wish.limit]]
            missed += [one for one in scored if one.eligibility.is_near_miss]
        near = tuple(_near_miss(one) for _, one in ranked(missed)[:NEAR_MISSES])
        found = tuple(matches)
        return MatchResult(
            wish.subject.firm, found, near, next_question(found, self.catalogue), self._notices(wish, found, near)
        )

    def _score(self, wish: _Wish, market: Market, judged: Sequence[tuple[Offer, Eligibility]]) -> list[Scored]:
        """The fit of those offers of one kind that are matches or near misses."""
        worth = [(o, e) for o, e in judged if e.verdict is not Truth.NOT_MET or e.is_near_miss]
        if not worth:
            return []
        asked = asked_of(wish.subject.profile, worth[0][0].kind)
        near = self._relevance.score(asked, {offer.number: market.texts[offer.number] for offer, _ in worth})
        return [
            _scored(Pair(offer, wish.subject, near.get(offer.number), market.now), eligibility)
            for offer, eligibility in worth
        ]

    def _notices(self, wish: _Wish, matches: Sequence[Match], near: Sequence[NearMiss]) -> tuple[str, ...]:
        notices = [wording.KEYWORDS_ONLY] if self._relevance.degraded else []
        if wish.subject.firm is not None and (silent := _silent_kinds(wish)):
            notices.append(_no_texts(silent))
        if not matches:
            named = "、".join(kinds()[kind].label for kind in wish.kinds)
            text = wording.NOTHING_BUT_NEAR if near else wording.NOTHING
            notices.append(text.format(kinds=named if len(wish.kinds) == 1 else wording.ANY_KIND))
        return tuple(notices)

    def _offered(self, offer: Offer, subjects: Sequence[Subject], now: datetime, limit: int) -> OfferFirms:
        self._firm_relevance.refresh()
        judged = [(subject, Admission(subject, now, self._rulebook).judge(offer)) for subject in subjects]
        may = [(s, s.firm, e) for s, e in judged if e.verdict is not Truth.NOT_MET and s.firm is not None]
        near = self._near_firms(offer, [firm for _, firm, _ in may])
        pairs = [(firm, Pair(offer, subject, near.get(firm.id), now, plain=True), e) for subject, firm, e in may]
        scored = [(firm, _scored(pair, e)) for firm, pair, e in pairs]
        scored.sort(key=lambda one: (-one[1].fit.score, one[0].id))
        found = tuple(
            OfferedFirm(firm, one.fit.score, one.reasons, one.eligibility.to_check) for firm, one in scored[:limit]
        )
        notices = [wording.KEYWORDS_ONLY] if self._firm_relevance.degraded else []
        return OfferFirms(offer, found, (*notices, *(() if found else (wording.NO_FIRMS,))))

    def _near_firms(self, offer: Offer, firms: Sequence[Firm]) -> Mapping[str, Near]:
        """How near each firm's texts are to the offer's; a firm without texts is left out."""
        ids = {firm_number(firm.id): firm for firm in firms if firm_texts(firm.profile)}
        texts = {number: "\n".join(firm_texts(firm.profile)) for number, firm in ids.items()}
        found = self._firm_relevance.score(asked_by_offer(offer), texts, _DEPTH)
        return {ids[number].id: near for number, near in found.items()}


def _scored(pair: Pair, eligibility: Eligibility) -> Scored:
    return Scored(pair, eligibility, fit(pair))


def _match_of(wish: _Wish, score: float, one: Scored) -> Match:
    updated = (wording.UPDATED_SINCE,) if wish.declined.changed(one.offer) else ()
    return Match(one.offer, score, (*one.reasons, *updated), shortened(one.eligibility.to_check, wish.checks))


def _near_miss(one: Scored) -> NearMiss:
    return NearMiss(one.offer, tuple(violation.text for violation in one.eligibility.violations))


def _silent_kinds(wish: _Wish) -> list[str]:
    """The kinds for which the firm said nothing to go by."""
    profile = wish.subject.profile
    silent = [kind for kind in wish.kinds if not asked_of(profile, kind)]
    return [kind for kind in silent if kind != "financing" or profile.finance_amount is None]


def _no_texts(silent: Sequence[str]) -> str:
    fields = dict.fromkeys(wording.FIELDS[FIELDS[kind][0][0]] for kind in silent)
    return wording.NO_TEXTS.format(fields="、".join(fields), kinds="、".join(kinds()[kind].label for kind in silent))


def _kinds(kind: str | None, limit: int) -> tuple[str, ...]:
    """The kinds that are meant. Raises BadLimit, UnknownKind."""
    _check_limit(limit)
    if kind is None:
        return KINDS
    if kind not in KINDS:
        raise UnknownKind(wording.BAD_KIND.format(kind=clean(kind)[:40], kinds="、".join(KINDS)))
    return (kind,)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MOST:
        raise BadLimit()


def _region(text: str | None) -> str | None:
    """The code of a region's name or code; the name itself of one in no table."""
    if text is None or not text.strip():
        return None
    found = regions.find(clean(text))
    return (found if found.known else regions.recognise(clean(text)) or found).code


async def _declined(
    session: AsyncSession,
    today: date,
    *,
    firm_ids: Collection[str] | None = None,
    offer_number: int | None = None,
) -> Mapping[str, Declined]:
    """What was declined lately, by firm: of some firms, of one offer, or all."""
    since = today - timedelta(days=REST_DAYS)
    chosen = select(IntroductionRow.firm_id, IntroductionRow.offer_number, IntroductionRow.offer_version).where(
        IntroductionRow.state == "declined", IntroductionRow.decided_on >= since
    )
    if firm_ids is not None:
        chosen = chosen.where(IntroductionRow.firm_id.in_(sorted(firm_ids)))
    if offer_number is not None:
        chosen = chosen.where(IntroductionRow.offer_number == offer_number)
    found: dict[str, dict[int, frozenset[int]]] = {}
    for firm_id, number, version in await session.execute(chosen):
        own = found.setdefault(firm_id, {})
        own[number] = own.get(number, frozenset()) | {version}
    return {firm_id: Declined(versions) for firm_id, versions in found.items()}
