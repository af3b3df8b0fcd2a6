"""Open questions and typical questions over HTTP and in the console: rights, shapes, conflicts, pages."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import BaseModel
from sqlalchemy import select

from api import learning_contract
from api.parts import Parts
from core.database import Database
from firms import keys
from firms.staff import Staffs
from knowledge.intake import Intake
from knowledge.library import Metadata
from messaging.outbox import Delivery
from qiban.bootstrap import Services
from tests.api.conftest import assert_problem, open_client
from tests.api.conftest import assert_shape as assert_exact_shape
from tests.api.test_console import Clerk, _clerk

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOME = "430400"
DOCUMENT = "青溪市示例扶持办法\n\n第一条　适用于示例企业。\n\n第二条　每家企业补助示例金额7万元。\n"


def assert_shape(model: type[BaseModel], value: Any) -> None:
    """As the folder's own, whichever way UTC is written."""
    assert_exact_shape(model, json.loads(json.dumps(value).replace("+00:00", "Z")))


class Caller:
    """The API with a key for each of several people."""

    def __init__(self, client: httpx.AsyncClient, keys_of: dict[str, str]) -> None:
        self.client = client
        self._keys = keys_of

    async def __call__(self, who: str | None, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._keys[who]}"} if who else {}
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=headers)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def caller(shared: Services) -> AsyncIterator[Caller]:
    staff = {
        "editor": ("示例答题编辑", "editor", None),
        "approver": ("示例答题审批", "approver", None),
        "county": ("示例答题县里", "editor", "430422"),
    }
    found: dict[str, str] = {}
    firm = (await shared.firms.list())[0]
    async with shared.database.transaction() as session:
        for who, (name, role, region) in staff.items():
            await Staffs(shared.database).add(session, name, role, region)
            found[who] = await keys.create(session, "staff", name)
        found["firm"] = await keys.create(session, "firm", firm.id)
    async with open_client(shared.parts()) as client:
        yield Caller(client, found)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def document(shared: Services) -> str:
    report = await shared.library.add(DOCUMENT, Metadata(title="青溪市示例扶持办法", region=HOME))
    assert report.document_id is not None
    await shared.index.reconcile()
    return report.document_id


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerks(shared: Services) -> dict[str, Clerk]:
    parts = shared.parts()
    return {
        "editor": await _clerk(parts, "示例台前编辑", "editor"),
        "approver": await _clerk(parts, "示例台前审批", "approver"),
        "county": await _clerk(parts, "示例台前县里", "editor", "430422"),
    }


async def ask(database: Database, text: str, *, address: str | None = None, region: str = HOME) -> int:
    wording = await Intake().prepare(text)
    assert wording is not None
    channel = "web" if address else None
    async with database.transaction() as session:
        return await Intake().keep(session, wording, why="not_stated", region=region, channel=channel, address=address)


async def sent_to(database: Database, address: str) -> list[str]:
    async with database.reading() as session:
        rows = await session.scalars(select(Delivery).where(Delivery.address == address))
        return [row.message["text"] for row in rows]


# --- the API ---


