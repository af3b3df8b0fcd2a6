"""Kinds of policy documents, each with the structure that documents of its kind have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.corpus import words
from tests.corpus.tree import Cell, Document, Node, Note, Table, chinese

_FULL = str.maketrans("0123456789", "０１２３４５６７８９")
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"


@dataclass
class Hand:
    """How one author writes labels, and the count of his notes. No `brackets`: now these, now those. `notes` is the
    share of clauses with one.
    """

    random: Random
    brackets: str
    stop: str
    digits: str
    article_gap: str
    spread: bool
    notes: float
    written: int = 0

    @classmethod
    def of(cls, random: Random) -> Hand:
        return cls(
            random,
            brackets=random.choice(("（）", "（）", "（）", "()", "（)", "(）", "")),
            stop=random.choice(("、", "．", ".", ". ")),
            digits=random.choice(("half", "half", "half", "full")),
            article_gap=random.choice((" ", "\u3000", "  ", "\u3000\u3000")),
            spread=random.random() < 0.1,
            notes=random.choice((0.0, 0.0, 0.06)),
        )

    def label(self, kind: str, number: int, above: str = "") -> tuple[str, str]:
        """The label of a kind and what stands behind it."""
        figure = str(number).translate(_FULL) if self.digits == "full" else str(number)
        left, right = self.brackets or self.random.choice(("（）", "()", "（)", "(）"))
        blank = " " if self.spread else ""
        match kind:
            case "part" | "chapter" | "section" | "article":
                unit = {"part": "编", "chapter": "章", "section": "节", "article": "条"}[kind]
                return f"第{blank}{chinese(number)}{blank}{unit}", self.article_gap
            case "cn":
                return f"{chinese(number)}、", ""
            case "cn_paren":
                return f"{left}{chinese(number)}{right}", ""
            case "num":
                return f"{figure}{self.stop.strip()}", self.stop[1:]
            case "num_paren":
                return f"{left}{figure}{right}", ""
            case "circled":
                return _CIRCLED[number - 1], ""
            case _:
                return f"{above}.{number}" if above else str(number), " "

    def node(self, kind: str, number: int, text: str, *, heading: bool = False, above: str = "") -> Node:
        label, gap = self.label(kind, number, above)
        node = Node(kind, number, label, text, gap, heading)
        if not heading and self.random.random() < self.notes:
            self.written += 1
            node.note = Note(self.written, f"{self.random.choice(words.BASES)}以{words.day(self.random)}的账面数为准。")
        return node


def _inline_items(hand: Hand) -> list[Node]:
    """A short list of circled figures in the line of the clause above."""
    chosen = hand.random.sample(words.DUTIES, 3)
    nodes = [hand.node("circled", number, f"{text}；") for number, text in enumerate(chosen, 1)]
    for node in nodes:
        node.inline, node.note = True, None
    nodes[-1].text = nodes[-1].text[:-1] + "。"
    return nodes


def _items(hand: Hand, kinds: tuple[str, ...], least: int = 2, most: int = 5) -> list[Node]:
    """A list of the first kind; an item in five has a list of the next kind below it."""
    count = hand.random.randint(least, most)
    found = []
    for number in range(1, count + 1):
        if len(kinds) > 1 and hand.random.random() < 0.2:
            node = hand.node(kinds[0], number, hand.random.choice(("符合下列条件之一：", "提交下列材料：")))
            node.children = _items(hand, kinds[1:], 2, 4)
        else:
            node = hand.node(kinds[0], number, words.item(hand.random, number == count))
        found.append(node)
    return found


def _article(hand: Hand, number: int) -> Node:
    random = hand.random
    if random.random() < 0.4:
        node = hand.node("article", number, f"申请{random.choice(words.KINDS)}应当符合下列条件：")
        node.children = _items(hand, ("cn_paren", "num", "num_paren"))
        return node
    if random.random() < 0.1:
        node = hand.node("article", number, "企业应当做到：")
        node.children, node.note = _inline_items(hand), None
        return node
    node = hand.node("article", number, words.sentences(random, 1, 4))
    if random.random() < 0.1:
        node.more = [words.label_like(random) + words.sentence(random)]
        return node
    node.more = [words.sentences(random, 1, 2) for _ in range(random.choice((0, 0, 1, 2)))]
    return node


def _articles(hand: Hand, first: int, count: int) -> list[Node]:
    return [_article(hand, number) for number in range(first, first + count)]


def _headings(random: Random, count: int) -> list[str]:
    return random.sample(words.HEADINGS, count)


def _start(random: Random, genre: str, kind: str, *, forwarded: bool = False) -> Document:
    city, office, topic = random.choice(words.CITIES), random.choice(words.OFFICES), random.choice(words.TOPICS)
    year, day = random.randint(2019, 2026), words.day(random)
    subject = f"{city}{topic}{kind}"
    title = f"关于印发《{subject}》的通知" if forwarded else subject
    number = f"{city[0]}政办发〔{year}〕{random.randint(1, 99)}号"
    metadata = {"title": title, "number": number, "issuer": f"{city}{office}", "region": city, "issued": day}
    document = Document("", genre, title, metadata, front=[title])
    if random.random() < 0.7:
        document.front.append(number)
    return document


def _signed(document: Document) -> Document:
    document.tail = [document.metadata["issuer"], document.metadata["issued"]]
    return document


def _addressed(document: Document, random: Random) -> None:
    document.front += ["各县（区）人民政府，市直有关部门：", words.sentence(random)]


def measures_by_chapter(random: Random) -> Document:
    """管理办法: chapters, articles counted through, items."""
    hand, document = Hand.of(random), _start(random, "办法", "管理办法")
    first = 1
    for number, heading in enumerate(_headings(random, random.randint(3, 6)), 1):
        chapter = hand.node("chapter", number, heading, heading=True)
        chapter.children = _articles(hand, first, random.randint(2, 5))
        first += len(chapter.children)
        document.body.append(chapter)
    if random.random() < 0.3:
        document.contents = ["目录", *(f"{node.line}{'…' * 8}{random.randint(1, 20)}" for node in document.body)]
    return document


def plain_articles(random: Random) -> Document:
    """实施细则: articles without chapters."""
    hand, document = Hand.of(random), _start(random, "细则", "实施细则")
    document.body = _articles(hand, 1, random.randint(6, 24))
    return document


def draft(random: Random) -> Document:
    """征求意见稿."""
    document = plain_articles(random)
    document.genre = "征求意见稿"
    document.title = document.metadata["title"] = document.front[0] = document.title + "（征求意见稿）"
    return document


def law(random: Random) -> Document:
    """条例: parts, chapters, sections, articles."""
    hand, document = Hand.of(random), _start(random, "条例", "条例")
    first = 1
    for number in (1, 2):
        part = hand.node("part", number, random.choice(words.HEADINGS), heading=True)
        for chapter_number in (1, 2):
            chapter = hand.node("chapter", chapter_number, random.choice(words.HEADINGS), heading=True)
            if random.random() < 0.5:
                chapter.children = [
                    hand.node("section", section, random.choice(words.HEADINGS), heading=True) for section in (1, 2)
                ]
            for above in chapter.children or [chapter]:
                above.children = _articles(hand, first, random.randint(1, 3))
                first += len(above.children)
            part.children.append(chapter)
        document.body.append(part)
    return document


def _outline(hand: Hand, kinds: tuple[str, ...], count: int, *, counted_through: bool = False) -> list[Node]:
    """Headings of the first kind, headed clauses of the second below them, lists below these."""
    random, found, so_far = hand.random, [], 0
    for number, heading in enumerate(_headings(random, count), 1):
        top = hand.node(kinds[0], number, heading, heading=True)
        if random.random() < 0.25 and not counted_through:
            top.heading, top.text = False, heading + "。" + words.sentences(random, 1, 3)
        else:
            for index in range(1, random.randint(2, 4) + 1):
                so_far += 1
                clause = hand.node(kinds[1], so_far if counted_through else index, words.sentences(random, 1, 3))
                if len(kinds) > 2 and random.random() < 0.35:
                    clause.text = f"{random.choice(words.SUBJECTS)}，分别按下列标准给予{random.choice(words.KINDS)}："
                    clause.children = _items(hand, kinds[2:])
                top.children.append(clause)
        found.append(top)
    return found


def plan(random: Random) -> Document:
    """实施方案: 一、（一）1.（1）①."""
    hand, document = Hand.of(random), _start(random, "方案", "实施方案")
    document.front.append(words.sentences(random, 1, 2))
    document.body = _outline(hand, ("cn", "cn_paren", "num", "num_paren", "circled"), random.randint(3, 7))
    return _signed(document) if random.random() < 0.5 else document


def measures_counted_through(random: Random) -> Document:
    """若干措施: （一）（二）… counted through all headings."""
    hand, document = Hand.of(random), _start(random, "措施", "若干措施")
    document.front.append(words.sentences(random, 1, 2))
    document.body = _outline(hand, ("cn", "cn_paren", "num"), random.randint(3, 6), counted_through=True)
    return document


def guide(random: Random) -> Document:
    """申报指南: 一、1.①, the heading's text in running paragraphs too."""
    hand, document = Hand.of(random), _start(random, "指南", "申报指南")
    document.body = _outline(hand, ("cn", "num", "circled"), random.randint(3, 6))
    for node in document.body[1:]:
        if node.heading and random.random() < 0.3:
            node.more = [words.sentences(random, 1, 2)]
    return _signed(document)


