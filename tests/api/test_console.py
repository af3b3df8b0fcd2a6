"""The console as a browser without JavaScript uses it: sign-in, forms, and what only some may do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from api.auth import CONSOLE_COOKIE
from api.parts import Parts
from firms.staff import Staffs
from messaging.outbox import Delivery
from qiban.bootstrap import Services
from tests.api.conftest import open_client
from tests.firms.files import credit_code

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "一串足够长的口令 2026"
DOCUMENT = "衡阳市示例产业扶持办法\n\n第一条　本办法适用于示例企业。\n\n第二条　每家企业补助示例金额7万元。\n"
TABLE = f"企业名称,统一社会信用代码,所在地\n示例控制台有限公司,{credit_code(8800123)},衡南县\n示例坏行公司,123,衡南县\n"


class Clerk:
    """A browser in which somebody is signed in."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str) -> str:
        response = await self.client.get(f"/console{path}")
        assert response.status_code == 200, (path, response.status_code)
        return response.text

    async def post(self, path: str, data: dict[str, str], files: dict[str, tuple[str, bytes]] | None = None) -> str:
        token = re.search(r'name="csrf" value="([^"]+)"', await self.get(""))
        assert token is not None
        response = await self.client.post(
            f"/console{path}", data={**data, "csrf": token[1]}, files=files, follow_redirects=True
        )
        self.status = response.status_code
        return response.text


async def _clerk(parts: Parts, name: str, role: str, region: str | None = None) -> Clerk:
    async with parts.database.transaction() as session:
        link = await Staffs(parts.database).add(session, name, role, region)
    client = open_client(parts)
    form = {"token": link, "password": PASSWORD, "again": PASSWORD}
    assert (await client.post("/console/password", data=form)).status_code == 303
    signed_in = await client.post("/console/sign-in", data={"name": name, "password": PASSWORD})
    assert signed_in.status_code == 303, signed_in.text
    return Clerk(client)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clerks(shared: Services) -> AsyncIterator[dict[str, Clerk]]:
    parts = shared.parts()
    yield {
        "editor": await _clerk(parts, "示例小陈", "editor"),
        "approver": await _clerk(parts, "示例老李", "approver"),
        "county": await _clerk(parts, "示例县里", "editor", "430422"),
    }


async def test_nobody_gets_in_without_signing_in(parts: Parts) -> None:
    async with open_client(parts) as client:
        for path in ("", "/documents", "/import", "/announcements", "/announcements/new", "/questions", "/codes"):
            response = await client.get(f"/console{path}")
            assert (response.status_code, response.headers["location"]) == (303, "/console/sign-in")
        wrong = await client.post("/console/sign-in", data={"name": "没有这个人", "password": "x"})
        assert wrong.status_code == 401
        assert CONSOLE_COOKIE not in wrong.cookies


async def test_a_form_without_its_token_changes_nothing(clerks: dict[str, Clerk]) -> None:
    client = clerks["editor"].client
    for path in ("/codes", "/announcements", "/import/confirm", "/sign-out"):
        assert (await client.post(f"/console{path}", data={})).status_code == 403, path
    assert "工作台" in await clerks["editor"].get("")


async def test_a_document_goes_in_with_its_report(clerks: dict[str, Clerk]) -> None:
    report = await clerks["editor"].post(
        "/documents", {"title": "示例办法"}, {"file": ("办法.txt", DOCUMENT.encode("gb18030"))}
    )
    assert "已入库" in report
    assert "100.0%" in report
    again = await clerks["editor"].post("/documents", {}, {"file": ("办法.txt", DOCUMENT.encode())})
    assert "与已有文件内容相同" in again
    empty = await clerks["editor"].post("/documents", {}, {"file": ("空.txt", b"")})
    assert clerks["editor"].status == 422
    assert 'role="alert"' in empty
    refused = await clerks["county"].post("/documents", {}, {"file": ("办法.txt", DOCUMENT.encode())})
    assert "衡南县" in refused
    assert clerks["county"].status == 403


