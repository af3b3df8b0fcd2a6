"""From a measure's clauses to the text of a document as an office would set it, with the path of every clause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

SAMPLE = "（示例文件，内容为虚构，仅供评测使用）"
_DIGITS = "零一二三四五六七八九"
_FIGURE = re.compile(r"\{(?P<value>\d+(?:\.\d+)?)(?P<percent>%?)\}")
_YEAR = re.compile(r"(20\d\d)(?=年)")
_SMALL = {1: 2, 2: 3, 3: 2, 4: 6, 5: 4}
_FACTORS = (0.5, 0.6, 0.75, 1.25, 1.5, 2.0)
_GROUP_NAMES = {
    "o": ("申报条件", "支持对象"),
    "s": ("支持标准", "支持内容"),
    "p": ("申报程序", "办理程序"),
    "m": ("监督管理", "工作要求"),
}
_FLOW = (
    "申请由县市区{office}受理并提出初审意见，{issuer}会同有关部门复核，结果在门户网站公示{5}个工作日。",
    "{issuer}负责组织评审，必要时委托第三方机构到现场核查；评审意见应当书面告知申请人。",
    "申请材料一式{3}份，加盖公章后送所在地{office}窗口，也可以通过政务服务网在线提交。",
    "材料不齐的，受理人员应当一次性告知需要补正的内容，申请人在{10}个工作日内补齐。",
)
_FUND = (
    "所需资金列入年度财政预算，实行总额控制，当年预算不足时按比例兑付。",
    "资金经公示无异议后{30}日内拨付到申请人账户，任何单位不得截留、挪用。",
    "资金由市、县市区两级财政按{6}比{4}的比例分担，园区内企业由园区先行兑付。",
)
_CHEAT = (
    "以虚假材料骗取资金的，追回已拨付资金，记入信用档案，{3}年内不受理其各类扶持申请。",
    "获得资金的单位应当保存相关凭证{5}年以上，配合审计和绩效评价，拒不配合的收回资金。",
    "同一事项已经享受其他同类财政资金的，按就高、不重复的原则执行。",
)


@dataclass(frozen=True)
class Item:
    """A clause of a measure: `key` is unique in it, `parts` are its sub-items. Figures stand in braces."""

    key: str
    text: str
    parts: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.key[0]


@dataclass(frozen=True)
class Measure:
    """A document to be written. `style`: A chapters and articles, B 一（一）1, C 一、, D forwarded articles."""

    id: str
    place: str
    level: str
    style: str
    name: str
    issued: date
    valid_from: date | None
    valid_to: date | None
    office: str
    aim: str
    items: tuple[Item, ...] = ()
    number: str = ""
    draft: bool = False
    replaces: tuple[str, str] | None = None

    @property
    def title(self) -> str:
        return f"{self.place}{self.name}" if not self.name.startswith("关于") else self.name

    @property
    def issuer(self) -> str:
        return f"{self.place}{self.office}"

    @property
    def kind(self) -> str:
        plain = self.name.split("（")[0]
        return next((kind for kind in ("办法", "通知", "措施", "细则", "规定", "方案") if plain.endswith(kind)), "文件")


@dataclass
class Page:
    """A text under way: its lines, and the path of every clause by its key."""

    lines: list[str] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def add(self, key: str, path: str, line: str) -> None:
        self.paths[key], self.words[key] = path, line
        self.lines.append(line)

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def chinese(number: int) -> str:
    """1..99 in Chinese digits."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else f"{_DIGITS[tens]}十")
    return head + (_DIGITS[ones] if ones else "")


def chosen(seed: str, count: int) -> int:
    """A number below `count` that depends on the seed alone."""
    return int.from_bytes(sha256(seed.encode()).digest()[:4], "big") % count


def settled(text: str, change: Callable[[float, bool], float] | None = None) -> str:
    """The text with its figures written out, changed by `change(value, is_share)` where that is given."""

    def figure(match: re.Match[str]) -> str:
        percent = match["percent"] or text[match.end() :][:1] == "%"
        value = float(match["value"])
        return shown(change(value, bool(percent)) if change else value) + match["percent"]

    return _FIGURE.sub(figure, text)


def shown(value: float) -> str:
    return f"{value:g}" if value < 1e6 else str(int(value))


def varied(measure: Measure, seed: str) -> Measure:
    """The measure with other figures, all by one factor so that steps stay steps, and its years moved along."""
    factor = _FACTORS[chosen(seed, len(_FACTORS))]
    return replace(measure, items=tuple(_vary_item(item, factor) for item in measure.items))


def _vary_item(item: Item, factor: float) -> Item:
    def change(value: float, share: bool) -> float:
        return changed(value, factor, share=share)

    return replace(item, text=settled(item.text, change), parts=tuple(settled(part, change) for part in item.parts))


def changed(value: float, factor: float, *, share: bool) -> float:
    """Another figure of the same size: whole where the old one is whole, never a share above 95%."""
    if value in _SMALL:
        return float(_SMALL[int(value)])
    digits = 2 if value >= 100 else 1
    other = float(f"{value * factor:.{digits}g}")
    if value == int(value):
        other = float(round(other))
    if share and other > 95:
        other = float(f"{value * 0.75:.2g}")
    return other if other not in (value, 0.0) else value + (1 if value < 20 else 5)


def moved(measure: Measure, years: int) -> Measure:
    """The measure with the years in its text moved."""

    def move(text: str) -> str:
        return _YEAR.sub(lambda match: str(int(match[1]) + years), text)

    items = tuple(
        replace(item, text=move(item.text), parts=tuple(move(part) for part in item.parts)) for item in measure.items
    )
    return replace(measure, items=items)


