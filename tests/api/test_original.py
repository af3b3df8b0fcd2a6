"""The layout of a document's page: whatever is quoted, every character of the text is there once, in order."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from api.original import blocks, contents, read_span
from knowledge import clauses
from knowledge.library import ClauseText, StoredDocument

TEXT = "标题\n\n一、总则\n（一）第一点。\n（二）第二点：\r\n1、甲\n2、乙\n二、附则\n本办法自印发之日起施行。\n"


def _document(text: str) -> StoredDocument:
    spans = clauses.parse(text)
    own = tuple(
        ClauseText(
            index, "d", span.ordinal, span.parent, span.path, span.label, span.depth, span.start, span.end,
            span.whole_end, text,
        )
        for index, span in enumerate(spans)
    )  # fmt: skip
    return StoredDocument(
        "d", "文件", None, None, "430400", None, None, date(2021, 1, 1), None, None, False, None, None, text, 1.0, own
    )


_line = st.text(alphabet="一二（）1、甲乙。 \t\r\u3000第条", max_size=12)
_texts = st.lists(_line, max_size=12).map("\n".join)


@given(_texts, st.integers(0, 200), st.integers(0, 200))
def test_every_character_is_shown_once_and_only_the_quote_is_marked(text: str, start: int, end: int) -> None:
    document = _document(text)
    span = read_span(str(start), str(end), len(text))
    pieces = [piece for block in blocks(document, span) for piece in block.pieces]
    assert "".join(piece.text for piece in pieces) == text
    marked = "".join(piece.text for piece in pieces if piece.marked)
    assert marked == (text[span[0] : span[1]] if span else "")
    assert sum(piece.first for piece in pieces) == (1 if span else 0)


def test_a_quote_over_several_clauses_is_marked_in_each() -> None:
    document = _document(TEXT)
    start, end = TEXT.index("第一点"), TEXT.index("乙")
    hit = [block.ordinal for block in blocks(document, (start, end)) if any(piece.marked for piece in block.pieces)]
    assert len([ordinal for ordinal in hit if ordinal is not None]) >= 4


def test_bad_offsets_mark_nothing() -> None:
    for start, end in (
        (None, None),
        ("1", None),
        ("a", "b"),
        ("-1", "2"),
        ("2", "1"),
        ("3", "3"),
        ("0", "99"),
        ("１", "2"),
    ):
        assert read_span(start, end, 10) is None
    assert read_span("0", "10", 10) == (0, 10)
    assert read_span("9" * 5000, "9" * 5000, 10) is None


def test_contents_are_the_two_upper_levels() -> None:
    listed = contents(_document(TEXT))
    assert [(entry.depth, entry.text) for entry in listed] == [
        (1, "一、总则"), (2, "（一）第一点"), (2, "（二）第二点："), (1, "二、附则"),
    ]  # fmt: skip
