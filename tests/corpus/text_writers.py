"""Plain text, Markdown and government web pages."""

from __future__ import annotations

import html
from random import Random

from tests.corpus.blocks import blocks
from tests.corpus.tree import Document, Table

_DEPTHS = {"part": 2, "chapter": 2, "section": 3, "cn": 2, "annex": 2}


def plain(document: Document, random: Random, encoding: str) -> bytes:
    """One line a paragraph, indented or with blank lines between, with this or that line end."""
    indent, between = random.choice((("", "\n"), ("\u3000\u3000", "\n"), ("", "\n\n"), ("    ", "\n")))
    lines = [
        (indent if block.role in {"clause", "more", "heading"} else "") + block.text
        for block in blocks(document)
        if not isinstance(block, Table)
    ]
    text = between.join(lines) + "\n"
    if random.random() < 0.3:
        text = text.replace("\n", "\r\n")
    return text.encode(encoding)


def markdown(document: Document, random: Random) -> bytes:
    """Headings by depth, paragraphs apart, tables with pipes."""
    parts = []
    for block in blocks(document):
        if isinstance(block, Table):
            parts.append(_pipes(block))
        elif block.role == "title":
            parts.append(f"# {block.text}")
        elif block.role in {"heading", "annex"} and block.node is not None and random.random() < 0.8:
            parts.append(f"{'#' * _DEPTHS.get(block.node.kind, 3)} {block.text}")
        else:
            parts.append(block.text)
    return ("\n\n".join(parts) + "\n").encode()


def _pipes(table: Table) -> str:
    header, *rows = table.filled()
    lines = ["| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows]]
    above = [text for text in (table.caption, table.unit) if text]
    return "\n\n".join([*above, "\n".join(lines)])


_PAGE = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="{charset}"><title>{title}_{region}人民政府</title>
<style>.nav li{{float:left}} .hide{{display:none}}</style>
<script>var award="999万元";document.write("导航");</script></head>
<body>
<div class="header"><ul class="nav"><li><a href="/">首页</a></li><li><a href="/zwgk/">政务公开</a></li>\
<li><a href="/zcwj/">政策文件</a></li><li><a href="/hdjl/">互动交流</a></li></ul></div>
<div class="crumb">当前位置：<a href="/">首页</a> &gt; <a href="/zwgk/">政务公开</a> &gt; \
<a href="/zcwj/">政策文件</a></div>
<div class="main"><h1>{title}</h1>
<div class="info"><span>发布日期：{day}</span> <span>来源：{issuer}</span></div>
<div class="hide">最高奖励888万元</div>
<div class="{container}" id="zoom">
{body}
</div></div>
<div class="related"><h3>相关阅读</h3><ul><li><a href="/1.html">某某市奖励50万元政策出台</a></li>\
<li><a href="/2.html">一图读懂惠企政策</a></li></ul></div>
<div class="footer"><p>主办：{region}人民政府办公室 备案号：示例ICP备00000000号</p>\
<p>网站地图 | 联系我们 | 关于我们</p></div>
</body></html>
"""


def web_page(document: Document, random: Random) -> bytes:
    """A page of a government's site: the text between navigation, hidden text, further reading and footer."""
    encoding, charset = random.choice(
        (("utf-8", "utf-8"), ("gb18030", "gb2312"), ("gb18030", "gbk"), ("utf-8", "gb2312"))
    )
    as_breaks = random.random() < 0.2 and not document.has_tables()
    indent = random.choice(("", "&emsp;&emsp;", "\u3000\u3000", "&nbsp;&nbsp;&nbsp;&nbsp;"))
    shown = [block for block in blocks(document) if isinstance(block, Table) or block.role != "title"]
    parts = [
        _html_table(block) if isinstance(block, Table) else indent + html.escape(block.text, quote=False)
        for block in shown
    ]
    if as_breaks:
        body = "<p>" + "<br/>\n".join(parts) + "</p>"
    else:
        body = "\n".join(
            part if part.startswith("<table") or "\n<table" in part else f"<p>{part}</p>" for part in parts
        )
    page = _PAGE.format(
        charset=charset,
        title=html.escape(document.title),
        region=document.metadata["region"],
        day=document.metadata["issued"],
        issuer=document.metadata["issuer"],
        container=random.choice(("TRS_Editor", "article-content", "view", "con_text")),
        body=body,
    )
    return page.encode(encoding)


def _html_table(table: Table) -> str:
    rows = []
    for index, row in enumerate(table.rows):
        name = "th" if index < table.header_rows else "td"
        cells = (
            f'<{name} rowspan="{one.rowspan}" colspan="{one.colspan}">{html.escape(one.text)}</{name}>' for one in row
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    above = "".join(f"<p>{text}</p>\n" for text in (table.caption, table.unit) if text)
    return f'{above}\n<table border="1">{"".join(rows)}</table>'
