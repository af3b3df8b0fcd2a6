"""Who a request comes from, and what it may see: own things, or 404 as if there were nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Form, Request
from sqlalchemy import text
from starlette.responses import Response

from api import auth, limits, origin, problems
from api.auth import Authenticated, Caller, OfConsole, StaffOnly
from api.limits import Limits
from api.parts import Given
from api.sessions import CONSOLE_COOKIE
from core.database import Database
from firms import keys
from firms.actors import Actor
from firms.keys import OwnerKind
from firms.staff import Staffs
from firms.store import Firm, Firms, new_firm
from tests.api.conftest import HOST, assert_problem
from tests.firms.files import credit_code

PASSWORD = "长而好记的示例口令一"
OWN_COUNTY, OTHER_COUNTY = "430422", "430423"
SECRET = "示例密钥"


def build(parts: Any) -> FastAPI:
    """A small app with a route for every way to ask who asks."""
    app = FastAPI()
    app.state.parts = parts
    problems.register(app)
    v1: dict[str, Any] = {"dependencies": [Depends(limits.check)]}

    @app.api_route("/api/v1/whoami", methods=["GET", "POST"], **v1)
    async def whoami(caller: Caller) -> dict[str, str | None]:
        return {"name": caller.name if caller else None, "role": caller.role if caller else None}

    @app.api_route("/api/v1/known", methods=["GET", "POST"], **v1)
    async def known(actor: Authenticated) -> dict[str, str]:
        return {"name": actor.name}

    @app.get("/api/v1/staff", **v1)
    async def staff(actor: StaffOnly) -> dict[str, str]:
        return {"name": actor.name}

    @app.get("/api/v1/approve", **v1)
    async def approve(actor: StaffOnly) -> dict[str, str]:
        auth.require_approver(actor)
        return {"name": actor.name}

    @app.get("/api/v1/admin", **v1)
    async def admin(actor: StaffOnly) -> dict[str, str]:
        auth.require_admin(actor)
        return {"name": actor.name}

    @app.get("/api/v1/firm", **v1)
    async def firm(actor: Authenticated, parts: Given, firm: str | None = None) -> dict[str, str]:
        return {"id": (await auth.firm_of(actor, firm, parts.firms)).id}

    @app.post("/console/sign-in", dependencies=[Depends(origin.same_origin)])
    async def sign_in(
        request: Request, parts: Given, name: Annotated[str, Form()], password: Annotated[str, Form()]
    ) -> Response:
        response = Response("wrong" if (token := await auth.sign_in(request, parts, name, password)) is None else "in")
        if token is not None:
            auth.keep_console_session(response, token, public_url=parts.public_url)
        return response

    @app.post("/console/sign-out")
    async def sign_out(request: Request, parts: Given) -> Response:
        response = Response("out")
        await auth.sign_out(request, parts, response)
        return response

    @app.get("/console/form")
    async def form(session: OfConsole) -> str:
        assert session is not None
        return session.csrf

    @app.post("/console/change")
    async def change(session: OfConsole, parts: Given, csrf: Annotated[str | None, Form()] = None) -> str:
        assert session is not None
        auth.check_csrf(csrf, session.token, parts.secret_key)
        return session.actor.name

    return app


@pytest.fixture
def parts(database: Database) -> Any:
    return SimpleNamespace(
        database=database,
        keys=keys.Keys(database),
        staffs=Staffs(database),
        firms=Firms(database),
        limits=Limits(),
        secret_key=SECRET,
        public_url=None,
    )


def client_of(parts: Any, address: str = "203.0.113.7", base: str = HOST) -> httpx.AsyncClient:
    """A browser or program at an address; keeps cookies."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(build(parts), client=(address, 4000)), base_url=base)


