"""The generated corpus through the readers and the clause parser: what is printed there comes out, in every format."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from core.text import squeeze
from knowledge.readers import read
from tests.corpus import build, genres, measure
from tests.corpus.gold import gold
from tests.corpus.tree import Cell, Node, Table, chinese, path

SAMPLES = Path(__file__).with_name("samples")
OFFICE_REQUIRED = "office" in os.environ.get("QIBAN_REQUIRE", "")


def check(scores: dict[str, measure.Score], least: float) -> None:
    """Right paths and texts at least as given, and 98% of every file's text in clauses, in each format and in all."""
    said = measure.report(scores) + "\n" + "\n".join(
        str(fault) for score in scores.values() for fault in score.faults[:5]
    )  # fmt: skip
    asked, right = sum(score.asked for score in scores.values()), sum(score.right for score in scores.values())
    assert right >= least * asked, said
    for score in scores.values():
        assert score.share >= least, said
        assert score.least_coverage >= 0.98, said
        assert score.pages_right >= least * score.pages_asked, said


def test_forty_documents_of_all_formats_come_out_right() -> None:
    scores = measure.measure(build.samples(2 * len(genres.GENRES) + 4, seed=3))
    assert set(build.FORMATS) <= set(scores)
    check(scores, 0.99)


def test_documents_kept_in_the_tree_come_out_right() -> None:
    kept = list(build.stored(SAMPLES))
    assert {one.gold.format for one in kept} == {*build.FORMATS, *build.TABLE_FORMATS, *build.OFFICE_FORMATS}
    check(measure.measure(one for one in kept if one.gold.format not in build.OFFICE_FORMATS), 0.99)


@pytest.mark.long
def test_old_office_formats_come_out_right() -> None:
    if not build.has_office():
        message = "LibreOffice is not there: .doc and .rtf are left out"
        pytest.fail(message) if OFFICE_REQUIRED else pytest.skip(message)
    kept = [one for one in build.stored(SAMPLES) if one.gold.format in build.OFFICE_FORMATS]
    pairs = [(genre, form) for genre in (genres.plan, genres.measures_by_chapter) for form in build.OFFICE_FORMATS]
    made = [build.sample(genre(Random(5)), form, "old", Random(5)) for genre, form in pairs]
    check(measure.measure([*kept, *made]), 0.99)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_thousand_documents_come_out_right() -> None:
    check(measure.measure(build.samples(1000, seed=7, office=build.has_office())), 0.99)


# The measure itself


def test_same_seed_makes_the_same_documents() -> None:
    twice = [[(one.name, one.gold) for one in build.samples(20, seed=1)] for _ in (1, 2)]
    assert twice[0] == twice[1]
    assert twice[0] != [(one.name, one.gold) for one in build.samples(20, seed=2)]


def test_a_wrong_word_a_missing_clause_and_a_wrong_page_are_faults() -> None:
    one = next(one for one in build.samples(40, seed=1) if one.gold.format == "pdf" and len(one.gold.clauses) > 3)
    assert measure.measure([one])["pdf"].faults == []
    place, text = one.gold.clauses[1]
    one.gold.clauses[1] = (place, text + "改")
    one.gold.clauses.append(("第九十九条", "没有"))
    one.gold.pages[place] += 1
    score = measure.measure([one])["pdf"]
    assert score.asked - score.right == 2
    assert [fault.place for fault in score.faults] == [place, "第九十九条", f"{place} page"]


def test_every_kind_of_clause_and_document_is_asked_for() -> None:
    documents = [genre(Random(index)) for index, genre in enumerate(genres.GENRES * 6)]
    kinds = {node.kind for document in documents for node, _ in document.walk()}
    assert kinds == {
        "part", "chapter", "section", "article", "cn", "cn_paren", "num", "num_paren", "circled", "decimal", "annex",
    }  # fmt: skip
    assert len({document.genre for document in documents}) >= 15
    assert any(node.inline for document in documents for node, _ in document.walk())
    assert any(document.contents for document in documents)
    assert any(node.note for document in documents for node, _ in document.walk())


def test_what_is_to_be_found_is_written_in_the_file() -> None:
    document = genres.plan(Random(1))
    text = squeeze(read(build.sample(document, "txt-utf8", "x", Random(1)).data, "x.txt").text)
    assert all(own in text for _, own in gold(document, "x", "txt-utf8").clauses)


def test_paths_follow_the_contract() -> None:
    chapter, article = Node("chapter", 3, "第三章", ""), Node("article", 12, "第 十二 条", "")
    item, top = Node("cn_paren", 2, "(二）", ""), Node("cn", 4, "四、", "")
    assert path(item, (chapter, article), False) == "第三章 第十二条（二）"
    assert path(Node("num", 2, "２．", ""), (top, Node("cn_paren", 1, "(一)", "")), False) == "四（一）2"
    assert path(top, (Node("annex", 0, "附件", ""),), True) == "四"
    assert path(top, (Node("annex", 1, "附件1", ""),), False) == "附件1 四"
    assert path(Node("decimal", 1, "1.1", ""), (Node("decimal", 1, "1", ""),), False) == "1.1"
    assert [chinese(number) for number in (1, 10, 11, 20, 24)] == ["一", "十", "十一", "二十", "二十四"]


def test_merged_cells_are_filled_in_and_shown_once() -> None:
    table = Table("", "", ((Cell("甲"), Cell("乙")), (Cell("a", rowspan=2), Cell("1")), (Cell("2"),)))
    assert table.filled() == [["甲", "乙"], ["a", "1"], ["a", "2"]]
    assert table.shown() == ["a1", "2"]