async def test_a_group_is_answered_once_over_the_api_and_becomes_a_typical_question(
    caller: Caller, parts: Parts, document: str
) -> None:
    question = await ask(parts.database, "接口示例补助多少", address="api-1")
    await ask(parts.database, "请问接口示例补助多少？", address="api-2")
    listed = (await caller("editor", "GET", "/open-questions?state=waiting")).json()
    assert_shape(learning_contract.OpenQuestionsOut, listed)
    group = listed["items"][0]
    assert (group["count"], group["askers"], group["waiting"], group["state"]) == (2, 2, 2, "open")
    cites = {"document_id": document, "clause": "第二条"}
    body = {"text": "每家9万元。", "cites": cites, "version": group["version"]}
    assert_problem(await caller("editor", "POST", f"/open-questions/{question}/answer", body), 422, "figures_not_cited")
    wrong = {**body, "cites": {**cites, "clause": "第九条"}}
    assert_problem(await caller("editor", "POST", f"/open-questions/{question}/answer", wrong), 422, "no_such_clause")
    answered = await caller("editor", "POST", f"/open-questions/{question}/answer", {**body, "text": "每家7万元。"})
    assert_shape(learning_contract.DeliveredOut, answered.json())
    assert answered.json()["reached"] == 2
    assert "第二条" in (await sent_to(parts.database, "api-1"))[0]
    second = {"text": "不清楚。", "version": group["version"]}
    problem = assert_problem(
        await caller("approver", "POST", f"/open-questions/{question}/answer", second), 409, "question_changed"
    )
    assert "每家7万元" in problem["detail"]
    assert_problem(await caller("editor", "POST", f"/open-questions/{question}/approve", {}), 403, "approver_required")
    approved = await caller("approver", "POST", f"/open-questions/{question}/approve", {})
    assert_shape(learning_contract.OpenQuestionOut, approved.json())
    assert approved.json()["answer"]["approved_by"] == "示例答题审批"
    entries = (await caller("editor", "GET", "/faq?q=接口示例补助")).json()
    assert_shape(learning_contract.FaqOut, entries)
    assert [(one["origin"], one["clauses"], one["answer"]) for one in entries["items"]] == [
        ("desk", ["第二条"], "每家7万元。")
    ]


async def test_groups_are_dismissed_reopened_merged_and_split_over_the_api(caller: Caller, parts: Parts) -> None:
    first = await ask(parts.database, "接口甲类示例怎么办")
    second = await ask(parts.database, "接口乙类示例怎么办")
    for path, body, state in (
        ("dismiss", {"reason": "duplicate"}, "dismissed"),
        ("reopen", {}, "reopened"),
    ):
        done = await caller("editor", "POST", f"/open-questions/{first}/{path}", body)
        assert_shape(learning_contract.OpenQuestionOut, done.json())
        assert done.json()["state"] == state
    merged = (await caller("editor", "POST", f"/open-questions/{second}/merge", {"into": first})).json()
    assert (merged["count"], merged["wordings"]) == (2, ["接口乙类示例怎么办", "接口甲类示例怎么办"])
    assert (await caller("editor", "POST", f"/open-questions/{second}/split")).json()["count"] == 1
    bad = await caller("editor", "POST", f"/open-questions/{first}/dismiss", {"reason": "whatever"})
    assert_problem(bad, 422, "invalid_request")


async def test_typical_questions_are_kept_over_the_api(caller: Caller, document: str) -> None:
    cites = {"document_id": document, "clause": "第一条"}
    made = await caller("editor", "POST", "/faq", {"cites": cites, "questions": ["接口示例谁能享受"]})
    assert made.status_code == 201
    assert_shape(learning_contract.FaqEntryOut, made.json())
    entry = made.json()
    detail = (await caller("editor", "GET", f"/faq/{entry['id']}")).json()
    assert_shape(learning_contract.FaqDetailOut, detail)
    assert detail["proposal"] is None
    change = {"questions": ["接口示例谁能领"], "version": entry["version"], "cites": {**cites, "clause": "第二条"}}
    edited = (await caller("editor", "PUT", f"/faq/{entry['id']}", change)).json()
    assert_shape(learning_contract.FaqEdited, edited)
    assert (edited["active"], edited["entry"]["clauses"]) == (True, ["第二条"])
    assert_problem(await caller("editor", "PUT", f"/faq/{entry['id']}", change), 409, "entry_changed")
    kept = await caller("editor", "POST", f"/faq/{entry['id']}/keep", {"version": edited["entry"]["version"]})
    assert kept.status_code == 200
    gone = await caller("editor", "DELETE", f"/faq/{entry['id']}?version={kept.json()['version']}")
    assert gone.status_code == 204
    assert_problem(await caller("editor", "GET", f"/faq/{entry['id']}"), 404, "not_found")


