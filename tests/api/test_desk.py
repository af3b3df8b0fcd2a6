"""Matching, introductions, events and announcements over HTTP: who may do what, and what nobody may see."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api import desk_contract
from api.parts import Parts
from firms import keys
from firms.staff import Staffs
from matching.samples import FOLDER
from qiban.bootstrap import Services
from tests.api.conftest import assert_problem, assert_shape, open_client

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRIVATE = ("0734-", "@example", "138000", "联系人")
_SAMPLES = {name: (FOLDER / f"{name}.csv").read_text("utf-8-sig") for name in ("firms", "offers")}
FIRMS = list(csv.DictReader(io.StringIO(_SAMPLES["firms"])))
OFFERS = list(csv.DictReader(io.StringIO(_SAMPLES["offers"])))


class Desk:
    """The service with keys for two firms, two providers and staff."""

    def __init__(self, client: httpx.AsyncClient, keys_of: dict[str, str], codes: list[str]) -> None:
        self.client = client
        self.keys = keys_of
        self.codes = codes

    async def ask(self, who: str | None, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[who]}"} if who else {}
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=headers)


def _offer(kind: str, place: int = 0) -> dict[str, str]:
    return [row for row in OFFERS if row["类别"] == kind][place]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(shared: Services) -> AsyncIterator[Desk]:
    firms = [await shared.firms.find(row["统一社会信用代码"]) for row in FIRMS]
    university = _offer("高校")
    other = next(row["提供方"] for row in OFFERS if row["提供方"] != university["提供方"])
    owners = {
        "firm": ("firm", firms[0].id),
        "rival": ("firm", firms[1].id),
        "provider": ("provider", university["提供方"]),
        "stranger": ("provider", other),
        "editor": ("staff", "示例编辑"),
        "approver": ("staff", "示例审核"),
        "county": ("staff", "示例县级"),
    }
    async with shared.database.transaction() as session:
        made = {name: await keys.create(session, kind, owner) for name, (kind, owner) in owners.items()}  # type: ignore[arg-type]
        staffs = Staffs(shared.database)
        await staffs.add(session, "示例编辑", "editor")
        await staffs.add(session, "示例审核", "approver")
        far = next(firm for firm in firms if firm.region != firms[0].region)
        await staffs.add(session, "示例县级", "editor", far.region)
    async with open_client(shared.parts()) as client:
        yield Desk(client, made, [firm.credit_code or firm.id for firm in firms[:2]])


async def test_the_public_directory_holds_no_contact(desk: Desk) -> None:
    listed = (await desk.ask(None, "GET", "/offers?limit=100")).json()
    assert len(listed["items"]) >= 20
    one = (await desk.ask(None, "GET", f"/offers/{_offer('高校')['编号']}")).json()
    for offer in [*listed["items"], one]:
        assert_shape(desk_contract.OfferOut, offer)
        assert not any(word in str(offer) for word in PRIVATE)


async def test_matches_are_for_the_firm_itself_and_staff(desk: Desk) -> None:
    body = {"firm": desk.codes[0], "kind": "university"}
    assert_problem(await desk.ask(None, "POST", "/matches", body), 401, "key_required")
    for who in ("rival", "provider", "county"):
        assert_problem(await desk.ask(who, "POST", "/matches", body), 404, "no_such_firm")
    found = (await desk.ask("firm", "POST", "/matches", body)).json()
    assert_shape(desk_contract.Matches, found)
    assert found == (await desk.ask("editor", "POST", "/matches", body)).json()
    assert found["firm"] == desk.codes[0]
    assert all(match["violations"] == [] and match["kind"] == "university" for match in found["matches"])


async def test_a_need_in_words_is_open_to_anybody(desk: Desk) -> None:
    found = (await desk.ask(None, "POST", "/matches", {"need": "想找做刀具涂层的团队"})).json()
    assert found["matches"][0]["offer_id"] == _offer("高校")["编号"]
    assert_problem(await desk.ask(None, "POST", "/matches", {"need": "x", "firm": "y"}), 422, "firm_or_need")


async def test_an_introduction_releases_contacts_after_both_consents_and_hides_them_at_once(desk: Desk) -> None:
    offer = _offer("高校")["编号"]
    asked = await desk.ask("firm", "POST", "/introductions", {"firm": desk.codes[0], "offer_id": offer})
    assert asked.status_code == 201
    introduction = asked.json()
    assert_shape(desk_contract.IntroductionOut, introduction)
    assert introduction["contacts"] is None
    again = await desk.ask("firm", "POST", "/introductions", {"offer_id": offer})
    assert (again.status_code, again.json()["id"]) == (200, introduction["id"])
    path = f"/introductions/{introduction['id']}"
    for who in ("rival", "stranger", "county"):
        for method, rest in (("GET", ""), ("POST", "/accept"), ("POST", "/decline"), ("POST", "/withdraw")):
            assert_problem(await desk.ask(who, method, path + rest), 404, "no_such_introduction")
    assert_problem(await desk.ask(None, "GET", path), 401, "key_required")
    assert (await desk.ask("provider", "GET", path)).json()["contacts"] is None
    accepted = (await desk.ask("provider", "POST", f"{path}/accept")).json()
    assert accepted["state"] == "accepted"
    assert accepted["contacts"]["firm"]["phone"]
    assert accepted["contacts"]["provider"]["name"]
    assert (await desk.ask("provider", "POST", f"{path}/accept")).json() == accepted
    assert (await desk.ask("firm", "GET", path)).json()["contacts"] == accepted["contacts"]
    hidden = await desk.ask("firm", "PUT", f"/firms/{desk.codes[0]}/consents", {"visible": False})
    assert hidden.json()["visible"] is False
    assert_problem(await desk.ask("provider", "GET", path), 404, "no_such_introduction")
    assert (await desk.ask("provider", "GET", "/introductions")).json()["items"] == []
    suited = (await desk.ask("provider", "GET", f"/offers/{offer}/firms")).json()
    assert desk.codes[0] not in str(suited)


async def test_only_the_firm_and_staff_change_consents(desk: Desk) -> None:
    path = f"/firms/{desk.codes[1]}/consents"
    for who in ("firm", "provider", "stranger"):
        assert_problem(await desk.ask(who, "PUT", path, {"visible": False}), 404, "no_such_firm")
    given = (await desk.ask("rival", "PUT", path, {"subscriptions": {"融资": True, "event": False}})).json()
    assert given["subscriptions"]["financing"] is True
    assert given["subscriptions"]["event"] is False


@pytest.mark.parametrize("said", ["yes", 1, "true", [True]])
async def test_only_true_and_false_are_a_consent(desk: Desk, said: object) -> None:
    path = f"/firms/{desk.codes[1]}/consents"
    assert_problem(await desk.ask("rival", "PUT", path, {"visible": said}), 422, "invalid_request")
    assert_problem(await desk.ask("rival", "PUT", path, {"subscriptions": {"融资": said}}), 422, "invalid_request")


async def test_an_event_takes_registrations_and_only_staff_see_the_list(desk: Desk) -> None:
    event = next(row["编号"] for row in OFFERS if row["类别"] == "活动" and not row["准入条件"])
    shown = (await desk.ask(None, "GET", f"/events/{event}")).json()
    assert_shape(desk_contract.EventOut, shown)
    body = {"firm": desk.codes[0]}
    assert_problem(await desk.ask(None, "POST", f"/events/{event}/registrations", body), 401, "key_required")
    assert_problem(await desk.ask("rival", "POST", f"/events/{event}/registrations", body), 404, "no_such_firm")
    first = await desk.ask("editor", "POST", f"/events/{event}/registrations", body)
    assert first.status_code == 201, first.text
    second = await desk.ask("firm", "POST", f"/events/{event}/registrations")
    assert (second.status_code, second.json()) == (200, first.json())
    listed = await desk.ask("editor", "GET", f"/events/{event}/registrations")
    assert [row["firm"] for row in listed.json()["items"]] == [desk.codes[0]]
    for who in ("firm", "provider"):
        assert (await desk.ask(who, "GET", f"/events/{event}/registrations")).status_code == 404
    path = f"/events/{event}/registrations/{first.json()['id']}"
    assert (await desk.ask("rival", "POST", f"{path}/cancel")).status_code == 404
    assert (await desk.ask("firm", "POST", f"{path}/cancel")).json()["state"] == "cancelled"
    calendar = await desk.ask(None, "GET", f"/events/{event}.ics")
    assert calendar.text.startswith("BEGIN:VCALENDAR")
    assert not any(word in calendar.text for word in PRIVATE)
    university = _offer("高校")["编号"]
    assert (await desk.ask(None, "GET", f"/events/{university}")).status_code == 404
    interest = await desk.ask("firm", "POST", "/introductions", {"offer_id": event})
    assert_problem(interest, 409, "use-registration")


async def test_an_announcement_is_approved_by_somebody_else_and_sent_once(desk: Desk, parts: Parts) -> None:
    draft = {"title": "示例通知", "text": "请留意。", "category": "融资", "audience": "region in 衡阳市"}
    for who in ("firm", "provider"):
        assert (await desk.ask(who, "POST", "/announcements", draft)).status_code == 404
    assert (await desk.ask("editor", "POST", "/announcements", {**draft, "audience": "胡说 >= 1"})).status_code == 422
    made = (await desk.ask("editor", "POST", "/announcements", draft)).json()
    assert_shape(desk_contract.AnnouncementOut, made)
    path = f"/announcements/{made['id']}"
    preview = (await desk.ask("editor", "GET", f"{path}/preview")).json()
    assert preview["count"] + sum(preview["excluded"].values()) == len(await parts.firms.list())
    assert_problem(await desk.ask("editor", "POST", f"{path}/approve"), 403, "approver_required")
    assert (await desk.ask("editor", "POST", f"{path}/schedule", {})).status_code == 409
    assert (await desk.ask("approver", "POST", f"{path}/approve")).json()["state"] == "approved"
    assert (await desk.ask("editor", "POST", f"{path}/schedule", {})).json()["state"] in ("scheduled", "sending")
    assert (await desk.ask("editor", "POST", f"{path}/schedule", {})).status_code == 409
    status = (await desk.ask("editor", "GET", f"{path}/status")).json()
    assert_shape(desk_contract.DeliveryStatusOut, status)
    assert (await desk.ask("editor", "POST", f"{path}/stop")).json()["state"] == "stopped"


async def test_a_claim_code_links_a_chat_whose_inbox_then_opens(desk: Desk) -> None:
    made = await desk.ask("firm", "POST", f"/firms/{desk.codes[0]}/claim-codes")
    assert made.status_code == 201
    assert (await desk.ask("rival", "POST", f"/firms/{desk.codes[0]}/claim-codes")).status_code == 404
    said = (await desk.ask(None, "POST", "/chat", {"text": made.json()["code"]})).json()
    assert FIRMS[0]["企业名称"] in said["replies"][0]["text"]
    history = await desk.ask(None, "GET", f"/chat/history?session={said['session']}")
    assert made.json()["code"] not in history.text
    inbox = (await desk.ask(None, "GET", f"/inbox?session={said['session']}")).json()
    assert_shape(desk_contract.InboxOut, inbox)
    assert (await desk.ask(None, "GET", "/inbox")).status_code == 401
    assert (await desk.ask("firm", "GET", "/inbox")).json()["unread"] == inbox["unread"]


async def test_open_questions_are_for_staff(desk: Desk) -> None:
    await desk.ask(None, "POST", "/chat", {"text": "小巨人能补贴多少钱奖金"})
    for who in ("firm", "provider"):
        assert (await desk.ask(who, "GET", "/open-questions")).status_code == 404
    listed = (await desk.ask("editor", "GET", "/open-questions")).json()
    assert listed["items"][0]["text"] == "小巨人能补贴多少钱奖金"


async def test_a_revoked_key_is_refused(desk: Desk, parts: Parts) -> None:
    async with parts.database.transaction() as session:
        plain = await keys.create(session, "staff", "示例离职")
        await keys.revoke(session, plain)
    response = await desk.client.get("/api/v1/announcements", headers={"Authorization": f"Bearer {plain}"})
    assert_problem(response, 401, "bad_key")
