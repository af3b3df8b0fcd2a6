"""`qiban import` and `qiban key` as a person types them: exit codes, JSON, and plain Chinese."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import select, text

from core.database import Database
from core.settings import CHECKOUT, Settings
from firms import audit, import_wording
from firms.catalogue import catalogue
from firms.importing import PORTION, FirmImport
from firms.keys import Keys
from firms.models import AuditRow
from firms.store import Firms
from qiban import cli, import_cli, key_cli
from tests.acceptance.process import environment
from tests.conftest import TODAY
from tests.firms.files import HEADER, credit_code, csv_bytes, xlsx_bytes

Run = Callable[..., tuple[int, bytes, str]]
NAME = "示例甲精密刀具有限公司"
EXAMPLE = (
    "企业名称,统一社会信用代码,所在地,行业代码,2025年主营业务收入(万元),资产负债率(%),主要产品,技术需求,技术预算(万元),同意被查看,订阅\n"
    f"{NAME},91000099MA00000206,衡南,C34,2600,48,硬质合金铣刀,铣刀涂层寿命短，想找团队做物理气相沉积涂层,30,是,高校、融资\n"
)


@pytest.fixture
def qiban(settings: Settings, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `qiban` in this process on a migrated, empty database: exit code, stdout, stderr."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.add_typer(import_cli.app, name="import")
    app.add_typer(key_cli.app, name="key")
    monkeypatch.setattr(cli, "app", app)

    def run(*arguments: str) -> tuple[int, bytes, str]:
        capfdbinary.readouterr()
        code = cli.run(list(arguments))
        out, err = capfdbinary.readouterr()
        assert b"Traceback" not in out + err
        return code, out, err.decode()

    return run


def written(folder: Path, data: bytes, name: str = "名单.csv") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def answered(done: tuple[int, bytes, str]) -> Any:
    code, out, err = done
    assert code == 0, err
    return json.loads(out)


def test_the_example_of_the_contract_goes_in_once(qiban: Run, tmp_path: Path) -> None:
    path = written(tmp_path, EXAMPLE.encode())
    preview = answered(qiban("import", "firms", path, "--dry-run", "--json"))
    first = answered(qiban("import", "firms", path, "--json"))
    again = answered(qiban("import", "firms", path, "--json"))
    assert first == preview
    assert first == {
        "rows": 1, "added": 1, "updated": 0, "unchanged": 0, "errors": [], "duplicates": [], "notices": [],
    }  # fmt: skip
    assert (again["added"], again["unchanged"]) == (0, 1)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bom.csv", EXAMPLE.encode("utf-8-sig")),
        ("gbk.csv", EXAMPLE.encode("gb18030")),
        ("really-csv.xlsx", EXAMPLE.encode()),
        ("really-xlsx.csv", xlsx_bytes([line.split(",") for line in EXAMPLE.splitlines()])),
    ],
)
def test_the_content_decides_what_a_file_is(qiban: Run, tmp_path: Path, name: str, data: bytes) -> None:
    assert answered(qiban("import", "firms", written(tmp_path, data, name), "--json"))["added"] == 1


def test_good_rows_go_in_beside_bad_ones(qiban: Run, tmp_path: Path) -> None:
    header = [*HEADER, "2025年主营业务收入(万元)"]
    rows = [
        ["示例丙化工有限公司", "9.1E+17", "衡山", "300"],
        ["示例丁电子有限公司", "010000990000000012", "衡东", "2,000.5"],
        ["示例己有限公司", credit_code(27), "衡东", "2,000.5"],
    ]
    report = answered(qiban("import", "firms", written(tmp_path, csv_bytes([header, *rows])), "--json"))
    assert (report["rows"], report["added"]) == (3, 1)
    damaged, wrong = report["errors"]
    assert (damaged["row"], damaged["column"]) == (2, "统一社会信用代码")
    assert damaged["message"].startswith("代码被表格软件改成科学计数")
    assert (wrong["row"], wrong["code"]) == (3, "wrong_check_character")
    assert "010000990000000012" in wrong["message"]


def test_no_good_row_is_exit_code_2_and_still_an_answer(qiban: Run, tmp_path: Path) -> None:
    path = written(tmp_path, csv_bytes([HEADER, ["示例甲", "1", "假县"]]))
    code, out, _ = qiban("import", "firms", path, "--json")
    assert code == 2
    assert [error["code"] for error in json.loads(out)["errors"]] == ["bad_credit_code", "bad_region"]


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04x", "甲,乙\n1,2\n".encode(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xff"]
)
def test_a_file_that_is_no_table_is_exit_code_2_and_a_word(qiban: Run, tmp_path: Path, data: bytes) -> None:
    code, out, said = qiban("import", "firms", written(tmp_path, data), "--json")
    assert (code, out) == (2, b"")
    assert said.strip()


def test_a_missing_file_is_named(qiban: Run) -> None:
    code, _, said = qiban("import", "firms", "/nowhere/名单.csv")
    assert code == 2
    assert "名单.csv" in said


def test_a_person_reads_plain_chinese_and_the_first_twenty_errors(qiban: Run, tmp_path: Path) -> None:
    bad = [[f"示例{n}", "", "假县"] for n in range(25)]
    path = written(tmp_path, csv_bytes([HEADER, *bad, [NAME, credit_code(1), "衡南"], [NAME, credit_code(1), "衡南"]]))
    code, out, _ = qiban("import", "firms", path)
    said = out.decode()
    assert code == 0
    assert "共 27 行：新增 1，更新 0，未变 0，有误 25。" in said
    assert said.count("假县") == 20
    assert import_wording.MORE_ERRORS.format(count=5) in said
    assert credit_code(1) in said
    _, out, _ = qiban("import", "firms", path, "--dry-run")
    assert out.decode().startswith(import_wording.DRY_RUN)


async def owner_of(database: Database, key: str) -> tuple[str, str] | None:
    owner = await Keys(database).verify(key)
    return None if owner is None else (owner.kind, owner.owner)


def test_a_key_is_made_for_one_owner_and_revoked(qiban: Run, settings: Settings, tmp_path: Path) -> None:
    async def ask(key: str) -> tuple[str, str] | None:
        database = Database(settings.database)
        found = await owner_of(database, key)
        await database.close()
        return found

    async def firm_id() -> str:
        database = Database(settings.database)
        found = (await Firms(database).find(NAME)).id
        await database.close()
        return found

    answered(qiban("import", "firms", written(tmp_path, EXAMPLE.encode()), "--json"))
    by_code = answered(qiban("key", "create", "--firm", "91000099ma00000206", "--json"))["key"]
    by_name = answered(qiban("key", "create", "--firm", NAME, "--json"))["key"]
    bank = answered(qiban("key", "create", "--provider", "示例银行", "--json"))["key"]
    code, out, _ = qiban("key", "create", "--staff", "示例人员")
    staff = out.decode().strip()
    firm = asyncio.run(firm_id())
    assert code == 0
    assert [asyncio.run(ask(key)) for key in (by_code, by_name, bank, staff)] == [
        ("firm", firm), ("firm", firm), ("provider", "示例银行"), ("staff", "示例人员"),
    ]  # fmt: skip
    assert qiban("key", "revoke", bank)[0] == 0
    assert answered(qiban("key", "revoke", staff[:8], "--json"))["owner"] == "示例人员"
    assert [asyncio.run(ask(key)) for key in (by_code, bank, staff)] == [("firm", firm), None, None]
    assert qiban("key", "revoke", bank)[0] == 1
    entries = asyncio.run(_entries(settings))
    assert entries == ["firms.imported", *["key.created"] * 4, *["key.revoked"] * 2]


async def _entries(settings: Settings) -> list[str]:
    database = Database(settings.database)
    async with database.reading() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.id))).all()
    await database.close()
    assert {row.actor for row in rows} == {audit.COMMAND_LINE}
    return [row.action for row in rows]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("--firm", "谁也不是"), 1),
        (("--firm", "x", "--staff", "y"), 2),
        (("--provider", "  "), 2),
    ],
)
def test_a_key_for_nobody_is_refused(qiban: Run, arguments: tuple[str, ...], code: int) -> None:
    got, _, said = qiban("key", "create", *arguments)
    assert got == code
    assert said.strip()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_killed_import_leaves_whole_portions_and_the_rest_comes_later(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    rows = [[f"示例{n:05d}号机械厂", credit_code(n), "衡南", n] for n in range(2000)]
    path = written(tmp_path, csv_bytes([[*HEADER, "从业人数"], *rows]))
    command = (sys.executable, "-c", "from qiban.import_cli import app; app()", "firms", path)
    own = {name: value for name, value in os.environ.items() if name.startswith("QIBAN_")}
    process = subprocess.Popen(
        command, env={**environment(own), "PYTHONPATH": str(CHECKOUT)}, stdout=subprocess.DEVNULL
    )
    while process.poll() is None and await _count(database, "firms") == 0:
        await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    there = await _count(database, "firms")
    assert 0 < there < 2000
    assert there % PORTION == 0
    assert await _count(database, "firm_facts") == 2 * there
    report = await FirmImport(database, catalogue(), today=TODAY).run(Path(path).read_bytes())
    assert (report.added, report.unchanged) == (2000 - there, there)


async def _count(database: Database, table: str) -> int:
    async with database.reading() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())
