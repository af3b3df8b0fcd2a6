"""The chat page as an owner of a firm meets it, on a phone and with whatever else."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from api import wording
from core.settings import CHECKOUT
from knowledge import base
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser

DESK: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "has_touch": False,
    "is_mobile": False,
    "device_scale_factor": 1,
}
QUESTION = "负债率有要求吗"


def ask(page: Page, text: str = QUESTION) -> Locator:
    """Type a question, press Enter and wait for the replies; the new turn."""
    turns = page.locator(".turn").count()
    page.get_by_label(wording.INPUT_LABEL).fill(text)
    page.get_by_label(wording.INPUT_LABEL).press("Enter")
    expect(page.locator(".turn")).to_have_count(turns + 1)
    turn = page.locator(".turn").nth(turns)
    expect(turn.locator(".words").first).to_be_visible()
    return turn


def in_view(page: Page, place: Locator) -> bool:
    box, size = place.bounding_box(), page.viewport_size
    assert box
    assert size
    return box["y"] + min(box["height"], 40) > 0 and box["y"] < size["height"]


def sideways(page: Page) -> bool:
    """Whether the page can be scrolled sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide


def test_a_question_is_answered_and_followed_to_its_place_in_the_original(open_page: OpenPage) -> None:
    page = open_page()
    turn = ask(page)
    expect(turn.locator(".said")).to_contain_text(QUESTION)
    expect(turn.locator(".notices")).to_contain_text("2025年12月31日")
    expect(turn.locator(".words")).to_contain_text("不高于70%")
    assert in_view(page, turn.locator(".said"))
    quote = turn.locator("blockquote").first
    expect(quote).to_be_hidden()
    turn.locator("summary").first.click()
    expect(quote).to_be_visible()
    words = quote.inner_text()
    turn.get_by_role("link", name=wording.SEE_IN_PLACE).first.click()
    mark = page.locator("#quote")
    expect(mark).to_have_text(words)
    expect(mark).to_be_in_viewport()


def test_a_link_without_the_anchor_leads_to_the_quote_too(open_page: OpenPage) -> None:
    page = open_page()
    turn = ask(page)
    turn.locator("summary").first.click()
    link = turn.get_by_role("link", name=wording.SEE_IN_PLACE).first.get_attribute("href")
    page.goto(str(link).replace("#quote", ""))
    expect(page.locator("#quote")).to_be_in_viewport()


def test_a_reload_keeps_the_conversation_at_its_end(open_page: OpenPage) -> None:
    page = open_page()
    for text in ("你好", QUESTION, "今天天气怎么样"):
        ask(page, text)
    page.reload()
    expect(page.locator(".turn")).to_have_count(3)
    expect(page.locator(".said").nth(1)).to_contain_text(QUESTION)
    expect(page.locator(".reply.declined .tag")).to_have_text(wording.STATUS["declined"])
    expect(page.locator("#newest .said")).to_be_in_viewport()


def test_a_quick_reply_asks_its_question_and_older_ones_rest(open_page: OpenPage) -> None:
    page = open_page()
    first = ask(page)
    button = first.locator(".choices button").first
    label = button.inner_text()
    button.click()
    second = page.locator(".turn").nth(1)
    expect(second.locator(".said")).to_contain_text(label)
    expect(second.locator(".words").first).to_be_visible()
    for old in first.locator(".choices button").all():
        expect(old).to_be_disabled()
    page.reload()
    expect(page.locator(".said").nth(1)).to_contain_text(label)
    expect(page.locator(".turn").first.locator(".choices button").first).to_be_disabled()


def test_a_starter_asks_its_question(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name=base.starters()[0]).tap()
    expect(page.locator(".turn .citation")).to_be_visible()
    expect(page.locator(".said")).to_contain_text(base.starters()[0])


def test_a_new_conversation_is_empty(open_page: OpenPage) -> None:
    page = open_page()
    ask(page)
    page.get_by_role("button", name=wording.NEW_CHAT).click()
    expect(page.locator(".turn")).to_have_count(0)
    page.reload()
    expect(page.locator(".turn")).to_have_count(0)


