"""The console as a browser without JavaScript uses it: sign-in, forms, what only some may do, and hostile text."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from api.console.audience import in_words
from api.parts import Parts
from api.sessions import CONSOLE_COOKIE
from firms.catalogue import catalogue
from firms.staff import Staffs
from messaging.outbox import Delivery
from qiban.bootstrap import Services
from tests.api.conftest import open_client
from tests.firms.files import credit_code

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "一串足够长的口令 2026"
DOCUMENT = "衡阳市示例产业扶持办法\n\n第一条　本办法适用于示例企业。\n\n第二条　每家企业补助示例金额7万元。\n"
TABLE = f"企业名称,统一社会信用代码,所在地\n示例控制台有限公司,{credit_code(8800123)},衡南县\n示例坏行公司,123,衡南县\n"


HOSTILE = "<img src=x onerror=alert(1)>有限公司"


def _tally(page: str) -> dict[str, int]:
    """The counts of an import's report."""
    return {name: int(count) for name, count in re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page)}


def _path(page: str) -> str:
    """The address of the announcement that a page shows, inside the console."""
    found = re.search(r"/console(/announcements/a-[0-9a-f]+)", page)
    assert found is not None
    return found[1]


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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
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
            back = f"?to=/console{path}" if path else ""
            assert (response.status_code, response.headers["location"]) == (303, f"/console/sign-in{back}")
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
    assert _tally(preview) == {"共（行）": 2, "新增": 1, "更新": 0, "不变": 0, "有错（行）": 1}
    assert preview.index("确认导入（1 条）") < preview.index("有错的行</h2>")
    assert "还没有写入" in preview
    assert len(await parts.firms.list()) == before
    ticket = re.search(r'name="ticket" value="([^"]+)"', preview)
    assert ticket is not None
    assert "已过期" in await clerks["approver"].post("/import/confirm", {"ticket": ticket[1]})
    assert "导入完成" in await clerk.post("/import/confirm", {"ticket": ticket[1]})
    assert len(await parts.firms.list()) == before + 1
    assert _tally(await clerk.post("/import/confirm", {"ticket": ticket[1]}))["不变"] == 1
    assert "已过期" in await clerk.post("/import/confirm", {"ticket": "假的"})


async def test_an_announcement_is_written_approved_by_another_and_stopped(clerks: dict[str, Clerk]) -> None:
    editor, approver = clerks["editor"], clerks["approver"]
    draft = {"title": "示例<b>通知</b>", "text": "正文 & 说明", "category": "financing", "audience": "region in 衡阳市"}
    page = await editor.post("/announcements", draft)
    assert "示例&lt;b&gt;通知" in page
    assert "家企业会收到" in page
    assert "所在地属于衡阳市" in page
    path = re.search(r"/console(/announcements/[^/\"]+)/stop", page)
    assert path is not None
    assert "有审批权限的同事" in await editor.post(f"{path[1]}/approve", {})
    assert editor.status == 403
    assert "已审批通过" in await approver.post(f"{path[1]}/approve", {})
    assert "已安排发送" in await editor.post(f"{path[1]}/schedule", {"at": "2026-12-01T09:00"})
    assert 'role="alert"' in await editor.post(f"{path[1]}/schedule", {})
    assert "已停止" in await editor.post(f"{path[1]}/stop", {})
    wrong = await editor.post("/announcements", {**draft, "audience": "胡说 >= 1"})
    assert editor.status == 422
    assert "正文 &amp; 说明" in wrong
    assert re.search(r'<p class="wrong" id="audience-wrong">[^<]*胡说', wrong)
    assert 'aria-describedby="audience-hint audience-wrong" aria-invalid="true"' in wrong


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


async def test_signing_in_leads_to_the_page_that_was_asked_for_and_never_elsewhere(parts: Parts) -> None:
    clerk = await _clerk(parts, "示例来客", "editor")
    form = {"name": "示例来客", "password": PASSWORD}
    for wanted, reached in {
        "/console/announcements/a-1": "/console/announcements/a-1",
        "": "/console",
        "https://example.org/console": "/console",
        "//example.org": "/console",
        "/console/../documents": "/console",
        "/console/sign-in": "/console",
        "/console@example.org": "/console",
    }.items():
        response = await clerk.client.post("/console/sign-in", data={**form, "to": wanted})
        assert (response.status_code, response.headers["location"]) == (303, reached), wanted


