"""What is a search for a partner and what stays a question about a policy; what is a claim code and what is not."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.claiming import claim_code
from conversation.intents import recognise
from conversation.partners import COMMANDS
from conversation.seeking import Seeking, seek
from core.settings import CHECKOUT
from firms.claims import read

SEARCHES = [
    ("找高校", "university", False),
    ("我想找大学合作", "university", False),
    ("想找做碳化钨涂层的团队，预算30万", "university", True),
    ("想找做碳化鎢塗層的團隊", "university", True),
    ("帮我们找做PVD涂层的高校", "university", True),
    ("我们厂想找教授解决刀具寿命短的问题", "university", True),
    ("请问有没有适合我们公司的高校？", "university", False),
    ("对接高校", "university", False),
    ("想找教授解决技术难题", "university", False),
    ("有没有适合我的贷款", "financing", False),
    ("哪些贷款适合我们", "financing", False),
    ("帮我找贷款", "financing", False),
    ("推荐几家银行", "financing", False),
    ("想贷款300万买设备", "financing", True),
    ("寻求融资500万，用于扩产", "financing", True),
    ("想借200万周转", "financing", True),
    ("缺流动资金", "financing", False),
    ("有什么活动", "event", False),
    ("最近有什么活动可以参加？", "event", False),
    ("有哪些活动", "event", False),
    ("近期活动", "event", False),
    ("想报名参加对接会", "event", False),
    ("找配套客户", "partner", False),
    ("找订单", "partner", False),
    ("我们公司想对接主机厂", "partner", False),
    ("找能做阀体铸件的客户，要求ISO9001", "partner", True),
    ("推荐服务机构", "service", False),
    ("介绍一下靠谱的检测机构", "service", False),
    ("想找人做铣刀涂层", None, True),
    ("谁能做碳化钨涂层", None, True),
    ("能不能帮我们找做球墨铸铁的厂家", None, True),
]
POLICIES = [
    "小巨人能贷款吗？",
    "融资有什么支持政策",
    "有什么培训支持",
    "贷款",
    "融资",
    "高校",
    "能不能帮忙找大学合作",
    "想找教授要什么条件",
    "找谁报",
    "找代办公司要多少钱",
    "由谁推荐",
    "园区推荐名额有限制吗",
    "有没有银企对接会",
    "有没有培训",
    "有没有高校对接",
    "能不能帮贷款",
    "政府会不会推荐贷款产品",
    "有没有指定的中介机构",
    "每个县能推荐几家",
    "贷款有贴息吗",
    "想申报小巨人",
    "推荐程序是什么",
    "负债率有要求吗",
    "想贷款需要什么材料",
    "找哪个部门",
    "产学研对接",
    "有没有融资平台可以用",
    "跟大学合作项目给多少经费",
    "想参加小巨人评选",
    "对结果不服找谁",
    "活动有补贴吗",
    "国家省里的活动能参加吗",
    "要不要找高校合作",
    "推荐意见怎么写",
    "需要银行流水吗",
    "需要资金证明吗",
    "想要资金支持",
    "推荐企业要符合什么条件",
    "介绍一下这个政策",
    "不想找高校",
    "帮忙申报",
    "找不到申报入口",
]


@pytest.mark.parametrize(("text", "kind", "need"), SEARCHES)
def test_a_search_is_recognised_with_its_kind_and_need(text: str, kind: str | None, need: bool) -> None:
    assert recognise(text).name == "question"
    assert seek(text) == Seeking(kind, text if need else "")


@pytest.mark.parametrize("text", POLICIES)
def test_a_question_about_a_policy_stays_one(text: str) -> None:
    assert seek(text) is None


def test_no_question_of_the_evaluation_is_taken_for_a_search() -> None:
    with (CHECKOUT / "knowledge/data/evaluation/hengyang.tsv").open(encoding="utf-8") as file:
        questions = [row["question"] for row in csv.DictReader(file, delimiter="\t") if row["split"] == "build"]
    assert len(questions) > 100
    assert [question for question in questions if seek(question) or claim_code(question)] == []
    assert [question for question in questions if recognise(question).command in COMMANDS] == []


@given(st.text(max_size=500))
def test_no_text_breaks_the_grammar(text: str) -> None:
    seek(text)
    claim_code(text)


CODES = [
    ("KX7P3-M9QW2", True),
    ("kx7p3-m9qw2", True),
    ("ＫＸ７Ｐ３－Ｍ９ＱＷ２", True),
    ("KX7P3M9QW2", True),
    ("KX7P3 M9QW2。", True),
    ("link KX7P3M9QW2", True),
    ("link to a page 12", False),
    ("认领码 KX7P3-M9QW2", True),
    ("认领码：kx7p3—m9qw2", True),
    ("认领码是KX7P3-M9QW2", True),
    ("绑定 KX7P3-M9QW2", True),
    ("綁定企業 KX7P3-M9QW2", True),
    ("我的认领码是 KX7P3-M9QW2", True),
    ("/link KX7P3-M9QW2", True),
    ("你好，认领码KX7P3-M9QW2，谢谢", True),
    ("认领码 KX7P3M9QW", True),  # one letter is missing: still a code, and not for the transcript
    ("认领码 12345", True),
    ("绑定企业", False),
    ("怎么绑定", False),
    ("认领码怎么拿", False),
    ("绑定微信能用吗", False),
    ("hello-world", False),
    ("13800000001", False),
    ("12345-67890", False),
    ("manufactur", False),
    ("2000万", False),
    ("负债率48%", False),
    ("91000099MA00000206", False),
    ("C34", False),
]


@pytest.mark.parametrize(("text", "is_code"), CODES)
def test_a_claim_code_is_read_however_it_is_typed(text: str, is_code: bool) -> None:
    code = claim_code(text)
    assert (code is not None) == is_code
    if code is not None and "QW2" in code.upper().translate({0xFF31: "Q"}):
        assert read(code) == "KX7P3M9QW2"


@pytest.mark.parametrize(
    ("text", "command", "argument"),
    [
        ("/match 想找做涂层的团队", "match", "想找做涂层的团队"),
        ("/match想找做涂层的团队", "match", "想找做涂层的团队"),
        ("/LINK KX7P3-M9QW2", "link", "KX7P3-M9QW2"),
        ("／stop", "stop", ""),
        ("TD", "stop", ""),
        ("退订！", "stop", ""),
        ("不要再发了", "stop", ""),
        ("收件箱", "inbox", ""),
        ("我的进展", "mine", ""),
        ("绑定企业", "link", ""),
        ("解绑", "unlink", ""),
        ("授权与订阅", "consent", ""),
        ("找合作", "match", ""),
        ("订阅", "subscribe", ""),
    ],
)
def test_commands_are_words_or_typed_with_a_slash(text: str, command: str, argument: str) -> None:
    intent = recognise(text)
    assert (intent.name, intent.command, intent.argument) == ("command", command, argument)
    assert command in COMMANDS


@pytest.mark.parametrize("text", ["/nonsense a", "1/2", "退订怎么操作", "取消资格", "/etc/passwd"])
def test_other_texts_are_no_commands(text: str) -> None:
    assert recognise(text).name != "command"
