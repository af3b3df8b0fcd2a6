"""Which lines of a page are the document: not its navigation, its footer or what it recommends besides.

What a page says of itself decides first (elements and class names for navigation, the containers that content systems
write documents into), then where the prose is. A line that begins like a clause is never left out for its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile

from lxml import etree

from core.text import fold, simplify, squeeze
from knowledge.clauses import read_label
from knowledge.readers.html_lines import Grid, Line, attachment, lines_of

_IN_TABLES = frozenset({"p", "li", "tr", "tbody", "thead", "ul", "ol"})
_LABEL = 40
_NOISE_TAGS = frozenset({"nav", "footer", "aside"})
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[\u4e00-\u9fff]+")
_NOISE = re.compile(
    r"nav|menu|crumb|foot(?!note)|copyright|sidebar|share(?!d)|related|recommend|paginat|pager|toolbar|qrcode|ewm|"
    r"(?<!re)search|login|banner|friendlink|sitemap|fenxiang|xgyd|xgwj|xgxx|xglj|weizhi|dqwz|comments?$|advert|accessib",
    re.IGNORECASE,
)
_NOISE_WORDS = frozenset({
    "top", "topbar", "header", "head", "bottom", "side", "left", "right", "aside", "tool", "tools", "print", "ad",
    "ads", "position", "location",
})  # fmt: skip
_BODY = re.compile(
    r"ucap-?content|trs_?(?:editor|ueditor)|zoom|(?:pages?|article|art|news|detail|info|main|txt|text|xl|view|con|doc)"
    r"[-_]?(?:content|con|text|txt|main|body|detail|box|info|area)s?|articles?|content|zhengwen|neirong|wzxq|zwnr|nr",
    re.IGNORECASE,
)
_BREADCRUMB = re.compile(
    r"(?:您|你)?(?:现在|当前|目前)?(?:所在|所处)?的?(?:位置|栏目)[ ]*(?:是|为)?[ ]*[:：]|首页[ ]*(?:[>＞»›/|]|-+>)"
)
_TOOLS = re.compile(
    r"【?(?:字体|字号|打印|关闭|收藏|分享|扫一扫|浏览次数|点击数|访问量|阅读次数|返回顶部|上一篇|下一篇|上一条|下一条|"
    r"视力保护色|保护视力|朗读|无障碍|长者助手|繁體版|责任编辑|大[ ]*中[ ]*小$)"
)
_RELATED = re.compile(r"(?:相关|推荐|热门|延伸|更多)(?:阅读|链接|新闻|文章|稿件|推荐|资讯|内容|解读)(?:[:：]|$|[>＞])")
_FOOT = re.compile(
    r"网站标识码|ICP备|公网安备|版权所有|网站地图|技术支持[:：]|主办(?:单位)?[:：].{0,40}承办|Copyright", re.I
)
_PROSE = re.compile(r"[。；：，]")
_FEWEST_PROSE = 15
_LARGE = 0.4
_LONGEST_TOOL = 120
_MOSTLY_LINKS = 0.7
_FEWEST_LINKS = 3
_META = re.compile(
    r"(?:19|20)\d{2}[ ]*[-/.年][ ]*\d{1,2}|来源|发布|发文|日期|时间|文号|索引号|[〔\[【（(](?:19|20)\d{2}[〕\]】）)]"
)
_DATE = re.compile(r"(?:二[〇○零][〇○零一二三四五六七八九]{2}|(?:19|20)\d{2})[ ]*年.{1,3}月.{1,3}日")
_MOST_SIGNATURE = 4
_LONGEST_SIGNATURE = 40

Block = Line | Grid


def remove_noise(root: etree._Element) -> None:
    """Take navigation, footers and lists of links out of a page, in place."""
    total = max(1, _unlinked(root))
    for element in list(root.iter(etree.Element)):
        if element.getparent() is None or element.tag in ("body", "html", "main", "article"):
            continue
        if element.tag in _NOISE_TAGS or (_is_called_noise(element) and not _is_body(element)):
            if not _holds_document(element, total):
                element.drop_tree()
        elif element.tag in ("div", "ul", "ol", "dl", "table", "td", "section", "p") and _is_list_of_links(element):
            element.drop_tree()


def _holds_document(element: etree._Element, total: int) -> bool:
    return _unlinked(element) > _LARGE * total or element.find(".//article") is not None


def _unlinked(element: etree._Element) -> int:
    """The visible characters of an element that stand in no link: navigation has next to none."""
    return _visible(element) - sum(_visible(link) for link in element.iter("a") if link.get("href"))


def _is_called_noise(element: etree._Element) -> bool:
    called = _names(element)
    words = {word.lower() for name in called for word in _WORDS.findall(name)}
    return any(_NOISE.search(name) for name in called) or bool(words & _NOISE_WORDS)


def _is_body(element: etree._Element) -> bool:
    return element.tag in ("article", "main") or any(_BODY.fullmatch(name) for name in _names(element))


def _names(element: etree._Element) -> list[str]:
    return [*(element.get("class") or "").split(), *((element.get("id") or "").split())]


def _is_list_of_links(element: etree._Element) -> bool:
    links = [link for link in element.iter("a") if not (link.get("href") or "#").startswith("#")]
    if len(links) < _FEWEST_LINKS or any(attachment(link) for link in links):
        return False
    return sum(map(_visible, links)) > _MOSTLY_LINKS * _visible(element)


def _visible(element: etree._Element) -> int:
    return len(squeeze("".join(element.itertext())))


def body_of(blocks: Sequence[Block], title: str | None) -> list[Block]:
    """The lines and tables of the document, in order: from its title on, with its dates and attachments."""
    said = [block for block in _before_recommended(blocks) if not _is_tool(block)]
    inside = _container([block for block in said if _is_prose(block)] or said)
    begun, ended = _first(said, inside), _last(said, inside)
    head = _head(said[:begun], title)
    return [
        *head,
        *(block for block in said[begun:ended] if inside in _above(block) or _is_document(block)),
        *_signature(said[ended:]),
        *(block for block in said[ended:] if _is_document(block)),
    ]


def _signature(after: Sequence[Block]) -> list[Block]:
    """Who signed and when, where that stands below the container: short lines up to a date."""
    for index, block in enumerate(after[:_MOST_SIGNATURE]):
        if isinstance(block, Grid) or block.linked or len(block.text) > _LONGEST_SIGNATURE or _is_document(block):
            break
        if _DATE.fullmatch(block.text):
            return list(after[: index + 1])
    return []


def _before_recommended(blocks: Sequence[Block]) -> Iterable[Block]:
    """All blocks but recommendations: such a line with what stands below it in the same element."""
    unwanted: etree._Element | None = None
    for block in blocks:
        if unwanted is not None and unwanted in _above(block) and not _is_document(block):
            continue
        unwanted = None
        if isinstance(block, Line) and _RELATED.match(block.text):
            unwanted = _section(block)
            continue
        yield block


def _section(line: Line) -> etree._Element:
    """The element whose rest belongs to a heading: its own block, or what that stands in when it says nothing else."""
    above = line.block.getparent()
    alone = squeeze("".join(line.block.itertext())) == squeeze(line.text)
    return above if alone and above is not None else line.block


def _is_tool(block: Block) -> bool:
    if isinstance(block, Grid) or block.links:
        return False
    if len(block.text) > _LONGEST_TOOL or _has_label(block.text):
        return bool(_FOOT.search(block.text)) and block.linked > 0 and not _has_label(block.text)
    return bool(_BREADCRUMB.match(block.text) or _TOOLS.match(block.text) or _FOOT.search(block.text))


def _is_document(block: Block) -> bool:
    """Whether a block belongs to the document wherever it stands: a clause, a table, an attachment."""
    return isinstance(block, Grid) or bool(block.links) or _has_label(block.text)


def _has_label(text: str) -> bool:
    return read_label(simplify(text[:_LABEL])) is not None


def _is_prose(block: Block) -> bool:
    if isinstance(block, Grid):
        return True
    if block.linked > 0.5:
        return False
    return _has_label(block.text) or (len(squeeze(block.text)) >= _FEWEST_PROSE and bool(_PROSE.search(block.text)))


def _container(prose: Sequence[Block]) -> etree._Element | None:
    """The smallest element that holds all prose, or one that is called the body and holds most of it."""
    if not prose:
        return None
    paths = [_above(block) for block in prose]
    total = sum(map(_weight, prose))
    called = dict.fromkeys(element for path in paths for element in path if _is_body(element))
    for element in sorted(called, key=lambda found: sum(1 for _ in found.iterancestors()), reverse=True):
        if sum(_weight(block) for block, path in zip(prose, paths, strict=True) if element in path) >= 0.7 * total:
            return element
    shared = takewhile(lambda level: len(set(level)) == 1, zip(*(reversed(path) for path in paths), strict=False))
    smallest = [level[0] for level in shared][-1]
    return next((found for found in [smallest, *smallest.iterancestors()] if _has_lines(found)), smallest)


def _has_lines(element: etree._Element) -> bool:
    """Whether an element holds more than one line, so that it can be more than a paragraph of the document."""
    return element.tag not in _IN_TABLES and len(list(islice(lines_of(element), 2))) > 1


def _weight(block: Block) -> int:
    if isinstance(block, Line):
        return len(block.text)
    return sum(len(cell.text) for row in block.rows for cell in row)


def _above(block: Block) -> list[etree._Element]:
    """The elements that a block stands in, the nearest first."""
    return [block.block, *block.block.iterancestors()]


def _first(blocks: Sequence[Block], inside: etree._Element | None) -> int:
    return next((index for index, block in enumerate(blocks) if inside in _above(block)), 0)


def _last(blocks: Sequence[Block], inside: etree._Element | None) -> int:
    return max((index + 1 for index, block in enumerate(blocks) if inside in _above(block)), default=len(blocks))


def _head(before: Sequence[Block], title: str | None) -> list[Block]:
    """What of the lines above the body belongs to it: the title and what follows it, else dates and numbers."""
    wanted = squeeze(fold(title or ""))
    for index in range(len(before) - 1, -1, -1):
        block = before[index]
        if wanted and isinstance(block, Line) and squeeze(fold(block.text)) == wanted:
            return [block for block in before[index:] if isinstance(block, Grid) or block.linked < 0.5 or block.links]
    return [block for block in before if _is_document(block) or (isinstance(block, Line) and _is_meta(block))]


def _is_meta(line: Line) -> bool:
    return line.linked == 0 and len(line.text) <= _LONGEST_TOOL and bool(_META.search(line.text))