def decimals(random: Random) -> Document:
    """技术细则: 1 / 1.1 / 1.1.1."""
    hand, document = Hand.of(random), _start(random, "数字编号细则", "评价细则")
    for number, heading in enumerate(_headings(random, random.randint(3, 6)), 1):
        top = hand.node("decimal", number, heading, heading=True)
        for second in range(1, random.randint(2, 4) + 1):
            node = hand.node("decimal", second, words.sentences(random, 1, 3), above=top.label)
            if random.random() < 0.3:
                node.heading, node.text = True, random.choice(words.HEADINGS)
                node.children = [
                    hand.node("decimal", third, words.sentences(random, 1, 2), above=node.label) for third in (1, 2, 3)
                ]
            top.children.append(node)
        document.body.append(top)
    return document


def outlook(random: Random) -> Document:
    """规划: chapters, sections, 一、（一）."""
    hand, document = Hand.of(random), _start(random, "规划", "发展规划")
    for number, heading in enumerate(_headings(random, 3), 1):
        chapter = hand.node("chapter", number, heading, heading=True)
        for index in (1, 2):
            section = hand.node("section", index, random.choice(words.HEADINGS), heading=True)
            section.children = _outline(hand, ("cn", "cn_paren", "num"), 2)
            chapter.children.append(section)
        document.body.append(chapter)
    return document


