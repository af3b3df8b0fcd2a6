"""A bureau's evening and morning at the command line: tables in, matches out, an announcement to the right people.

One data directory and few processes: a process of the `clerk` runs many commands, `qiban deliver` runs as it is.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.acceptance.process import COMMAND, environment
from tests.conftest import MODEL_DIR, _fresh_database
from tests.telegram_server import Refusal, TelegramServer

NIGHT, MORNING = "2026-11-24T23:30", "2026-11-25T09:00"
TOOLS, NO_REVENUE, HIDDEN = "示例甲精密刀具有限公司", "示例乙机械有限公司", "示例丙机电有限公司"
CODE = "91000099MA00000206"
FIRMS = (
    "企业名称,统一社会信用代码,所在地,行业代码,2025年主营业务收入(万元),资产负债率(%),主要产品,技术需求,技术预算(万元),"
    "可用担保,证书,联系人,联系电话,Telegram编号,同意被查看,订阅\n"
    f"{TOOLS},{CODE},衡南,C34,2600,48,硬质合金铣刀,铣刀涂层寿命短，想找团队做物理气相沉积涂层,30,信用,无,赵示例,13900000001,9001,是,融资\n"
    f"{NO_REVENUE},,衡山,C35,,70,阀体,铣刀涂层寿命短,,,,钱示例,13900000002,9002,是,融资、高校\n"
    f"{HIDDEN},,蒸湘,C35,900,30,阀体,铣刀涂层寿命短,,,,孙示例,13900000003,9003,否,融资\n"
    "示例丁有限公司,,假县,C35,900,30,,,,,,,,,,\n"
)
CROWD = "企业名称,所在地,2025年主营业务收入(万元),联系电话,Telegram编号,订阅\n" + "".join(
    f"示例{n:02d}号机械厂,衡东,{1500 + n},1390000{n:04d},{9100 + min(n, 39)},{'融资' if n > 2 else '活动'}\n"
    for n in range(1, 41)
)
"""Forty firms: the first two did not subscribe, the last two share a chat."""
OFFERS = (
    "编号,类别,标题,提供方,服务地区,准入条件,研究方向,起步经费(万元),担保方式,年利率(%),证书要求,所需产品工艺,名额,已用名额,状态,"
    "有效期至,联系人,联系电话,电子邮箱\n"
    "G1,高校,刀具涂层团队,示例大学材料学院,湖南省,,物理气相沉积硬质涂层,20,,,,,3,,,2026-11-24,周示例,13600000001,z@uni.example\n"
    "R1,融资,信用贷,示例银行,衡阳市,资产负债率<=60;主营业务收入>=1000,,,信用,3.6,,,,,,,吴示例,13600000002,w@bank.example\n"
    "R2,融资,大额贷,示例银行,衡阳市,主营业务收入 >= 5000; 资产负债率 <= 40,,,信用,3.2-4.1,,,,,,,,,\n"
    "P1,配套,阀体采购,示例重工集团,全国,,,,,,ISO9001,球墨铸铁阀体,,,,,,,\n"
    "X1,服务,昨天过期,示例机构,全国,,,,,,,,,,,2026-11-23,,,\n"
    "X2,服务,名额已满,示例机构,全国,,,,,,,,2,2,,,,,\n"
    "X3,服务,已撤下的,示例机构,全国,,,,,,,,,,已撤下,,,,\n"
    f"X4,服务,自己发布的,{TOOLS},全国,,,,,,,,,,,,,,\n"
    "X5,服务,外地的,示例机构,衡东县,,,,,,,,,,,,,,\n"
    "X6,服务,看不懂的条件,示例机构,全国,神秘指标 >= 3,,,,,,,,,,,,,\n"
)
EVENTS = (
    "编号,标题,组织方,服务地区,准入条件,主题,开始时间,报名截止,名额\n"
    "E1,融资对接会,示例服务中心,衡阳市,发明专利 >= 1,融资,2026-12-05 14:30,2026-12-03,40\n"
    "E2,截止了的,示例服务中心,衡阳市,,融资,2026-12-05 14:30,2026-11-23,40\n"
)
RULE = "主营业务收入 >= 1000; region in 衡阳市"
AUDIENCE = 1 + 38
"""The tool maker, and the crowd without the two that did not subscribe."""

_CLERK = """
import json, sys
from qiban.cli import run
for arguments in json.load(sys.stdin):
    code = run(arguments)
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\\x1e%d\\x1e" % code)
    sys.stdout.flush()
