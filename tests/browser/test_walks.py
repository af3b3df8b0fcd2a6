"""Two walks through the whole service: the clerks' at the console, and an owner's and a provider's in the chat."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from api import wording
from api.console import wording as desk
from conversation import partner_wording, wording_seeking
from core.settings import CHECKOUT
from tests.browser.conftest import PHONE, Office, OpenPage
from tests.browser.office import APPROVER, EDITOR, FIRM, PROVIDER
from tests.browser.test_chat_page import DESK, ask, sideways

pytestmark = pytest.mark.browser

PASSWORD = "一串足够长的口令 2026"
HOSTILE = "<img src=x onerror=alert(1)>有限公司"
DOCUMENT = "衡阳市示例产业扶持办法\n\n第一条　本办法适用于示例企业。\n\n第二条　每家企业补助示例金额7万元。\n"
TABLE = f"企业名称,所在地,备注\n{HOSTILE},衡南县,无\n示例步行有限公司,雁峰区,\n示例坏行公司,不知道哪里,\n"
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
NOTICE_MS = 30_000
"""A notice shows within 20 seconds, and the machine may be busy."""


def picture(page: Page, name: str, *, full_page: bool = False) -> None:
    """A screenshot for the documentation, where QIBAN_SCREENSHOTS is set."""
    if "QIBAN_SCREENSHOTS" in os.environ:
        page.screenshot(path=CHECKOUT / "docs" / "screenshots" / f"{name}.png", full_page=full_page)


def sign_in(page: Page, office: Office, name: str) -> None:
    """Set the password by the link, then sign in with it."""
    page.goto(f"/console/password?token={office.links[name]}")
    expect(page.get_by_label(desk.NAME)).to_have_value(name)
    page.get_by_label(desk.NEW_PASSWORD).fill(PASSWORD)
    page.get_by_label(desk.REPEAT_PASSWORD).fill(PASSWORD)
    page.get_by_role("button", name=desk.SET_PASSWORD).click()
    page.get_by_label(desk.NAME).fill(name)
    page.get_by_label(desk.PASSWORD).fill(PASSWORD)
    page.get_by_role("button", name=desk.SIGN_IN).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(desk.HOME)


def go(page: Page, name: str) -> None:
    """To a page of the console, as a clerk does; it can be used by everybody."""
    page.get_by_role("navigation", name=desk.CONSOLE).get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator(".tabs [aria-current]")).to_have_text(name)
    check(page)


def check(page: Page) -> None:
    """Landmarks, headings, labels, places for a finger; nothing scrolls sideways."""
    assert page.locator("h1").count() == 1
    assert page.get_by_role("main").count() == 1
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    fields = "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
    assert page.evaluate(f"{fields}.filter(field => !field.labels.length && !field.ariaLabel).map(f => f.name)") == []
    ids = "[...document.querySelectorAll('[id]')].map(e => e.id)"
    assert page.evaluate(f"{ids}.length === new Set({ids}).size")
    described = "[...document.querySelectorAll('[aria-describedby]')].flatMap(e => e.getAttribute('aria-describedby')"
    assert page.evaluate(f"{described}.split(' ')).filter(id => id && !document.getElementById(id))") == []
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(e => +e.tagName[1])")
    assert all(below - above <= 1 for above, below in pairwise(levels)), levels
    for place in page.locator("main button:visible, main a.start:visible, .tabs a, summary:visible").all():
        box = place.bounding_box()
        assert box
        assert box["height"] >= 44, place.inner_text()
    assert not sideways(page)


def test_clerks_take_in_a_document_and_a_table_and_send_an_announcement(
    open_office: OpenPage, office: Office, complaints: list[str]
) -> None:
    page = open_office("/console", **DESK)
    check(page)
    sign_in(page, office, EDITOR)
    check(page)

    go(page, desk.DOCUMENTS)
    page.get_by_label(desk.FILE, exact=True).set_input_files(
        {"name": f"{HOSTILE}.txt", "mimeType": "text/plain", "buffer": DOCUMENT.encode("gb18030")}
    )
    page.get_by_label(desk.DOCUMENT_TITLE, exact=True).fill("示例产业扶持办法")
    page.get_by_role("button", name=desk.UPLOAD).click()
    expect(page.get_by_role("status")).to_have_text(desk.STATUS["ready"])
    expect(page.locator(".facts")).to_contain_text(HOSTILE)
    check(page)

    go(page, desk.IMPORT)
    page.get_by_label(desk.WHAT).select_option(label=desk.IMPORT_KINDS["firms"])
    page.get_by_label(desk.FILE, exact=True).set_input_files(
        {"name": "企业名录.csv", "mimeType": "text/csv", "buffer": TABLE.encode("gb18030")}
    )
    page.get_by_role("button", name=desk.PREVIEW).click()
    expect(page.locator("main")).to_contain_text(desk.PREVIEWED)
    expect(page.get_by_role("group", name=desk.ERRORS)).to_contain_text("不知道哪里")
    check(page)
    picture(page, "console-import")
    page.get_by_role("button", name=desk.CONFIRM.format(count=2)).click()
    expect(page.get_by_role("status")).to_have_text(desk.IMPORTED)

    go(page, desk.ANNOUNCEMENTS)
    page.get_by_role("link", name=desk.NEW_ANNOUNCEMENT).click()
    page.get_by_label(desk.HEADLINE).fill("知识产权质押融资对接会")
    page.get_by_label(desk.TEXT).fill("有发明专利的企业可以报名，现场对接银行。\n名额有限，请尽早报名。")
    page.get_by_label(desk.CATEGORY).select_option(label=desk.CATEGORIES["event"])
    page.get_by_label(desk.AUDIENCE).fill("发明专利 至少 1")
    page.get_by_label(desk.LINKED).fill("示例-E01")
    check(page)
    page.get_by_role("button", name=desk.SAVE_DRAFT).click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label(desk.AUDIENCE)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label(desk.HEADLINE)).to_have_value("知识产权质押融资对接会")
    complaints.clear()  # the browser itself remarks that the form was not accepted
    check(page)
    page.get_by_label(desk.AUDIENCE).fill("发明专利 >= 1; 资产负债率 <= 60")
    page.get_by_role("button", name=desk.SAVE_DRAFT).click()
    expect(page.get_by_role("status")).to_have_text(desk.CREATED)
    expect(page.locator("main")).to_contain_text("发明专利1项以上（含）")
    expect(page.get_by_role("button", name=desk.APPROVE)).to_have_count(0)
    check(page)
    announcement = page.url.partition("?")[0]

    other = open_office("/console", **SMALL, color_scheme="dark")
    sign_in(other, office, APPROVER)
    check(other)
    wide = open_office("/console", **DESK, storage_state=other.context.storage_state())
    picture(wide, "console-home")
    other.get_by_role("link", name="知识产权质押融资对接会").click()
    check(other)
    wide.goto(announcement)
    picture(wide, "console-announcement", full_page=True)
    other.get_by_role("button", name=desk.APPROVE).click()
    expect(other.get_by_role("status")).to_have_text(desk.APPROVED)
    for name in (desk.QUESTIONS, desk.DOCUMENTS, desk.IMPORT, desk.CODES, desk.ANNOUNCEMENTS, desk.HOME):
        go(other, name)

    page.goto(announcement)
    page.get_by_label(desk.SEND_AT).fill("2026-12-01T09:00")
    page.get_by_role("button", name=re.compile("^发送给 [0-9]+ 家企业$")).click()
    expect(page.locator("main")).to_contain_text("定于 2026-12-01 09:00 发送")
    expect(page.locator("#progress")).to_contain_text(desk.PROGRESS_WAITS)
    check(page)
    other.goto(announcement)
    other.locator("summary", has_text=desk.STOP).click()
    other.get_by_role("button", name=desk.STOP_SURE).click()
    expect(other.locator("main .state").first).to_have_text(desk.STATES["stopped"])
    page.wait_for_url(announcement)  # the progress found it stopped, and led to the page as it is now
    expect(page.locator("main .state").first).to_have_text(desk.STATES["stopped"])
    expect(page.locator("#progress")).to_have_count(0)


def last(page: Page) -> Locator:
    return page.locator(".turn").last


def press(page: Page, button: Locator) -> Locator:
    """Press a button and wait for the replies; the new turn."""
    turns = page.locator(".turn").count()
    button.click()
    turn = page.locator(".turn").nth(turns)
    expect(turn.locator(".words").first).to_be_visible()
    return turn


def test_an_owner_finds_a_university_and_both_hear_of_each_other(open_office: OpenPage, office: Office) -> None:
    provider = open_office()
    ask(provider, f"绑定 {office.codes[PROVIDER]}")
    expect(provider.locator("#inbox button")).to_have_count(0)
    owner = open_office()
    turn = ask(owner, f"绑定 {office.codes[FIRM]}")
    expect(turn).to_contain_text(FIRM)

    press(owner, turn.get_by_role("button", name=partner_wording.BUTTON_MATCH))
    matches = press(owner, last(owner).get_by_role("button", name=wording_seeking.KIND_LABELS["university"]))
    wishes = matches.get_by_role("button", name="有意向")
    assert wishes.count() >= 3
    assert wishes.count() == matches.locator(".card button").count()
    title = matches.locator(".card h3").first.inner_text()
    picture(owner, "phone-match")
    turn = press(owner, matches.locator(".card", has_text=PROVIDER).get_by_role("button"))
    expect(turn.locator(".said")).to_contain_text(title)
    expect(turn.locator(".words")).to_contain_text("对方同意前，双方都看不到联系方式")
    turn = press(owner, turn.get_by_role("button", name=partner_wording.BUTTON_AGREE))
    expect(turn.locator(".words")).to_contain_text(PROVIDER)
    for wish in wishes.all():  # who asks one may ask another
        expect(wish).to_be_enabled()
    expect(matches.get_by_role("button", name=partner_wording.BUTTON_OTHER_KIND)).to_be_disabled()

    inbox = provider.locator("#inbox")
    expect(inbox).to_have_attribute("role", "status")
    expect(inbox.get_by_role("button")).to_have_text(wording.INBOX.format(count=1), timeout=NOTICE_MS)
    provider.set_viewport_size(SMALL["viewport"])
    assert not sideways(provider)
    for place in provider.locator("nav button, nav a").all():
        expect(place).to_be_in_viewport(ratio=1)
    provider.set_viewport_size(PHONE["viewport"])
    notice = press(provider, inbox.get_by_role("button"))
    expect(inbox.get_by_role("button")).to_have_count(0)
    expect(notice).to_contain_text(title)
    expect(notice).not_to_contain_text("0734-0000101")
    picture(provider, "phone-inbox")
    turn = press(provider, notice.get_by_role("button", name=re.compile("^同意")))
    expect(turn).to_contain_text("0734-0000101")
    assert not sideways(provider)

    expect(owner.locator("#inbox button")).to_be_visible(timeout=NOTICE_MS)
    notice = press(owner, owner.locator("#inbox button"))
    turn = press(owner, notice.get_by_role("button", name=partner_wording.BUTTON_CONTACTS))
    expect(turn).to_contain_text("0734-0000001")
    owner.reload()
    expect(owner.locator("main")).not_to_contain_text("0734-0000001")
    expect(owner.locator("main")).not_to_contain_text(office.codes[FIRM])
