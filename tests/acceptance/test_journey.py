"""The whole way: ask, check oneself, see what is missing, find a team, be introduced, register for what the bureau
announced. The service is killed (-9) after each step; over Telegram, and without it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.journey import Chat, Heard, Staff, Stored, TelegramChat, WebChat, get
from tests.acceptance.people import BAKER
from tests.acceptance.process import Service, run
from tests.acceptance.selfcheck import TelegramLine, WebLine, interview
from tests.firms.files import credit_code, csv_bytes
from tests.telegram_server import TelegramServer

FIRM, CODE = "示例甲食品有限公司", credit_code(7700001)
PROVIDER = "示例大学食品学院"
FIRM_PHONE, FIRM_PERSON = "0734-0009001", "示例甲联系人"
TEAM_PHONE, TEAM_PERSON = "0731-0009002", "示例团队联系人"
FIRMS = [
    ["企业名称", "统一社会信用代码", "所在地", "行业代码", "发明专利", "主要产品", "技术需求", "技术预算(万元)",
     "联系人", "联系电话", "同意被查看", "订阅"],
    [FIRM, CODE, "耒阳", "C14", 1, "烘焙食品", "烘焙食品保质期短，想找团队做保鲜工艺", 30,
     FIRM_PERSON, FIRM_PHONE, "是", "融资、活动"],
    ["示例乙机械有限公司", credit_code(7700002), "衡南", "C34", 0, "阀体", "", "", "", "", "是", "融资"],
]  # fmt: skip
OFFERS = [
    ["编号", "类别", "标题", "提供方", "服务地区", "研究方向", "起步经费(万元)", "名额", "有效期至",
     "联系人", "联系电话"],
    ["示例-J1", "高校", "烘焙食品保鲜团队", PROVIDER, "湖南省", "烘焙食品保鲜与保质期延长工艺", 20, 1, "2027-06-30",
     TEAM_PERSON, TEAM_PHONE],
]  # fmt: skip
EVENTS = [
    ["编号", "标题", "组织方", "服务地区", "准入条件", "主题", "地点", "开始时间", "报名截止", "名额"],
    ["示例-J2", "知识产权质押融资对接会", "示例服务中心", "衡阳市", "发明专利 >= 1", "融资、知识产权", "示例会议中心",
     "2027-01-15 14:30", "2027-01-13", 1],
]  # fmt: skip
PRIVATE = (FIRM_PHONE, FIRM_PERSON, TEAM_PHONE, TEAM_PERSON)


class Town:
    """A service that is killed time and again, and the people who use it."""

    def __init__(
        self, settings: dict[str, str], folder: Path, telegram: TelegramServer | None, *, every_step: bool
    ) -> None:
        self.settings = settings
        self._every_step = every_step
        self.telegram = telegram
        token = {}
        if telegram is not None:
            token = {"QIBAN_TELEGRAM_TOKEN": telegram.token, "QIBAN_TELEGRAM_BASE_URL": telegram.base_url}
        self.service = Service({**settings, **token}, folder / "log")
        self.stored = Stored(settings)
        self._folder = folder
        self._chats = iter(range(5001, 5999))

    def chat(self) -> Chat:
        if self.telegram is None:
            return WebChat(self.service, self.stored)
        return TelegramChat(self.telegram, next(self._chats), self.stored)

    def command(self, *arguments: str) -> dict[str, object]:
        done = run(self.settings, *arguments, "--json")
        assert done.returncode == 0, done.stderr.decode()
        value: dict[str, object] = json.loads(done.stdout)
        return value

    def take_in(self, kind: str, rows: list[list[object]]) -> None:
        path = self._folder / f"{kind}.csv"
        path.write_bytes(csv_bytes(rows, "gb18030"))
        assert self.command("import", kind, str(path))["added"] == len(rows) - 1

    def key(self, *owner: str) -> Staff:
        return Staff(self.service, str(self.command("key", "create", *owner)["key"]))

    def killed(self, *, always: bool = False) -> None:
        """kill -9 once nothing is under way, and start again; where time is short, only at some steps."""
        if not (always or self._every_step):
            return
        self.stored.settle()
        self.service.kill()
        self.service.start()


@pytest.fixture
def town(request: pytest.FixtureRequest, service_settings: dict[str, str], tmp_path: Path) -> Iterator[Town]:
    channel, _, kills = request.param.partition(", ")
    telegram = TelegramServer() if channel == "telegram" else None
    if telegram is not None:
        telegram.__enter__()
    made = Town(service_settings, tmp_path, telegram, every_step=kills == "a kill after each step")
    made.take_in("firms", FIRMS)
    made.take_in("offers", OFFERS)
    made.take_in("events", EVENTS)
    made.service.start()
    yield made
    made.service.kill()
    made.stored.close()
    if telegram is not None:
        telegram.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("service_settings", "town"),
    [
        ("sqlite", "telegram, a kill in the middle of each half"),
        pytest.param("sqlite", "telegram, a kill after each step", marks=pytest.mark.long),
        pytest.param("sqlite", "web, a kill after each step", marks=pytest.mark.long),
        pytest.param("postgres", "web, a kill after each step", marks=pytest.mark.long),
    ],
    indirect=True,
)
@pytest.mark.timeout(900)
def test_one_firm_walks_the_whole_way_through_kills(town: Town) -> None:
    firm, provider = town.chat(), town.chat()
    editor, approver = _staff(town, "示例小陈", "editor"), _staff(town, "示例老李", "approver")

    asks_and_checks_itself(town, firm)
    town.killed()
    codes = [
        str(editor.post(f"/firms/{CODE}/claim-codes").json()["code"]),
        str(town.command("claim", "create", "--provider", PROVIDER)["code"]),
    ]
    links(firm, codes[0], FIRM)
    links(provider, codes[1], PROVIDER)
    assert not any(code in town.stored.kept() for code in codes)
    town.killed()
    found = firm.say("找高校团队")
    town.killed()
    is_introduced(town, firm, provider, found)
    town.killed()
    registers(town, firm, editor, approver)
    nothing_was_said_twice(town, firm, provider)


def _staff(town: Town, name: str, role: str) -> Staff:
    town.command("staff", "add", name, "--role", role)
    return town.key("--staff", name)


def asks_and_checks_itself(town: Town, firm: Chat) -> None:
    assert "不高于70%" in firm.say("资产负债率有什么要求").words
    town.killed()
    if isinstance(firm, TelegramChat):
        assert town.telegram is not None
        line: TelegramLine | WebLine = TelegramLine(town.telegram, int(firm.address))
    else:
        assert isinstance(firm, WebChat)
        line = WebLine(town.service, firm.session)
    _, verdict = interview(BAKER, line)
    assert "还差200万元" in "\n".join(verdict.texts)  # 1,800 of 2,000: what is missing is said


def links(chat: Chat, code: str, name: str) -> None:
    assert name in chat.say(code).words


def is_introduced(town: Town, firm: Chat, provider: Chat, found: Heard) -> None:
    assert "烘焙食品保鲜团队" in found.words
    sure = firm.press(found.button("有意向"))
    assert PROVIDER in sure.words
    town.killed()
    asked = firm.press(sure.button("同意"))
    assert PROVIDER in asked.words
    assert firm.press(sure.button("同意")).words == asked.words  # pressed again: one introduction
    town.killed(always=True)
    request = provider.notice("烘焙食品保鲜团队")
    no_contact_is_known(town, firm, provider)
    accepted = provider.press(request.button("同意"))
    assert FIRM_PHONE in accepted.words
    town.killed()
    contacts = firm.press(firm.notice("的引荐已达成").button("查看联系方式"))
    assert TEAM_PHONE in contacts.words
    assert FIRM_PHONE in provider.press(provider.notice("烘焙食品保鲜团队").button("同意")).words
    assert get(town.service, "/api/v1/offers/示例-J1").json()["taken"] == 1


def no_contact_is_known(town: Town, *chats: Chat) -> None:
    said = "\n".join(words for chat in chats for words in chat.all_words())
    kept = town.stored.kept()
    assert not any(private in said or private in kept for private in PRIVATE)


def registers(town: Town, firm: Chat, editor: Staff, approver: Staff) -> None:
    draft = {
        "title": "融资对接会报名",
        "text": "本月举办知识产权质押融资对接会，欢迎报名。",
        "category": "融资",
        "audience": "发明专利 >= 1",
        "offer_id": "示例-J2",
    }
    made = editor.post("/announcements", draft).json()["id"]
    preview = editor.get(f"/announcements/{made}/preview")
    assert (preview["count"], preview["excluded"]["rule"]) == (1, 1)
    assert editor.post(f"/announcements/{made}/approve").status_code == 403
    town.killed()
    assert approver.post(f"/announcements/{made}/approve").status_code == 200
    assert editor.post(f"/announcements/{made}/schedule", {"at": "now", "urgent": True}).status_code == 200
    town.service.kill()  # in the middle of it
    town.service.start()
    invitation = firm.notice("欢迎报名")
    until(lambda: editor.get(f"/announcements/{made}/status")["state"] == "done")
    assert editor.get(f"/announcements/{made}/status")["counts"]["sent"] == 1
    assert editor.post(f"/announcements/{made}/schedule", {}).status_code == 409
    town.killed()
    joined = firm.press(invitation.button("我要报名"))
    assert "报名成功" in joined.words
    town.killed()
    assert "报名成功" in firm.press(invitation.button("我要报名")).words  # pressed again: one registration
    event = get(town.service, "/api/v1/events/示例-J2").json()
    assert (event["taken"], event["waiting"]) == (1, 0)
    listed = editor.get("/events/示例-J2/registrations")["items"]
    assert [(row["firm"], row["state"]) for row in listed] == [(CODE, "registered")]


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def nothing_was_said_twice(town: Town, firm: Chat, provider: Chat) -> None:
    town.stored.settle()
    rows = town.stored.deliveries()
    assert {row.state for row in rows} == {"sent"}
    assert len({row.key for row in rows}) == len(rows)
    firm_words, provider_words = firm.all_words(), provider.all_words()
    assert sum("欢迎报名" in words for words in firm_words) == 1
    assert sum("报名成功" in words for words in firm_words) == 2  # the two presses; no notice beside
    assert sum("请在2026年12月8日前" in words for words in provider_words) == 1
    until(lambda: not any(private in town.stored.kept() for private in PRIVATE))  # emptied once they were sent