def completed(measure: Measure) -> Measure:
    """The measure with the clauses that every such document has: procedure, funds, cheating."""
    ways = (("p.flow", _FLOW), ("m.fund", _FUND), ("m.cheat", _CHEAT))
    extra = [
        Item(
            key,
            pool[chosen(measure.id + key, len(pool))]
            .replace("{office}", measure.office)
            .replace("{issuer}", measure.issuer),
        )
        for key, pool in ways
    ]
    return replace(measure, items=(*measure.items, *extra))


def write(measure: Measure) -> Page:
    """The document's text in its style."""
    page = Page()
    sample_first = chosen(measure.id + "sample", 2) == 0
    if sample_first:
        page.lines.append(SAMPLE)
    {"A": _chapters, "B": _parts, "C": _notice, "D": _forwarded}[measure.style](measure, page)
    if not sample_first:
        page.lines.append(SAMPLE)
    return page


def signed(measure: Measure) -> list[str]:
    return [f"　　　　{measure.issuer}", f"　　　　{day(measure.issued)}"]


def day(value: date) -> str:
    return f"{value.year}年{value.month}月{value.day}日"


def _chapters(measure: Measure, page: Page) -> None:
    page.lines += [measure.title, measure.number]
    page.paths["front"] = "文首"
    numbers = iter(range(1, 100))
    _chapter(page, 1, "总则", _opening(measure), numbers)
    chapter = 1
    for group, items in grouped(measure.items):
        chapter += 1
        _chapter(page, chapter, _GROUP_NAMES[group][0], items, numbers)
    _chapter(page, chapter + 1, "附则", _closing(measure), numbers)
    page.lines += signed(measure)


def _chapter(page: Page, number: int, name: str, items: list[Item], numbers: Iterator[int]) -> None:
    label = f"第{chinese(number)}章"
    page.add(f"chapter.{name}", label, f"{label}　{name}")
    for item in items:
        _article(page, item, next(numbers), f"{label} ")


def _article(page: Page, item: Item, number: int, above: str) -> None:
    label = f"第{chinese(number)}条"
    page.add(item.key, above + label, f"{label}　{settled(item.text)}")
    for index, part in enumerate(item.parts, start=1):
        page.add(f"{item.key}{index}", f"{above}{label}（{chinese(index)}）", f"（{chinese(index)}）{settled(part)}")


def _parts(measure: Measure, page: Page) -> None:
    page.lines += [measure.title, measure.number, f"为{measure.aim}，结合实际，制定以下{measure.kind}。"]
    page.paths["front"] = "文首"
    groups = [*grouped(measure.items), ("e", _closing(measure))]
    for number, (group, items) in enumerate(groups, start=1):
        head = chinese(number)
        name = "附则" if group == "e" else _GROUP_NAMES[group][1]
        page.add(f"group.{group}", head, f"{head}、{name}")
        for index, item in enumerate(items, start=1):
            path = f"{head}（{chinese(index)}）"
            page.add(item.key, path, f"（{chinese(index)}）{settled(item.text)}")
            for sub, part in enumerate(item.parts, start=1):
                page.add(f"{item.key}{sub}", f"{path}{sub}", f"{sub}．{settled(part)}")
    page.lines += signed(measure)


def _notice(measure: Measure, page: Page) -> None:
    page.lines += [measure.title, measure.number, _addressees(measure), f"为{measure.aim}，现将有关事项通知如下："]
    page.paths["front"] = "文首"
    for number, item in enumerate([*measure.items, *_closing(measure)], start=1):
        head = chinese(number)
        page.add(item.key, head, f"{head}、{settled(item.text)}")
        for index, part in enumerate(item.parts, start=1):
            page.add(f"{item.key}{index}", f"{head}（{chinese(index)}）", f"（{chinese(index)}）{settled(part)}")
    page.lines += signed(measure)


def _forwarded(measure: Measure, page: Page) -> None:
    page.lines += [
        f"关于印发《{measure.title}》的通知",
        measure.number,
        _addressees(measure),
        f"现将《{measure.title}》印发给你们，请结合实际认真贯彻执行。",
        *signed(measure),
        "附件：",
        measure.title,
    ]
    page.paths["front"] = "文首"
    for number, item in enumerate([*_opening(measure), *measure.items, *_closing(measure)], start=1):
        _article(page, item, number, "")


def _addressees(measure: Measure) -> str:
    below = {"c": "各县市区人民政府、园区管委会", "s": "各市州人民政府", "g": "各省、自治区、直辖市有关部门"}[
        measure.level
    ]
    return f"{below}，各有关单位："


def _opening(measure: Measure) -> list[Item]:
    return [Item("a.aim", f"为{measure.aim}，根据有关规定，结合实际，制定本{measure.kind}。")]


def _closing(measure: Measure) -> list[Item]:
    return [
        Item("e.explain", f"本{measure.kind}由{measure.issuer}负责解释。"),
        Item("e.force", _force(measure)),
    ]


def _force(measure: Measure) -> str:
    if measure.draft or measure.valid_from is None:
        return f"本{measure.kind}正式印发后施行，具体日期以正式文本为准。"
    until = f"，有效期至{day(measure.valid_to)}" if measure.valid_to else ""
    begins = "自印发之日起施行" if measure.valid_from == measure.issued else f"自{day(measure.valid_from)}起施行"
    gone = "《{}》（{}）同时废止。".format(*measure.replaces) if measure.replaces else ""
    return f"本{measure.kind}{begins}{until}。{gone}"


def grouped(items: tuple[Item, ...]) -> list[tuple[str, list[Item]]]:
    """The clauses by their group, in the order in which documents have them."""
    found = {group: [item for item in items if item.group == group] for group in "ospm"}
    return [(group, members) for group, members in found.items() if members]
