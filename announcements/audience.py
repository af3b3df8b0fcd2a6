"""Whom an announcement reaches: every firm is chosen, or left out for exactly one reason.

`excluded` decides for one firm and is pure; `Audiences` reads all firms in portions and never asks firm by firm.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import regions
from core.database import Database
from core.truth import Truth
from firms import consents
from firms.catalogue import Catalogue
from firms.criteria import Rule, judge
from firms.facts import Facts
from firms.figures import Situation
from firms.models import ConsentRow, FirmRow
from firms.rule_reading import parse
from firms.store import TELEGRAM, Firms
from messaging import addresses
from messaging.inbox import WEB, firm_inbox

Reason = Literal["rule", "unknown_fact", "region", "no_consent", "opted_out", "blocked", "no_channel"]
REASONS: tuple[Reason, ...] = ("rule", "unknown_fact", "region", "no_consent", "opted_out", "blocked", "no_channel")
"""Why a firm is left out; the first one that holds, in this order."""

Standing = Literal["granted", "opted_out", "none"]
"""What a firm said last about a category: yes, no more (after a yes, by itself), or nothing of its own."""

Address = tuple[str, str]
"""A channel and an address on it."""

_PORTION = 200  # firms that are read and judged before whatever else runs here gets its turn
_OWN_WORD = ("firm", "staff")  # staff: somebody who telephoned


@dataclass(frozen=True)
class Audience:
    """Which firms are meant. `rule` None selects nobody; `region` None means everywhere."""

    rule: Rule | None
    region: str | None
    category: str


@dataclass(frozen=True)
class Candidate:
    """A firm as far as it matters here. `chats`: its Telegram chats that may be written to, proved ones first."""

    id: str
    name: str
    credit_code: str | None
    region: str
    facts: Facts = field(repr=False)
    standing: Standing = "none"
    chats: tuple[Address, ...] = field(default=(), repr=False)
    signed_in: bool = False
    has_email: bool = False

    @property
    def reference(self) -> str:
        """The firm in JSON."""
        return self.credit_code or self.id

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it can be reached now, the preferred address first."""
        return (*self.chats, (WEB, firm_inbox(self.id))) if self.signed_in else self.chats


@dataclass(frozen=True)
class Refusals:
    """Addresses that take nothing, and addresses that do not want this category."""

    blocked: frozenset[Address] = frozenset()
    opted_out: frozenset[Address] = frozenset()

    def takes(self, address: Address) -> bool:
        return address not in self.blocked and address not in self.opted_out


@dataclass(frozen=True)
class Chosen:
    """A firm that is reached. `address` None: by none of the channels that there are now."""

    firm_id: str
    reference: str
    name: str
    address: Address | None = field(repr=False)


@dataclass(frozen=True)
class Selection:
    """All firms: who is chosen, by id, and how many are left out for each reason."""

    chosen: tuple[Chosen, ...]
    excluded: dict[str, int]


def read_audience(text: str | None, region: str | None, category: str, catalogue: Catalogue) -> Audience:
    """The audience that a draft names; an empty rule selects nobody. Raises BadRule with the place."""
    rule = parse(text, catalogue) if text and text.strip() else None
    return Audience(rule, region, category)


def excluded(
    firm: Candidate, audience: Audience, refusals: Refusals, as_of: date, catalogue: Catalogue
) -> Reason | None:
    """Why a firm is not reached, None when it is. Pure."""
    if audience.rule is None:
        return "rule"
    match judge(audience.rule, Situation(firm.facts, as_of, catalogue)).truth:
        case Truth.NOT_MET:
            return "rule"
        case Truth.UNKNOWN:
            return "unknown_fact"
    if audience.region is not None and not regions.covers(audience.region, firm.region):
        return "region"
    return _unreachable(firm, refusals)


def _unreachable(firm: Candidate, refusals: Refusals) -> Reason | None:
    if firm.standing == "none":
        return "no_consent"
    known = firm.addresses
    if firm.standing == "opted_out" or (known and all(address in refusals.opted_out for address in known)):
        return "opted_out"
    if known and not any(refusals.takes(address) for address in known):
        return "blocked"
    return None if known or firm.has_email else "no_channel"


def destination(firm: Candidate, refusals: Refusals, *, telegram: bool) -> Address | None:
    """Where its copy goes: a chat (if this service has Telegram), else its inbox on the web, else nowhere."""
    usable = (address for address in firm.addresses if telegram or address[0] != TELEGRAM)
    return next((address for address in usable if refusals.takes(address)), None)


