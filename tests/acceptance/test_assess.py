"""`qiban assess` and `qiban schemes` as a person types them, and the self-check in the terminal."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from assessment.schemes import BUILT_IN
from tests.acceptance.process import run
from tests.acceptance.test_commands import Command

pytestmark = pytest.mark.parametrize("service_settings", ["sqlite"], indirect=True)
SCHEME = "hengyang-little-giant-2021"
PLAN = "hengyang-little-giant-plan-2021-2025"
FACTS: dict[str, Any] = {
    "region": "衡南县",
    "legal_form": "limited_company",
    "founded_on": "2019-03-01",
    "industry": "C34",
    "employees": {"2025": 120},
    "revenue_main": {"2025": 2420, "2024": 2200, "2023": 2000},
    "revenue_total": {"2025": 2600},
    "debt_ratio": 48,
    "rnd_spend": {"2025": 100, "2024": 80},
    "leading_share": True,
    "invention_patents": 1,
    "last_major_incident_on": "none",
    "dishonest_listed": None,
}
YAML = """
# 示例企业
region: 衡南县
legal_form: limited_company
founded_on: 2019-03-01
industry: C34
employees: {2025: 0120}
revenue_main: {2025: 2420, 2024: 2200.0, 2023: 2_000}
revenue_total:
  2025: 2600
