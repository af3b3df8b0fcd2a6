"""`qiban announce`: the same promises at the command line, with exit codes and the contract's JSON."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from core.database import Database
from core.settings import Settings
from firms.staff import Staffs
from qiban.cli import run
from tests.announcements.people import Bureau

FIRMS = """企业名称,所在地,资产负债率(%),订阅,Telegram编号
示例甲精密刀具有限公司,衡南,48,融资,1001
示例乙机械有限公司,衡南,70,融资,1002
示例丙机械有限公司,衡南,40,,1003
"""


@pytest.fixture
def ready(settings: Settings, tmp_path: Path) -> Settings:
    """A service with three firms."""
    (tmp_path / "firms.csv").write_text(FIRMS, "utf-8")
    assert run(["import", "firms", str(tmp_path / "firms.csv")]) == 0
    return settings


def said(capfdbinary: Any) -> Any:
    return json.loads(capfdbinary.readouterr().out)


def drafted(capfdbinary: Any, *more: str, text: str = "示例正文。") -> str:
    given = ["--title", "示例", "--text", text, "--category", "融资", "--by", "示例甲员", *more]
    capfdbinary.readouterr()
    assert run(["announce", "create", *given, "--json"]) == 0
    made = said(capfdbinary)
    assert made == {"id": made["id"], "state": "draft"}
    return str(made["id"])


async def with_staff(settings: Settings, name: str, role: Any) -> None:
    database = Database(settings.database)
    async with database.transaction() as session:
        await Staffs(database).add(session, name, role)
    await database.close()


def test_an_announcement_goes_its_way_once(ready: Settings, tmp_path: Path, capfdbinary: Any) -> None:
    (tmp_path / "text.txt").write_text("\ufeff文件里的正文\n", "utf-8")
    made = drafted(capfdbinary, "--audience", "debt_ratio <= 60", text=f"@{tmp_path / 'text.txt'}")
    assert run(["announce", "preview", made, "--json"]) == 0
    preview = said(capfdbinary)
    assert (preview["count"], preview["sample"][0]["name"]) == (1, "示例甲精密刀具有限公司")
    assert (preview["excluded"]["rule"], preview["excluded"]["no_consent"]) == (1, 1)
    assert run(["announce", "schedule", made, "--at", "now"]) == 1
    assert run(["announce", "approve", made, "--by", "示例甲员"]) == 1
    capfdbinary.readouterr()
    assert run(["announce", "approve", made, "--by", "示例乙员", "--json"]) == 0
    assert said(capfdbinary)["state"] == "approved"
    assert run(["announce", "schedule", made, "--at", "2020-01-01 09:00"]) == 2
    assert run(["announce", "schedule", made, "--at", "2026-12-01 09:00", "--urgent"]) == 0
    assert run(["announce", "schedule", made, "--at", "now"]) == 1
    capfdbinary.readouterr()
    assert run(["announce", "status", made, "--json"]) == 0
    assert said(capfdbinary) == {
        "id": made,
        "state": "scheduled",
        "counts": dict.fromkeys(("queued", "sending", "sent", "failed", "uncertain", "skipped"), 0),
        "reasons": {},
    }
    assert run(["announce", "list", "--json"]) == 0
    (listed,) = said(capfdbinary)
    assert (listed["text"], listed["send_at"]) == ("文件里的正文", "2026-12-01T09:00:00+08:00")
    for command in ("preview", "status", "stop"):
        assert run(["announce", command, made]) == 0
    assert run(["announce", "list"]) == 0
    assert "已停止" in capfdbinary.readouterr().out.decode()


def test_bad_input_is_told_from_failure(ready: Settings, tmp_path: Path, capfdbinary: Any) -> None:
    given = ["--title", "示例", "--category", "融资", "--by", "示例甲员"]
    assert run(["announce", "create", *given, "--text", "示例", "--audience", "天气 = 晴"]) == 2
    assert "天气" in capfdbinary.readouterr().err.decode()
    assert run(["announce", "create", *given, "--text", f"@{tmp_path / 'none.txt'}"]) == 2
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xfd")
    assert run(["announce", "create", *given, "--text", f"@{tmp_path / 'bad.txt'}"]) == 2
    assert run(["announce", "status", "a-none"]) == 1


def test_an_account_of_the_name_says_what_it_may_do(ready: Settings, capfdbinary: Any) -> None:
    asyncio.run(with_staff(ready, "示例编辑", "editor"))
    made = drafted(capfdbinary)
    assert run(["announce", "approve", made, "--by", "示例编辑"]) == 1
    assert "审批权限" in capfdbinary.readouterr().err.decode()
    assert run(["announce", "approve", made, "--by", "没有账号的人"]) == 0


def test_what_is_scheduled_here_is_sent_there(ready: Settings, capfdbinary: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("QIBAN_TELEGRAM_TOKEN", "1:示例")
    made = drafted(capfdbinary, "--audience", "debt_ratio <= 60")
    assert run(["announce", "approve", made, "--by", "示例乙员"]) == 0
    assert run(["announce", "schedule", made, "--at", "now"]) == 0

    async def work() -> list[str]:
        database = Database(ready.database)
        bureau = Bureau(database)
        bureau.time.move(days=1)
        await bureau.deliver()
        await database.close()
        return bureau.channel.addresses

    assert asyncio.run(work()) == ["1001"]