@pytest.fixture
async def client(parts: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(parts) as opened:
        yield opened


@pytest.fixture
async def firms(database: Database) -> list[Firm]:
    """Two firms of one name in two counties, and one of the second county."""
    made = [
        new_firm("示例同名有限公司", region=OWN_COUNTY, source="示例", credit_code=credit_code(1)),
        new_firm("示例同名有限公司", region=OTHER_COUNTY, source="示例", credit_code=credit_code(2)),
        new_firm("示例乙有限公司", region=OTHER_COUNTY, source="示例", credit_code=credit_code(3)),
    ]
    async with database.transaction() as session:
        await Firms(database).add(session, made)
    return made


async def key(database: Database, kind: OwnerKind, owner: str) -> dict[str, str]:
    """The header of a fresh key."""
    async with database.transaction() as session:
        return {"Authorization": f"Bearer {await keys.create(session, kind, owner)}"}


async def account(parts: Any, name: str, role: str = "editor", region: str | None = None) -> None:
    async with parts.database.transaction() as session:
        token = await parts.staffs.add(session, name, role, region)
    await parts.staffs.set_password(token, PASSWORD)


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return await client.post("/console/sign-in", data={"name": name, "password": password}, headers=headers)


# --- keys ---


async def test_a_key_says_who_asks_and_none_is_nobody(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.get("/api/v1/whoami")).json() == {"name": None, "role": None}
    header = await key(database, "firm", "f-1")
    assert (await client.get("/api/v1/known", headers=header)).json() == {"name": "firm:f-1"}
    lower = {"authorization": header["Authorization"].replace("Bearer", "bearer")}
    assert (await client.post("/api/v1/whoami", headers=lower)).json()["name"] == "firm:f-1"


async def test_without_a_key_the_answer_says_how_to_bring_one(client: httpx.AsyncClient) -> None:
    for path in ("known", "staff", "approve", "firm"):
        response = await client.get(f"/api/v1/{path}")
        problem = assert_problem(response, 401, "key_required")
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert "Bearer" in problem["detail"]


async def test_a_key_that_does_not_hold_is_refused_even_where_none_is_needed(
    client: httpx.AsyncClient, database: Database
) -> None:
    header = await key(database, "firm", "f-1")
    assert (await client.get("/api/v1/whoami", headers=header)).status_code == 200
    async with database.transaction() as session:
        await keys.revoke(session, header["Authorization"].split()[1])
    values: tuple[Any, ...] = (header["Authorization"], "Bearer x", "Bearer", "Bearer ", "bearer 密钥".encode())
    for value in values:
        for path in ("whoami", "known", "staff"):
            response = await client.get(f"/api/v1/{path}", headers={"Authorization": value})
            assert_problem(response, 401, "bad_key")
            assert response.headers["www-authenticate"].startswith("Bearer")


async def test_another_kind_of_authorization_is_none(client: httpx.AsyncClient) -> None:
    basic = {"Authorization": "Basic eDp5"}
    assert (await client.get("/api/v1/whoami", headers=basic)).json()["name"] is None
    assert_problem(await client.get("/api/v1/known", headers=basic), 401, "key_required")


async def test_what_is_for_staff_is_not_there_for_firms_and_providers(
    client: httpx.AsyncClient, database: Database
) -> None:
    kinds: tuple[tuple[OwnerKind, str], ...] = (("firm", "f-1"), ("provider", "示例银行"))
    for kind, owner in kinds:
        header = await key(database, kind, owner)
        for path in ("staff", "approve", "admin"):
            assert_problem(await client.get(f"/api/v1/{path}", headers=header), 404, "not_found")
    header = await key(database, "staff", "示例张三")
    assert (await client.get("/api/v1/staff", headers=header)).json() == {"name": "staff:示例张三"}


async def test_a_staff_key_has_the_rights_of_its_account(
    client: httpx.AsyncClient, database: Database, parts: Any
) -> None:
    editor, approver, admin = [await key(database, "staff", f"示例{word}") for word in ("编", "审", "管")]
    for name, role in (("示例编", "editor"), ("示例审", "approver"), ("示例管", "admin")):
        async with database.transaction() as session:
            await parts.staffs.add(session, name, role)
    assert_problem(await client.get("/api/v1/approve", headers=editor), 403, "approver_required")
    assert (await client.get("/api/v1/approve", headers=approver)).status_code == 200
    assert_problem(await client.get("/api/v1/admin", headers=approver), 403, "admin_required")
    assert (await client.get("/api/v1/admin", headers=admin)).status_code == 200
    async with database.transaction() as session:
        await parts.staffs.disable(session, "示例审")
    assert_problem(await client.get("/api/v1/approve", headers=approver), 401, "bad_key")


async def test_a_good_key_is_not_held_up_by_its_neighbours(database: Database, parts: Any) -> None:
    parts.limits = Limits(address_per_10s=3, key_per_10s=20)
    header = await key(database, "firm", "f-1")
    async with client_of(parts) as client:
        assert (await client.get("/api/v1/known", headers=header)).status_code == 200
        anonymous = [(await client.get("/api/v1/whoami")).status_code for _ in range(5)]
        assert anonymous == [200, 200, 429, 429, 429]
        wrong = await client.get("/api/v1/whoami", headers={"Authorization": "Bearer made-up"})
        assert_problem(wrong, 429, "too_many_requests")
        assert (await client.get("/api/v1/known", headers=header)).status_code == 200


# --- which firm ---


async def test_a_firm_sees_itself_and_of_others_not_even_that_they_are_there(
    client: httpx.AsyncClient, database: Database, firms: list[Firm]
) -> None:
    own, namesake, other = firms
    header = await key(database, "firm", own.id)
    for reference in (None, "", own.id, own.credit_code, f" {str(own.credit_code).lower()} ", own.name):
        query = {} if reference is None else {"firm": reference}
        response = await client.get("/api/v1/firm", params=query, headers=header)
        assert response.json() == {"id": own.id}, reference
    answers = set()
    for reference in (namesake.id, other.id, other.credit_code, other.name, "没有这家", "f-0", "\x00", "x" * 2000):
        response = await client.get("/api/v1/firm", params={"firm": str(reference)}, headers=header)
        problem = assert_problem(response, 404, "no_such_firm")
        answers.add(problem["detail"])
        assert other.name not in response.text
    assert len(answers) == 1


async def test_a_provider_sees_no_firm_by_its_name(
    client: httpx.AsyncClient, database: Database, firms: list[Firm]
) -> None:
    header = await key(database, "provider", "示例银行")
    for reference in (firms[0].id, firms[2].name, "没有这家"):
        response = await client.get("/api/v1/firm", params={"firm": reference}, headers=header)
        assert_problem(response, 404, "no_such_firm")
    assert_problem(await client.get("/api/v1/firm", headers=header), 404, "no_such_firm")


async def test_staff_of_a_county_sees_its_county(
    client: httpx.AsyncClient, database: Database, parts: Any, firms: list[Firm]
) -> None:
    own, namesake, other = firms
    await account(parts, "示例县", region=OWN_COUNTY)
    county, city = await key(database, "staff", "示例县"), await key(database, "staff", "示例市")

    async def ask(header: dict[str, str], reference: str | None) -> httpx.Response:
        return await client.get("/api/v1/firm", params={"firm": reference} if reference else {}, headers=header)

    for reference in (own.id, str(own.credit_code), own.name):
        assert (await ask(county, reference)).json() == {"id": own.id}
    missing = [await ask(county, reference) for reference in (namesake.id, other.name, "没有这家", "\x00")]
    assert len({assert_problem(response, 404, "no_such_firm")["detail"] for response in missing}) == 1
    assert (await ask(city, other.name)).json() == {"id": other.id}
    assert_problem(await ask(city, own.name), 422, "ambiguous_name")
    for header in (county, city):
        assert_problem(await ask(header, None), 422, "firm_required")


# --- the console's session ---


async def test_staff_signs_in_acts_and_signs_out(client: httpx.AsyncClient, parts: Any) -> None:
    await account(parts, "示例审核", "approver")
    assert (await sign_in(client, "示例审核", "不对不对不对不对不对")).text == "wrong"
    assert CONSOLE_COOKIE not in client.cookies
    response = await sign_in(client, " 示例審核")
    cookie = response.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert (await client.get("/api/v1/whoami")).json() == {"name": "staff:示例审核", "role": "approver"}
    assert (await client.get("/api/v1/approve")).status_code == 200
    stolen = dict(client.cookies)
    await client.post("/console/sign-out")
    assert CONSOLE_COOKIE not in client.cookies
    client.cookies.update(stolen)
    again = await client.get("/api/v1/whoami")
    assert again.json()["name"] is None


async def test_on_https_the_cookie_is_secure(parts: Any) -> None:
    parts.public_url = "https://qiban.test"
    await account(parts, "示例审核")
    async with client_of(parts, base="https://qiban.test") as client:
        response = await sign_in(client, "示例审核")
    assert "Secure" in response.headers["set-cookie"].split("; ")


async def test_a_key_comes_before_the_cookie(client: httpx.AsyncClient, parts: Any, database: Database) -> None:
    await account(parts, "示例审核")
    await sign_in(client, "示例审核")
    header = await key(database, "firm", "f-1")
    assert (await client.get("/api/v1/whoami", headers=header)).json()["name"] == "firm:f-1"
    bad = await client.get("/api/v1/whoami", headers={"Authorization": "Bearer x"})
    assert_problem(bad, 401, "bad_key")


async def test_another_site_changes_nothing_with_the_cookie(
    client: httpx.AsyncClient, parts: Any, database: Database
) -> None:
    await account(parts, "示例审核")
    await sign_in(client, "示例审核")
    header = await key(database, "firm", "f-1")
    foreign = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "null")]
    for headers in map(dict, ([pair] for pair in (*foreign, ("Origin", "https://evil.example")))):
        assert_problem(await sign_in(client, "示例审核", **headers), 403, "cross_site")
        for path in ("known", "whoami"):
            assert_problem(await client.post(f"/api/v1/{path}", headers=headers), 403, "cross_site")
            assert (await client.get(f"/api/v1/{path}", headers=headers)).status_code == 200
        assert (await client.post("/api/v1/known", headers=headers | header)).status_code == 200
    assert (await client.post("/api/v1/known", headers={"Origin": HOST})).status_code == 200


