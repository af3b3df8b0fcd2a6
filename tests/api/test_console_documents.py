"""The desk sees what was read of a document, corrects it, and takes it out only when it is sure."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from qiban.bootstrap import Services
from tests.api.test_console import Clerk, _clerk

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = "临江市小企业认定办法\n临工信发〔2021〕12号\n第一条 奖励20万元。\n2021年4月20日\n"
NEW = (
    "临江市小企业认定管理办法（征求意见稿）\n临工信规〔2025〕3号\n第一条 奖励15万元。\n"
    "第二条 本办法自2025年7月1日起施行，《临江市小企业认定办法》（临工信发〔2021〕12号）同时废止。\n2025年6月10日\n"
)
SHELL = (
    "<html><head><meta charset='utf-8'></head><body><h1>关于印发《临江市小企业奖励办法》的通知</h1>"
    "<p>各县区：《临江市小企业奖励办法》已经市政府同意，现印发给你们。</p><p>（详见附件）</p></body></html>"
)


async def take_in(clerk: Clerk, text: str, name: str = "文件.txt", **fields: str) -> str:
    """The id of what was uploaded, from the report's page."""
    page = await clerk.post("/documents", fields, {"file": (name, text.encode())})
    assert clerk.status == 200, page
    found = re.search(r'class="choice" href="/console/documents/([^"#?]+)"', page)
    assert found is not None
    return found[1]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def editor(shared: Services) -> Clerk:
    return await _clerk(shared.parts(), "示例文件员", "editor")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def county(shared: Services) -> Clerk:
    return await _clerk(shared.parts(), "示例县文件员", "editor", "430422")


def form_of(page: str) -> dict[str, str]:
    """What the form to correct a record holds."""
    fields: dict[str, str] = dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', page))
    fields |= {
        name: chosen[1]
        for name, body in re.findall(r'<select id="([a-z_]+)"[^>]*>(.*?)</select>', page, re.S)
        if (chosen := re.search(r'value="([^"]*)" selected', body))
    }
    return {name: value for name, value in fields.items() if name not in ("csrf", "sure")}


async def test_a_draft_is_published_and_then_replaces_the_old_one(editor: Clerk, shared: Services) -> None:
    old = await take_in(editor, OLD)
    new = await take_in(editor, NEW)
    page = await editor.get(f"/documents/{new}")
    assert "征求意见稿或草案" in page
    assert "临江市小企业认定办法" in page
    saved = await editor.post(f"/documents/{new}", {**form_of(page), "title": "临江市小企业认定管理办法", "draft": "0"})
    assert "已保存" in saved
    assert "已被取代" in await editor.get(f"/documents/{old}")
    assert "2025年7月1日" in await editor.get(f"/documents/{old}")
    for one in (new, old):
        await shared.library.remove(one)


async def test_who_saves_second_is_told_and_loses_nothing_typed(editor: Clerk, shared: Services) -> None:
    document = await take_in(editor, OLD)
    seen = form_of(await editor.get(f"/documents/{document}"))
    await editor.post(f"/documents/{document}", {**seen, "issuer": "临江市甲局"})
    page = await editor.post(f"/documents/{document}", {**seen, "issuer": "临江市乙局"})
    assert editor.status == 409
    assert 'role="alert"' in page
    assert "临江市乙局" in page
    assert (await shared.library.get(document)).issuer == "临江市甲局"
    await shared.library.remove(document)


async def test_only_what_was_changed_changes(editor: Clerk, shared: Services) -> None:
    document = await take_in(editor, OLD)
    before = await shared.library.get(document)
    await editor.post(
        f"/documents/{document}", {**form_of(await editor.get(f"/documents/{document}")), "valid_to": "2027-01-01"}
    )
    after = await shared.library.get(document)
    assert after.valid_to is not None
    assert (after.title, after.number, after.region, after.issued, after.valid_from, after.draft) == (
        before.title, before.number, before.region, before.issued, before.valid_from, before.draft,
    )  # fmt: skip
    for wrong in ({"title": ""}, {"level": "乡级"}, {"issued": "昨天"}, {"region": ""}, {"valid_from": "2030-01-01"}):
        page = await editor.get(f"/documents/{document}")
        assert 'role="alert"' in await editor.post(f"/documents/{document}", {**form_of(page), **wrong})
        assert editor.status == 422, wrong
    await shared.library.remove(document)


async def test_a_document_goes_only_when_it_is_sure(editor: Clerk, shared: Services) -> None:
    document = await take_in(editor, OLD)
    assert "没有移除" in await editor.post(f"/documents/{document}/remove", {})
    assert editor.status == 422
    assert await shared.library.holds(document)
    assert "已移除" in await editor.post(f"/documents/{document}/remove", {"sure": "1"})
    assert not await shared.library.holds(document)
    await editor.post(f"/documents/{document}/remove", {"sure": "1"})
    assert editor.status == 404


async def test_missing_attachments_are_listed_until_they_are_there(editor: Clerk, shared: Services) -> None:
    shell = await take_in(editor, SHELL, "通知.html")
    listed = await editor.get("/documents")
    assert "缺少的附件" in listed
    assert "正文在附件里" in await editor.get(f"/documents/{shell}")
    body = await take_in(editor, "临江市小企业奖励办法\n第一条 奖励3万元。\n")
    assert "临江市小企业奖励办法（<a" not in await editor.get("/documents")
    for one in (shell, body):
        await shared.library.remove(one)


async def test_county_staff_see_but_do_not_change(editor: Clerk, county: Clerk, shared: Services) -> None:
    document = await take_in(editor, OLD)
    page = await county.get(f"/documents/{document}")
    assert "临江市小企业认定办法" in page
    assert 'name="sure"' not in page
    for path, fields in (("", {"title": "改"}), ("/remove", {"sure": "1"})):
        await county.post(f"/documents/{document}{path}", fields)
        assert county.status == 403
    assert (await shared.library.get(document)).title == "临江市小企业认定办法"
    await shared.library.remove(document)


async def test_a_page_of_no_document_is_not_there(editor: Clerk) -> None:
    for path in ("nope", "%00", "a" * 300):
        assert (await editor.client.get(f"/console/documents/{path}")).status_code == 404