async def standings(session: AsyncSession, category: str, firm_ids: Iterable[str] | None = None) -> dict[str, Standing]:
    """What firms (None: all) said last about a category; a firm that never said anything is not in it."""
    kind = consents.announce(category)
    about = [ConsentRow.kind == kind]
    if firm_ids is not None:
        about.append(ConsentRow.firm_id.in_(tuple(firm_ids)))
    newest = select(func.max(ConsentRow.id)).where(*about).group_by(ConsentRow.firm_id)
    rows = await session.execute(
        select(ConsentRow.firm_id, ConsentRow.granted, ConsentRow.via).where(ConsentRow.id.in_(newest))
    )
    once = frozenset(await session.scalars(select(ConsentRow.firm_id).where(*about, ConsentRow.granted).distinct()))
    return {firm_id: _standing(granted, via, firm_id in once) for firm_id, granted, via in rows}


def _standing(granted: bool, via: str, once: bool) -> Standing:
    if granted:
        return "granted"
    return "opted_out" if once and via in _OWN_WORD else "none"


class Audiences:
    """Reads who is in an audience now."""

    def __init__(self, database: Database, firms: Firms, catalogue: Catalogue, *, telegram: bool) -> None:
        self._database = database
        self._firms = firms
        self._catalogue = catalogue
        self._telegram = telegram

    async def select(self, audience: Audience, as_of: date) -> Selection:
        """All firms, chosen or left out. Reads in portions."""
        chosen: list[Chosen] = []
        left_out: Counter[str] = Counter()
        async with self._database.reading() as session:
            columns = (FirmRow.id, FirmRow.name, FirmRow.credit_code, FirmRow.region)
            rows = (await session.execute(select(*columns).order_by(FirmRow.id))).all()
            if audience.rule is None:  # nobody: nothing needs to be known of them
                return Selection((), {reason: len(rows) if reason == "rule" else 0 for reason in REASONS})
            said = await standings(session, audience.category)
            abroad = await consents.granting(session, consents.TELEGRAM)
            for start in range(0, len(rows), _PORTION):
                portion = await self._candidates(session, rows[start : start + _PORTION], said, abroad)
                refusals = await refusals_of(session, portion, audience.category)
                for firm in portion:
                    reason = excluded(firm, audience, refusals, as_of, self._catalogue)
                    if reason is None:
                        chosen.append(self._chosen(firm, refusals))
                    else:
                        left_out[reason] += 1
                await asyncio.sleep(0)
        return Selection(tuple(chosen), {reason: left_out[reason] for reason in REASONS})

    def _chosen(self, firm: Candidate, refusals: Refusals) -> Chosen:
        address = destination(firm, refusals, telegram=self._telegram)
        return Chosen(firm.id, firm.reference, firm.name, address)

    async def _candidates(
        self,
        session: AsyncSession,
        rows: Sequence[tuple[str, str, str | None, str]],
        said: dict[str, Standing],
        abroad: frozenset[str],
    ) -> list[Candidate]:
        ids = [row[0] for row in rows]
        facts = await self._firms.facts_of(ids, session)
        identities = await self._firms.identities_of(ids, session)
        contacts = await self._firms.contacts_of(ids, session)
        found: list[Candidate] = []
        for firm_id, name, code, region in rows:
            own = identities.get(firm_id, ())
            newest_first = (one for one in reversed(own) if one.channel == TELEGRAM)
            chats = sorted(newest_first, key=lambda one: not one.claimed)
            found.append(
                Candidate(
                    firm_id,
                    name,
                    code,
                    region,
                    _with_region(facts.get(firm_id, Facts()), region),
                    said.get(firm_id, "none"),
                    tuple((one.channel, one.address) for one in chats) if firm_id in abroad else (),
                    any(one.channel == WEB and one.claimed for one in own),
                    any(contact.email for contact in contacts.get(firm_id, ())),
                )
            )
        return found


def _with_region(facts: Facts, region: str) -> Facts:
    return facts if ("region", None) in facts.values else facts.put("region", None, region)


async def refusals_of(session: AsyncSession, firms: Iterable[Candidate], category: str) -> Refusals:
    """What the firms' addresses refuse."""
    pairs = sorted({address for firm in firms for address in firm.addresses})
    if not pairs:
        return Refusals()
    return Refusals(
        frozenset(await addresses.blocked(session, pairs)),
        frozenset(await addresses.opted_out(session, pairs, category)),
    )
