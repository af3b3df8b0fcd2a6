"""Firms are found, changed by one writer at a time, stated about with their history, and deleted without a trace."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.spans import Days, Span
from firms import audit, consents, keys
from firms.facts import Name, Names, Value
from firms.store import (
    AmbiguousName,
    Contact,
    Firm,
    FirmChanged,
    Firms,
    Identity,
    NoSuchFirm,
    Profile,
    Statement,
    new_firm,
)
from tests.firms.files import credit_code

DAY = date(2026, 10, 1)
NAME, PHONE = "示例甲精密刀具有限公司", "13800000001"


@pytest.fixture
def firms(database: Database) -> Firms:
    return Firms(database)


async def add(database: Database, name: str = NAME, number: int | None = 1, **given: Any) -> Firm:
    code = None if number is None else credit_code(number)
    firm = new_firm(name, region="430422", source="示例来源", credit_code=code, **given)
    async with database.transaction() as session:
        await Firms(database).add(session, [firm])
    return firm


async def state(database: Database, firm: Firm, fact: str, value: Value, year: int | None = None, **given: Any) -> bool:
    async with database.transaction() as session:
        wanted = {"source": "chat", "stated_on": DAY, **given}
        return await Firms(database).record(session, firm.id, fact, year, value, **wanted)


def number(value: int) -> Span:
    return Span.point(value)


# --- finding ---


async def test_a_firm_is_found_by_code_id_and_exact_name(database: Database, firms: Firms) -> None:
    firm = await add(database)
    code = credit_code(1)
    for reference in (code, code.lower(), f" {code[:8]} {code[8:]} ", firm.id, NAME, " 示例甲精密刀具 有限公司"):
        assert (await firms.find(reference)) == firm
    for reference in ("示例甲", credit_code(2), "f-000000000000", "", "%"):
        with pytest.raises(NoSuchFirm):
            await firms.find(reference)


async def test_a_name_with_rare_characters_is_found(database: Database, firms: Firms) -> None:
    firm = await add(database, "示例㐂𠮷䶮新材料有限公司", None)
    assert (await firms.find("示例㐂𠮷䶮新材料有限公司")).name == firm.name


async def test_a_name_of_two_firms_is_no_reference(database: Database, firms: Firms) -> None:
    await add(database, number=1)
    await add(database, number=2)
    with pytest.raises(AmbiguousName):
        await firms.find(NAME)


async def test_firms_are_listed_by_the_region_they_lie_in(database: Database, firms: Firms) -> None:
    firm = await add(database)
    assert await firms.list() == (firm,)
    assert await firms.list(region="430400") == (firm,)
    assert await firms.list(region="430421") == ()


async def test_what_comes_out_is_what_went_in(database: Database, firms: Firms) -> None:
    profile = Profile(
        products="铣刀", tech_budget=Decimal("30.50"), collateral=("信用", "抵押"), finance_term_months=12
    )
    firm = await add(database, profile=profile, data_date=DAY)
    assert await firms.get(firm.id) == firm


@given(
    st.builds(
        Profile,
        products=st.none() | st.text(min_size=1),
        tech_budget=st.none() | st.decimals(0, 10**9, places=4),
        finance_amount=st.none() | st.decimals(0, 10**9),
        finance_term_months=st.none() | st.integers(0, 600),
        collateral=st.lists(st.text(min_size=1)).map(tuple),
        topics=st.lists(st.text(min_size=1)).map(tuple),
    )
)
def test_a_profile_survives_storing(profile: Profile) -> None:
    assert Profile.from_json(profile.to_json()) == profile


# --- facts and their history ---


async def test_a_new_value_supersedes_the_old_and_keeps_it(database: Database, firms: Firms) -> None:
    firm = await add(database)
    assert await state(database, firm, "revenue_main", number(2600), 2025, source="示例统计")
    assert await state(database, firm, "revenue_main", number(2700), 2025, source="staff:示例")
    assert (await firms.facts(firm.id)).values == {("revenue_main", 2025): number(2700)}
    old, new = await firms.history(firm.id, "revenue_main")
    assert (old.value, old.source, old.superseded_at is None) == (number(2600), "示例统计", False)
    assert (new.value, new.source, new.superseded_at) == (number(2700), "staff:示例", None)


async def test_the_same_value_again_changes_nothing(database: Database, firms: Firms) -> None:
    firm = await add(database)
    assert await state(database, firm, "debt_ratio", number(48), digits=0)
    version = (await firms.get(firm.id)).version
    assert not await state(database, firm, "debt_ratio", Span.point(Fraction(48)), digits=1, source="staff:示例")
    assert (await firms.get(firm.id)).version == version
    assert len(await firms.history(firm.id)) == 1


async def test_years_and_facts_do_not_touch_each_other(database: Database, firms: Firms) -> None:
    firm = await add(database)
    names = Names((Name("高新技术企业", date(2027, 11, 1)),))
    given: list[tuple[str, int | None, Value]] = [
        ("revenue_main", 2024, number(1)),
        ("revenue_main", 2025, number(2)),
        ("dishonest_listed", None, False),
        ("founded_on", None, Days.month(2019, 3)),
        ("titles", None, names),
        ("legal_form", None, "limited_company"),
    ]
    for fact, year, value in given:
        assert await state(database, firm, fact, value, year)
    facts = await firms.facts(firm.id)
    assert dict(facts.values) == {(fact, year): value for fact, year, value in given}
    assert await firms.facts_of() == {firm.id: facts}
    assert await firms.facts("f-000000000000") == await firms.facts("nobody")


async def test_a_stated_region_is_the_firms_region(database: Database, firms: Firms) -> None:
    firm = await add(database)
    await state(database, firm, "region", "430421")
    assert (await firms.get(firm.id)).region == "430421"


async def test_facts_of_nobody_are_refused(database: Database) -> None:
    with pytest.raises(NoSuchFirm):
        async with database.transaction() as session:
            await Firms(database).record(session, "f-0", "employees", 2025, number(1), source="x", stated_on=DAY)


async def test_many_writers_of_one_fact_leave_one_value_and_all_history(database: Database, firms: Firms) -> None:
    firm = await add(database)
    await asyncio.gather(*(state(database, firm, "employees", number(n), 2025) for n in range(8)))
    history = await firms.history(firm.id, "employees")
    assert len(history) == 8
    assert [statement.superseded_at for statement in history].count(None) == 1
    assert (await firms.get(firm.id)).version == 9


async def test_the_database_itself_refuses_two_current_values(database: Database) -> None:
    firm = await add(database)
    await state(database, firm, "employees", number(1), None)
    copy = (
        "INSERT INTO firm_facts (firm_id, fact, year, value, source, stated_on, recorded_at) "
        "SELECT firm_id, fact, year, value, source, stated_on, recorded_at FROM firm_facts"
    )
    with pytest.raises(Exception, match="(?i)unique"):
        async with database.transaction() as session:
            await session.execute(text(copy))


# --- changing ---


async def test_of_two_writers_of_one_version_one_gets_a_conflict_with_both_values(
    database: Database, firms: Firms
) -> None:
    firm = await add(database)

    async def rename(name: str) -> Firm | FirmChanged:
        try:
            async with database.transaction() as session:
                return await firms.update(session, firm.id, version=1, name=name)
        except FirmChanged as error:
            return error

    done = await asyncio.gather(rename("示例甲一有限公司"), rename("示例甲二有限公司"))
    (lost,) = [one for one in done if isinstance(one, FirmChanged)]
    (won,) = [one for one in done if isinstance(one, Firm)]
    assert won.version == 2
    assert (lost.current.name, lost.code) == (won.name, "firm_changed")
    assert lost.wanted["name"] != won.name
    assert won.name in lost.message
    assert lost.wanted["name"] in lost.message
    assert await firms.find(won.name) == await firms.get(firm.id)


async def test_a_statement_makes_older_versions_conflict(database: Database, firms: Firms) -> None:
    firm = await add(database)
    await state(database, firm, "employees", number(5), 2025)
    with pytest.raises(FirmChanged):
        async with database.transaction() as session:
            await firms.update(session, firm.id, version=firm.version, source="x")


async def test_two_changes_of_the_profile_both_last(database: Database, firms: Firms) -> None:
    firm = await add(database, profile=Profile(products="铣刀"))
    for need in ("涂层", "刀具寿命"):
        current = await firms.get(firm.id)
        async with database.transaction() as session:
            profile = Profile(**{**current.profile.__dict__, "tech_need": need})
            await firms.update(session, firm.id, version=current.version, profile=profile)
    assert (await firms.get(firm.id)).profile == Profile(products="铣刀", tech_need="刀具寿命")


async def test_a_missing_firm_is_no_conflict(database: Database, firms: Firms) -> None:
    with pytest.raises(NoSuchFirm):
        async with database.transaction() as session:
            await firms.update(session, "f-0", version=1, source="x")


async def test_only_claimed_addresses_speak_for_a_firm(database: Database, firms: Firms) -> None:
    firm = await add(database)
    async with database.transaction() as session:
        await firms.add_identities(
            session,
            [
                Identity("telegram", "700001", firm.id, "示例来源", claimed=False),
                Identity("telegram", "700002", firm.id, "claim", claimed=True),
            ],
        )
    assert await firms.at_address("telegram", "700001") == ()
    assert await firms.at_address("telegram", "700001", claimed=False) == (firm.id,)
    assert await firms.at_address("telegram", "700002") == (firm.id,)


# --- deleting ---


async def test_deleting_a_firm_leaves_nothing_but_an_entry_without_its_name(database: Database) -> None:
    erased: list[str] = []

    async def erase(_: AsyncSession, firm_id: str) -> None:
        erased.append(firm_id)

    firms = Firms(database, [erase])
    firm, other = await add(database), await add(database, "示例乙有限公司", 2)
    async with database.transaction() as session:
        await firms.add_contacts(session, [Contact(0, firm.id, "示例人", PHONE, "a@example.invalid", "示例来源")])
        await firms.add_identities(session, [Identity("telegram", "700001", firm.id, "示例来源", claimed=True)])
        await consents.grant(session, firm.id, consents.VISIBLE, source="示例来源")
        key = await keys.create(session, "firm", firm.id)
    await state(database, firm, "employees", number(1), 2025)
    await state(database, firm, "employees", number(2), 2025)
    await state(database, other, "employees", number(3), 2025)
    async with database.transaction() as session:
        await firms.delete(session, firm.id, actor="staff:示例")
    assert erased == [firm.id]
    left = await _everything(database)
    for trace in (NAME, PHONE, "a@example.invalid", "700001", credit_code(1)):
        assert trace not in left
    assert left.count(firm.id) == 1
    async with database.reading() as session:
        (entry,) = await audit.about(session, "firm", firm.id)
        assert (entry.action, entry.actor, entry.details) == ("firm.deleted", "staff:示例", {})
        assert await keys.verify(session, key) is None
    assert (await firms.facts(other.id)).values == {("employees", 2025): number(3)}
    with pytest.raises(NoSuchFirm):
        async with database.transaction() as session:
            await firms.delete(session, firm.id, actor="staff:示例")


async def _everything(database: Database) -> str:
    """All rows of all tables, as text."""
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda c: inspect(c).get_table_names())
        return "\n".join([str((await connection.execute(text(f'SELECT * FROM "{name}"'))).all()) for name in names])


async def test_a_failed_deletion_deletes_nothing(database: Database) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("eraser")

    firm = await add(database)
    with pytest.raises(RuntimeError, match="eraser"):
        async with database.transaction() as session:
            await Firms(database, [fail]).delete(session, firm.id, actor="x")
    assert await Firms(database).get(firm.id) == firm


async def test_many_statements_at_once_are_recorded_once_each(database: Database, firms: Firms) -> None:
    firm, other = await add(database), await add(database, "示例乙有限公司", 2)
    statements = [Statement(one.id, "employees", 2025, number(7), None, "x", DAY) for one in (firm, other)]
    async with database.transaction() as session:
        assert await firms.record_all(session, statements) == {firm.id, other.id}
        assert await firms.record_all(session, statements) == frozenset()
    assert len(await firms.history(firm.id)) == 1
