"""Labels, judging and figures of the evaluation, and the documents and questions it ships with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge import base, baselines, clauses, end_to_end, evaluation, evaluation_library, labels
from knowledge.answer import Answer, Citation, Computed
from knowledge.answering import Found
from knowledge.end_to_end import AnswerFigures, Judged
from knowledge.labels import BadEvaluationFile, Expected, Gold, Place, Question
from tests.knowledge.evaluation_library import build

DATA = base.DATA / "evaluation"
LIBRARY = DATA / "library"
QUESTIONS = DATA / "library.tsv"
QUOTE = "按设备投资额的12%给予补助，最高不超过400万元。"


def citation(path: str = "第四条", document: str = "d1", quote: str = QUOTE) -> Citation:
    return Citation(
        document, "示例办法", path, path, quote, 0, len(quote), None, True, date(2024, 4, 1), date(2027, 3, 31)
    )


def answer(text: str, *citations: Citation, status: str = "answered", computed: tuple[Computed, ...] = ()) -> Answer:
    return Answer(status, None, text, citations=citations, computed=computed)  # type: ignore[arg-type]


def judged(question: Question, given: Answer, *ranked: Place) -> Judged:
    return Judged(question, given, ranked or end_to_end.cited(given))


# --- labels ---


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "questions.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_line_of_labels_is_read_whole(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "id\tquestion\thistory\tas_of\tregion\tgold\tkind\tcomputed\tsplit",
        "q1\t那够吗\t要多少 ⏎ 我是制造业\t2025-03-01\t云岭市\ta#一|b#二+c#三|clarify\tnumber,turn"
        "\t2a not_met 2000万元 200万元;2c met 70% -\ttest",
    )
    (question,) = labels.read(path)
    assert question.history == ("要多少", "我是制造业")
    assert (question.as_of, question.region, question.split) == (date(2025, 3, 1), "云岭市", "test")
    assert question.golds == (
        Gold(Place("一", "a")),
        Gold(Place("二", "b"), (Place("三", "c"),)),
    )
    assert question.may_clarify
    assert question.computed == (
        Expected("2a", "not_met", "2000万元", "200万元"),
        Expected("2c", "met", "70%", ""),
    )


def test_labels_without_documents_name_a_clause_of_any(tmp_path: Path) -> None:
    inside, outside = labels.read(written(tmp_path, "question\tgold", "要啥条件\t四（一）", "明天下雨吗\t-"))
    assert inside.rank((Place("三", "x"), Place("四（一）", "x"))) == 2
    assert inside.in_scope
    assert not outside.in_scope
    assert not labels.names_documents([inside, outside])


@pytest.mark.parametrize("line", ["问\ta#一\t2025-13-01\t", "问\ta#一\t2025-01-01\t2a not_met"])
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, "question\tgold\tas_of\tcomputed", "好\ta#一\t\t", line)
    with pytest.raises(BadEvaluationFile, match="第 3 行"):
        labels.read(path)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadEvaluationFile):
        labels.read(written(tmp_path, "frage\tantwort", "a\tb"))


def test_an_amended_clause_counts_only_with_what_amends_it() -> None:
    question = Question("q", (Gold(Place("一", "amending")), Gold(Place("第四条", "old"), (Place("一", "amending"),))))
    assert question.rank((Place("第四条", "old"),)) is None
    assert question.rank((Place("第四条", "old"), Place("一", "amending"))) == 1
    assert question.rank((Place("一", "amending"),)) == 1


def test_same_path_in_another_document_is_wrong() -> None:
    assert Question("q", (Gold(Place("一", "home")),)).rank((Place("一", "elsewhere"),)) is None


@pytest.mark.parametrize(
    ("expected", "met"),
    [
        ("2a not_met 2000万元 200万元", True),
        ("2a not_met * *", True),
        ("2a met 2000万元 200万元", False),
        ("2a not_met 1000万元 200万元", False),
        ("2a not_met 2000万元 300万元", False),
        ("2a not_met 2000万元 -", False),
        ("2c not_met 2000万元 200万元", False),
    ],
)
def test_every_stated_part_of_a_computed_figure_is_compared(expected: str, met: bool) -> None:
    given_figure = Computed("scheme", "2a", "not_met", "1800万元", "2000万元", "200万元")
    assert Expected.of(expected).met_by(given_figure) is met


# --- judging ---


@pytest.mark.parametrize(
    ("text", "invented"),
    [
        (f"文件说：\n{QUOTE}", []),
        ("最高500万元。", ["500"]),
        ("补助１２％。", []),
        ("补助12.5%。", ["12.5"]),
        ("1. 补助12%\n2. 最高400万元", []),
        ("至多 4 million yuan", []),
        ("至多 5 million yuan", ["5"]),
        ("有效期至2027年3月31日", []),
        ("有效期至2028年3月31日", ["2028"]),
        ("第四条，共1条", []),
        ("共7条", ["7"]),
    ],
)
def test_a_number_that_stands_in_no_quote_is_found(text: str, invented: list[str]) -> None:
    assert end_to_end.invented_numbers(answer(text, citation())) == invented


def test_computed_figures_are_no_invention() -> None:
    figure = Computed("s", "2a", "not_met", "1800万元", "2000万元", "200万元")
    assert end_to_end.invented_numbers(answer("您说1800万元，要求2000万元，差200万元", computed=(figure,))) == []
    assert end_to_end.invented_numbers(answer("您说1800万元，要求2000万元")) == ["1800", "2000"]


@given(st.integers(min_value=2, max_value=10**9))
def test_any_number_is_invented_without_a_source_and_none_with_one(number: int) -> None:
    assert end_to_end.invented_numbers(answer(f"给{number}万元")) == [str(number)]
    assert end_to_end.invented_numbers(answer(f"给{number}万元", citation(quote=f"奖励{number:,}万元"))) == []


def test_figures_count_each_kind_of_fault_once() -> None:
    inside = Question("q", (Gold(Place("第四条", "d1")),))
    outside = Question("天气")
    items = [
        judged(inside, answer("", citation())),
        judged(inside, answer("", citation("第五条"))),
        judged(inside, answer("", status="declined"), Place("第四条", "d1")),
        judged(inside, answer("", status="clarify"), Place("第五条", "d1")),
        judged(outside, answer("", status="declined")),
        judged(outside, answer("给9元", citation())),
    ]
    figures = AnswerFigures.of("all", "test", items)
    assert (figures.in_scope, figures.out_of_scope) == (4, 2)
    assert figures.r_at_1 == 0.5  # the declined one would have been right
    assert figures.right == 0.25
    assert figures.in_scope_declined == 0.25
    assert figures.in_scope_asked_back == 0.25
    assert figures.wrong_clause == 0.5
    assert figures.out_of_scope_answered == 0.5
    assert (figures.asked_back_unwanted, figures.invented) == (1, 1)


def test_asking_back_is_right_only_where_the_label_allows_it() -> None:
    expected = (Expected("2a", "unknown"),)
    back = answer("哪个行业？", status="clarify")
    allowed = judged(Question("够吗", (Gold(Place("一")),), may_clarify=True, computed=expected), back)
    unwanted = judged(Question("够吗", (Gold(Place("一")),), computed=expected), back)
    assert allowed.right
    assert allowed.computed_right
    assert not allowed.wrong
    assert not unwanted.right
    assert not unwanted.computed_right
    assert unwanted.wrong


def test_the_interval_of_a_difference_tells_noise_from_a_gain() -> None:
    mixed = [True, False] * 50
    assert evaluation.difference(mixed, mixed) == evaluation.Interval(0.0, 0.0, 0.0)
    better = [True] * 100
    gain = evaluation.difference(better, mixed)
    assert gain.low > 0.3
    assert gain.mean == 0.5
    assert gain.high < 0.7
    assert gain == evaluation.difference(better, mixed)
    swapped = evaluation.difference([True, False, True, False], [False, True, False, True])
    assert swapped.low < 0 < swapped.high


def found(*paths: str) -> Found:
    clauses_found = tuple((SimpleNamespace(path=path, document_id="d", text=path), None) for path in paths)
    return cast(Found, SimpleNamespace(clauses=clauses_found))


class ByNumber:
    """Prefers the text that stands last in the alphabet."""

    name = "by-number"

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        order = sorted(texts)
        return np.array([order.index(text) for text in texts], dtype=np.float32)


def test_a_reranker_orders_the_head_and_leaves_the_rest() -> None:
    names = [f"{number:02}" for number in range(baselines.RERANKED + 2)]
    head = [place.path for place in baselines.reranked(found(*names), "q", ByNumber())]
    assert head == [*reversed(names[: baselines.RERANKED]), *names[baselines.RERANKED :]]


def test_words_are_found_without_punctuation_and_numbers_stay_whole() -> None:
    cut = ["给予", "一次性", "补助", "最", "高", "400", "万", "元"]
    assert baselines.words("给予一次性补助，最高４００万元。") == cut


# --- what ships ---


def paths_of(text: str) -> set[str]:
    return {clause.path for clause in clauses.parse(text)}


@pytest.fixture(scope="module")
def listed() -> list[evaluation_library.Listed]:
    return evaluation_library.read(LIBRARY)


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return labels.read(QUESTIONS)


def test_every_label_is_a_clause_of_its_document(
    listed: list[evaluation_library.Listed], questions: list[Question]
) -> None:
    plan = next(iter((base.DATA / "documents").glob("*.txt")))
    known = {entry.id: paths_of((DATA / entry.file).read_text(encoding="utf-8")) for entry in listed}
    known[plan.stem] = paths_of(plan.read_text(encoding="utf-8"))
    places = [place for question in questions for gold in question.golds for place in (gold.first, *gold.others)]
    assert [place for place in places if place.path not in known[place.document or ""]] == []


def test_labels_apply_on_the_day_of_the_question(
    listed: list[evaluation_library.Listed], questions: list[Question]
) -> None:
    by_id = {entry.id: entry for entry in listed}
    successors = {entry.supersedes: entry for entry in listed if entry.supersedes}
    for question in questions:
        for gold in question.golds:
            entry, day = by_id.get(gold.first.document or ""), question.as_of
            if entry is None or day is None:
                continue
            after = successors.get(entry.id)
            assert not entry.draft, question.id
            assert entry.valid_from is not None, question.id
            assert entry.valid_from <= day, question.id
            assert after is None or after.valid_from is None or after.valid_from > day, question.id


def test_the_library_says_that_it_is_invented(listed: list[evaluation_library.Listed]) -> None:
    assert len(listed) >= 220
    for entry in listed:
        lines = (DATA / entry.file).read_text(encoding="utf-8").strip().splitlines()
        assert "示例文件" in lines[0] + lines[-1], entry.id
        assert "示例" in (entry.issuer or ""), entry.id


def test_both_splits_hold_enough_of_every_kind(questions: list[Question]) -> None:
    test = [question for question in questions if question.split == "test"]
    assert len(questions) >= 330
    assert len(test) >= 180
    counts = {
        "out of scope": [not question.in_scope for question in test],
        "several turns": [bool(question.history) for question in test],
        "computed": [bool(question.computed) for question in test],
        "other days": ["asof" in question.kinds for question in test],
        "near-duplicates": ["trap" in question.kinds for question in test],
    }
    wanted = {"out of scope": 50, "several turns": 27, "computed": 39, "other days": 17, "near-duplicates": 14}
    assert {name: sum(found) for name, found in counts.items() if sum(found) < wanted[name]} == {}


def test_no_question_stands_in_both_splits(questions: list[Question]) -> None:
    splits: dict[tuple[str, ...], set[str]] = {}
    for question in questions:
        splits.setdefault((*question.history, question.text), set()).add(question.split)
    assert [words for words, found in splits.items() if len(found) > 1] == []


def test_what_is_committed_is_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "OUTPUT", tmp_path)
    build.main()
    assert (tmp_path / "library.tsv").read_bytes() == QUESTIONS.read_bytes()
    assert evaluation_library.digest(tmp_path / "library") == evaluation_library.digest(LIBRARY)


def test_documents_come_after_those_they_refer_to(listed: list[evaluation_library.Listed]) -> None:
    seen: set[str] = set()
    for entry in listed:
        assert set(entry.targets) <= seen, entry.id
        seen.add(entry.id)
