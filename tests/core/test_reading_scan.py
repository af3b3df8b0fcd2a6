"""Values in a running sentence, with their places, and what must not be taken for one."""

from __future__ import annotations

from datetime import date

import pytest

from core.reading import Found, scan
from core.spans import Days, Span

TODAY = date(2026, 11, 24)


def _value(found: Found) -> str:
    value = found.value
    if isinstance(value, Days):
        return value.iso()
    if not isinstance(value, Span):
        return str(value)
    if value.is_point:
        return str(value.value)
    low, high = ("" if end is None else str(end) for end in (value.low, value.high))
    return f"{'(' if value.low_open else '['}{low}, {high}{')' if value.high_open else ']'}"


def shown(text: str) -> list[str]:
    found = scan(text, today=TODAY)
    return [f"{one.kind} {text[one.start : one.end]}={_value(one)}{one.unit}{'~' * one.about}" for one in found]


SENTENCES = {
    "我们搞机械加工的，去年1800万够不够": ["year 去年=2025", "money 1800万=1800万元"],
    "去年两千一，前年一千九，大前年一千六": [
        "year 去年=2025",
        "number 两千一=2100",
        "year 前年=2024",
        "number 一千九=1900",
        "year 大前年=2023",
        "number 一千六=1600",
    ],
    "搞机械加工的，去年2300万，研发100万，两个实用新型一个软著": [
        "year 去年=2025",
        "money 2300万=2300万元",
        "money 100万=100万元",
        "count 两个=2个",
        "count 一个=1个",
    ],
    "营业收入3000万，主营业务收入1500万，制造业行吗？": ["money 3000万=3000万元", "money 1500万=1500万元"],
    "3项以上发明，四（一）2条款，第四条，〔2011〕300号文": ["count 3项以上=[3, ]项"],
    "2,500万收入": ["money 2,500万=2500万元"],
    "我们有300来号人，负债率大概65%左右，2019年3月成立，做了8年": [
        "count 300来号人=[270, 330]人~",
        "percent 大概65%左右=[64, 66]%~",
        "date 2019年3月=2019-03",
        "count 8年=8年",
    ],
    "近三年没有事故，近两年研发投入200多万，占3.5%": ["money 200多万=(200, 300)万元~", "percent 3.5%=7/2%"],
    "24年收入2000万，25年2500万": [
        "year 24年=2024",
        "money 2000万=2000万元",
        "year 25年=2025",
        "money 2500万=2500万元",
    ],
    "2023-2025年营收分别是1000万、1200万、1500万": [
        "year 2023=2023",
        "year 2025年=2025",
        "money 1000万=1000万元",
        "money 1200万=1200万元",
        "money 1500万=1500万元",
    ],
    "2025年主营3千万，其中出口50万美元": ["year 2025年=2025", "money 3千万=3000万元"],
    "预计今年5000万，去年4200万": ["year 今年=2026", "year 去年=2025", "money 4200万=4200万元"],
    "每月工资50万，去年增长了20%，增加500万": ["year 去年=2025"],
    "1、营业收入2000万；2、员工50人": ["money 2000万=2000万元", "count 50人=50人"],
    "成立三年了，50来个人，发明2个，软著3个，外观1个": [
        "date 三年了=2022-11-25..2024-05-24~",
        "count 50来个人=[45, 55]人~",
        "count 2个=2个",
        "count 3个=3个",
        "count 1个=1个",
    ],
    "总资产1.2亿，负债七千万": ["money 1.2亿=12000万元", "money 七千万=7000万元"],
    "2025.6成立，注册资本1000万": ["date 2025.6=2025-06", "money 1000万=1000万元"],
    "我们是一家做软件的公司，三十个人，去年做了八百多万": [
        "count 三十个人=30人",
        "year 去年=2025",
        "money 八百多万=(800, 900)万元~",
    ],
    "目前年收入2000万": ["money 2000万=2000万元"],
    "亏损500万": ["money 亏损500万=-500万元"],
    "市占率全国前三，占有率15%": ["percent 15%=15%"],
    "去年2300万两个专利": ["year 去年=2025", "money 2300万=2300万元", "count 两个=2个"],
    "收入2000万-3000万，人数20-30人": ["money 2000万-3000万=[2000, 3000]万元", "count 20-30人=[20, 30]人"],
    "1亿": ["money 1亿=10000万元"],
    "2020年到2025年每年都超过2000万": ["year 2020年=2020", "year 2025年=2025", "money 超过2000万=(2000, ]万元"],
    "主营占比九成以上": ["percent 九成以上=[90, ]%"],
    "去年一共2000万": ["year 去年=2025", "money 2000万=2000万元"],
    "两化融合，五一放假，十四五规划，二十条": ["count 二十条=20条"],
    "去年营收2300万左右，研发投了大概100来万，员工五六十个人，发明专利1个，实用新型3个": [
        "year 去年=2025",
        "money 2300万左右=[2070, 2530]万元~",
        "money 大概100来万=[90, 110]万元~",
        "count 五六十个人=[50, 60]人~",
        "count 1个=1个",
        "count 3个=3个",
    ],
    "２０２５年营收２０００万元，负债率６５％": [
        "year ２０２５年=2025",
        "money ２０００万元=2000万元",
        "percent ６５％=65%",
    ],
    "公司2019年5月20日成立，注册资本500万": ["date 2019年5月20日=2019-05-20", "money 500万=500万元"],
    "主营占到九成，市占率百分之十二": ["percent 九成=90%", "percent 百分之十二=12%"],
    "三年前成立，去年卖了一千八百多万": [
        "date 三年前=2023-05-24..2024-05-24~",
        "year 去年=2025",
        "money 一千八百多万=(1800, 1900)万元~",
    ],
    "打分62.5分": ["number 62.5分=125/2分"],
    "600万研发，占3.2%": ["money 600万=600万元", "percent 3.2%=16/5%"],
    "我们2025.6成立，一年做两千万": ["date 2025.6=2025-06", "money 两千万=2000万元"],
    "去年1200万、前年1000万、大前年900万": [
        "year 去年=2025",
        "money 1200万=1200万元",
        "year 前年=2024",
        "money 1000万=1000万元",
        "year 大前年=2023",
        "money 900万=900万元",
    ],
    "兩千萬營收，三成負債": ["money 兩千萬=2000万元", "percent 三成=30%"],
}


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_gives_its_values_and_nothing_else(text: str) -> None:
    assert shown(text) == SENTENCES[text]


@pytest.mark.parametrize(
    "text",
    [
        "一般来说一些企业一直都是一样的",
        "三高四新，一带一路，十四五规划，两化融合",
        "第一，第三条，四（一）2，（二）3",
        "〔2011〕300号文",
        "专利号ZL202010123456.7，ISO9001，3C认证，5G",
        "电话13812345678，信用代码91430400MA4L16JQ9B",
        "十分感谢，万一不行呢，千万别，百分百满意",
        "预计5000万，目标一个亿，明年8000万",
        "100万美元，$500，50万港币",
        "每月200万，人均50万，单价200元",
        "比前年多500万，增长了20%",
        "员工120，500万收入",
        "全国前三，前10名，第5",
        "三级资质，500强，24小时",
        "去一亿二研发",
        "近三年没有事故，近两年没有",
        "985高校，211大学",
        "唯一一家，之一，统一",
    ],
)
def test_what_only_looks_like_a_value_is_left_alone(text: str) -> None:
    assert [one for one in shown(text) if not one.startswith("year")] == []