async def test_a_form_carries_a_token_of_its_own_session(client: httpx.AsyncClient, parts: Any) -> None:
    await account(parts, "示例审核")
    await account(parts, "示例编辑")
    await sign_in(client, "示例编辑")
    foreign = (await client.get("/console/form")).json()
    await sign_in(client, "示例审核")
    csrf = (await client.get("/console/form")).json()
    right = await client.post("/console/change", data={"csrf": csrf})
    assert right.json() == "staff:示例审核"
    made_up = auth.csrf_token(client.cookies[CONSOLE_COOKIE], "另一个密钥")
    for wrong in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": made_up}, {"csrf": csrf[:-1]}, {"csrf": "令牌"}):
        assert_problem(await client.post("/console/change", data=wrong), 403, "cross_site")


async def test_a_cookie_we_did_not_make_is_nobodys(client: httpx.AsyncClient) -> None:
    for value in ("x", "x" * 3000, '"', "a" * 43):
        response = await client.get("/api/v1/whoami", headers={"Cookie": f"{CONSOLE_COOKIE}={value}"})
        assert response.json()["name"] is None


# --- guessing passwords ---

_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Hashing takes its time, and what is counted is in no database."""


@_ONE_DATABASE
async def test_twenty_tries_at_one_account_with_made_up_proxies_end_after_ten(
    client: httpx.AsyncClient, parts: Any
) -> None:
    await account(parts, "示例审核")
    tries = [
        await sign_in(client, "示例审核", "不对不对不对", **{"X-Forwarded-For": f"10.0.0.{number}"})
        for number in range(20)
    ]
    assert [one.status_code for one in tries] == [200] * 10 + [429] * 10
    refused = await sign_in(client, "示例审核")
    problem = assert_problem(refused, 429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 900
    nobody = await sign_in(client, "没有这个人")
    assert assert_problem(nobody, 429, "too_many_requests")["detail"] == problem["detail"]
    async with client_of(parts, "203.0.113.9") as elsewhere:
        assert (await sign_in(elsewhere, "示例审核")).text == "in"
    async with parts.database.reading() as session:
        logged = str((await session.execute(text("SELECT * FROM audit_log"))).all())
    assert "203.0.113" not in logged


@_ONE_DATABASE
async def test_an_account_that_does_not_exist_is_refused_like_one_that_does(parts: Any) -> None:
    await account(parts, "示例审核")
    seen = []
    for number, name in enumerate(("示例审核", "没有这个人")):
        async with client_of(parts, f"203.0.113.{number}") as client:
            tries = [await sign_in(client, name, "不对不对不对") for _ in range(11)]
        seen.append([(one.status_code, one.text if one.status_code == 200 else one.json()["detail"]) for one in tries])
    assert seen[0] == seen[1]


def test_an_operator_at_the_command_line_is_staff() -> None:
    auth.require_approver(Actor("operator", "command-line"))
    auth.require_admin(Actor("operator", "command-line"))
