"""Which firms a provider may see: consents decide, and they are asked anew each time, so a withdrawal holds at once.

A firm is visible while its consent to be seen holds. A firm that asked for an introduction made itself known to that
one provider by asking; that ends when it refuses to be seen afterwards. Its contacts are released to a provider by
asking or accepting, until it takes that back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from firms import audit, consents
from firms import import_wording as recorded
from firms.catalogue import folded_name
from firms.consents import CONTACTS, VISIBLE, Via
from firms.models import ConsentRow, FirmRow
from firms.store import NoSuchFirm

_MANY = 500  # how many ids go into one query


@dataclass(frozen=True)
class Standing:
    """What a firm's consents say to providers now.

    `refused_at`: since when it refuses to be seen. `named`: folded names of the providers to which it made itself known
    by asking or accepting; `released`: those of them that may have its contacts.
    """

    visible: bool = False
    refused_at: datetime | None = None
    named: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()

    def shows(self, asked_by: str, asked_at: datetime, provider: str) -> bool:
        """Whether a provider (folded) sees the firm in an introduction that `asked_by` asked for at `asked_at`."""
        if self.visible:
            return True
        asked_itself = asked_by == "firm" and provider in self.named
        return asked_itself and (self.refused_at is None or self.refused_at <= asked_at)


async def standings(session: AsyncSession, firm_ids: Iterable[str]) -> Mapping[str, Standing]:
    """What the consents of several firms say now, by id; one that said nothing shows to nobody."""
    ids = sorted(set(firm_ids))
    said: dict[str, list[ConsentRow]] = {firm_id: [] for firm_id in ids}
    for start in range(0, len(ids), _MANY):
        chosen = select(ConsentRow).where(
            ConsentRow.firm_id.in_(ids[start : start + _MANY]), ConsentRow.kind.in_((VISIBLE, CONTACTS))
        )
        for row in await session.scalars(chosen.order_by(ConsentRow.id)):
            said[row.firm_id].append(row)
    return {firm_id: _standing(rows) for firm_id, rows in said.items()}


async def standing(session: AsyncSession, firm_id: str) -> Standing:
    """What a firm's consents say now."""
    return (await standings(session, [firm_id]))[firm_id]


def _standing(rows: Sequence[ConsentRow]) -> Standing:
    newest = next((row for row in reversed(rows) if row.kind == VISIBLE), None)
    named: set[str] = set()
    released: set[str] = set()
    for row in (row for row in rows if row.kind == CONTACTS):
        if not row.granted:
            released.clear()
        elif row.recipient is not None:
            named.add(folded_name(row.recipient))
            released.add(folded_name(row.recipient))
    refused = None if newest is None or newest.granted else newest.at
    return Standing(newest is not None and newest.granted, refused, frozenset(named), frozenset(released))


async def set_visible(
    session: AsyncSession, firm_id: str, visible: bool, *, via: Via, source: str, actor: str | None = None
) -> None:
    """Let providers see the firm, or hide it from all of them from the caller's commit on; its contacts too.

    `source` says where the wish comes from, `actor` who recorded it (default: the firm). Raises NoSuchFirm.
    """
    if await session.scalar(select(FirmRow.id).where(FirmRow.id == firm_id)) is None:
        raise NoSuchFirm()
    if not visible:  # once more, although refused already: what the firm asked for since is hidden, too
        await consents.withdraw(session, firm_id, VISIBLE, source=source, via=via)
    elif await consents.granted(session, firm_id, VISIBLE):
        return
    else:
        recipient, purpose = recorded.RECIPIENTS[VISIBLE], recorded.PURPOSES[VISIBLE]
        await consents.grant(session, firm_id, VISIBLE, source=source, via=via, recipient=recipient, purpose=purpose)
    await audit.record(
        session,
        actor=actor or f"firm:{firm_id}",
        action="firm.shown" if visible else "firm.hidden",
        subject_kind="firm",
        subject=firm_id,
    )
