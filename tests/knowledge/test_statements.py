"""What a text says of other documents: which it ends, prolongs and changes; what it quotes, it does not say."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.clauses import parse
from knowledge.statements import Said, read_relations


def said(text: str, heading: str = "云岭市小企业管理办法", **certain: bool) -> tuple[Said, ...]:
    return read_relations(f"{heading}\n{text}", heading, parse(f"{heading}\n{text}"), list(certain))  # type: ignore[arg-type]


def of_kind(kind: str, found: tuple[Said, ...]) -> list[Said]:
    return [item for item in found if item.kind == kind]


@pytest.mark.parametrize(
    ("sentence", "ended"),
    [
        ("《甲办法》（云工信发【2021】12号）同时废止。", [("甲办法", "云工信发【2021】12号")]),
        (
            "本办法自2025年7月1日起施行，《甲办法》（云工信发〔2021〕12号）同时废止。",
            [("甲办法", "云工信发〔2021〕12号")],
        ),
        ("原《甲办法》即行废止。", [("甲办法", None)]),
        ("《甲办法》自本办法施行之日起废止。", [("甲办法", None)]),
        (
            "《甲办法》（云〔2019〕1号）、《乙办法》（云〔2020〕2号）同时废止。",
            [("甲办法", "云〔2019〕1号"), ("乙办法", "云〔2020〕2号")],
        ),
        ("《甲办法》和《乙办法》停止执行。", [("甲办法", None), ("乙办法", None)]),
        ("本办法施行后，《关于转发〈甲办法〉的通知》不再执行。", [("关于转发〈甲办法〉的通知", None)]),
        ("同时废止《甲办法》。", [("甲办法", None)]),
        ("云工信发〔2021〕12号文件同时废止。", [(None, "云工信发〔2021〕12号")]),
        ("根据《丙条例》，制定本办法，《甲办法》同时废止。", [("甲办法", None)]),
        ("依据《甲办法》认定的企业继续享受政策。", []),
        ("《甲办法》尚未废止的条款继续执行。", []),
        ("《甲办法》不予废止。", []),
        ("第五条改为：“《甲办法》同时废止。”", []),
        ("2025年6月30日前已受理的按原办法办理。", []),
        ("与《甲办法》不一致的，以本办法为准。", []),
    ],
)
def test_what_a_sentence_ends(sentence: str, ended: list[tuple[str | None, str | None]]) -> None:
    found = of_kind("supersedes", said(f"第一条 {sentence}"))
    assert [(item.title, item.number) for item in found] == ended
    assert not any(item.effective_from for item in found)


def test_a_day_of_its_own_counts_for_the_end() -> None:
    (found,) = said("第一条 本办法自2025年7月1日起施行，《甲办法》自2025年12月31日起废止。")
    assert found.effective_from == date(2025, 12, 31)


def test_a_decision_that_ends_documents_lists_them() -> None:
    text = "决定废止下列文件：\n1.《甲办法》（云〔2019〕1号）\n2.《乙办法》（云〔2020〕2号）\n根据《丙条例》公布。"
    assert [item.number for item in said(text, "关于废止部分文件的决定")] == ["云〔2019〕1号", "云〔2020〕2号"]
    (found,) = said("《甲办法》（云〔2019〕1号）自即日起废止。", "关于废止《甲办法》的通知")
    assert (found.kind, found.title, found.number) == ("supersedes", "甲办法", "云〔2019〕1号")


@pytest.mark.parametrize(
    ("heading", "sentence", "until", "years"),
    [
        (
            "关于延长《甲办法》有效期的通知",
            "《甲办法》（云〔2021〕1号）有效期延长至2027年12月31日。",
            date(2027, 12, 31),
            None,
        ),
        ("关于延长《甲办法》有效期的通知", "《甲办法》（云〔2021〕1号）到期，现将有效期延长2年。", None, 2),
        (
            "关于延长《甲办法》有效期的通知",
            "该办法（云〔2021〕1号）有效期延长至二〇二七年十二月三十一日。",
            date(2027, 12, 31),
            None,
        ),
        (
            "关于《甲办法》继续有效的通知",
            "《甲办法》（云〔2021〕1号）继续有效，有效期至2027年12月31日。",
            date(2027, 12, 31),
            None,
        ),
        ("关于《甲办法》继续执行的通知", "《甲办法》（云〔2021〕1号）继续执行。", None, None),
        ("云岭市办法", "《甲办法》（云〔2021〕1号）延续执行至2027年12月31日。", date(2027, 12, 31), None),
    ],
)
def test_what_is_prolonged_and_until_when(heading: str, sentence: str, until: date | None, years: int | None) -> None:
    (found,) = of_kind("prolongs", said(sentence, heading))
    assert (found.title, found.until, found.years) == ("甲办法", until, years)


def test_a_prolongation_has_no_period_of_its_own() -> None:
    assert of_kind("prolongs", said("第一条 本办法有效期5年。")) == []


AMENDS = "关于修改《云岭市小企业认定管理办法》的决定"


@pytest.mark.parametrize(
    ("sentence", "kind", "path", "old", "new"),
    [
        ("将第二条“奖励15万元”修改为“奖励18万元”，其他条款不变。", "words", "第二条", "奖励15万元", "奖励18万元"),
        ("第二条中的“奖励15万元”改为“奖励18万元”。", "words", "第二条", "奖励15万元", "奖励18万元"),
        ("将第四条第（二）项中“甲”修改为“乙”。", "words", "第四条（二）", "甲", "乙"),
        ("将第十二条第一款第二项“甲”调整为“乙”。", "words", "第十二条（二）", "甲", "乙"),
        ("将四（一）2中“70%”修改为“75%”。", "words", "四（一）2", "70%", "75%"),
        ("将“示范企业”修改为“标杆企业”。", "words", "", "示范企业", "标杆企业"),
        ("第三条修改为：“企业应当成立满两年。”", "rewrite", "第三条", "", "企业应当成立满两年。"),
        ("将第三条修改为：企业应当成立满两年。", "rewrite", "第三条", "", "企业应当成立满两年。"),
        ("删去第四条。", "delete", "第四条", "", ""),
        ("删去第二条中的“一次性”。", "words", "第二条", "一次性", ""),
        ("增加一条，作为第六条：“企业应当按季报送数据。”", "add", "第六条", "", "企业应当按季报送数据。"),
    ],
)
def test_each_form_of_a_change_is_read(sentence: str, kind: str, path: str, old: str, new: str) -> None:
    (found,) = said(f"一、{sentence}", AMENDS)
    assert (found.kind, found.title) == ("amends", "云岭市小企业认定管理办法")
    (change,) = found.changes
    assert (change.kind, change.path, change.old, change.new, change.clause) == (kind, path, old, new, "一")


def test_several_changes_are_kept_in_order_with_their_clauses() -> None:
    text = (
        "对《云岭市小企业认定管理办法》（云工信规〔2025〕3号）作如下修改：\n"
        "一、将第二条“甲”修改为“乙”、“丙”修改为“丁”。\n二、删去第四条。\n三、第五条修改为：“按《戊办法》执行。”\n"
    )
    (found,) = said(text, AMENDS)
    assert found.number == "云工信规〔2025〕3号"
    assert [(c.kind, c.path, c.old, c.new, c.clause) for c in found.changes] == [
        ("words", "第二条", "甲", "乙", "一"),
        ("words", "第二条", "丙", "丁", "一"),
        ("delete", "第四条", "", "", "二"),
        ("rewrite", "第五条", "", "按《戊办法》执行。", "三"),
    ]


def test_changes_to_several_documents_go_to_the_one_named_before() -> None:
    text = "一、《甲办法》（云〔2019〕1号）\n将第二条“A”修改为“B”。\n二、《乙办法》（云〔2020〕2号）\n删去第三条。\n"
    found = {item.title: item for item in said(text, "关于修改部分文件的决定")}
    assert [change.path for change in found["甲办法"].changes] == ["第二条"]
    assert [change.path for change in found["乙办法"].changes] == ["第三条"]


def test_an_ordinary_document_changes_none() -> None:
    assert said("第一条 申报表中“联系人”改为“负责人”的，应当说明。") == ()


def test_what_staff_know_needs_no_title_that_says_so() -> None:
    (found,) = said("将第二条“甲”修改为“乙”。", "补充通知", amends=True)
    assert (found.title, found.changes[0].new) == (None, "乙")
    (longer,) = said("有效期延长至2027年12月31日。", "补充通知", prolongs=True)
    assert (longer.title, longer.until) == (None, date(2027, 12, 31))


def test_original_glyphs_stay_in_what_is_changed() -> None:
    (found,) = said("将第２条“奖励１５万元”修改为“奖励１８万元”。", AMENDS)
    assert (found.changes[0].path, found.changes[0].old) == ("第2条", "奖励１５万元")