async def test_a_table_is_previewed_before_it_goes_in(clerks: dict[str, Clerk], parts: Parts) -> None:
    clerk = clerks["editor"]
    before = len(await parts.firms.list())
    preview = await clerk.post("/import", {"kind": "firms"}, {"file": ("企业.csv", TABLE.encode("gb18030"))})
    assert "新增 1" in preview
    assert "还没有写入" in preview
    assert len(await parts.firms.list()) == before
    ticket = re.search(r'name="ticket" value="([^"]+)"', preview)
    assert ticket is not None
    assert "已过期" in await clerks["approver"].post("/import/confirm", {"ticket": ticket[1]})
    assert "导入完成" in await clerk.post("/import/confirm", {"ticket": ticket[1]})
    assert len(await parts.firms.list()) == before + 1
    assert "不变 1" in await clerk.post("/import/confirm", {"ticket": ticket[1]})
    assert "已过期" in await clerk.post("/import/confirm", {"ticket": "假的"})


async def test_an_announcement_is_written_approved_by_another_and_stopped(clerks: dict[str, Clerk]) -> None:
    editor, approver = clerks["editor"], clerks["approver"]
    draft = {"title": "示例<b>通知</b>", "text": "正文 & 说明", "category": "financing", "audience": "region in 衡阳市"}
    page = await editor.post("/announcements", draft)
    assert "示例&lt;b&gt;通知" in page
    assert "将发给" in page
    path = re.search(r"/console(/announcements/[^/\"]+)/stop", page)
    assert path is not None
    assert await editor.post(f"{path[1]}/approve", {}) and editor.status == 403
    assert "已审核通过" in await approver.post(f"{path[1]}/approve", {})
    assert "已安排发送" in await editor.post(f"{path[1]}/schedule", {"at": "2026-12-01T09:00"})
    assert 'role="alert"' in await editor.post(f"{path[1]}/schedule", {})
    assert "已停止" in await editor.post(f"{path[1]}/stop", {})
    wrong = await editor.post("/announcements", {**draft, "audience": "胡说 >= 1"})
    assert editor.status == 422
    assert "正文 &amp; 说明" in wrong


async def test_a_declined_question_is_answered_where_it_was_asked(
    clerks: dict[str, Clerk], parts: Parts, client: httpx.AsyncClient
) -> None:
    session = (await client.post("/api/v1/chat", json={"text": "评上小巨人奖多少万"})).json()["session"]
    page = await clerks["editor"].get("/questions")
    number = re.search(r"/questions/(\d+)/answer", page)
    assert number is not None
    sent = await clerks["editor"].post(f"/questions/{number[1]}/answer", {"text": "请致电示例专线。"})
    assert "回复已发出" in sent
    await clerks["editor"].post(f"/questions/{number[1]}/answer", {"text": "请致电示例专线。"})
    async with parts.database.reading() as view:
        rows = (await view.scalars(select(Delivery).where(Delivery.address == session))).all()
    assert [(row.channel, row.lane) for row in rows] == [("web", "notice")]
    assert "请致电示例专线。" in rows[0].message["text"]


async def test_a_code_is_made_for_firms_within_reach(clerks: dict[str, Clerk], parts: Parts) -> None:
    firms = await parts.firms.list()
    own = next(firm for firm in firms if firm.region == "430422")
    far = next(firm for firm in firms if firm.region != "430422")
    assert re.search(
        r'class="code">[0-9A-Z]{5}-[0-9A-Z]{5}<', await clerks["county"].post("/codes", {"firm": own.name})
    )
    await clerks["county"].post("/codes", {"firm": far.name})
    assert clerks["county"].status == 422
    nobody = await clerks["editor"].post("/codes", {"provider": "没有这一家"})
    assert "没有这个资源方" in nobody


async def test_signing_out_ends_the_session(parts: Parts) -> None:
    clerk = await _clerk(parts, "示例临时", "editor")
    cookie = clerk.client.cookies[CONSOLE_COOKIE]
    await clerk.post("/sign-out", {})
    clerk.client.cookies.set(CONSOLE_COOKIE, cookie, domain="qiban.test")
    assert (await clerk.client.get("/console")).status_code == 303