async def test_pages_of_typical_questions_follow_one_another(caller: Caller) -> None:
    seen: list[int] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = (await caller("editor", "GET", f"/faq?cursor={cursor}")).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) > 20


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/open-questions"),
        ("GET", "/open-questions/1"),
        ("POST", "/open-questions/1/answer"),
        ("POST", "/open-questions/1/dismiss"),
        ("POST", "/open-questions/1/reopen"),
        ("POST", "/open-questions/1/merge"),
        ("POST", "/open-questions/1/split"),
        ("POST", "/open-questions/1/approve"),
        ("GET", "/faq"),
        ("POST", "/faq"),
        ("GET", "/faq/1"),
        ("PUT", "/faq/1"),
        ("POST", "/faq/1/keep"),
        ("DELETE", "/faq/1?version=x"),
    ],
)
async def test_the_desks_routes_are_for_staff(caller: Caller, method: str, path: str) -> None:
    bodies = {"answer": {"text": "x"}, "dismiss": {"reason": "advert"}, "merge": {"into": 1}, "keep": {"version": "x"}}
    body = bodies.get(path.rpartition("/")[2], {})
    if path == "/faq":
        body = {"cites": {"document_id": "d", "clause": "c"}, "questions": []}
    elif method == "PUT":
        body = {"questions": [], "version": "x"}
    body_or_none = None if method in ("GET", "DELETE") else body
    assert_problem(await caller(None, method, path, body_or_none), 401, "key_required")
    assert_problem(await caller("firm", method, path, body_or_none), 404, "not_found")


async def test_staff_of_a_county_reach_the_questions_of_their_county_alone(caller: Caller, parts: Parts) -> None:
    city = await ask(parts.database, "接口市级示例窗口在哪")
    own = await ask(parts.database, "接口县级示例窗口在哪", region="430422", address="api-county")
    listed = (await caller("county", "GET", "/open-questions")).json()["items"]
    assert [one["id"] for one in listed] == [own]
    assert_problem(await caller("county", "GET", f"/open-questions/{city}"), 404, "not_found")
    refused = await caller("county", "POST", f"/open-questions/{city}/answer", {"text": "不归我答"})
    assert_problem(refused, 404, "not_found")
    answered = await caller("county", "POST", f"/open-questions/{own}/answer", {"text": "在示例大厅。"})
    assert answered.json()["reached"] == 1


# --- the console ---


async def test_the_whole_of_a_group_is_dealt_with_on_its_page(
    clerks: dict[str, Clerk], parts: Parts, document: str
) -> None:
    editor, approver = clerks["editor"], clerks["approver"]
    question = await ask(parts.database, "台前示例补助多少<b>", address="desk-1")
    path = f"/questions/{question}"
    assert "台前示例补助多少&lt;b&gt;" in await editor.get("/questions")
    page = await editor.get(f"{path}?find=企业补助金额")
    assert "第二条" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    form = {"page": "detail", "version": version[1], "document": document, "clause": "第二条"}
    asked = await editor.post(f"{path}/answer", {**form, "text": "每家9万元。"})
    assert (editor.status, "9万元 在引用的条款里找不到" in asked, 'name="confirm"' in asked) == (422, True, True)
    assert "每家9万元。</textarea>" in asked
    assert await sent_to(parts.database, "desk-1") == []
    lonely = await editor.post(f"{path}/answer", {**form, "document": "", "text": "见条款。"})
    assert (editor.status, "哪份文件" in lonely) == (422, True)
    assert "回复已发出" in await editor.post(f"{path}/answer", {**form, "text": "每家9万元。", "confirm": "1"})
    assert len(await sent_to(parts.database, "desk-1")) == 1
    late = await approver.post(f"{path}/answer", {**form, "text": "不清楚。"})
    assert (approver.status, "每家9万元" in late) == (409, True)
    assert "有审批权限的同事" in await editor.get(path)
    assert "已审批，进入常见问题" in await approver.post(f"{path}/approve", {})
    assert "台前示例补助多少&lt;b&gt;" in await editor.get("/faq?q=台前示例")
    assert "需要审批" in await editor.post(f"{path}/reword", {"questions": "台前示例补几万\n台前示例补多少"})
    assert "没有找到" in await editor.get("/faq?q=台前示例")
    assert "已重新打开" in await editor.post(f"{path}/reopen", {})
    assert "已忽略" in await editor.post(f"{path}/dismiss", {"reason": "irrelevant"})


