"""Writes `knowledge/data/evaluation/library/` and `library.tsv` from the texts beside this file.

    python -m tests.knowledge.evaluation_library.build

Everything is invented. The result is committed: the evaluation reads it, nothing runs this again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import yaml

from tests.knowledge.evaluation_library.writing import (
    SAMPLE,
    Item,
    Measure,
    Page,
    chosen,
    completed,
    day,
    moved,
    settled,
    signed,
    varied,
    write,
)

HERE = Path(__file__).parent
OUTPUT = HERE.parents[2] / "knowledge" / "data" / "evaluation"
PLACES = {"c": "衡阳市", "s": "湖南省", "g": ""}
REGIONS = {"衡阳市": "430400", "湖南省": "430000", "": "100000"}
LEVELS = {"c": "市级", "s": "省级", "g": "国家级"}
SHORT = {"衡阳市": "衡", "湖南省": "湘", "": "国"}
CITY_IDS = {"云岭市": "yunling", "青溪市": "qingxi", "望川市": "wangchuan", "临江市": "linjiang", "砚湖市": "yanhu"}
HEAD = (
    "# 示例：以下文件全部为虚构，仅供评测使用。\n"
    "# Invented documents of the evaluation; see tests/knowledge/evaluation_library.\n"
)
COLUMNS = ("id", "question", "history", "as_of", "region", "gold", "kind", "computed", "split")
TODAY, HOME = "2026-11-24", "430400"
PLAN = "hengyang-little-giant-plan-2021-2025"


@dataclass(frozen=True)
class Document:
    """A written document with its record."""

    measure: Measure
    page: Page
    relations: tuple[tuple[str, str], ...] = ()

    def record(self) -> dict[str, object]:
        measure = self.measure
        record = {
            "id": measure.id,
            "file": f"library/{measure.id}.txt",
            "title": measure.title,
            "number": None if measure.draft else measure.number,
            "issuer": f"{measure.issuer}（示例）",
            "region": REGIONS.get(measure.place, measure.place),
            "level": LEVELS[measure.level],
            "issued": measure.issued,
            "valid_from": measure.valid_from,
            "valid_to": measure.valid_to,
            **dict(self.relations),
            "draft": measure.draft or None,
        }
        return {name: value for name, value in record.items() if value is not None}


def main() -> None:
    documents = {document.measure.id: document for document in library()}
    assert len({document.measure.number for document in documents.values() if not document.measure.draft}) == sum(
        not document.measure.draft for document in documents.values()
    ), "two documents have one number"
    folder = OUTPUT / "library"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.txt"):
        old.unlink()
    for document in documents.values():
        (folder / f"{document.measure.id}.txt").write_text(document.page.text(), encoding="utf-8")
    records = yaml.safe_dump(
        {"documents": [document.record() for document in documents.values()]}, allow_unicode=True, sort_keys=False
    )
    (folder / "library.yaml").write_text(HEAD + records, encoding="utf-8")
    write_questions(documents)


def library() -> Iterator[Document]:
    """All documents: the measures in force, what came before and comes after, other cities', and single notices."""
    lines = [line.split(" | ") for line in rows("versions.txt")]
    fields = dict(read_measures("fields.txt"))
    ends = {line[1]: date.fromisoformat(line[2]) for line in lines if line[0] == "prolong"}
    current = {key: replace(measure, valid_to=ends.get(key, measure.valid_to)) for key, measure in fields.items()}
    old = {line[1]: predecessor(current[line[1]], line) for line in lines if line[0] == "predecessor"}
    for key, measure in current.items():
        before = old.get(key)
        relations = (("supersedes", before.id),) if before else ()
        now = replace(measure, replaces=(before.title, before.number) if before else None)
        yield Document(now, write(now), relations)
    for measure in [*old.values(), *(measure for _, measure in read_measures("others.txt"))]:
        yield Document(measure, write(measure))
    for line in lines:
        yield from CHANGES[line[0]](current, line) if line[0] in CHANGES else ()


def predecessor(measure: Measure, line: list[str]) -> Measure:
    issued, begins = date.fromisoformat(line[3]), date.fromisoformat(line[4])
    assert measure.valid_from is not None
    suffix = "（试行）" if chosen(measure.id + "trial", 2) and not measure.name.startswith("关于") else ""
    other = replace(
        measure,
        id=f"{measure.id}-old",
        style=line[2],
        issued=issued,
        valid_from=begins,
        valid_to=measure.valid_from - timedelta(days=1) if chosen(measure.id + "end", 2) else None,
        name=measure.name + suffix,
    )
    return numbered(moved(varied(other, other.id), begins.year - measure.valid_from.year))


