"""The commands as a person types them: exit codes, JSON, and repair of a dirty state."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from knowledge.base import DATA
from qiban import cli
from tests.acceptance.process import Service, run
from tests.telegram_server import TelegramServer

pytestmark = pytest.mark.parametrize("service_settings", ["sqlite"], indirect=True)
PLAN = "hengyang-little-giant-plan-2021-2025"


class Command:
    """Runs `qiban` in this process (the libraries take seconds to load) with the settings of a service."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> tuple[int, bytes, str]:
        """Exit code, stdout, stderr."""
        self._capture.readouterr()
        code = cli.run(list(arguments))
        out, err = self._capture.readouterr()
        assert b"Traceback" not in out + err
        return code, out, err.decode()

    def json(self, *arguments: str) -> Any:
        code, out, err = self(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def qiban(
    service_settings: dict[str, str], capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Command:
    for name in list(os.environ):
        if name.startswith("QIBAN_"):
            monkeypatch.delenv(name)
    for name, value in service_settings.items():
        monkeypatch.setenv(name, value)
    return Command(capfdbinary)


def test_the_three_questions_of_the_first_day(qiban: Command) -> None:
    answered = qiban.json("ask", "软件公司收入要求是多少")
    assert answered["status"] == "answered"
    (citation,) = answered["citations"]
    assert "1000万元" in citation["quote"]
    assert (citation["clause"], citation["in_force"]) == ("四（一）2", False)
    assert "已于2025年12月31日结束" in answered["notices"][0]
    text = (DATA / "documents" / f"{PLAN}.txt").read_text("utf-8")
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    award = qiban.json("ask", "小巨人能补贴多少钱奖金")
    assert (award["status"], award["why"]) == ("declined", "not_stated")
    assert qiban.json("ask", "今天衡阳天气怎么样")["status"] == "declined"
    _, said, _ = qiban("ask", "软件公司收入要求是多少")
    assert "四、(一）2、" in said.decode()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ask", ""), 2),
        (("ask", "条" * 20_000), 2),
        (("ask", "x", "--as-of", "2026-13-01"), 2),
        (("ask",), 2),
        (("knowledge", "show", "nothing"), 1),
        (("knowledge", "remove", "nothing"), 1),
        (("knowledge", "evaluate", "nothing.tsv"), 2),
        (("knowledge", "add", "nothing.txt"), 1),
        (("serve", "--role", "cook"), 2),
        (("serve", "--port", "99999"), 2),
        (("nonsense",), 2),
    ],
)
def test_bad_input_gets_its_exit_code_and_a_word(qiban: Command, arguments: tuple[str, ...], code: int) -> None:
    got, _, said = qiban(*arguments)
    assert got == code
    assert said.strip()


