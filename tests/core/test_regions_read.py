"""Regions as people name them: the place that was named, or a question back, never another place."""

from __future__ import annotations

import pytest

from core import regions
from core.reading import Doubt, Known, NoValue, Outcome, read_region


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


REGION = """
湖南省衡阳市蒸湘区 => 430408
衡阳蒸湘 => 430408
衡南 => 430422
衡南县 => 430422
常宁 => 430482
常宁市 => 430482
衡阳 => 430400
衡阳市 => 430400
衡阳县 => 430421
衡山 => 430423
蒸湘 => 430408
耒阳 => 430481
松木经开区 => 430473
松木 => 430473
高新区 => ?unreadable
衡阳高新区 => 430476
综合保税区 => ?unreadable
衡阳综保区 => 430471
假县 => ?unreadable
我们在衡南县注册的 => 430422
430422 => 430422
999999 => ?unreadable
长沙 => 430100
长沙市岳麓区 => 430100
长沙高新区 => 430100
衡阳市假县 => ?unreadable 430400
衡阳和长沙都有 => ?several 430400; 430100
不在衡阳 => ?ambiguous 430400
衡阳县的算吗？ => no value
不知道 => declined
北京市朝阳区 => 110000
长沙市衡阳路 => 430100
湖南 => 430000
海南藏族自治州 => 632500
你好 => no value
南岳区 => 430412
南岳衡山 => ?several 430412; 430423
衡陽市 => 430400
衡阳市高新区 => 430476
湖南省衡阳县 => 430421
长沙市衡南县 => ?several 430100; 430422
吉林 => 220000
吉林市 => 220200
云岭市 => ?unreadable
市区 => no value
石鼓区 => 430407
430471 => 430471
在雁峰 => 430406
祁东 => 430426
"""

AT_HOME = """
高新区 => 430476
综合保税区 => 430471
保税区 => 430471
衡阳 => 430400
湖南 => ?ambiguous 430000
湖南省 => ?ambiguous 430000
长沙高新区 => 430100
衡南 => 430422
衡山 => 430423
我们在高新区 => 430476
松木 => 430473
高新区不知道 => ?ambiguous 430476
湖南省假县 => ?ambiguous 430000
浙江省义乌市 => ?unreadable 330000
市区 => no value
中国 => no value
蒸湘区华新大道 => 430408
衡阳市珠晖区酃湖乡 => 430405
在衡阳市区 => 430400
"""


@pytest.mark.parametrize(("table", "home"), [(REGION, None), (AT_HOME, "430400")], ids=["anywhere", "at home"])
def test_a_region_by_its_names(table: str, home: str | None) -> None:
    wrong = {text: outcome for text, outcome in rows(table) if shown(read_region(text, home)) != outcome}
    assert wrong == {}


def test_the_countys_desk_asks_which_of_the_two_is_meant() -> None:
    assert read_region("衡阳", "430421") == Doubt("ambiguous", ("430400", "430421"))
    assert read_region("衡阳县", "430421") == Known("430421")
    assert regions.recognise("衡阳", "430421") is None
    assert read_region("高新区", "430422") == Known("430476")


@pytest.mark.parametrize("code", ["430405", "430422", "430471", "430473", "430476", "430482"])
def test_every_part_lies_in_the_city(code: str) -> None:
    assert regions.covers("430400", code)
    assert regions.find(code).known


def test_every_full_name_is_recognised() -> None:
    every = [region for region in regions._regions().values() if region.code != regions.NATION]
    assert [region for region in every if regions.recognise(region.name) != region] == []


def test_a_long_text_is_read_in_no_time() -> None:
    assert regions.recognise("衡阳市" * 1300) == regions.find("430400")