async def test_groups_are_joined_and_parted_in_the_console(clerks: dict[str, Clerk], parts: Parts) -> None:
    editor = clerks["editor"]
    first = await ask(parts.database, "台前示例申领材料清单")
    second = await ask(parts.database, "台前示例申领要交哪些材料")
    page = await editor.get(f"/questions/{second}")
    assert f"/questions/{second}/merge/{first}" in page
    assert "已并到这一组" in await editor.post(f"/questions/{second}/merge/{first}", {})
    assert f"/questions/{first}/split" in await editor.get(f"/questions/{second}")
    assert "已单独成组" in await editor.post(f"/questions/{first}/split", {})


async def test_entries_and_synonyms_are_kept_in_the_console(
    clerks: dict[str, Clerk], parts: Parts, document: str
) -> None:
    editor = clerks["editor"]
    form = {"for": document, "clause": "第一条", "questions": "台前示例谁能享受\n台前示例哪些企业能领"}
    assert "已新增" in await editor.post("/faq", form)
    wrong = await editor.post("/faq", {**form, "clause": "第九条"})
    assert (editor.status, "第九条" in wrong) == (422, True)
    entry = re.search(r"/console/faq/(\d+)\"", await editor.get("/faq?q=台前示例谁能享受"))
    assert entry is not None
    page = await editor.get(f"/faq/{entry[1]}")
    version = re.search(r'name="version" value="([0-9a-f]+)"', page)
    assert version is not None
    change = {"version": version[1], "questions": "台前示例适用于谁", "for": document, "clause": "第二条"}
    assert "已保存" in await editor.post(f"/faq/{entry[1]}", change)
    stale = await editor.post(f"/faq/{entry[1]}/delete", {"version": version[1]})
    assert (editor.status, "台前示例适用于谁" in stale) == (409, True)
    newer = re.search(r'name="version" value="([0-9a-f]+)"', await editor.get(f"/faq/{entry[1]}"))
    assert newer is not None
    assert "已删除" in await editor.post(f"/faq/{entry[1]}/delete", {"version": newer[1]})

    page = await editor.get("/synonyms")
    assert "主营业务收入" in page
    seen = re.search(r'name="version" value="([0-9a-f]+)"', page)
    assert seen is not None
    group = {"version": seen[1], "canonical": "示例补助", "spoken": "台前红包、台前喜钱"}
    assert "台前红包、台前喜钱" in await editor.post("/synonyms", group)
    again = await editor.post("/synonyms", group)
    assert (editor.status, "刚被别人改过" in again) == (409, True)
    seen = re.search(r'name="version" value="([0-9a-f]+)"', await editor.get("/synonyms"))
    assert seen is not None
    assert "已删除" in await editor.post("/synonyms/0/delete", {"version": seen[1]})
    refused = await clerks["county"].post("/synonyms", group)
    assert (clerks["county"].status, "衡南县" in refused) == (403, True)


async def test_the_dashboard_counts_the_groups_that_wait(clerks: dict[str, Clerk], parts: Parts) -> None:
    async def shown() -> int:
        found = re.search(r"<b>(\d+)</b> 个没有答上来的问题", await clerks["editor"].get(""))
        assert found is not None
        return int(found[1])

    before = await shown()
    question = await ask(parts.database, "台前总数示例问题一个")
    await ask(parts.database, "台前总数示例问题一个呢")
    assert await shown() == before + 1
    await clerks["editor"].post(f"/questions/{question}/dismiss", {"reason": "advert"})
    assert await shown() == before


async def test_an_answers_thumbs_are_pressed_on_the_page_without_leaving_it(client: httpx.AsyncClient) -> None:
    await client.get("/")
    page = (await client.post("/chat/messages", data={"text": "负债率有要求吗"}, headers={"HX-Request": "true"})).text
    votes = page.partition('class="votes"')[2].partition("</form>")[0]
    assert re.findall(r"data-lasts>([^<]+)<", votes) == ["👍 有用", "👎 没用"]
    down = re.search(r'value="(down:[^"]+)"', votes)
    assert down is not None
    asked = (await client.post("/chat/messages", data={"choice": down[1]}, headers={"HX-Request": "true"})).text
    assert "不是我问的" in asked.partition('class="votes"')[2]
    assert 'name="text"' not in asked
