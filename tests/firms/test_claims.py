"""Claim codes: read forgivingly, used once, kept as a hash; only they make an address speak for somebody."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from core.clock import machine_now
from core.database import Database
from core.errors import BadInput
from firms import audit, claims, consents
from firms.claims import ALPHABET, BadClaimCode, Claimed, Kind, Person
from firms.models import ClaimCode
from firms.store import Firms, Identity, NoSuchFirm, new_firm
from tests.firms.files import credit_code

CHAT = ("telegram", "770001")
OTHER = ("telegram", "770002")
NAME = "示例甲精密刀具有限公司"


async def add_firm(database: Database, name: str = NAME, number: int = 1) -> str:
    firm = new_firm(name, region="430422", source="示例来源", credit_code=credit_code(number))
    async with database.transaction() as session:
        await Firms(database, [claims.erase]).add(session, [firm])
    return firm.id


async def make(database: Database, kind: Kind, owner: str) -> str:
    async with database.transaction() as session:
        return await claims.make(session, kind, owner, made_by=audit.COMMAND_LINE)


async def redeem(database: Database, code: str, chat: tuple[str, str] = CHAT) -> Claimed:
    async with database.transaction() as session:
        return await claims.redeem(session, code, *chat)


async def person(database: Database, chat: tuple[str, str] = CHAT) -> Person:
    async with database.reading() as session:
        return await claims.person(session, *chat)


async def move_end(database: Database, at: datetime) -> None:
    async with database.transaction() as session:
        await session.execute(update(ClaimCode).values(expires_at=at))


def typed(code: str) -> dict[str, str]:
    """The same code as people type it."""
    return {
        "lower case": code.lower(),
        "no hyphen": code.replace("-", ""),
        "spaces": " " + " ".join(code.replace("-", "")) + "\n",
        "full width": "".join(chr(ord(c) + 0xFEE0) for c in code),
        "a dash of a Chinese keyboard": code.replace("-", "——"),
        "invisible characters": "\u200b".join(code) + "\ufeff",
        "a full stop": code + "。",
        "look-alikes": code.replace("8", "B").replace("5", "S").replace("2", "Z").replace("V", "u"),
    }


async def test_a_code_makes_an_address_speak_for_a_firm(database: Database) -> None:
    firm = await add_firm(database)
    assert await person(database) == Person(*CHAT, (), ())
    code = await make(database, "firm", firm)
    assert len(code) == 11
    assert code[5] == "-"
    assert await redeem(database, code) == Claimed("firm", firm, NAME)
    assert await person(database) == Person(*CHAT, (firm,), ())
    assert await person(database, OTHER) == Person(*OTHER, (), ())
    assert await Firms(database).identities(firm) == (Identity(*CHAT, firm, claims.SOURCE, True),)


@pytest.mark.parametrize("way", typed("KX7P3-M9QW2"))
def test_a_code_is_read_however_it_is_typed(way: str) -> None:
    for code in ("KX7P3-M9QW2", "28V5C-DEFGH"):
        assert claims.read(typed(code)[way]) == code.replace("-", "")


@given(st.text(alphabet=ALPHABET, min_size=10, max_size=10))
def test_every_code_is_read_as_itself(plain: str) -> None:
    for way in typed(f"{plain[:5]}-{plain[5:]}").values():
        assert claims.read(way) == plain


@pytest.mark.parametrize(
    "text",
    ["", "KX7P3-M9QW", "KX7P3-M9QW22", "KX7P3-M9QWO", "0X7P3-M9QW2", "认领码", "\x00", "\ud800" * 10, "K" * 9999],
)
async def test_what_is_no_code_is_refused(database: Database, text: str) -> None:
    assert claims.read(text) is None
    with pytest.raises(BadClaimCode):
        await redeem(database, text)


async def test_the_same_address_again_gets_the_same_and_anybody_else_the_same_refusal(database: Database) -> None:
    firm = await add_firm(database)
    code, unused = await make(database, "firm", firm), await make(database, "firm", firm)
    first = await redeem(database, code)
    assert await redeem(database, code.lower()) == first
    assert await person(database) == Person(*CHAT, (firm,), ())
    await move_end(database, machine_now() - timedelta(seconds=1))
    assert await redeem(database, code) == first
    refusals = []
    for wrong, chat in ((code, OTHER), (unused, OTHER), ("KX7P3-M9QW2", OTHER), ("?", OTHER), (code, ("web", CHAT[1]))):
        with pytest.raises(BadClaimCode) as caught:
            await redeem(database, wrong, chat)
        refusals.append((caught.value.code, caught.value.message, caught.value.details))
    assert len({str(refusal) for refusal in refusals}) == 1
    assert await person(database, OTHER) == Person(*OTHER, (), ())


async def test_a_code_holds_seven_days(database: Database) -> None:
    firm = await add_firm(database)
    async with database.transaction() as session:
        issued = await claims.issue(session, "firm", firm, made_by=audit.COMMAND_LINE)
    assert timedelta(days=7) - (issued.expires_at - machine_now()) < timedelta(minutes=1)
    await move_end(database, machine_now() - timedelta(seconds=1))
    with pytest.raises(BadClaimCode):
        await redeem(database, issued.code)
    await move_end(database, machine_now() + timedelta(minutes=1))
    assert (await redeem(database, issued.code)).owner == firm


async def test_of_two_addresses_at_once_one_gets_the_firm(database: Database) -> None:
    firm = await add_firm(database)
    code = await make(database, "firm", firm)
    chats = [("telegram", str(number)) for number in range(8)]
    done = await asyncio.gather(*(redeem(database, code, chat) for chat in chats), return_exceptions=True)
    assert [type(result) for result in done].count(Claimed) == 1
    assert [type(result) for result in done].count(BadClaimCode) == 7
    assert len(await Firms(database).identities(firm)) == 1


async def test_one_address_sending_a_code_twice_at_once_is_linked_once(database: Database) -> None:
    firm = await add_firm(database)
    code, second = await make(database, "firm", firm), await make(database, "firm", firm)
    done = await asyncio.gather(*(redeem(database, one) for one in (code, code, second)))
    assert set(done) == {Claimed("firm", firm, NAME)}
    assert await person(database) == Person(*CHAT, (firm,), ())


async def test_a_number_in_a_table_proves_nothing_until_a_code_comes(database: Database) -> None:
    firm = await add_firm(database)
    async with database.transaction() as session:
        await Firms(database).add_identities(session, [Identity(*CHAT, firm, "示例名单", False)])
    assert (await person(database)).firms == ()
    await redeem(database, await make(database, "firm", firm))
    assert (await person(database)).firms == (firm,)
    assert len(await Firms(database).identities(firm)) == 1


async def test_a_claim_in_telegram_is_consent_to_messages_there_unless_the_firm_said_otherwise(
    database: Database,
) -> None:
    silent, refused, web = [await add_firm(database, f"示例{word}有限公司", n) for n, word in enumerate("子丑寅")]
    async with database.transaction() as session:
        await consents.withdraw(session, refused, consents.TELEGRAM, source="示例")
    for firm in (silent, refused):
        await redeem(database, await make(database, "firm", firm))
    await redeem(database, await make(database, "firm", web), ("web", "示例会话"))
    current = (await Firms(database).consents(silent))[consents.TELEGRAM]
    assert (current.granted, current.via, current.source) == (True, "firm", claims.SOURCE)
    assert current.purpose
    assert current.recipient
    assert not (await Firms(database).consents(refused))[consents.TELEGRAM].granted
    assert await Firms(database).consents(web) == {}


async def test_an_unlinked_address_speaks_for_nobody_and_its_old_code_does_not_help(database: Database) -> None:
    firm, other = await add_firm(database), await add_firm(database, "示例乙有限公司", 2)
    code = await make(database, "firm", firm)
    await redeem(database, code)
    await redeem(database, await make(database, "firm", other))
    async with database.transaction() as session:
        assert not await claims.unlink(session, *OTHER, firm)
        assert await claims.unlink(session, *CHAT, firm)
        assert not await claims.unlink(session, *CHAT, firm)
    assert (await person(database)).firms == (other,)
    with pytest.raises(BadClaimCode):
        await redeem(database, code)
    await redeem(database, await make(database, "firm", firm))
    assert set((await person(database)).firms) == {firm, other}


async def test_a_provider_is_reached_where_its_code_was_redeemed(database: Database) -> None:
    code = await make(database, "provider", "  示例大学　材料学院 ")
    assert await redeem(database, code) == Claimed("provider", "示例大学 材料学院", "示例大学 材料学院")
    assert (await redeem(database, code)).owner == "示例大学 材料学院"
    await redeem(database, await make(database, "provider", "示例大学材料学院"), OTHER)
    await redeem(database, await make(database, "provider", "示例大學材料學院"))
    assert (await person(database)).providers == ("示例大学 材料学院",)
    async with database.transaction() as session:
        assert await claims.provider_addresses(session, "示例大學 材料学院") == (CHAT, OTHER)
        assert await claims.provider_addresses(session, "示例大学") == ()
        assert await claims.unlink_provider(session, *CHAT, "示例大学材料学院")
        assert await claims.provider_addresses(session, "示例大学材料学院") == (OTHER,)
    with pytest.raises(BadClaimCode):
        await redeem(database, code)


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "示" * 181, "㌖" * 100])
async def test_a_name_that_names_no_provider_gets_no_code(database: Database, name: str) -> None:
    with pytest.raises(BadInput):
        await make(database, "provider", name)


async def test_a_deleted_firm_takes_its_codes_along(database: Database) -> None:
    with pytest.raises(NoSuchFirm):
        await make(database, "firm", "f-nobody")
    firm = await add_firm(database)
    used, unused = await make(database, "firm", firm), await make(database, "firm", firm)
    await redeem(database, used)
    async with database.transaction() as session:
        await Firms(database, [claims.erase]).delete(session, firm, actor=audit.COMMAND_LINE)
    for code in (used, unused):
        with pytest.raises(BadClaimCode):
            await redeem(database, code)
    async with database.reading() as session:
        assert CHAT[1] not in str((await session.execute(text("SELECT * FROM claim_codes"))).all())
    assert await person(database) == Person(*CHAT, (), ())


async def test_a_code_of_a_firm_that_is_gone_is_refused_even_when_it_was_not_erased(database: Database) -> None:
    firm = await add_firm(database)
    code = await make(database, "firm", firm)
    async with database.transaction() as session:
        await Firms(database).delete(session, firm, actor=audit.COMMAND_LINE)
    with pytest.raises(BadClaimCode):
        await redeem(database, code)


async def test_neither_the_code_nor_the_chat_is_in_the_log_and_the_code_is_not_kept(database: Database) -> None:
    firm = await add_firm(database)
    code = await make(database, "firm", firm)
    await redeem(database, code)
    async with database.transaction() as session:
        await claims.unlink(session, *CHAT, firm)
    async with database.reading() as session:
        kept = str((await session.execute(text("SELECT * FROM claim_codes"))).all())
        records = await audit.about(session, "firm", firm)
    assert code not in kept
    assert code.replace("-", "") not in kept
    assert [(r.action, r.actor) for r in records] == [
        ("claim.made", audit.COMMAND_LINE),
        ("claim.redeemed", f"firm:{firm}"),
        ("claim.unlinked", f"firm:{firm}"),
    ]
    logged: list[Any] = [record.details for record in records]
    assert CHAT[1] not in str(logged)
    assert code.replace("-", "") not in str(logged)