def _draft(current: dict[str, Measure], line: list[str]) -> Iterator[Document]:
    measure = current[line[1]]
    name = f"{measure.name}（修订征求意见稿）"
    other = replace(measure, id=f"{measure.id}-draft", style=line[2], name=name, issued=date.fromisoformat(line[3]))
    draft = numbered(varied(replace(other, valid_from=None, valid_to=None, draft=True), other.id))
    yield Document(draft, write(draft))


def _future(current: dict[str, Measure], line: list[str]) -> Iterator[Document]:
    measure, begins = current[line[1]], date.fromisoformat(line[4])
    assert measure.valid_from is not None
    issued, until = date.fromisoformat(line[3]), date(begins.year + 2, 12, 31)
    other = replace(measure, id=f"{measure.id}-next", style=line[2], issued=issued, valid_from=begins, valid_to=until)
    replaced = replace(other, replaces=(measure.title, measure.number))
    following = numbered(moved(varied(replaced, other.id), begins.year - measure.valid_from.year))
    yield Document(following, write(following), (("supersedes", measure.id),))


def _amend(current: dict[str, Measure], line: list[str]) -> Iterator[Document]:
    _, key, clause, old, new, issued, begins, extra = line
    measure = current[key]
    item = next(item for item in measure.items if item.key == clause)
    before, after = amended_words(settled(item.text), old, new)
    place = spoken(write(measure).paths[clause])
    decision = chosen(key + "decision", 2)
    kind = "决定" if decision else "通知"
    notice = replace(
        measure,
        id=f"{key}-amend",
        style="C",
        name=f"关于修改《{measure.title}》的决定" if decision else f"关于调整《{measure.title}》有关条款的通知",
        issued=date.fromisoformat(issued),
        valid_from=date.fromisoformat(begins),
        valid_to=None,
        replaces=None,
    )
    page = single_notice(
        notice := numbered(notice),
        f"经研究，决定对《{measure.title}》（{measure.number}）作如下修改：",
        (
            ("change", f"将{place}中的“{before}”修改为“{after}”。"),
            ("extra", f"增加一项规定：{extra}"),
            ("running", f"本{kind}施行前已经受理的申请，仍按原规定办理。"),
            ("force", f"本{kind}自{day(date.fromisoformat(begins))}起施行，其他条款不变。"),
        ),
    )
    yield Document(notice, page, (("amends", measure.id),))


def _prolong(current: dict[str, Measure], line: list[str]) -> Iterator[Document]:
    _, key, _, issued, begins, until = line
    measure, last = current[key], date.fromisoformat(until)
    notice = numbered(
        replace(
            measure,
            id=f"{key}-prolong",
            style="C",
            name=f"关于延长《{measure.title}》有效期的通知",
            issued=date.fromisoformat(issued),
            valid_from=date.fromisoformat(begins),
            valid_to=None,
            replaces=None,
        )
    )
    page = single_notice(
        notice,
        f"《{measure.title}》（{measure.number}）有效期即将届满，经评估，现将有关事项通知如下：",
        (
            ("until", f"《{measure.title}》（{measure.number}）有效期延长至{day(last)}。"),
            ("keep", "延长期内，原文件规定的标准、条件和程序不变。"),
            ("review", f"{measure.issuer}应当在新的有效期届满前六个月完成修订评估。"),
        ),
    )
    yield Document(notice, page, (("prolongs", measure.id),))


def _cities(current: dict[str, Measure], line: list[str]) -> Iterator[Document]:
    city, keys = line[1].split(": ")
    for key in keys.split():
        measure = current[key]
        shift = timedelta(days=chosen(city + key, 300) - 150)
        assert measure.valid_from is not None
        other = replace(
            measure,
            id=f"{key}-{CITY_IDS[city]}",
            place=city,
            issued=measure.issued + shift,
            valid_from=min(measure.valid_from + shift, date(2026, 10, 1)),
            valid_to=max(measure.valid_to + shift, date(2026, 12, 31)) if measure.valid_to else None,
        )
        if other.valid_from and other.valid_from < other.issued:
            other = replace(other, issued=other.valid_from)
        there = numbered(varied(replace(other, items=renamed(other.items, city)), other.id))
        yield Document(there, write(there))


CHANGES = {"draft": _draft, "future": _future, "amend": _amend, "prolong": _prolong, "cities": _cities}


def renamed(items: tuple[Item, ...], city: str) -> tuple[Item, ...]:
    """Clauses that name the home city name the other one."""
    home = PLACES["c"]
    return tuple(replace(item, text=item.text.replace(home, city)) for item in items)