async def test_a_spent_link_says_so_and_offers_no_form(parts: Parts) -> None:
    async with parts.database.transaction() as session:
        link = await Staffs(parts.database).add(session, "示例新人", "editor")
    async with open_client(parts) as client:
        fresh = await client.get(f"/console/password?token={link}")
        assert "示例新人" in fresh.text
        form = {"token": link, "password": PASSWORD, "again": PASSWORD}
        differing = await client.post("/console/password", data={**form, "again": "另一句"})
        assert (differing.status_code, "两次输入" in differing.text) == (422, True)
        assert (await client.post("/console/password", data=form)).status_code == 303
        for response in (
            await client.get(f"/console/password?token={link}"),
            await client.post("/console/password", data=form),
        ):
            assert response.status_code == 404
            assert "已失效" in response.text
            assert 'name="password"' not in response.text


async def test_county_staff_are_told_why_and_not_offered_what_is_not_theirs(clerks: dict[str, Clerk]) -> None:
    county = clerks["county"]
    for path in ("/documents", "/import"):
        page = await county.get(path)
        assert 'type="file"' not in page
        assert "您的账号只管衡南县" in page
        assert "市级经办人" in page
    assert 'name="provider"' not in await county.get("/codes")
    assert 'name="region"' not in await county.get("/announcements/new")
    assert "<form" not in (await county.get("/questions")).partition("<h1>")[2]
    for path, data in {
        "/codes": {"provider": "示例理工大学材料学院"},
        "/questions/1/answer": {"text": "不归我答"},
        "/import/confirm": {"ticket": "x"},
    }.items():
        assert "您的账号只管衡南县" in await county.post(path, data)
        assert county.status == 403, path
    draft = {"title": "县里的公告", "text": "正文", "category": "policy", "audience": "region in 衡阳市"}
    assert "在衡南县范围内" in await county.post("/announcements", draft)
    wide = await county.post("/announcements", {**draft, "region": "衡阳市"})
    assert (county.status, 'role="alert"' in wide) == (422, True)


async def test_county_staff_find_no_announcement_of_others(clerks: dict[str, Clerk]) -> None:
    draft = {"title": "全市的公告", "text": "正文", "category": "policy", "audience": "region in 衡阳市"}
    path = _path(await clerks["editor"].post("/announcements", draft))
    for reached in (path, f"{path}/edit", f"{path}/progress", "/announcements/a-0000000000"):
        response = await clerks["county"].client.get(f"/console{reached}")
        assert response.status_code == 404
        assert "工作台" in response.text
    await clerks["county"].post(f"{path}/stop", {})
    assert clerks["county"].status == 404
    assert "全市的公告" not in await clerks["county"].get("/announcements")


async def test_the_approver_finds_first_what_waits_for_approval(clerks: dict[str, Clerk]) -> None:
    draft = {"title": "等着审批的公告", "text": "正文", "category": "policy", "audience": "region in 衡阳市"}
    path = _path(await clerks["editor"].post("/announcements", draft))
    home = await clerks["approver"].get("")
    assert home.index("等您审批") < home.index(f"/console{path}") < home.index("总览")
    assert "等您审批" not in await clerks["editor"].get("")
    await clerks["editor"].post(f"{path}/stop", {})
    assert f"/console{path}" not in await clerks["approver"].get("")


async def test_what_changed_since_it_was_looked_at_is_not_approved(clerks: dict[str, Clerk]) -> None:
    editor, approver = clerks["editor"], clerks["approver"]
    draft = {"title": "会改的公告", "text": "第一稿", "category": "policy", "audience": "region in 衡阳市"}
    path = _path(await editor.post("/announcements", draft))
    seen = re.search(r'name="version" value="(\d+)"', await approver.get(path))
    assert seen is not None
    changed = await editor.post(f"{path}/edit", {**draft, "text": "第二稿", "version": seen[1]})
    assert "第二稿" in changed
    await approver.post(f"{path}/approve", {"version": seen[1]})
    assert approver.status == 409
    lost = await editor.post(f"{path}/edit", {**draft, "text": "同时写的第三稿", "version": seen[1]})
    assert editor.status == 409
    assert "同时写的第三稿" in lost
    current = re.search(r'name="version" value="(\d+)"', lost)
    assert current is not None
    assert "同时写的第三稿" in await editor.post(
        f"{path}/edit", {**draft, "text": "同时写的第三稿", "version": current[1]}
    )
    assert editor.status == 200


async def test_an_upload_that_fails_keeps_what_was_typed(clerks: dict[str, Clerk]) -> None:
    typed = {
        "title": "费心写的标题",
        "number": "示例〔2026〕1号",
        "level": "市级",
        "issued": "2026-11-01",
        "draft": "1",
    }
    for files in ({"file": ("空.txt", b"")}, {"file": ("", b"")}, None):
        page = await clerks["editor"].post("/documents", typed, files)
        assert clerks["editor"].status == 422
        for kept in (
            "费心写的标题",
            "示例〔2026〕1号",
            '<option value="市级" selected>',
            "2026-11-01",
            '<option value="1" selected>',
        ):
            assert kept in page
    wrong = await clerks["editor"].post("/documents", {"issued": "昨天"}, {"file": ("办法.txt", DOCUMENT.encode())})
    assert "成文日期" in wrong.partition('role="alert"')[2][:200]