def _reward_table(random: Random, number: int) -> Table:
    """Industry by class, the industry over several rows."""
    rows = [tuple(Cell(title) for title in ("行业", "类别", "金额", "备注"))]
    for industry in random.sample(words.INDUSTRIES, random.randint(2, 5)):
        classes = random.sample(words.CLASSES, random.randint(1, 3))
        for index, name in enumerate(classes):
            own = (Cell(industry, rowspan=len(classes)),) if index == 0 else ()
            remark = random.choice(("一次性拨付", "分两年拨付", "每年核定"))
            rows.append((*own, Cell(name), Cell(words.amount(random)), Cell(remark)))
    return Table(f"表{number} 奖励标准", "单位：万元", tuple(rows))


def _list_table(random: Random, number: int, longest: int) -> Table:
    """Numbered firms or materials in many rows."""
    rows = [tuple(Cell(title) for title in ("序号", "材料名称", "份数", "要求"))]
    for index in range(1, random.randint(4, longest) + 1):
        wants = random.choice(("复印件加盖公章", "原件备查", "提供近两年的扫描件"))
        rows.append(
            (Cell(str(index)), Cell(f"{random.choice(words.MATERIALS)}（第{index}类）"), Cell("一式两份"), Cell(wants))
        )
    return Table(f"表{number} 申报材料清单", "", tuple(rows))


def _sizes_table(random: Random, number: int) -> Table:
    """Two header rows, the upper one over several columns."""
    top = (Cell("行业", rowspan=2), Cell("划型标准", colspan=2), Cell("说明", rowspan=2))
    rows = [top, (Cell("从业人员（人）"), Cell("营业收入（万元）"))]
    for industry in random.sample(words.INDUSTRIES, random.randint(3, 6)):
        rows.append(
            (Cell(industry), Cell(f"{random.randint(2, 30) * 10}人以上"), Cell(words.amount(random)), Cell("同时满足"))
        )
    return Table(f"表{number} 企业划型标准", "", tuple(rows), header_rows=2)


_TABLES: tuple[Callable[[Random, int], Table], ...] = (
    _reward_table,
    _sizes_table,
    lambda random, number: _list_table(random, number, 12),
)


def _annex(hand: Hand, number: int, title: str) -> Node:
    label = f"附件{number}" if number else "附件"
    return Node("annex", number, label, "", more=[title])


