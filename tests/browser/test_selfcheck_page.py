"""The self-check on the chat page: begun with a button, answered by buttons, by typing, by keyboard alone, without
JavaScript."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from api import wording
from conversation import wording as spoken
from core.settings import CHECKOUT
from tests.browser.conftest import OpenPage
from tests.browser.test_chat_page import DESK, ask, sideways

pytestmark = pytest.mark.browser

TYPED = ("做机械加工的", "两千三百万", "2200万", "2000万元", "衡南县")
"""Answers to the first questions: industry, main revenue of three years, place."""
ROUGH = (TYPED[0], "1900万到2100万", "2000万元", "2000万元", TYPED[4])
"""The same of a firm whose revenue may reach the bound or not, and that did not grow: each verdict occurs."""


def start(page: Page) -> Locator:
    """Begin a self-check; its first turn."""
    page.locator(".welcome").get_by_role("button", name=wording.CHECK).click()
    return answered(page, 0)


def answered(page: Page, place: int) -> Locator:
    """The turn in this place, once it has its reply."""
    turn = page.locator(".turn").nth(place)
    expect(turn.locator(".words").first).to_be_visible()
    return turn


def press(page: Page, label: str) -> Locator:
    """Press a button of the newest reply; the turn that follows."""
    turns = page.locator(".turn").count()
    page.locator(".turn").last.get_by_role("button", name=label, exact=True).click()
    return answered(page, turns)


def bar(turn: Locator) -> tuple[int, int]:
    """Questions done and all questions, by the bar of progress."""
    shown = turn.get_by_role("progressbar")
    return int(str(shown.get_attribute("value"))), int(str(shown.get_attribute("max")))


def test_a_button_begins_it_and_the_progress_is_shown(open_page: OpenPage) -> None:
    page = open_page()
    turn = start(page)
    expect(turn.locator(".said")).to_contain_text(wording.CHECK)
    done, total = bar(turn)
    assert done == 0
    assert total > 10
    expect(turn.get_by_role("progressbar", name=f"还剩 {total} 题")).to_be_visible()
    following = press(page, spoken.BUTTON_SKIP)
    assert bar(following)[0] == 1
    expect(following.locator(".said")).to_contain_text(spoken.BUTTON_SKIP)


def test_every_button_of_a_question_is_large_enough_for_a_finger(open_page: OpenPage) -> None:
    page = open_page()
    start(page)
    for text in TYPED:
        turn = ask(page, text)
    buttons = turn.locator(".choices button").all()
    assert len(buttons) >= 8  # the kinds of firms, and the ways around the question
    for button in buttons:
        box = button.bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["width"] >= 44


def test_answers_may_be_typed_and_are_echoed(open_page: OpenPage) -> None:
    page = open_page()
    start(page)
    expect(page.get_by_label(wording.INPUT_LABEL)).to_have_attribute(
        "placeholder", wording.ANSWER_PLACEHOLDERS["industry"]
    )
    turn = ask(page, TYPED[0])
    expect(turn.locator(".words")).to_contain_text("记下了")
    expect(page.get_by_label(wording.INPUT_LABEL)).to_have_attribute(
        "placeholder", wording.ANSWER_PLACEHOLDERS["money"]
    )
    turn = ask(page, TYPED[1])
    expect(turn.locator(".words")).to_contain_text("2300万元")
    press(page, spoken.BUTTON_QUIT)
    expect(page.get_by_label(wording.INPUT_LABEL)).to_have_attribute("placeholder", wording.INPUT_PLACEHOLDER)


def test_only_the_newest_question_can_be_answered(open_page: OpenPage) -> None:
    page = open_page()
    first = start(page)
    press(page, spoken.BUTTON_SKIP)
    for button in first.locator(".choices button").all():
        expect(button).to_be_disabled()
    page.reload()
    expect(page.locator(".turn").first.locator(".choices button").first).to_be_disabled()
    assert bar(press(page, spoken.BUTTON_SKIP))[0] == 2  # what was asked before the reload goes on


def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(open_page: OpenPage) -> None:
    page = open_page()
    start(page)
    turn = ask(page, "负债率有要求吗")
    expect(turn.locator(".reply")).to_have_count(2)
    expect(turn.locator(".reply").first).to_contain_text("不高于70%")
    assert turn.locator(".reply").first.locator(".choices button:enabled").count() == 0
    expect(turn.locator(".reply").last.get_by_role("progressbar")).to_be_visible()


def test_the_verdict_is_read_line_by_line_with_its_clauses(open_page: OpenPage) -> None:
    page = open_page()
    start(page)
    for text in ROUGH:
        ask(page, text)
    turn = press(page, spoken.BUTTON_RESULT)
    expect(turn.locator(".notices")).to_contain_text("2025年12月31日")
    failed = turn.locator(".line.not_met").first
    expect(failed).to_be_visible()
    expect(failed.locator(".vh")).to_have_text(f"{wording.VERDICTS['not_met']}：")
    kinds = ("not_met", "unknown", "met")
    boxes = [turn.locator(f".line.{kind}").first.bounding_box() for kind in kinds]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == len(kinds)
    assert tops == sorted(set(tops))  # each begins a line of its own
    expect(turn.locator(".citations .label").first).to_have_text(wording.CITED)
    turn.locator("summary").first.click()
    expect(turn.locator("blockquote").first).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits_the_screen(open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 640})
    start(page)
    for text in TYPED:
        ask(page, text)
        assert not sideways(page)
    press(page, spoken.BUTTON_RESULT)
    assert not sideways(page)


def test_the_keyboard_goes_on_from_answer_to_answer(open_page: OpenPage) -> None:
    page = open_page(**DESK)
    page.locator(".start").first.focus()
    page.keyboard.press("Enter")
    turn = answered(page, 0)
    for place in range(1, 4):
        expect(turn.locator(".choices button").first).to_be_focused()
        page.keyboard.press("Space")
        turn = answered(page, place)
    assert bar(turn)[0] == 3
    page.keyboard.press("Tab")
    expect(turn.locator(".choices button").nth(1)).to_be_focused()


def test_a_mouse_or_a_typed_answer_leaves_the_keyboard_in_the_field(open_page: OpenPage) -> None:
    page = open_page(**DESK)
    field = page.get_by_label(wording.INPUT_LABEL)
    start(page)
    expect(field).to_be_focused()
    ask(page, TYPED[0])
    expect(field).to_be_focused()


def test_without_javascript_it_works(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.get_by_role("button", name=wording.CHECK).click()
    expect(page.locator("#newest").get_by_role("progressbar")).to_be_visible()
    page.get_by_label(wording.INPUT_LABEL).fill(TYPED[0])
    page.get_by_role("button", name=wording.SEND).click()
    expect(page.locator("#newest .words")).to_contain_text("记下了")
    page.locator("#newest").get_by_role("button", name=spoken.BUTTON_SKIP, exact=True).click()
    expect(page.locator(".turn")).to_have_count(3)
    page.locator("#newest").get_by_role("button", name=spoken.BUTTON_RESULT, exact=True).click()
    expect(page.locator("#newest .words").first).to_contain_text("自评结果")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_written_can_be_read(open_page: OpenPage, scheme: str) -> None:
    """WCAG 2.2 AA: 4.5 to 1."""
    page = open_page(color_scheme=scheme)
    start(page)
    for text in ROUGH:
        ask(page, text)
    turn = page.locator(".turn").last
    for part in (".progress span", ".choice:not(.aside)", ".choice.aside", ".line"):
        assert contrast(turn.locator(part).first) >= 4.5, part
    verdict = press(page, spoken.BUTTON_RESULT)
    for part in (".not_met .mark", ".unknown .mark", ".met .mark", ".notices"):
        assert contrast(verdict.locator(part).first) >= 4.5, part
    for button in page.locator(".start").all():
        assert contrast(button) >= 4.5


def contrast(place: Locator) -> float:
    """The contrast of a text's colour to what is behind it (WCAG 2.2, relative luminance)."""
    ink, ground = place.evaluate(
        """element => {
            let behind = element;
            const clear = /^rgba\\(.*, 0\\)$/;
            while (behind && clear.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
            return [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
        }"""
    )
    lighter, darker = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.skipif("QIBAN_SCREENSHOTS" not in os.environ, reason="QIBAN_SCREENSHOTS is not set")
def test_screenshots(open_page: OpenPage) -> None:
    folder = CHECKOUT / "docs" / "screenshots"
    page = open_page()
    page.screenshot(path=folder / "phone-start.png")
    start(page)
    for text in TYPED:
        ask(page, text)
    page.screenshot(path=folder / "phone-check.png")
    press(page, spoken.BUTTON_RESULT)
    page.screenshot(path=folder / "phone-verdict.png")
