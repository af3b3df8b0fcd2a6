"""Whether a clause states what was asked for: the kind of value, and of what."""

from __future__ import annotations

import pytest

from knowledge.expectation import Said, differing, states, wanted
from knowledge.phrases import built_in

PHRASES = built_in()
GRANT = Said("三、对新认定的雏鹰企业，一次性奖励20万元。", "", "示例市企业培育办法")
THRESHOLD = Said("一、上年度营业收入500万元以上的企业可以申报。", "", "示例市企业奖励办法")


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("评上市级小巨人奖多少万?", "grant"),
        ("补贴标准是什么", "grant"),
        ("小巨人认定要哪些材料", "materials"),
        ("今年什么时候截止", "deadline"),
        ("联系电话多少", "phone"),
        ("称号能用几年", "duration"),
        ("贷款利率是多少", "rate"),
        ("每个县能报几家", "quota"),
        ("研发占比多少", "percent"),
        ("制造业收入要多少", "figure"),
        ("得过奖有没有加分", None),
        ("做新材料的能报吗", None),
        ("什么时候印发的", None),
    ],
)
def test_the_kind_of_value_a_question_wants(question: str, kind: str | None) -> None:
    want = wanted(question, PHRASES)
    assert (want.expected.kind if want else None) == kind


@pytest.mark.parametrize(
    ("question", "said", "is_stated"),
    [
        ("雏鹰企业奖多少", GRANT, True),
        ("高新技术企业奖多少", GRANT, False),
        ("奖多少", GRANT, True),
        ("奖多少", THRESHOLD, False),
        ("营业收入要多少", THRESHOLD, True),
        ("联系电话多少", Said("联系人：示例科，电话 0700-1234567。"), True),
        ("联系电话多少", Said("由市工信局负责解释。"), False),
        ("什么时候截止", Said("申报截止时间为2025年4月30日。"), True),
        ("什么时候截止", Said("市工信局负责组织评审。"), False),
        ("有效期几年", Said("有效期3年。"), True),
        ("有效期几年", Said("2021年4月27日印发。"), False),
        ("要哪些材料", Said("提交申请表、营业执照复印件。"), True),
        ("要哪些材料", Said("经企业自主申报、专家评审后认定。"), False),
        ("贷款利率是多少", Said("降低企业融资成本。"), False),
        ("贷款贴息多少", Said("按贷款利息的50%给予贴息。"), True),
        ("每个县能报几家", Said("各县要培育2家以上国家级企业。"), False),
        ("每个县能报几家", Said("每个县推荐名额不超过3家。"), True),
    ],
)
def test_whether_a_clause_states_it(question: str, said: Said, is_stated: bool) -> None:
    want = wanted(question, PHRASES)
    assert want is not None
    assert states(want, said, PHRASES) is is_stated


@pytest.mark.parametrize(
    ("question", "text", "found"),
    [
        ("去年出过一般安全事故还能报吗", "近3年未发生安全、质量、环境污染重大事故。", ("一般", "重大")),
        ("出过重大安全事故还能报吗", "近3年未发生安全、质量、环境污染重大事故。", None),
        ("县级荣誉称号算吗", "获得市级及以上荣誉称号的企业。", ("县级", "市级")),
        ("市级荣誉称号算吗", "获得市级及以上荣誉称号的企业。", None),
        ("申请中的专利算吗", "拥有有效发明专利1项。", ("申请中", "有效")),
        ("已授权的专利算吗", "拥有有效发明专利1项。", None),
        ("负债率有要求吗", "资产负债率不高于70%。", None),
    ],
)
def test_a_qualifier_that_the_text_states_otherwise_is_seen(
    question: str, text: str, found: tuple[str, str] | None
) -> None:
    differs = differing(question, text, PHRASES)
    assert ((differs.asked, differs.stated) if differs else None) == found