def notice_with_annexes(random: Random) -> Document:
    """通知: 一、二、 and annexes of their own structure, one of them a table."""
    hand, document = Hand.of(random), _start(random, "通知", "申报工作")
    document.title = document.metadata["title"] = document.front[0] = f"关于组织开展{document.title}的通知"
    _addressed(document, random)
    document.body = _outline(hand, ("cn", "cn_paren", "num"), random.randint(2, 5))
    first, second = _annex(hand, 1, "申报材料与标准"), _annex(hand, 2, "申报说明")
    first.tables = [random.choice(_TABLES)(random, 1)]
    second.children = _outline(hand, ("cn", "cn_paren"), 3)
    document.annexes = [first, second]
    document.listing = ["附件：1.申报材料与标准", "2.申报说明"]
    return _signed(document)


def forwarding_notice(random: Random) -> Document:
    """印发通知: a shell of a few lines and one annex that is the document."""
    hand, document = Hand.of(random), _start(random, "印发通知", "管理办法", forwarded=True)
    document.front += ["各县（区）人民政府，市直有关部门：", "现将该文件印发给你们，请认真贯彻执行。"]
    document.front += [document.metadata["issuer"], document.metadata["issued"]]
    annex = _annex(hand, 0, document.title.removeprefix("关于印发《").removesuffix("》的通知"))
    annex.children = _articles(hand, 1, random.randint(5, 12)) if random.random() < 0.5 else _outline(
        hand, ("cn", "cn_paren", "num"), 4
    )  # fmt: skip
    document.annexes = [annex]
    return document


def catalogue(random: Random) -> Document:
    """目录、清单: little text, one or two tables."""
    document = _start(random, "目录", "支持目录")
    document.tables = [
        build(random, number) for number, build in enumerate(random.sample(_TABLES, random.randint(1, 2)), 1)
    ]
    return document


def long_list(random: Random) -> Document:
    """公示名单: a table over several pages."""
    document = _start(random, "名单", "项目名单")
    document.front.append("现将名单公示如下。")
    document.tables = [_list_table(random, 1, 90)]
    return document


def with_tables(random: Random) -> Document:
    """奖励办法: a table inside a clause, text going on below it."""
    hand, document = Hand.of(random), _start(random, "奖励办法", "奖励办法")
    document.body = _outline(hand, ("cn", "cn_paren", "num"), random.randint(3, 5))
    chosen = random.choice([node for node, _ in document.walk() if not node.children])
    chosen.tables = [random.choice(_TABLES)(random, 1)]
    return _signed(document)


def questions(random: Random) -> Document:
    """政策问答: pairs of question and answer without other labels."""
    document = _start(random, "问答", "政策问答")
    for subject in random.sample(words.SUBJECTS, random.randint(4, 9)):
        document.unlabelled.append(
            f"问：{subject}可以享受什么{random.choice(words.KINDS)}？\n答：{words.sentences(random, 1, 3)}"
        )
    return document


def announcement(random: Random) -> Document:
    """公告: paragraphs without labels."""
    document = _start(random, "公告", "公告")
    document.unlabelled = [words.sentences(random, 1, 5) for _ in range(random.randint(2, 7))]
    return _signed(document)


def amendment(random: Random) -> Document:
    """修改决定: clauses that quote clauses."""
    hand, document = Hand.of(random), _start(random, "修改决定", "管理办法")
    document.title = document.metadata["title"] = document.front[0] = f"关于修改《{document.title}》的决定"
    document.front.append("经研究，决定作如下修改：")
    for number in range(1, random.randint(2, 6) + 1):
        old = chinese(random.randint(2, 20))
        text = random.choice((
            f"将第{old}条修改为：“{words.sentences(random, 1, 2)}”",
            f"第{old}条第二款中的“{words.amount(random)}万元”改为“{words.amount(random)}万元”。",
            f"删去第{old}条第（三）项。",
            f"增加一条，作为第{old}条：“{words.sentence(random)}”",
        ))  # fmt: skip
        document.body.append(hand.node("cn", number, text))
    return _signed(document)


def interpretation(random: Random) -> Document:
    """政策解读: headings with several paragraphs each."""
    hand, document = Hand.of(random), _start(random, "解读", "政策解读")
    for number, heading in enumerate(_headings(random, random.randint(3, 6)), 1):
        node = hand.node("cn", number, heading, heading=True)
        node.more = [words.sentences(random, 1, 5) for _ in range(random.randint(1, 4))]
        document.body.append(node)
    return document


GENRES: tuple[Callable[[Random], Document], ...] = (
    measures_by_chapter,
    plain_articles,
    draft,
    law,
    plan,
    measures_counted_through,
    guide,
    decimals,
    outlook,
    notice_with_annexes,
    forwarding_notice,
    catalogue,
    long_list,
    with_tables,
    questions,
    announcement,
    amendment,
    interpretation,
)