def test_two_browsers_have_two_conversations(open_page: OpenPage) -> None:
    ask(open_page())
    expect(open_page().locator(".turn")).to_have_count(0)


def test_without_javascript_asking_works(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.get_by_label(wording.INPUT_LABEL).fill(QUESTION)
    page.get_by_role("button", name=wording.SEND).click()
    expect(page.locator(".words")).to_contain_text("不高于70%")
    assert page.url.endswith("/#newest")
    page.locator("summary").first.click()
    expect(page.locator("blockquote").first).to_be_visible()
    page.locator("#newest .choices button").first.click()
    expect(page.locator(".turn")).to_have_count(2)
    page.get_by_role("button", name=base.starters()[1]).click()
    expect(page.locator(".turn")).to_have_count(3)
    page.get_by_role("button", name=wording.NEW_CHAT).click()
    expect(page.locator(".turn")).to_have_count(0)


def test_a_failed_message_can_be_sent_again(open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page()
    page.route("**/chat/messages", lambda route: route.abort())
    page.get_by_label(wording.INPUT_LABEL).fill(QUESTION)
    page.get_by_label(wording.INPUT_LABEL).press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".said")).to_contain_text(QUESTION)
    page.unroute("**/chat/messages")
    page.get_by_role("button", name=wording.RETRY).click()
    expect(page.locator(".words")).to_contain_text("不高于70%")
    expect(page.get_by_role("alert")).to_have_count(0)
    complaints.clear()


def test_a_message_whose_answer_was_lost_counts_once(open_page: OpenPage, complaints: list[str]) -> None:
    """The service had it, the line broke on the way back: sent again it gets the same answer, and stands there once."""
    page = open_page()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/chat/messages", lose)
    page.get_by_label(wording.INPUT_LABEL).fill(QUESTION)
    page.get_by_label(wording.INPUT_LABEL).press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute("**/chat/messages")
    page.get_by_role("button", name=wording.RETRY).click()
    expect(page.locator(".words")).to_contain_text("不高于70%")
    page.reload()
    expect(page.locator(".turn")).to_have_count(1)
    complaints.clear()


def test_a_refusal_of_the_service_is_shown_in_its_words(open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page()
    problem = '{"detail": "服务暂时不可用，请稍后再试。"}'
    page.route("**/chat/messages", lambda route: route.fulfill(status=400, body=problem))
    page.get_by_label(wording.INPUT_LABEL).fill(QUESTION)
    with page.expect_response("**/chat/messages"):
        page.get_by_label(wording.INPUT_LABEL).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("服务暂时不可用")
    complaints.clear()


def test_waiting_is_shown(open_page: OpenPage) -> None:
    page = open_page()
    held: list[Route] = []
    page.route("**/chat/messages", lambda route: held.append(route))
    page.get_by_label(wording.INPUT_LABEL).fill(QUESTION)
    page.get_by_label(wording.INPUT_LABEL).press("Enter")
    expect(page.locator(".pending")).to_contain_text(wording.PENDING)
    expect(page.get_by_label(wording.INPUT_LABEL)).to_have_value("")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator(".pending")).to_have_count(0)
    expect(page.locator(".words")).to_be_visible()


def test_enter_sends_but_not_within_a_word_or_with_shift(open_page: OpenPage) -> None:
    page = open_page(**DESK)
    field = page.get_by_label(wording.INPUT_LABEL)
    field.press_sequentially("fuzhailv")
    for extra in ("isComposing: true", "keyCode: 229"):
        field.evaluate(
            f"field => field.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, {extra}}}))"
        )
    field.press("Shift+Enter")
    field.press_sequentially("youyaoqiuma")
    expect(field).to_have_value("fuzhailv\nyouyaoqiuma")
    expect(page.locator(".turn")).to_have_count(0)
    field.fill("   ")
    field.press("Enter")
    expect(page.locator(".turn")).to_have_count(0)
    field.fill(QUESTION)
    field.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)
    expect(field).to_be_focused()


