from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api import wording
from api.parts import Parts
from api.templating import Pages, safe_link
from conversation.engine import Handled
from conversation.messages import Reply
from knowledge import base
from qiban.bootstrap import Services
from tests.api.conftest import HOST, PLAN, assert_problem, open_client

pytestmark = pytest.mark.asyncio(loop_scope="session")
ATTACK = "<img src=x onerror=alert(1)>负债率有要求吗'\"</p><script>alert(2)</script>"
PAGE_BYTES = 150_000
HTMX = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.in_original = 0
        self.original = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if self.in_original and tag not in ("br", "img", "input"):
            self.in_original += 1
        if dict(attrs).get("id") == "original":
            self.in_original = 1

    def handle_endtag(self, tag: str) -> None:
        self.in_original = max(0, self.in_original - 1)

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self.in_original:
            self.original += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


async def ask(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await client.post("/chat/messages", data=form, headers=HTMX)


async def test_the_empty_page_welcomes_and_offers_questions(client: httpx.AsyncClient) -> None:
    response = await client.get("/")
    page = Page(response.text)
    assert "企伴" in response.text
    offered = [attrs["value"] for attrs in page.all("button") if attrs.get("name") == "text"]
    assert offered == list(base.starters())
    starts = [attrs["value"] for attrs in page.all("button") if attrs.get("name") == "choice"]
    assert starts == ["check::0", "match::0"]
    assert wording.CHECK in response.text
    assert wording.MATCH in response.text
    assert response.text.count('class="turn"') == 1  # the template for new ones
    assert {"lang": "zh-CN"} in page.all("html")


async def test_a_question_gets_the_replies_as_a_fragment(client: httpx.AsyncClient) -> None:
    await client.get("/")
    response = await ask(client, text="负债率有要求吗", id="m1")
    page = Page(response.text)
    assert "<html" not in response.text
    assert "2025年12月31日" in response.text
    assert response.text.index("notices") < response.text.index('class="words"') < response.text.index("<details")
    links = [attrs["href"] or "" for attrs in page.all("a")]
    assert re.fullmatch(rf"/documents/{PLAN}\?start=\d+&end=\d+#quote", links[0])
    assert "四、(一）2、" in response.text


async def test_a_reload_shows_the_conversation_and_only_the_newest_buttons_work(client: httpx.AsyncClient) -> None:
    await client.get("/")
    await ask(client, text="负债率有要求吗")
    first = (await client.get("/")).text
    choice = re.search(r'name="choice" value="([^"]+)">([^<]+)<', first)
    assert choice
    await ask(client, choice=choice[1])
    page = Page((await client.get("/")).text)
    buttons = [attrs for attrs in page.all("button") if attrs.get("name") == "choice"]
    old = [attrs for attrs in buttons if "disabled" in attrs]
    assert old
    assert len(old) < len(buttons)
    said = "".join(page.text)
    assert "负债率有要求吗" in said
    assert choice[2] in said
    assert choice[1] not in said
    assert [attrs["id"] for attrs in page.all("article") if "id" in attrs] == ["newest"]


async def test_without_javascript_the_form_leads_back_to_the_page(client: httpx.AsyncClient) -> None:
    await client.get("/")
    response = await client.post("/chat/messages", data={"text": "有效期几年", "id": "x"}, headers={"Origin": HOST})
    assert (response.status_code, response.headers["location"]) == (303, "/#newest")
    assert "有效期几年" in (await client.get("/")).text


async def test_without_cookies_the_form_gets_its_answer_at_once(parts: Parts) -> None:
    async with open_client(parts) as client:
        response = await client.post("/chat/messages", data={"text": "负债率有要求吗"}, headers={"Origin": HOST})
    assert response.status_code == 200
    assert "不高于70%" in response.text
    assert 'id="ask"' in response.text


async def test_the_same_form_twice_counts_once_but_another_text_counts(client: httpx.AsyncClient) -> None:
    await client.get("/")
    for text in ("有效期几年", "有效期几年", "负债率有要求吗"):
        await ask(client, text=text, id="same")
    turns = (await client.get("/api/v1/chat/history", params={"session": client.cookies["qiban_chat"]})).json()["turns"]
    assert [turn["text"] for turn in turns] == ["有效期几年", "负债率有要求吗"]


@pytest.mark.parametrize(
    "form", [{}, {"text": ""}, {"text": " "}, {"text": "好" * 20000}, {"choice": "zzz"}, {"id": "é" * 500}]
)
async def test_any_form_gets_a_reply(client: httpx.AsyncClient, form: dict[str, str]) -> None:
    response = await ask(client, **form)
    assert response.status_code == 200
    assert 'class="words"' in response.text


async def test_files_and_junk_in_the_form_break_nothing(client: httpx.AsyncClient) -> None:
    uploaded = await client.post("/chat/messages", files={"text": ("a.png", b"\x89PNG\x00\xff")}, headers=HTMX)
    assert uploaded.status_code == 200
    for kind in (
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        "text/plain",
    ):
        junk = await client.post(
            "/chat/messages", content=b"\xff\xfe%zz\x00=&&--x", headers=HTMX | {"Content-Type": kind}
        )
        assert junk.status_code < 500
    gbk = await client.post(
        "/chat/messages",
        content=b"text=" + "负债率".encode("gbk"),
        headers=HTMX | {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert gbk.status_code == 200


async def test_a_new_conversation_has_a_new_cookie_and_no_history(client: httpx.AsyncClient) -> None:
    await client.get("/")
    await ask(client, text="负债率有要求吗")
    before = client.cookies["qiban_chat"]
    response = await client.post("/chat/new", headers={"Sec-Fetch-Site": "same-origin"})
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert client.cookies["qiban_chat"] != before
    assert "负债率有要求吗</span>" not in (await client.get("/")).text


@pytest.mark.parametrize(("public_url", "secure"), [(None, False), ("http://a.test", False), ("https://a.test", True)])
async def test_the_cookie_is_safe(parts: Parts, public_url: str | None, secure: bool) -> None:
    async with open_client(parts, public_url=public_url) as client:
        cookie = (await client.get("/")).headers["set-cookie"]
    assert re.match(r"qiban_chat=[A-Za-z0-9_-]{22}; ", cookie)
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=15552000"} <= set(cookie.split("; "))
    assert ("Secure" in cookie) is secure


async def test_a_cookie_that_we_did_not_make_is_replaced(parts: Parts) -> None:
    async with open_client(parts) as client:
        response = await client.get("/", headers={"Cookie": 'qiban_chat="a b<script>"'})
    assert response.status_code == 200
    assert "qiban_chat=" in response.headers["set-cookie"]
    assert "a b" not in response.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/chat/messages", "/chat/new"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": HOST},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": f"{HOST}.evil.test"},
        {"Origin": f"{HOST}:8080"},
        {"Origin": ""},
        {"Origin": "http://["},
    ],
)
async def test_posts_of_other_sites_are_refused(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
    response = await client.post(path, data={"text": "负债率有要求吗"}, headers=headers)
    assert_problem(response, 403, "cross_site")
    assert "set-cookie" not in response.headers


async def test_posts_of_our_own_pages_pass(parts: Parts) -> None:
    async with open_client(parts, public_url="https://policy.example.cn") as client:
        for headers in (
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": HOST},
            {"Origin": "https://policy.example.cn"},
            {},
        ):
            assert (await client.post("/chat/new", headers=headers)).status_code == 303


async def test_an_attack_in_a_question_is_shown_as_text(client: httpx.AsyncClient) -> None:
    await client.get("/")
    fragment = await ask(client, text=ATTACK)
    page = await client.get("/")
    for html in (fragment.text, page.text):
        assert "<img src=x" not in html
        assert "alert(2)</script>" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.text


async def test_an_attack_in_a_document_is_shown_as_text(client: httpx.AsyncClient, shared: Services) -> None:
    from knowledge.library import Metadata

    report = await shared.library.add(
        f"第一条 {ATTACK}\n第二条 其他。",
        Metadata(title=f"办法{ATTACK}", issuer=ATTACK, number=ATTACK, region="云岭市", source="javascript:alert(3)"),
    )
    try:
        for path in ("/documents", f"/documents/{report.document_id}?start=2&end=9"):
            html = (await client.get(path)).text
            assert "<img src=x" not in html
            assert "<script>alert" not in html
            assert 'href="javascript:' not in html
    finally:
        await shared.library.remove(report.document_id or "")


@pytest.mark.parametrize("path", ["/", "/documents", f"/documents/{PLAN}?start=5&end=50", "/nope", "/api/v1/docs"])
async def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(
    client: httpx.AsyncClient, path: str
) -> None:
    await ask(client, text=ATTACK)
    page = Page((await client.get(path, headers={"Accept": "text/html"})).text)
    for tag, attrs in page.tags:
        assert tag != "style"
        assert "style" not in attrs
        assert not [name for name in attrs if name.startswith(("on", "hx-on"))]
        for name in ("src", "href", "action"):
            if attrs.get(name):
                assert not urlsplit(str(attrs[name])).netloc, attrs
    assert all(attrs.get("src") for attrs in page.all("script"))


async def test_the_chat_page_is_small(client: httpx.AsyncClient) -> None:
    """With a conversation on it, everything it fetches counted, as it goes over the line."""
    for text in ("申报条件有哪些", "负债率有要求吗", "今天天气怎么样"):
        await ask(client, text=text)
    page = Page((await client.get("/")).text)
    fetched = {str(attrs["src"]) for tag in ("script", "img") for attrs in page.all(tag)}
    fetched |= {str(attrs["href"]) for attrs in page.all("link")}
    total = 0
    for path in ("/", *sorted(fetched)):
        async with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.status_code == 200
            total += sum([len(chunk) async for chunk in response.aiter_raw()])
            total += sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
    assert total <= PAGE_BYTES
    assert total <= 45_000  # what it is now, with room: a jump should be noticed


async def test_a_documents_page_shows_its_whole_text_with_anchors(client: httpx.AsyncClient, shared: Services) -> None:
    document = await shared.library.get(PLAN)
    html = (await client.get(f"/documents/{PLAN}")).text
    page = Page(html)
    assert page.original == document.text
    anchors = {attrs["id"] for attrs in page.all("span") if "id" in attrs}
    assert anchors == {f"c-{clause.ordinal}" for clause in document.clauses}
    assert "衡阳市工业和信息化局" in html
    assert "2021年4月27日至2025年12月31日" in html
    assert "实施期已于2025年12月31日结束" in html
    assert "<mark" not in html


async def test_the_quote_of_every_citation_is_marked_in_its_document(client: httpx.AsyncClient) -> None:
    for question in ("申报条件有哪些", "负债率有要求吗"):
        citation = (await client.post("/api/v1/questions", json={"text": question})).json()["citations"][0]
        query = f"start={citation['start']}&end={citation['end']}"
        html = (await client.get(f"/documents/{citation['document_id']}?{query}")).text
        assert html.count('<mark id="quote">') == 1
        marked = "".join(re.findall(r"<mark[^>]*>([^<]*)</mark>", html))
        assert marked == citation["quote"].replace("&", "&amp;")


@pytest.mark.parametrize(
    "query", ["start=5", "start=a&end=b", "start=9&end=5", "start=-1&end=5", "start=0&end=99999999"]
)
async def test_bad_offsets_are_ignored(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/documents/{PLAN}?{query}")
    assert response.status_code == 200
    assert "<mark" not in response.text


async def test_an_unknown_document_has_a_page_that_says_so(client: httpx.AsyncClient) -> None:
    response = await client.get("/documents/nope", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert wording.NO_SUCH_DOCUMENT in response.text


async def test_a_reply_with_everything_is_shown(parts: Parts) -> None:
    """What later flows send (figures, cards, files, progress) has its place on the page already."""
    computed = {"scheme": "s", "condition": "2a", "verdict": "not_met", "gap": "200万元"}
    reply = {
        "text": "结果如下",
        "status": "clarify",
        "notices": ["注意"],
        "citations": [],
        "computed": [computed | {"given": "1800万元", "required": "2000万元"}],
        "choices": [{"id": "a:b:1", "label": "继续"}],
        "cards": [
            {"title": "卡片", "lines": ["一行"], "url": "javascript:alert(1)"},
            {"title": "活动", "lines": [], "url": "/events/1"},
        ],
        "attachments": [{"name": "报告.pdf", "type": "application/pdf", "url": "/files/1"}],
        "progress": {"done": 2, "left": 3},
    }
    html = Pages().render("_replies.html", replies=[reply], newest=True)
    for shown in (
        "结果如下",
        "1800万元",
        "不符合",
        "200万元",
        "卡片",
        "一行",
        'href="/events/1"',
        "报告.pdf",
        "还剩 3 题",
        "继续",
    ):
        assert shown in html
    assert "javascript:" not in html


REPLY: dict[str, Any] = {
    "text": "",
    "status": None,
    "notices": [],
    "citations": [],
    "computed": [],
    "choices": [],
    "cards": [],
    "attachments": [],
    "progress": None,
}


def render(*replies: dict[str, Any], **context: Any) -> str:
    return Pages().render("_replies.html", replies=[REPLY | reply for reply in replies], newest=True, **context)


@pytest.mark.parametrize(
    ("done", "left", "most", "words"),
    [(0, 21, 21, "还剩 21 题"), (2, 3, 5, "还剩 3 题"), (7, 0, 7, "没有要问的了"), (0, 0, 1, "没有要问的了")],
)
async def test_progress_is_a_labelled_bar(done: int, left: int, most: int, words: str) -> None:
    html = render({"progress": {"done": done, "left": left}})
    assert f'<progress value="{done}" max="{most}">' in html
    label = re.search(r"<label[^>]*>(.*?)</label>", html, re.S)
    assert label
    assert "<progress" in label[1]
    assert words in label[1]
    assert "<progress" not in render({"text": "好"})


async def test_the_lines_of_a_verdict_keep_their_breaks_and_say_their_marks_aloud() -> None:
    html = render({"text": "自评结果：\n\n✗ 收入：还差200万元\n？ 研发：<b>\n✓ 已符合：注册地"})
    assert html.count('<span class="line') == 5
    for kind, words in (("not_met", "收入：还差200万元"), ("unknown", "研发：&lt;b&gt;"), ("met", "已符合：注册地")):
        line = re.search(rf'<span class="line {kind}">(.*)</span>', html)
        assert line
        assert line[1].endswith(words)
        assert f"{wording.VERDICTS[kind]}：" in line[1]


async def test_answers_stand_out_from_the_ways_around_a_question() -> None:
    choices = [
        {"id": "pick:y:3", "label": "是"},
        {"id": "skip::3", "label": "不知道"},
        {"id": "why::3", "label": "为何"},
    ]
    asked = render({"choices": choices, "progress": {"done": 1, "left": 2}})
    assert re.findall(r'<button class="([^"]*)"', asked) == ["choice", "choice", "choice aside"]
    told = render({"choices": choices})
    assert re.findall(r'<button class="([^"]*)"', told) == ["choice"] * 3


async def test_what_a_reply_cites_is_called_so_unless_it_was_declined() -> None:
    citation = {"document_id": "d", "document": "办法", "clause": "一", "label": "一、", "quote": "甲", "start": 0}
    citation |= {"end": 1, "page": None, "in_force": True, "valid_from": None, "valid_to": None}
    for status, words in (("answered", wording.CITED), (None, wording.CITED), ("declined", wording.NEAREST)):
        assert f">{words}<" in render({"status": status, "citations": [citation]})


class _Asking:
    def __init__(self, fact: str | None) -> None:
        self._asking = {"fact": fact, "year": None} if fact else None

    async def handle(self, _: object) -> Handled:
        replies = tuple(Reply(text).to_json() for text in ("记下了。", "下一题？"))
        return Handled(replies, {"asking": self._asking, "read": [], "assessment": None})


@pytest.mark.parametrize(
    ("fact", "hint"),
    [
        ("revenue_main", wording.ANSWER_PLACEHOLDERS["money"]),
        ("founded_on", wording.ANSWER_PLACEHOLDERS["date"]),
        ("own_brand", None),
        (None, None),
    ],
)
async def test_the_field_is_told_what_it_is_for(parts: Parts, fact: str | None, hint: str | None) -> None:
    async with open_client(parts, conversations=_Asking(fact)) as client:
        html = (await ask(client, text="好")).text
    assert re.findall(r'data-hint="([^"]*)"', html) == ([hint] if hint else [])


async def test_links_lead_to_the_web_or_to_our_own_pages() -> None:
    for good in ("https://a.cn/x", "http://a.cn", "/documents/x", "/"):
        assert safe_link(good) == good
    for bad in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.test",
        "/\\evil.test",
        "",
        None,
        "ftp://x",
        " https://x",
    ):
        assert safe_link(bad) is None


async def test_parts_keep_their_key_to_themselves(parts: Parts) -> None:
    assert "hush-hush" not in repr(replace(parts, secret_key="hush-hush"))