debt_ratio: 48
rnd_spend: {2025: 100, 2024: 80}
leading_share: yes
invention_patents: 1
last_major_incident_on: none
dishonest_listed:
"""


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


def written(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_json_and_yaml_come_to_the_same(qiban: Command, tmp_path: Path) -> None:
    as_json = written(tmp_path, "firm.json", json.dumps(FACTS, ensure_ascii=False))
    as_yaml = written(tmp_path, "firm.yaml", YAML)
    value = qiban.json("assess", "--facts", as_json)
    assert value == qiban.json("assess", "--facts", as_yaml, "--scheme", SCHEME, "--as-of", "2026-11-24")
    assert (value["scheme"], value["as_of"], value["in_force"]) == (SCHEME, "2026-11-24", False)
    assert value["size_class"] == "small"
    verdicts = {condition["id"]: condition["verdict"] for condition in value["conditions"]}
    assert {verdicts[name] for name in ("1a", "1c", "2a", "2b", "2c", "3b", "3c", "4a", "4b", "6a")} == {"met"}
    assert {verdicts[name] for name in ("3a", "5a", "6b")} == {"unknown"}


def test_the_report_says_the_verdict_what_is_missing_and_what_to_ask(qiban: Command, tmp_path: Path) -> None:
    facts = FACTS | {"revenue_main": {"2025": 1999.99}}
    code, out, err = qiban("assess", "--facts", written(tmp_path, "firm.json", json.dumps(facts)))
    assert (code, err) == (0, "")
    text = out.decode("utf-8")
    head, missing, open_, met = (text.index(words) for words in ("结论：", "\n不符合（", "\n还不能判断（", "\n符合（"))
    assert head < missing < open_ < met
    assert "2025年12月31日" in text[head:missing]
    assert "四（一）2" in text[missing:open_]
    assert "0.01万元" in text[missing:open_]
    assert "审计报告" in text[missing:open_]
    assert "优先条件" in text
    assert "下一步先弄清" in text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("firm.json", '{"industry": "C34", "revenue_main": {"2025": 1999.99999999999999999999}}'),
        ("firm.yaml", "industry: C34\nrevenue_main: {2025: 1999.99999999999999999999}"),
        ("firm.yml", "industry: C34\nrevenue_main: 1999.99999999999999999999"),
        ("firm.txt", "industry: C34\nrevenue_main: {2025: {min: 0, below: 2000}}"),
        ("firm.JSON", '\ufeff{"industry": "C34", "revenue_main": {"2025": {"below": 2000}}}'),
    ],
)
def test_numbers_count_as_they_are_written(qiban: Command, tmp_path: Path, name: str, content: str) -> None:
    value = qiban.json("assess", "--facts", written(tmp_path, name, content))
    assert next(c for c in value["conditions"] if c["id"] == "2a")["verdict"] == "not_met"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.yaml", ""),
        ("empty.json", ""),
        ("list.json", "[]"),
        ("broken.json", '{"industry": "C34"'),
        ("nan.json", '{"employees": NaN}'),
        ("deep.json", "[" * 100_000),
        ("broken.yaml", "industry: C34: C35"),
        ("deep.yaml", "[" * 3_000),
        ("aliases.yaml", "a: &a [1, 1]\nb: [*a, *a]"),
        ("object.yaml", "industry: !!python/object/apply:os.getcwd []"),
        ("gbk.json", '{"region": "衡南县"}'.encode("gbk")),
        ("binary.dat", b"\x89PNG\x00\xff\xfe"),
        ("unknown.json", '{"income": 1}'),
        ("value.json", '{"industry": "X99"}'),
        ("value.yaml", "employees: .nan"),
        ("day.yaml", "founded_on: 2019-02-30"),
        ("clock.yaml", "founded_on: 2019-03-01 10:00:00"),
        ("sixty.yaml", "employees: 1:30"),
        ("digits.json", '{"employees": ' + "9" * 5_000 + "}"),
        ("digits.yaml", "employees: " + "9" * 5_000),
        ("impossible.json", '{"revenue_main": {"2025": 2}, "revenue_total": {"2025": 1}}'),
        ("huge.json", b"[" + b"1," * 2_000_000),
    ],
)
def test_a_bad_file_is_said_in_one_line(qiban: Command, tmp_path: Path, name: str, content: str | bytes) -> None:
    code, out, err = qiban("assess", "--facts", written(tmp_path, name, content))
    assert (code, out) == (2, b"")
    assert 0 < len(err.strip()) < 400


def test_a_file_that_is_not_there(qiban: Command, tmp_path: Path) -> None:
    for name in (str(tmp_path / "nothing.json"), str(tmp_path)):
        code, _, err = qiban("assess", "--facts", name)
        assert code == 2
        assert err.strip()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("assess",), 2),
        (("assess", "--facts", "{file}", "--as-of", "2026-13-01"), 2),
        (("assess", "--facts", "{file}", "--as-of", "0001-01-01"), 2),
        (("assess", "--facts", "{file}", "--scheme", "nope"), 1),
        (("schemes", "nonsense"), 2),
    ],
)
def test_bad_options(qiban: Command, tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    file = written(tmp_path, "firm.json", "{}")
    got, _, said = qiban(*(part.format(file=file) for part in arguments))
    assert got == code
    assert said.strip()


def test_facts_come_from_stdin_too(qiban: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (json.dumps(FACTS), YAML):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert qiban.json("assess", "--facts", "-")["size_class"] == "small"


def test_the_report_is_utf8_whatever_the_terminal(service_settings: dict[str, str], tmp_path: Path) -> None:
    facts = written(tmp_path, "firm.json", json.dumps(FACTS))
    narrow = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    done = run({**service_settings, **narrow}, "assess", "--facts", facts)
    assert done.returncode == 0, done.stderr
    assert "结论：" in done.stdout.decode("utf-8")


def test_before_set_up_it_says_what_to_do(qiban: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIBAN_DATA_DIR", str(tmp_path / "empty"))
    facts = written(tmp_path, "firm.json", "{}")
    for arguments in (("assess", "--facts", facts), ("schemes", "list"), ("schemes", "check")):
        code, _, said = qiban(*arguments)
        assert code == 1
        assert "qiban setup" in said


def test_the_schemes_are_listed_and_fit_their_documents(qiban: Command) -> None:
    listed = qiban.json("schemes", "list")
    assert SCHEME in {scheme["id"] for scheme in listed}
    code, out, _ = qiban("schemes", "list")
    assert code == 0
    assert all(scheme["id"] in out.decode() for scheme in listed)
    assert qiban.json("schemes", "check") == {"schemes": len(listed), "faults": []}
    assert qiban("schemes", "check")[0] == 0


def test_a_scheme_whose_quote_is_not_in_its_document_is_reported(
    qiban: Command, service_settings: dict[str, str]
) -> None:
    folder = Path(service_settings["QIBAN_DATA_DIR"]) / "schemes"
    folder.mkdir()
    text = (BUILT_IN / f"{SCHEME}.yaml").read_text("utf-8")
    own = folder / "own.yaml"
    own.write_text(text.replace("企业资产负债率不高于70%。", "企业资产负债率不高于60%。"), "utf-8")
    code, out, _ = qiban("schemes", "check", "--json")
    assert code == 1
    (fault,) = json.loads(out)["faults"]
    assert "2c" in fault
    code, _, err = qiban("schemes", "check")
    assert code == 1
    assert "2c" in err
    own.write_text(text.replace("debt_ratio <= 70", "debt_rate <= 70"), "utf-8")
    code, _, err = qiban("schemes", "check")
    assert code == 2
    assert "own.yaml 第" in err


def test_a_scheme_whose_document_was_removed_quotes_nothing_and_says_so(qiban: Command, tmp_path: Path) -> None:
    assert qiban("knowledge", "remove", PLAN)[0] == 0
    value = qiban.json("assess", "--facts", written(tmp_path, "firm.json", json.dumps(FACTS)))
    assert {condition["quote"] for condition in value["conditions"]} == {""}
    assert "移除" in value["notices"][0]
    assert qiban("schemes", "check")[0] == 1


def chat(settings: dict[str, str], *lines: str) -> list[dict[str, Any]]:
    """What `qiban chat --json` prints to these lines."""
    done = run(settings, "chat", "--json", stdin="\n".join(lines).encode())
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]


def test_the_self_check_in_the_terminal_shows_what_is_asked_and_understood(service_settings: dict[str, str]) -> None:
    begun, industry, revenue, picked, result = chat(service_settings, "自评", "做机械加工的", "2300万", "#1", "看结果")
    assert begun["asking"]["fact"] == "industry"
    assert (begun["read"], begun["assessment"]) == ([], None)
    assert begun["replies"][-1]["progress"]["done"] == 0
    assert [(item["fact"], item["value"]) for item in industry["read"]] == [("industry", "C")]
    assert (industry["asking"]["fact"], industry["asking"]["year"]) == ("revenue_main", 2025)
    assert [(item["fact"], item["year"], item["value"]) for item in revenue["read"]] == [("revenue_main", 2025, 2300)]
    assert picked["read"][0]["value"] is None  # the first button: not known
    assert picked["asking"] != revenue["asking"]
    assert result["asking"] is None
    assert result["assessment"]["scheme"] == SCHEME
    assert next(c for c in result["assessment"]["conditions"] if c["id"] == "2a")["verdict"] == "met"


@pytest.mark.long
def test_a_number_that_answers_is_no_button(service_settings: dict[str, str]) -> None:
    """ "2" to "how many million" is an amount, although there is a second button."""
    *_, answered = chat(service_settings, "自评", "做机械加工的", "2")
    assert answered["asking"]["fact"] == "revenue_main"
    assert answered["replies"][-1]["text"].count("为什么") == 0
    done = run(service_settings, "chat", stdin="自评\n做机械加工的\n".encode())
    assert "（已答 1 题" in done.stdout.decode("utf-8")
    assert "[#1] 不知道" in done.stdout.decode("utf-8")
