"""Text files: every encoding they come in, decoded by evidence; nothing lost, nothing invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.readers import plain, read
from knowledge.readers.plain import EmptyFile, FileTooLarge, UnreadableFile

TEXT = "云岭市奖励办法（示例）\r\n第一条 对首次认定的企业，一次性奖励20万元。\n第二条 本办法自2025年1月1日起施行。\n"
TRADITIONAL = "雲嶺市獎勵辦法\n第一條 對首次認定的企業，一次性獎勵20萬元。\n第二條 軟體企業另加5萬元。\n"
RARE = "企业名称：云岭市㐂𠮷䶮新材料有限公司（示例），应当按时报送材料。"
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", [TEXT, RARE, TRADITIONAL])
def test_text_comes_back_as_it_was_in_every_encoding(text: str, encoding: str) -> None:
    assert plain.read(text.encode(encoding)) == text


def test_big5_is_recognised_where_gb18030_would_make_nonsense() -> None:
    assert plain.decode(TRADITIONAL.encode("big5")).encoding == "big5hkscs"
    assert plain.read(TRADITIONAL.encode("big5")) == TRADITIONAL


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_last_character_cut_in_two_is_left_out_and_said(encoding: str) -> None:
    reading = read(TEXT.rstrip().removesuffix("。").encode(encoding)[:-1])
    assert reading.text == TEXT.rstrip().removesuffix("行。")
    assert [warning.code for warning in reading.warnings] == ["truncated"]


def test_bytes_that_make_no_sense_in_any_encoding_are_refused_not_guessed() -> None:
    damaged = TEXT.encode()[:40] + b"\xff" + TEXT.encode()[40:]
    with pytest.raises(UnreadableFile):
        plain.read(damaged)


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"\x01\x02\x03\x04text", b"\xff\xfe\x00\x00"])
def test_binary_data_is_no_text(data: bytes) -> None:
    with pytest.raises((UnreadableFile, EmptyFile)):
        plain.read(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\r\n",
        "\u3000\u3000\n\u3000",
        "\ufeff",
        "\n".join(f"===PAGE {number}===" for number in range(1, 23)),
        "-1-\n\n- 2 -\n— 3 —\n",
        "第1页\n第 2 页 共 9 页\n第三页\n",
        "Page 1 of 3\n\x0c2/3\n-----\n",
    ],
)
def test_a_file_without_words_is_empty(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        with pytest.raises(EmptyFile):
            plain.read(text.encode(encoding))
        with pytest.raises(EmptyFile):
            read(text.encode(encoding))


@pytest.mark.parametrize("line", ["第一条", "共3页附件", "1. 条件", "20万元", "见第3页", "PAGE 甲"])
def test_a_line_that_says_something_besides_a_page_is_kept(line: str) -> None:
    assert plain.without_page_marks(f"-1-\n{line}\n-2-") == line


def test_a_file_over_the_limit_is_refused_with_the_limit() -> None:
    with pytest.raises(FileTooLarge, match="20 MB"):
        plain.read(b"a" * (plain.MAX_BYTES + 1))


def test_control_characters_are_left_out() -> None:
    assert plain.read("第一条\x07 奖励\u200b20万元\n".encode()) == "第一条 奖励20万元\n"


_CHINESE = st.text(
    st.sampled_from("企业应当按时申报奖励标准为万元的一二三第条市县区，。；：（）〔〕㐂𠮷䶮０１２0123456789 \n\tABC"),
    min_size=1,
)


@given(_CHINESE, st.sampled_from(ENCODINGS))
def test_every_chinese_text_survives_every_encoding(text: str, encoding: str) -> None:
    whole = TEXT + text
    assert plain.decode(whole.encode(encoding)).text == whole


@given(st.binary(max_size=400))
def test_no_bytes_give_anything_but_text_or_a_refusal(data: bytes) -> None:
    try:
        text = plain.read(data)
    except (EmptyFile, UnreadableFile):
        return
    assert text.strip()
    assert "\x00" not in text
    assert "\ufeff" not in text
