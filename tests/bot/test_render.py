"""What a message looks like in Telegram, and where a long one is cut."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import wording
from bot.render import _UNSENDABLE, MARKUP_LIMIT, TEXT_LIMIT, Part, keyboard, render
from bot.split import grapheme_boundaries, split
from core.text import clean
from messaging.messages import Attachment, Card, Choice, OutMessage, Quote
from tests.telegram_server import parse_html, utf16

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇨🇳"
NUMBERING = re.compile(r"\A\(\d+/\d+\)\n")


def visible(part: Part) -> str:
    return parse_html(part.html)[0]


def one(message: OutMessage) -> Part:
    (part,) = render(message)
    return part


def test_a_plain_text_is_escaped_and_nothing_more() -> None:
    part = one(OutMessage("研发 & 投入 <b>\"3%\"</b> 'x' &amp;"))
    assert part.html == "研发 &amp; 投入 &lt;b&gt;\"3%\"&lt;/b&gt; 'x' &amp;amp;"
    assert part.text == "研发 & 投入 <b>\"3%\"</b> 'x' &amp;"
    assert part.markup is None


def test_notices_come_first_then_text_then_quotes_then_files() -> None:
    part = one(
        OutMessage(
            "要两千万元。",
            notices=("该规划已于2025-12-31到期", "请以最新通知为准"),
            quotes=(Quote("《规划》四、(一)2、", "主营业务收入 <2000万元>", "https://q.example/d?a=1&b=2"),),
            attachments=(Attachment("报告.pdf", "application/pdf", "https://q.example/r.pdf"),),
        )
    )
    assert part.html == (
        "⚠️ 该规划已于2025-12-31到期\n⚠️ 请以最新通知为准\n\n要两千万元。\n\n"
        "<b>《规划》四、(一)2、</b>\n"
        "<blockquote expandable>主营业务收入 &lt;2000万元&gt;</blockquote>\n"
        '<a href="https://q.example/d?a=1&amp;b=2">查看原文</a>\n\n'
        '📎 <a href="https://q.example/r.pdf">报告.pdf</a>'
    )
    text, entities = parse_html(part.html)
    assert text == part.text
    assert [entity["type"] for entity in entities] == ["bold", "expandable_blockquote", "text_link", "text_link"]
    assert entities[2]["url"] == "https://q.example/d?a=1&b=2"


def test_a_quote_that_is_in_the_text_is_not_said_twice() -> None:
    words = "主营业务收入2000万元以上"
    part = one(OutMessage(f"原文写道：“{words}”。", quotes=(Quote("《规划》", words, "https://q.example/d"),)))
    assert part.text.count(words) == 1
    assert "blockquote" not in part.html
    assert '<b>《规划》</b>\n<a href="https://q.example/d">' in part.html


@pytest.mark.parametrize("url", [None, "", "/documents/1", "javascript:alert(1)", "https://q.example/" + "x" * 3000])
def test_without_a_usable_address_there_is_no_link(url: str | None) -> None:
    assert "<a" not in one(OutMessage("甲", quotes=(Quote("《规划》", "乙", url),))).html


def test_an_address_cannot_break_out_of_its_attribute() -> None:
    url = "https://q.example/\"><script>'&x"
    _, entities = parse_html(one(OutMessage("甲", quotes=(Quote("《规划》", "乙", url),))).html)
    assert entities[-1]["url"] == url


def test_what_cannot_be_sent_is_left_out_and_joiners_stay() -> None:
    message = OutMessage(f"a\x00b\ud83dc\r\nd{FAMILY}\u202e", notices=("n\x07",), quotes=(Quote("s\udc00", "q\x01"),))
    assert one(message).text == f"⚠️ n\n\nab{'c'}\nd{FAMILY}\n\ns\nq"


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "\u200b\ufeff"])
def test_nothing_to_show_is_no_message(text: str) -> None:
    assert render(OutMessage(text)) == []


def test_buttons_without_a_text_get_one() -> None:
    part = one(OutMessage("", choices=(Choice("yes::0", "是"),)))
    assert part.text == wording.CHOOSE
    assert part.markup is not None


class TestButtons:
    """Short labels share a row, long ones do not."""

    def rows(self, *labels: str) -> list[list[str]]:
        markup = keyboard([Choice(f"pick:{number}:0", label) for number, label in enumerate(labels)])
        assert markup is not None
        return [[button.text for button in row] for row in markup.inline_keyboard]

    def test_rows(self) -> None:
        assert self.rows("是", "否", "不清楚", "先看看资金类的支持", "算了") == [
            ["是", "否"],
            ["不清楚"],
            ["先看看资金类的支持"],
            ["算了"],
        ]

    def test_the_data_is_the_choices_id(self) -> None:
        markup = keyboard([Choice("pick:a:7", "好")])
        assert markup is not None
        assert markup.inline_keyboard[0][0].callback_data == "pick:a:7"

    def test_a_long_label_is_clipped_between_characters(self) -> None:
        ((label,),) = self.rows(FAMILY * 60)
        assert label == FAMILY * 39 + "…"

    @pytest.mark.parametrize("label", ["", "  ", "\x00", "\ud83d", "\u200b"])
    def test_a_blank_label_is_replaced(self, label: str) -> None:
        assert self.rows(label) == [[wording.UNNAMED_CHOICE]]

    def test_line_ends_in_a_label_become_blanks(self) -> None:
        assert self.rows("一\n二") == [["一 二"]]

    def test_no_choices_no_keyboard(self) -> None:
        assert keyboard([]) is None


class TestCuts:
    """A long text is cut where a reader would."""

    def parts(self, text: str) -> list[str]:
        return [NUMBERING.sub("", part.text) for part in render(OutMessage(text))]

    def test_parts_are_numbered_and_the_buttons_are_under_the_last(self) -> None:
        parts = render(OutMessage("长" * 9000, choices=(Choice("yes::0", "是"),)))
        assert [part.text[:6] for part in parts] == ["(1/3)\n", "(2/3)\n", "(3/3)\n"]
        assert [part.markup is not None for part in parts] == [False, False, True]

    def test_a_text_that_just_fits_is_one_part(self) -> None:
        assert len(render(OutMessage("长" * TEXT_LIMIT))) == 1
        assert len(render(OutMessage("长" * (TEXT_LIMIT + 1)))) == 2
        assert len(render(OutMessage("😀" * (TEXT_LIMIT // 2)))) == 1
        assert len(render(OutMessage("😀" * (TEXT_LIMIT // 2) + "a"))) == 2

    def test_a_paragraph_is_preferred_to_a_line_and_a_line_to_a_sentence(self) -> None:
        first = "甲" * 2900 + "。\n" + "乙" * 90
        assert self.parts(first + "\n\n" + "丙" * 500 + "。\n" + "丁" * 3000)[0] == first
        line = "甲" * 2900 + "。" + "乙" * 90
        assert self.parts(line + "\n" + "丙" * 500 + "。" + "丁" * 3000)[0] == line

    @pytest.mark.parametrize("mark", ["。", "；", "！", "？", "。”", "？）"])
    def test_a_sentence_keeps_its_mark(self, mark: str) -> None:
        sentence = "甲，" * 1700 + mark
        assert self.parts(sentence + "乙，" * 1000)[0] == sentence

    @pytest.mark.parametrize("label", ["（一）", "(2)", "1、", "12.", "三、", "①", "第九条", "-"])
    @pytest.mark.parametrize("after", ["\n", " ", ""])
    def test_no_cut_behind_a_list_label(self, label: str, after: str) -> None:
        head = "甲" * 4000 + "。\n"
        first, *_ = self.parts(head + label + after + "乙" * 200)
        assert first == head.strip()

    @pytest.mark.parametrize("label", ["（十二）", "123、", "第二十条"])
    def test_no_cut_inside_a_list_label(self, label: str) -> None:
        for shift in range(4076, 4082):
            parts = self.parts("甲" * shift + "，" + label + "乙" * 3000)
            assert any(label in part and not part.endswith(label) for part in parts)

    def test_no_cut_inside_an_address_while_there_is_a_blank(self) -> None:
        address = "https://q.example/d?a=1;b=2,3:4!"
        for shift in range(4040, 4080, 3):
            assert any(address in part for part in self.parts("甲" * shift + " " + address + " 乙" * 200))

    def test_no_cut_between_a_source_and_its_words(self) -> None:
        message = OutMessage("甲" * 4040, quotes=(Quote("《规划》第九条 总则", "乙" * 200),))
        first, second = render(message)
        assert "《规划》" not in first.text
        assert "《规划》第九条 总则\n乙" in second.text

    def test_a_source_does_not_stand_alone_above_a_long_quote(self) -> None:
        first, second = render(OutMessage("", quotes=(Quote("《规划》", "乙" * 5000),)))
        assert "《规划》\n乙乙" in first.text
        assert "乙乙" in second.text

    def test_a_quote_over_two_parts_is_a_quote_in_both(self) -> None:
        parts = render(OutMessage("见下。", quotes=(Quote("《规划》", "乙丙丁，" * 1500),)))
        kinds = [[entity["type"] for entity in parse_html(part.html)[1]] for part in parts]
        assert kinds == [["bold", "expandable_blockquote"], ["expandable_blockquote"]]

    def test_many_marks_that_grow_when_escaped_bound_the_html_too(self) -> None:
        parts = render(OutMessage("&" * TEXT_LIMIT))
        assert len(parts) > 1
        assert all(utf16(part.html) <= MARKUP_LIMIT for part in parts)

    def test_many_quotes_stay_within_the_entities_telegram_reads(self) -> None:
        quotes = tuple(Quote(f"源{number}", f"文{number}", "https://q.example/d") for number in range(90))
        assert all(len(parse_html(part.html)[1]) <= 100 for part in render(OutMessage("见", quotes=quotes)))

    @pytest.mark.parametrize("cluster", [FAMILY, FLAG, "❤️", "👍🏽", "é", "नि"])
    def test_no_cut_inside_what_is_seen_as_one_character(self, cluster: str) -> None:
        for part in self.parts(cluster * 3000):
            assert set(regex.findall(r"\X", part)) == {cluster}

    def test_a_letter_with_more_accents_than_a_message_holds_is_cut_after_all(self) -> None:
        parts = render(OutMessage("e" + "\u0301" * 9000))
        assert all(utf16(part.text) <= TEXT_LIMIT for part in parts)


_CHARACTERS = st.one_of(
    st.sampled_from([*'。；！？，、：\n\n \t<>&"（一）1、-ab中文', "\n\n", FAMILY, FLAG, "❤️", "é", "\u200d", "\ufe0f"]),
    st.characters(),
)
_RUNS = st.builds(lambda characters, times: "".join(characters) * times, st.lists(_CHARACTERS), st.integers(1, 300))
_TEXTS = st.lists(_RUNS, max_size=4).map("".join)


def shown(text: str) -> str:
    """What of `text` can be seen, without white space: nothing at all when it is made of invisible characters only."""
    dense = "".join(_UNSENDABLE.sub("", text).split())
    return dense if clean(dense) else ""


@settings(max_examples=150, deadline=None)
@given(text=_TEXTS, quote=_TEXTS)
@example(text="1、" * 3000, quote="")
@example(text="\n" * 5000 + "x", quote="\u200d" * 5000)
@example(text="甲" * 4079 + "！\ufe0f\ufe0f" + "乙" * 50, quote="")
@example(text="甲" * 5000, quote="甲" * 4000)
def test_no_character_is_lost_and_every_part_is_valid(text: str, quote: str) -> None:
    parts = render(OutMessage(text, quotes=(Quote("《规划》", quote),), choices=(Choice("yes::0", "是"),)))
    for part in parts:
        words = visible(part)
        assert words == part.text == words.strip()
        assert 0 < utf16(words) <= TEXT_LIMIT
        assert utf16(part.html) <= MARKUP_LIMIT
        part.html.encode()
    texts = [NUMBERING.sub("", part.text) if len(parts) > 1 else part.text for part in parts]
    head, _, tail = "".join("".join(texts).split()).rpartition("《规划》")
    assert head == shown(text)
    assert tail in (shown(quote), "".join(_UNSENDABLE.sub("", quote).split()), "" if shown(quote) in head else "?")
    assert [part.markup is not None for part in parts] == [False] * (len(parts) - 1) + [True]


@settings(max_examples=300, deadline=None)
@given(text=st.lists(_CHARACTERS, max_size=120).map("".join), most=st.integers(12, 40))
@example(text="甲" * 20 + "！\ufe0f" + "乙" * 30, most=22)
@example(text="甲" * 20 + "，\u0301" + "乙" * 30, most=22)
def test_cuts_fall_between_characters_and_lose_only_white_space(text: str, most: int) -> None:
    boundaries = grapheme_boundaries(text)

    def reach(start: int) -> int:
        fitting = [boundary for boundary in boundaries if start < boundary <= start + most]
        return fitting[-1] if fitting else min(start + most, len(text))

    at = 0
    for start, end in split(text, reach):
        assert not text[at:start].strip()
        assert 0 < end - start <= most
        assert text[start:end] == text[start:end].strip()
        whole = start in boundaries or text[start - 1].isspace()
        giant = any(after - before > most for before, after in pairwise(boundaries))
        assert whole or giant
        at = end
    assert not text[at:].strip()


class TestCards:
    """A card is a bold title, its lines and its address; nothing in it is markup."""

    def test_cards_stand_between_the_text_and_the_quotes(self) -> None:
        part = one(
            OutMessage(
                "有一场活动：",
                cards=(Card("融资 <对接会>", ("12月5日 14:30", "名额：40 & 候补"), "https://q.example/e?a=1&b=2"),),
                quotes=(Quote("《通知》", "原文"),),
            )
        )
        assert part.html == (
            "有一场活动：\n\n<b>融资 &lt;对接会&gt;</b>\n12月5日 14:30\n名额：40 &amp; 候补\n"
            '<a href="https://q.example/e?a=1&amp;b=2">https://q.example/e?a=1&amp;b=2</a>\n\n'
            "<b>《通知》</b>\n<blockquote expandable>原文</blockquote>"
        )
        assert parse_html(part.html)[0] == part.text

    @pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "/events/1"])
    def test_without_a_usable_address_there_is_no_link(self, url: str | None) -> None:
        assert one(OutMessage("", cards=(Card("甲", ("乙",), url),))).html == "<b>甲</b>\n乙"

    def test_empty_lines_and_line_ends_in_a_title_are_left_out(self) -> None:
        assert one(OutMessage("", cards=(Card("甲\n乙", ("", " ", "丙\x00")),))).text == "甲 乙\n丙"

    def test_many_cards_are_split_and_no_title_stands_alone(self) -> None:
        cards = tuple(Card(f"资源{n}", ("内容" * 150, "😀" * 90), f"https://q.example/{n}") for n in range(40))
        parts = render(OutMessage("为您找到：", cards=cards))
        assert len(parts) > 1
        for part in parts:
            assert utf16(part.text) <= TEXT_LIMIT
            assert parse_html(part.html)[0] == part.text
            assert not re.search(r"资源\d+\Z", part.text)
        assert all(any(f"资源{n}\n" in part.text for part in parts) for n in range(40))