"""


@dataclass
class Done:
    """What a command answered."""

    code: int
    out: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.out
        return json.loads(self.out)


@dataclass
class Desk:
    """A bureau's environment, and all that was ever written to a terminal or a log."""

    settings: dict[str, str]
    folder: Path
    telegram: TelegramServer
    said: list[str] = field(default_factory=list)
    done: dict[str, Done] = field(default_factory=dict)
    announcement: str = ""

    def clerk(self, *commands: tuple[str, ...], **more: str) -> list[Done]:
        """Run commands one after the other in a process."""
        asked = json.dumps([list(command) for command in commands]).encode()
        process = subprocess.run(
            [sys.executable, "-c", _CLERK],
            env=environment({**self.settings, **more}),
            input=asked,
            capture_output=True,
            timeout=240,
            check=True,
        )
        self.said += [process.stdout.decode(), process.stderr.decode()]
        assert "Traceback" not in self.said[-1]
        pieces = process.stdout.decode().split("\x1e")
        return [Done(int(code), out) for out, code in zip(pieces[::2], pieces[1::2], strict=False)]

    def deliveries(self, workers: int, **more: str) -> list[Done]:
        """Run `qiban deliver --until-idle` so many times at once."""
        running = [
            subprocess.Popen(
                [*COMMAND, "deliver", "--until-idle", "--json"],
                env=environment({**self.settings, **more}),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for _ in range(workers)
        ]
        ended = [(process, *process.communicate(timeout=240)) for process in running]
        self.said += [text.decode() for _, *texts in ended for text in texts]
        return [Done(process.returncode, out.decode()) for process, out, _ in ended]

    def table(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_bytes(text.encode("gb18030" if "offers" in name else "utf-8-sig"))
        return str(path)


def database_of(request: pytest.FixtureRequest, stack: ExitStack) -> Mapping[str, str]:
    """Where the desk keeps its data: nothing for a file in its data directory."""
    if request.param == "sqlite":
        return {}
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    name = f"qiban_test_{secrets.token_hex(6)}"
    stack.enter_context(_fresh_database(server, name, template))
    return {"QIBAN_DATABASE_URL": server.rpartition("/")[0] + f"/{name}"}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def desk(request: pytest.FixtureRequest, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The whole evening and the next morning."""
    folder = tmp_path_factory.mktemp("desk")
    copytree(prepared, folder / "var")
    with ExitStack() as stack:
        telegram = stack.enter_context(TelegramServer())
        settings = {
            "QIBAN_DATA_DIR": str(folder / "var"),
            "QIBAN_MODEL_DIR": str(MODEL_DIR),
            "QIBAN_TODAY": NIGHT,
            "QIBAN_TELEGRAM_TOKEN": telegram.token,
            "QIBAN_TELEGRAM_BASE_URL": telegram.base_url,
            "QIBAN_SEND_RATE": "500",
            **database_of(request, stack),
        }
        desk = Desk(settings, folder, telegram)
        evening(desk)
        next_morning(desk)
        yield desk


def evening(desk: Desk) -> None:
    firms, crowd = desk.table("firms.csv", FIRMS), desk.table("crowd.csv", CROWD)
    offers, events = desk.table("offers.csv", OFFERS), desk.table("events.csv", EVENTS)
    text = desk.table("text.txt", "关于《A_B企业<试点>（R&D≥3%）》的通知")
    draft = ("--title", "融资对接", "--text", f"@{text}", "--category", "融资", "--audience", RULE, "--by", "张三")
    commands = {
        "dry run": ("import", "firms", firms, "--dry-run", "--json"),
        "firms": ("import", "firms", firms, "--json"),
        "firms again": ("import", "firms", firms, "--json"),
        "crowd": ("import", "firms", crowd, "--json"),
        "offers": ("import", "offers", offers, "--json"),
        "events": ("import", "events", events, "--json"),
        "events again": ("import", "events", events, "--json"),
        "match": ("match", CODE, "--limit", "50", "--json"),
        "match in words": ("match", TOOLS),
        "match money": ("match", NO_REVENUE, "--kind", "financing", "--json"),
        "need": ("match", "--need", "铣刀涂层寿命短，想找团队做涂层", "--region", "衡南", "--json"),
        "all": ("match", "--all", "--kind", "financing", "--limit", "1", "--json"),
        "match offer": ("match-offer", "G1", "--limit", "100", "--json"),
        "no firm": ("match", "谁也不是", "--json"),
        "bad kind": ("match", CODE, "--kind", "贷款", "--json"),
        "bad limit": ("match", CODE, "--limit", "0", "--json"),
        "bad rule": ("announce", "create", *draft[:-4], "--audience", "神秘指标 >= 3", "--by", "张三", "--json"),
        "draft": ("announce", "create", *draft, "--json"),
    }
    desk.done |= dict(zip(commands, desk.clerk(*commands.values()), strict=True))
    desk.announcement = desk.done["draft"].json["id"]
    its = ("announce",), (desk.announcement, "--json")
    steps = {
        "preview": ("preview", *its[1]),
        "too early": ("schedule", desk.announcement, "--at", "now", "--json"),
        "own": ("approve", desk.announcement, "--by", "张三", "--json"),
        "approve": ("approve", desk.announcement, "--by", "李四", "--json"),
        "bad time": ("schedule", desk.announcement, "--at", "明天", "--json"),
        "schedule": ("schedule", desk.announcement, "--at", "now", "--json"),
        "schedule again": ("schedule", desk.announcement, "--at", "now", "--json"),
    }
    keywords_only = str(desk.folder / "no model")
    found = desk.clerk(
        *(("announce", *step) for step in steps.values()),
        ("deliver", "--until-idle", "--json"),
        ("announce", "status", *its[1]),
        QIBAN_MODEL_DIR=keywords_only,
    )
    desk.done |= dict(zip([*steps, "deliver at night", "status at night"], found, strict=True))
    desk.done["sent at night"] = Done(0, json.dumps(len(desk.telegram.sent())))


def next_morning(desk: Desk) -> None:
    desk.telegram.block(9103)
    desk.telegram.delete_chat(9104)
    gone = Refusal(403, "Forbidden: user is deactivated").to_json()
    desk.telegram.fail_next("sendMessage", chat_id=9105, status=403, body=gone)
    morning = {"QIBAN_TODAY": MORNING, "QIBAN_MODEL_DIR": str(desk.folder / "no model")}
    first, second = desk.deliveries(2, **morning)
    desk.done |= {"deliver": first, "deliver beside": second}
    names = ("status", "status in words", "preview after", "schedule after")
    its = desk.announcement
    after = (("status", its, "--json"), ("status", its), ("preview", its, "--json"), ("schedule", its, "--at", "now"))
    found = desk.clerk(*(("announce", *command) for command in after), **morning)
    desk.done |= dict(zip(names, found, strict=True))


def offered(desk: Desk, name: str) -> dict[str, Any]:
    return {match["offer_id"]: match for match in desk.done[name].json["matches"]}


def test_tables_go_in_beside_their_bad_rows_and_once(desk: Desk) -> None:
    dry, firms, again = (desk.done[name].json for name in ("dry run", "firms", "firms again"))
    assert dry == firms
    assert (firms["rows"], firms["added"], firms["updated"], firms["unchanged"]) == (4, 3, 0, 0)
    assert [(error["row"], error["column"], error["code"]) for error in firms["errors"]] == [
        (5, "所在地", "bad_region")
    ]
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 3)
    offers = desk.done["offers"].json
    assert offers["added"] == 9
    assert [(error["row"], error["column"]) for error in offers["errors"]] == [(11, "准入条件")]
    assert "神秘指标" in offers["errors"][0]["message"]
    assert (desk.done["events"].json["added"], desk.done["events again"].json["unchanged"]) == (2, 2)


def test_a_firm_gets_what_it_may_have_and_nothing_else(desk: Desk) -> None:
    matches = offered(desk, "match")
    assert set(matches) == {"G1", "R1", "E1"}  # no certificates: P1 is missed by one condition
    assert all(match["violations"] == [] and match["reasons"] for match in matches.values())
    assert matches["G1"]["to_check"] == matches["R1"]["to_check"] == []
    assert [check["fact"] for check in matches["E1"]["to_check"]] == ["invention_patents"]
    near = {miss["offer_id"]: miss["missing"] for miss in desk.done["match"].json["near_misses"]}
    assert set(near) == {"R2", "P1"}
    assert "2400万元" in near["R2"][0]
    assert "8个百分点" in near["R2"][1]
    assert desk.done["match"].json["next_question"] == "invention_patents"


def test_what_is_not_known_is_asked_and_is_no_no(desk: Desk) -> None:
    """A ratio of 70 breaks R1 whatever the revenue; R2 lacks both: the unknown revenue makes nothing a match."""
    answer = desk.done["match money"].json
    assert answer["matches"] == []
    need = offered(desk, "need")
    assert {check["fact"] for check in need["R1"]["to_check"]} == {"debt_ratio", "revenue_main", "collateral"}
    assert desk.done["need"].json["firm"] is None


def test_all_firms_are_matched_each_with_its_own(desk: Desk) -> None:
    results = {result["firm_name"]: result for result in desk.done["all"].json["results"]}
    assert len(results) == 43
    assert [match["offer_id"] for match in results[TOOLS]["matches"]] == ["R1"]
    assert all(len(result["matches"]) <= 1 for result in results.values())


def test_a_provider_sees_consenting_firms_without_contacts(desk: Desk) -> None:
    firms = desk.done["match offer"].json["firms"]
    assert [firm["name"] for firm in firms] == [TOOLS, NO_REVENUE]
    assert set(firms[0]) == {"firm", "name", "score", "reasons", "to_check"}
    assert firms[0]["firm"] == CODE


def test_a_person_reads_chinese(desk: Desk) -> None:
    said = desk.done["match in words"].out
    assert said.startswith(f"{TOOLS} 的匹配结果")
    assert "【高校】" in said
    assert "已送达：35" in desk.done["status in words"].out


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no firm", 1), ("bad kind", 2), ("bad limit", 2), ("bad rule", 2), ("bad time", 2),
        ("too early", 1), ("own", 1), ("schedule again", 1), ("schedule after", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_done_has_its_exit_code(desk: Desk, name: str, code: int) -> None:
    assert (desk.done[name].code, desk.done[name].out) == (code, "")


def test_every_firm_is_counted_once_in_a_preview(desk: Desk) -> None:
    before, after = desk.done["preview"].json, desk.done["preview after"].json
    assert before["count"] == AUDIENCE
    assert before["excluded"] == {
        "rule": 1, "unknown_fact": 1, "region": 0, "no_consent": 2, "opted_out": 0, "blocked": 0, "no_channel": 0,
    }  # fmt: skip
    assert after["excluded"]["blocked"] == 3
    assert after["count"] + sum(after["excluded"].values()) == 43


def test_the_night_holds_it_and_the_morning_lets_it_go(desk: Desk) -> None:
    night = desk.done["status at night"].json
    assert (desk.done["schedule"].json["state"], night["state"]) == ("scheduled", "sending")
    assert (night["counts"]["queued"], night["counts"]["skipped"]) == (AUDIENCE - 1, 1)
    assert desk.done["sent at night"].json == 0


def test_each_person_gets_one_copy_from_two_workers_at_once(desk: Desk) -> None:
    assert (desk.done["deliver"].code, desk.done["deliver beside"].code) == (0, 0)
    arrived = Counter(message["chat_id"] for message in desk.telegram.sent())
    assert arrived == Counter([9001, *range(9106, 9140)])
    status = desk.done["status"].json
    assert status["state"] == "done"
    assert status["counts"] == {
        "queued": 0, "sending": 0, "sent": AUDIENCE - 4, "failed": 3, "uncertain": 0, "skipped": 1,
    }  # fmt: skip
    assert status["reasons"] == {"blocked": 3, "same_person": 1}
    assert "关于《A_B企业<试点>（R&D≥3%）》的通知" in desk.telegram.sent()[0]["text"]


def test_no_contact_is_said_anywhere(desk: Desk) -> None:
    said = "\n".join(desk.said)
    assert not re.search(r"1[36]9?0{4}\d|示例\.example|@uni|@bank|[赵钱孙周吴]示例|\b9[01]\d\d\b", said)