def test_a_bad_setting_is_named(service_settings: dict[str, str]) -> None:
    done = run({**service_settings, "QIBAN_TODAY": "tomorrow"}, "ask", "x")
    assert done.returncode == 2
    assert "QIBAN_TODAY" in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_before_set_up_it_says_what_to_do(qiban: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIBAN_DATA_DIR", str(tmp_path / "empty"))
    for arguments in (("ask", "负债率"), ("knowledge", "list"), ("jobs",)):
        code, _, said = qiban(*arguments)
        assert code == 1
        assert "qiban setup" in said


def test_documents_in_and_out(qiban: Command, tmp_path: Path) -> None:
    path = tmp_path / "衡阳市示例办法.txt"
    path.write_bytes("衡阳市示例奖励办法\n一、奖励\n对示例企业一次性奖励77万元。\n".encode("gb18030"))
    bad = tmp_path / "坏.txt"
    bad.write_bytes(b"")
    code, out, _ = qiban("knowledge", "add", str(path), str(bad), "--issued", "2026-01-01", "--json")
    good, failed = json.loads(out)
    assert code == 1
    assert (good["status"], good["coverage"], failed["status"]) == ("ready", 1.0, "failed")
    assert failed["warnings"][0]["code"] == "empty_file"
    assert "77万元" in qiban.json("ask", "示例企业一次性奖励多少")["citations"][0]["quote"]
    shown = qiban.json("knowledge", "show", good["document_id"])
    assert shown["original"] == path.read_bytes().decode("gb18030")
    assert {document["id"] for document in qiban.json("knowledge", "list")} == {PLAN, good["document_id"]}
    assert qiban("knowledge", "remove", good["document_id"])[0] == 0
    assert qiban.json("ask", "示例企业一次性奖励多少")["status"] == "declined"
    assert qiban.json("knowledge", "reindex")["items"] > 28
    assert qiban.json("ask", "软件公司收入要求是多少")["status"] == "answered"


def test_a_cut_database_and_a_cut_index_are_repaired(qiban: Command, service_settings: dict[str, str]) -> None:
    folder = Path(service_settings["QIBAN_DATA_DIR"])
    for path in (folder / "index").rglob("*"):
        if path.is_file() and path.stat().st_size > 10:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert qiban.json("ask", "软件公司收入要求是多少")["citations"][0]["clause"] == "四（一）2"
    database = folder / "qiban.db"
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    database.write_bytes(database.read_bytes()[:5000])
    assert qiban.json("setup")["warnings"]
    assert list(folder.glob("qiban.db.damaged-*"))
    assert qiban.json("ask", "软件公司收入要求是多少")["citations"][0]["clause"] == "四（一）2"
    assert qiban.json("setup") == qiban.json("setup")  # and once more there is nothing to do
    assert qiban.json("setup")["warnings"] == []


def test_the_evaluation_prints_its_figures_and_the_files_hash(qiban: Command, tmp_path: Path) -> None:
    path = tmp_path / "few.tsv"
    path.write_text("question\tgold\n负债率要求\t四（一）2\n专利要几个\t四（一）4\n今天天气\t-\n", encoding="utf-8")
    result = qiban.json("knowledge", "evaluate", str(path))
    assert len(result["file_sha256"]) == 64
    figures = {figure["mode"]: figure for figure in result["figures"]}
    assert set(figures) == {"lexical", "dense", "fusion"}
    assert figures["fusion"]["r_at_1"] == 1.0
    assert (figures["fusion"]["in_scope"], figures["fusion"]["out_of_scope"]) == (2, 1)


def test_a_taken_port_is_said(service_settings: dict[str, str], tmp_path: Path) -> None:
    with Service(service_settings, tmp_path / "log") as service:
        done = run(service_settings, "serve", "--port", str(service.port))
        assert done.returncode == 1
        assert str(service.port) in done.stderr.decode()


def test_a_refused_token_leaves_the_web_chat_running(
    service_settings: dict[str, str], telegram: TelegramServer, tmp_path: Path
) -> None:
    wrong = {
        "QIBAN_TELEGRAM_TOKEN": "1234567:wrong-token-of-nobody-at-all-00",
        "QIBAN_TELEGRAM_BASE_URL": telegram.base_url,
    }
    with Service({**service_settings, **wrong}, tmp_path / "log") as service:
        answer = service.post("/api/v1/questions", {"text": "负债率有要求吗"})
        assert answer.json()["status"] == "answered"
        assert "wrong-token" not in service.log_text()


def test_every_kind_of_telegram_message_gets_a_helpful_reply(
    service_settings: dict[str, str], telegram: TelegramServer, tmp_path: Path
) -> None:
    settings = {
        **service_settings,
        "QIBAN_TELEGRAM_TOKEN": telegram.token,
        "QIBAN_TELEGRAM_BASE_URL": telegram.base_url,
    }
    with Service(settings, tmp_path / "log") as service:
        texts = ["👍", "？？？", "你们就是骗子", "条" * 4000, "\u3000", "/nothing", "<b>&", "a\x00b"]
        media = ["sticker", "photo", "voice", "document", "location", "contact", "poll"]
        for number, text in enumerate(texts):
            telegram.send_text(100 + number, text)
        for number, kind in enumerate(media):
            telegram.send_media(200 + number, kind)
        telegram.send_media(300, "photo", caption="负债率有要求吗")
        telegram.press(301, "say:0:99")
        for chat in [*range(100, 100 + len(texts)), *range(200, 200 + len(media)), 300, 301]:
            assert telegram.wait_for(chat, 1, timeout=60), chat
        assert "70%" in telegram.sent(300)[0]["text"]
        assert "失效" in telegram.sent(301)[0]["text"]
        assert "Traceback" not in service.log_text()
