"""Several answers in one: in order, once each, and without a figure that no clause and no engine said."""

from __future__ import annotations

import pytest

from knowledge import wording
from knowledge.answer import Answer
from knowledge.joining import joined


def answer(text: str, status: str = "answered") -> Answer:
    return Answer(status, None if status == "answered" else "not_stated", text)  # type: ignore[arg-type]


def test_parts_are_headed_by_their_questions_in_order() -> None:
    text = joined(["负债率有要求吗", "有效期几年"], [answer("甲"), answer("乙")], most=4).text
    assert text == "一、负债率有要求吗\n甲\n\n二、有效期几年\n乙"


@pytest.mark.parametrize("question", ["去年1800万够吗", "去年两千万够吗", "负债率七成行吗"])
def test_a_figure_of_the_asker_heads_no_part(question: str) -> None:
    text = joined([question, "有效期几年"], [answer("甲"), answer("乙")], most=4).text
    assert text.startswith(f"一、{wording.PART_NUMBER.format(number='一')}\n甲")


def test_answered_if_any_part_is() -> None:
    assert joined(["甲", "乙"], [answer("无", "declined"), answer("有")], most=4).status == "answered"
    assert joined(["甲", "乙"], [answer("无", "declined"), answer("没有", "declined")], most=4).status == "declined"


def test_alike_answers_are_given_once_and_more_questions_are_named() -> None:
    assert joined(["甲", "乙"], [answer("同"), answer("同")], most=4).text == "同"
    tail = wording.MORE_QUESTIONS.format(most="四")
    assert joined(["甲"], [answer("有")], more=True, most=4).text == f"有\n\n{tail}"