def test_the_field_grows_with_what_is_typed_up_to_a_limit(open_page: OpenPage) -> None:
    page = open_page()
    field = page.get_by_label(wording.INPUT_LABEL)
    heights = []
    for lines in (1, 3, 40):
        field.fill("\n".join(["一行"] * lines))
        box = field.bounding_box()
        assert box
        heights.append(box["height"])
    assert heights[0] < heights[1] < heights[2] < 200
    expect(page.get_by_role("button", name=wording.SEND)).to_be_in_viewport()


def test_the_keyboard_alone_is_enough(open_page: OpenPage) -> None:
    page = open_page(**DESK)
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name=base.starters()[-1])).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".turn .words")).to_be_visible()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("blockquote").first).to_be_visible()


def test_a_screen_reader_finds_its_way(open_page: OpenPage) -> None:
    page = open_page()
    ask(page)
    expect(page.get_by_role("log", name=wording.LOG_LABEL)).to_have_attribute("aria-live", "polite")
    expect(page.get_by_role("textbox", name=wording.INPUT_LABEL)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(wording.WELCOME_TITLE)
    expect(page.get_by_role("note", name=wording.NOTICE_LABEL)).to_be_visible()
    named = "e.textContent.trim() || e.ariaLabel || e.labels?.length"
    unnamed = f"[...document.querySelectorAll('button, a, textarea')].filter(e => !({named})).length"
    assert page.evaluate(unnamed) == 0


def test_what_can_be_pressed_is_large_enough_for_a_finger(open_page: OpenPage) -> None:
    page = open_page()
    ask(page)
    for place in page.locator("button:visible, summary:visible").all():
        box = place.bounding_box()
        assert box
        assert box["height"] >= 44


def test_an_attack_is_shown_as_text(open_page: OpenPage) -> None:
    page = open_page()
    attack = "<img src=x onerror=alert(1)>负债率"
    turn = ask(page, attack)
    expect(turn.locator("[data-said]")).to_have_text(attack)
    page.reload()
    expect(page.locator("[data-said]").first).to_have_text(attack)


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1280])
def test_no_page_scrolls_sideways(open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 640})
    assert not sideways(page)
    for text in ("申报条件有哪些", "补贴多少钱", "x" * 300, "https://example.cn/" + "a" * 200):
        turn = ask(page, text)
        for summary in turn.locator("summary").all():
            summary.click()
        assert not sideways(page)
    link = page.locator(".source a").first.get_attribute("href")
    for path in (str(link), "/documents"):
        page.goto(path)
        assert not sideways(page)


def test_light_and_dark(open_page: OpenPage) -> None:
    colours = {
        scheme: open_page(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert colours["light"] != colours["dark"]


def test_a_missing_page_is_in_chinese(open_page: OpenPage) -> None:
    page = open_page()
    response = page.request.get("/nope", headers={"Accept": "text/html"})
    assert response.status == 404
    page.set_content(response.text())
    expect(page.get_by_role("heading", level=1)).to_have_text(wording.TITLES[404])


def test_the_api_documentation_shows_from_our_own_files(open_page: OpenPage) -> None:
    page = open_page("/api/v1/docs", **DESK)
    expect(page.get_by_text("/api/v1/questions", exact=True)).to_be_visible()
    page.get_by_text("/api/v1/questions", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")


@pytest.mark.skipif("QIBAN_SCREENSHOTS" not in os.environ, reason="QIBAN_SCREENSHOTS is not set")
def test_screenshots(open_page: OpenPage) -> None:
    folder = CHECKOUT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    for name, options in {"phone": {}, "desktop": DESK}.items():
        page = open_page(**options)
        ask(page).locator("summary").first.click()
        page.screenshot(path=folder / f"{name}-answer.png")
        ask(page, "补贴多少钱")
        page.screenshot(path=folder / f"{name}-declined.png")
        page.goto(str(page.locator(".source a").first.get_attribute("href")))
        page.screenshot(path=folder / f"{name}-original.png")