def amended_words(text: str, old: str, new: str) -> tuple[str, str]:
    """The words around the old figure up to the next marks, before and after."""
    found = re.search(rf"[^，。；、：]*(?<![\d.]){re.escape(old)}(?![\d.])[^，。；、]*", text)
    assert found, (text, old)
    return found[0], re.sub(rf"(?<![\d.]){re.escape(old)}(?![\d.])", new, found[0], count=1)


def spoken(path: str) -> str:
    """A path as an amending text names it."""
    if "条" in path:
        return path.replace(" ", "")
    head, _, below = path.partition("（")
    return f"第{head}部分第（{below}项" if below else f"第{head}项"


def single_notice(measure: Measure, lead: str, clauses: tuple[tuple[str, str], ...]) -> Page:
    page = Page([measure.title, measure.number, lead], {"front": "文首"})
    for number, (key, text) in enumerate(clauses, start=1):
        head = "一二三四五六七"[number - 1]
        page.add(key, head, f"{head}、{text}")
    page.lines += [*signed(measure), SAMPLE]
    return page


def read_measures(name: str) -> Iterator[tuple[str, Measure]]:
    """The measures of a file, by their field."""
    text = "\n".join(rows(name))
    for block in text.split("== ")[1:]:
        head, *lines = block.strip().split("\n")
        key, level, style, title, issued, begins, ends, office, aim, *state = head.split(" | ")
        measure = Measure(
            id=key,
            place=PLACES[level],
            level=level,
            style=style,
            name=title,
            issued=date.fromisoformat(issued),
            valid_from=None if begins == "-" else date.fromisoformat(begins),
            valid_to=None if ends == "-" else date.fromisoformat(ends),
            office=office,
            aim=aim,
            items=tuple(read_items(lines)),
            draft=state == ["draft"],
        )
        yield key, numbered(completed(measure))


def read_items(lines: list[str]) -> Iterator[Item]:
    found: list[Item] = []
    for line in lines:
        key, _, text = line.partition(" ")
        if key == "-":
            found[-1] = replace(found[-1], parts=(*found[-1].parts, text))
        else:
            found.append(Item(key, text))
    yield from found


def numbered(measure: Measure) -> Measure:
    """The measure with a document number of its issuer, year and a running number; drafts have none."""
    if measure.draft:
        return replace(measure, number="（公开征求意见）")
    seat = SHORT.get(measure.place, measure.place[:1])
    running = chosen(measure.id + "number", 397) + 3
    return replace(measure, number=f"{seat}{measure.office[:2]}示发〔{measure.issued.year}〕{running}号")


def rows(name: str) -> list[str]:
    text = (HERE / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


_QUESTION = re.compile(
    r"^(?P<kind>\S+) (?P<gold>\S+)(?: !(?P<must>\S+))?(?: @(?P<as_of>\S+))?(?: %(?P<region>\S+))?"
    r"(?: =(?P<computed>[^@]*?))? :: (?P<turns>.+)$"
)


def write_questions(documents: dict[str, Document]) -> None:
    with (OUTPUT / "library.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
        table.writerow(COLUMNS)
        for number, line in enumerate(rows("questions.txt"), start=1):
            match = _QUESTION.match(line)
            assert match, line
            *history, question = match["turns"].split(" ⏎ ")
            gold = "|".join(golds(documents, match["gold"], match["must"], line))
            table.writerow(
                (
                    f"l{number:03}",
                    question,
                    " ⏎ ".join(history),
                    match["as_of"] or TODAY,
                    match["region"] or HOME,
                    gold,
                    match["kind"],
                    match["computed"] or "",
                    split(match["turns"]),
                )
            )


def golds(documents: dict[str, Document], gold: str, must: str | None, line: str) -> Iterator[str]:
    """The labels as `document#path`. The first one's own text must hold the word that the question's author named."""
    for index, place in enumerate(gold.split("|")):
        if place in ("-", "clarify"):
            yield place
            continue
        resolved = [resolve(documents, part) for part in place.split("+")]
        yield "+".join(f"{document}#{path}" for document, path, _ in resolved)
        if must and index == 0:
            assert must in resolved[0][2], (line, resolved[0][2])


def resolve(documents: dict[str, Document], place: str) -> tuple[str, str, str]:
    """Document, path and words of `document.key`, or of `plan.path` of the plan."""
    name, _, key = place.partition(".")
    if name == "plan":
        return PLAN, key, ""
    page = documents[name].page
    return name, page.paths[key], page.words.get(key, "")


def split(turns: str) -> str:
    """45% build, 55% test, by the words alone."""
    return "build" if int(sha256(turns.encode()).hexdigest()[:8], 16) % 100 < 45 else "test"


if __name__ == "__main__":
    main()