async def test_a_draft_is_listed_for_staff_without_a_public_page(clerks: dict[str, Clerk]) -> None:
    text = DOCUMENT.replace("办法", "征求意见稿").encode()
    report = await clerks["editor"].post("/documents", {"title": "示例草案", "draft": "1"}, {"file": ("稿.txt", text)})
    assert "已入库" in report
    assert "查看文件" not in report
    page = await clerks["editor"].get("/documents")
    assert re.search(r"<span class=\"state draft\">草案</span>\s*<b>示例草案</b>", page)


async def test_a_table_in_which_nothing_can_go_in_offers_no_confirmation(clerks: dict[str, Clerk]) -> None:
    clerk = clerks["editor"]
    bad = "企业名称,统一社会信用代码,所在地\n示例坏行公司,123,衡南县\n".encode()
    page = await clerk.post("/import", {"kind": "firms"}, {"file": ("坏.csv", bad)})
    assert "没有可导入的行" in page
    assert "/import/confirm" not in page
    known = f"企业名称,统一社会信用代码,所在地\n示例再来有限公司,{credit_code(8800124)},衡南县\n".encode()
    first = await clerk.post("/import", {"kind": "firms"}, {"file": ("好.csv", known)})
    ticket = re.search(r'name="ticket" value="([^"]+)"', first)
    assert ticket is not None
    await clerk.post("/import/confirm", {"ticket": ticket[1]})
    again = await clerk.post("/import", {"kind": "firms"}, {"file": ("好.csv", known)})
    assert "都与现有数据相同" in again
    assert "/import/confirm" not in again


async def test_a_kept_table_is_gone_after_its_hour(clerks: dict[str, Clerk], parts: Parts) -> None:
    await clerks["editor"].post(
        "/import", {"kind": "firms"}, {"file": ("企业.csv", TABLE.replace("8800", "8801").encode())}
    )
    old = parts.staging / ("0" * 32)
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    assert parts.staging.stat().st_mode & 0o077 == 0
    await clerks["editor"].get("/import")
    assert not old.exists()


async def test_a_long_answer_arrives_whole_or_is_refused_and_kept(
    clerks: dict[str, Clerk], parts: Parts, client: httpx.AsyncClient
) -> None:
    session = (await client.post("/api/v1/chat", json={"text": "评上小巨人奖多少万"})).json()["session"]
    number = re.search(r"/questions/(\d+)/answer", await clerks["editor"].get("/questions"))
    assert number is not None
    too_long = await clerks["editor"].post(f"/questions/{number[1]}/answer", {"text": "答" * 3001})
    assert clerks["editor"].status == 422
    assert "答" * 3001 in too_long
    lines = "\r\n".join(["答" * 99] * 30)  # 2,999 characters, as a browser sends them
    assert "回复已发出" in await clerks["editor"].post(f"/questions/{number[1]}/answer", {"text": lines})
    async with parts.database.reading() as view:
        row = (await view.scalars(select(Delivery).where(Delivery.address == session))).one()
    assert row.message["text"].count("答" * 99) == 30


async def test_the_progress_leads_back_to_the_page_once_the_state_is_another(clerks: dict[str, Clerk]) -> None:
    editor = clerks["editor"]
    draft = {"title": "看进度", "text": "正文", "category": "policy", "audience": "region in 衡阳市"}
    path = _path(await editor.post("/announcements", draft))
    await clerks["approver"].post(f"{path}/approve", {})
    page = await editor.post(f"{path}/schedule", {"at": "2026-12-01T09:00"})
    assert "定于 2026-12-01 09:00 发送" in page
    assert f'hx-get="/console{path}/progress?state=scheduled"' in page
    same = await editor.client.get(f"/console{path}/progress?state=scheduled")
    assert (same.status_code, "HX-Redirect" in same.headers) == (200, False)
    await editor.post(f"{path}/stop", {})
    over = await editor.client.get(f"/console{path}/progress?state=scheduled")
    assert over.headers["HX-Redirect"] == f"/console{path}"


