"""Industries: the table of GB/T 4754-2017, and everyday words for them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from core import industries
from core.reading import Doubt, Known, NoValue, Outcome, read_industry, spoken_industry

WORDS = Path(industries.__file__).parent / "data" / "industry_words.csv"


def shown(outcome: Outcome) -> str:
    match outcome:
        case Known(value):
            return str(value)
        case Doubt(code, candidates):
            return f"?{code} {'; '.join(map(str, candidates))}".strip()
        case NoValue():
            return "no value"
    return "declined"


def rows(table: str) -> list[tuple[str, str]]:
    return [(text, outcome) for text, _, outcome in (line.partition(" => ") for line in table.strip().splitlines())]


INDUSTRY = """
机械加工 => C
五金 => C33
模具 => C35
软件 => I65
软件开发 => I65
做软件的 => I65
搞软件的 => I65
信息技术服务 => I65
APP开发 => I65
贸易 => F
批发 => F51
零售 => F52
超市 => F52
餐饮 => H62
酒店 => H61
物流 => G
仓储 => G59
快递 => G60
建筑 => E
房地产 => K70
物业 => K702
种植 => A
养殖 => A
农产品加工 => C13
食品厂 => C14
服装 => C18
化工 => C26
医药 => C27
制药 => C27
钢铁 => C31
汽车零部件 => C36
电池 => C38
芯片 => C39
电力 => D44
采矿 => B
银行 => J66
学校 => P83
医院 => Q84
广告 => L72
咨询 => L72
检测 => M74
环保 => ?ambiguous N77; C35
又做机械又做软件 => ?several C; I65
制造业 => C
工业企业 => ?ambiguous B; C; D
工业 => ?ambiguous B; C; D
工厂 => C
厂 => C
C34 => C34
34 => C34
3421 => C3421
6510 => I6510
D34 => ?unreadable
C => C
c34 => C34
C3421 => C3421
通用设备制造业 => C34
机械租赁 => L71
机械设备租赁 => L71
服装批发 => F51
服装店 => F52
软件和信息技术服务业 => I65
生产销售服装 => C18
机械制造和销售 => C
汽车零部件制造 => C36
不是制造业 => ?ambiguous C
制造业吗 => no value
不知道 => declined
科技公司 => ?ambiguous I65; C; M
环保设备 => C35
环保设备制造 => C35
软件行业 => I65
我们是做机械加工的 => C
機械加工 => C
軟體開發 => I65
食品加工厂 => C14
你好 => no value
K70 => K70
K702 => K702
批发和零售业 => F
软件开发和咨询 => ?several I65; L72
钢材贸易 => F
医疗器械 => C35
医疗器械销售 => F
汽车维修 => O81
汽车销售 => F
养猪 => A03
C34 通用设备制造业 => C34
C34、I65 => ?several C34; I65
以前做机械，现在做软件 => ?several C; I65
房地产开发 => K701
Z99 => ?unreadable
99 => ?unreadable
农业 => A01
I => I
餐饮或者酒店 => ?several H62; H61
卖服装 => F
做服装生意 => F
光伏 => C38
J66 => J66
教育 => P83
化工厂 => C26
电子厂 => C39
无人机 => C37
信息传输、软件和信息技术服务业 => I
服务业吗 => no value
互联网 => I64
开厂的 => C
做贸易的 => F
做批发的 => F51
修车 => O81
建材批发 => F51
工程机械租赁 => L71
酒店用品销售 => ?several H61; F
物流公司 => G
冷链物流 => G
数控机床 => C34
烟花爆竹 => C26
包装厂 => C
纸箱厂 => C22
印刷厂 => C23
茶油 => C13
种水稻 => A01
油茶种植 => A01
水产养殖 => A04
煤矿 => B06
铅锌矿 => B09
污水处理 => N77
园林绿化 => N78
装修公司 => E50
培训机构 => P83
幼儿园 => P83
养老院 => Q85
网吧 => R90
健身房 => R89
律所 => L72
劳务派遣 => L72
旅行社 => L72
设计院 => M74
直播带货 => ?ambiguous F52; I64; F51
外卖配送 => G60
快递网点 => G60
仓库 => G59
加油站 => F52
药店 => F52
民宿 => H61
火锅店 => H62
大数据 => I65
芯片设计 => I65
锂电池 => C38
光伏电站 => D44
无缝钢管 => C31
钢结构 => C33
阀门 => C34
变压器 => C38
农机 => C35
陶瓷 => C30
塑料制品 => C29
制衣厂 => C18
家具厂 => C21
竹制品 => C20
饲料 => C13
白酒 => C15
以前是做软件的 => ?ambiguous I65
想转型做软件 => ?ambiguous I65
不做软件 => ?ambiguous I65
装备制造 => C
智能制造 => C
新能源 => ?ambiguous C38; D44; C36
食品批发 => F51
食品 => C14
食品生产和销售 => C14
C99 => ?unreadable
Q84 => Q84
K709 => K709
0111 => A0111
A0111 => A0111
8 => ?unreadable
"""


def test_an_industry_by_code_name_or_everyday_word() -> None:
    wrong = {text: outcome for text, outcome in rows(INDUSTRY) if shown(read_industry(text)) != outcome}
    assert wrong == {}


def test_the_table_is_complete() -> None:
    every = industries.every()
    assert [one.code for one in every if len(one.code) == 1] == list("ABCDEFGHIJKLMNOPQRST")
    assert sorted(one.code[1:] for one in every if len(one.code) == 3) == [f"{number:02}" for number in range(1, 98)]
    assert {one.code for one in every if len(one.code) == 4} == {"G591", "K701", "K702", "K703", "K704", "K709"}


def test_every_code_and_name_is_found() -> None:
    for industry in industries.every():
        assert industries.find(industry.code) == industry
        named = industries.find(industry.name)
        assert named is not None
        assert industries.covers(industry.code, named.code)


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [
        ("34", "C34", "通用设备制造业"),
        ("3421", "C3421", "通用设备制造业"),
        ("c3421", "C3421", "通用设备制造业"),
        ("Ｃ３４", "C34", "通用设备制造业"),
        ("6510", "I6510", "软件和信息技术服务业"),
        ("5911", "G5911", "装卸搬运"),
        ("7010", "K7010", "房地产开发经营"),
        ("01", "A01", "农业"),
        ("教育", "P83", "教育"),
        ("房地产业", "K70", "房地产业"),
        ("批发和零售业", "F", "批发和零售业"),
    ],
)
def test_digits_get_their_sections_letter(text: str, code: str, name: str) -> None:
    assert industries.find(text) == industries.Industry(code, name)


@pytest.mark.parametrize("text", ["D34", "Z99", "99", "00", "1", "C1", "C34211", "", "C 34x", "制造", "S97"])
def test_what_the_table_lacks_is_not_found(text: str) -> None:
    assert industries.find(text) is None


@pytest.mark.parametrize(
    ("outer", "inner", "inside"),
    [("C", "C34", True), ("C34", "C3421", True), ("C34", "C34", True), ("C34", "C", False), ("I65", "C34", False)],
)
def test_a_code_covers_what_begins_with_it(outer: str, inner: str, inside: bool) -> None:
    assert industries.covers(outer, inner) is inside


def test_every_everyday_word_is_told_once_with_codes_of_the_table() -> None:
    with WORDS.open(encoding="utf-8", newline="") as file:
        words = list(csv.DictReader(file))
    assert len(words) == len({word["word"] for word in words}) >= 250
    for word in words:
        codes = [code for code in word["codes"].split("|") if code]
        assert word["role"] in ("thing", "make", "act", "sell", "mask")
        assert bool(codes) is (word["role"] != "mask"), word
        assert all(industries.find(code) == industries.Industry(code, industries.find(code).name) for code in codes), (
            word
        )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我们搞机械加工的，去年1800万够不够", "C"),
        ("营业收入3000万，主营业务收入1500万，制造业行吗？", "C"),
        ("我们是软件企业", "I65"),
        ("我做五金的", "C33"),
        ("开了个模具厂，12个人", "C35"),
        ("一家做汽车零部件的公司", "C36"),
        ("軟體企業要什麼條件", "I65"),
        ("有两个软件著作权", None),
        ("银行贷款多少", None),
        ("向银行申请贷款", None),
        ("去年检测报告不合格", None),
        ("学校怎么合作", None),
        ("物流成本高", None),
        ("不是制造业", None),
        ("非制造业", None),
        ("我们做软件开发和机械加工", None),
        ("环保处罚过", None),
        ("去年2000万", None),
        ("", None),
    ],
)
def test_an_industry_is_heard_in_a_sentence_only_as_the_speakers_own(text: str, code: str | None) -> None:
    assert spoken_industry(text) == code