async def test_hostile_text_is_shown_as_text_everywhere(
    clerks: dict[str, Clerk], client: httpx.AsyncClient, parts: Parts
) -> None:
    editor, approver = clerks["editor"], clerks["approver"]
    name = f"{HOSTILE}.txt"
    table = f"企业名称,统一社会信用代码,所在地,{HOSTILE}\n{HOSTILE},{credit_code(8800777)},衡南县,x\n"
    table += f"{HOSTILE},123,{HOSTILE},\n"
    await client.post("/api/v1/chat", json={"text": f"评上小巨人奖多少万{HOSTILE}"})
    preview = await editor.post("/import", {"kind": "firms"}, {"file": (name, table.encode())})
    ticket = re.search(r'name="ticket" value="([^"]+)"', preview)
    assert ticket is not None
    draft = {"title": HOSTILE, "text": HOSTILE, "category": "policy", "audience": f'称号 has {HOSTILE}" autofocus x="'}
    pages = [
        preview,
        await editor.post("/import/confirm", {"ticket": ticket[1]}),
        await editor.post("/documents", {"title": HOSTILE}, {"file": (name, DOCUMENT.encode() + HOSTILE.encode())}),
        await editor.get("/documents"),
        await editor.post("/documents", dict.fromkeys(("title", "source", "region", "level", "issued"), HOSTILE)),
        await editor.post("/announcements", draft),
        await editor.post("/announcements", {**draft, "category": HOSTILE, "offer_id": HOSTILE, "region": HOSTILE}),
        await editor.get("/announcements"),
        await approver.get(""),
        await editor.get("/questions"),
        await editor.post("/codes", {"firm": HOSTILE}),
        await editor.post("/codes", {"firm": HOSTILE, "provider": HOSTILE}),
        (await editor.client.post("/console/sign-in", data={"name": HOSTILE, "password": "x", "to": HOSTILE})).text,
        (await editor.client.get("/console/sign-in", params={"to": f'/console"{HOSTILE}'})).text,
        (await editor.client.get("/console/password", params={"token": HOSTILE})).text,
        await editor.get("/codes?done=" + HOSTILE),
    ]
    for number, page in enumerate(pages):
        assert "<img src=x" not in page, number
        assert '" autofocus x=' not in page, number
    assert sum("&lt;img src=x onerror=alert(1)&gt;" in page for page in pages) >= 10
    firm = next(firm for firm in await parts.firms.list() if firm.name == HOSTILE)
    assert "&lt;img" in await editor.post("/codes", {"firm": firm.id})


async def test_odd_addresses_are_no_error_of_ours(clerks: dict[str, Clerk]) -> None:
    for path in (
        "/announcements/%00",
        "/announcements/%F0%9F%92%A9",
        "/announcements/" + "a" * 500,
        "/questions?before=99999999999999999999",
        "/questions?before=-1",
        "/announcements/a-1/edit",
    ):
        assert (await clerks["editor"].client.get(f"/console{path}")).status_code in (404, 422), path
    await clerks["editor"].post("/questions/99999999999999999999/answer", {"text": "x"})
    assert clerks["editor"].status == 422
    for path, data in {"/codes": {"firm": "\x00"}, "/announcements": {"title": "a\x00b", "text": "\x00"}}.items():
        await clerks["editor"].post(path, data)
        assert clerks["editor"].status == 422


async def test_no_page_of_the_console_holds_a_script_or_style_of_its_own(clerks: dict[str, Clerk]) -> None:
    for path in ("", "/documents", "/import", "/announcements", "/announcements/new", "/questions", "/codes"):
        page = await clerks["editor"].get(path)
        assert not re.search(r"<style|<script(?! src=)|<[^>]*\s(?:on[a-z]+|style)=|<[^>]*javascript:", page), path
        assert re.search(r'<html lang="zh-CN">', page)
        assert page.count("<h1>") == 1
        assert page.count('aria-current="') == 1
        heading, title = re.search(r"<h1>([^<]+)</h1>", page), re.search(r"<title>([^<]+)</title>", page)
        assert heading is not None
        assert title is not None
        assert title[1] == f"{heading[1]} · 工作台 · 企伴"


async def test_an_audience_is_told_in_words() -> None:
    rule = "发明专利 >= 1 或 软件著作权 >= 3; 资产负债率 <= 60; region in 衡南县; dishonest_listed = 否"
    told = in_words(rule, catalogue(), date(2026, 11, 24))
    assert told[0] == "发明专利1项以上（含），或 软件著作权3项以上（含）"
    assert told[1] == "资产负债率不高于60%"
    assert told[2] == "所在地属于衡南县"
    assert len(told) == 4
    assert in_words("  ", catalogue(), date(2026, 11, 24)) == ()
    assert in_words("读不懂了", catalogue(), date(2026, 11, 24)) == ("读不懂了",)
