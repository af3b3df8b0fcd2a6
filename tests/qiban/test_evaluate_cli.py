"""`qiban knowledge evaluate` on a library of five documents and twenty questions, through the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from knowledge import base, evaluation_library
from knowledge.decision import FEATURE_NAMES, Features, Judge
from knowledge.evaluation import Outcome
from knowledge.labels import Gold, Place, Question
from qiban import cli, evaluate_cli, measuring
from tests.conftest import MODEL_DIR, isolated_settings

DECISION = base.DATA / "decision.json"
HEAD = "示例文件\n"
TEXTS = {
    "cold": "冷库补助办法\n第一条　新建冷库每立方米补助80元，最高120万元。\n第二条　冷库应当接入信息平台。\n",
    "cold-old": "冷库补助办法\n第一条　新建冷库每立方米补助50元，最高60万元。\n第二条　冷库容积不少于3000立方米。\n",
    "cold-other": "冷库补助办法\n第一条　新建冷库每立方米补助99元，最高300万元。\n第二条　冷库应当接入信息平台。\n",
    "robot": "工业机器人补贴办法\n第一条　购买工业机器人每台补贴3万元。\n第二条　每年8月31日截止申报。\n",
    "drone": "无人机航线扶持办法（征求意见稿）\n第一条　拟对每条无人机航线每年扶持40万元。\n",
}
LIBRARY = """documents:
- {id: cold, file: library/cold.txt, title: 冷库办法, region: "430400", valid_from: 2025-01-01, supersedes: cold-old}
- {id: cold-old, file: library/cold-old.txt, title: 冷库补助办法, region: "430400", valid_from: 2021-01-01}
- {id: cold-other, file: library/cold-other.txt, title: 冷库补助办法, region: 青溪市, valid_from: 2025-01-01}
- {id: robot, file: library/robot.txt, title: 工业机器人补贴办法, region: "430000", valid_from: 2024-01-01}
- {id: drone, file: library/drone.txt, title: 无人机航线扶持办法（征求意见稿）, region: "430400", draft: true}
"""
PLAN = "hengyang-little-giant-plan-2021-2025"
COLUMNS = ("id", "question", "history", "as_of", "region", "gold", "kind", "computed", "split")
QUESTIONS = [
    ("新建冷库每立方米补多少", "", "", "", "cold#第一条", "trap", ""),
    ("冷库补助最高多少", "", "", "", "cold#第一条", "trap", ""),
    ("新建冷库每立方米补多少", "", "2023-05-01", "", "cold-old#第一条", "asof", ""),
    ("新建冷库每立方米补多少", "", "", "青溪市", "cold-other#第一条", "trap", ""),
    ("冷库要接入信息平台吗", "", "", "", "cold#第二条", "fact", ""),
    ("工业机器人每台补贴多少", "", "", "", "robot#第一条", "fact", ""),
    ("机器人补贴几号截止申报", "", "", "", "robot#第二条", "fact", ""),
    ("资产负债率有要求吗", "", "", "", f"{PLAN}#四（一）2", "fact", ""),
    ("四（一）4", "", "", "", f"{PLAN}#四（一）4", "lookup", ""),
    ("申报条件有哪些", "", "", "", f"{PLAN}#四（一）", "list", ""),
    ("称号能用几年", "", "", "", f"{PLAN}#五（一）", "fact", ""),
    ("那机器人呢", "新建冷库每立方米补多少", "", "", "robot#第一条", "turn", ""),
    ("制造业，去年主营收入1800万够不够", "", "", "", f"{PLAN}#四（一）2", "number", "2a not_met 2000万元 200万元"),
    ("资产负债率75%能报吗", "", "", "", f"{PLAN}#四（一）2", "number", "2c not_met 70% *"),
    ("无人机航线每年扶持多少", "", "", "", "-", "draft", ""),
    ("明天下雨吗", "", "", "", "-", "else", ""),
    ("德国增值税税率是多少", "", "", "", "-", "else", ""),
    ("帮我写首诗", "", "", "", "-", "else", ""),
    ("孩子怎么上小学", "", "", "", "-", "else", ""),
    ("感冒吃什么药", "", "", "", "-", "else", ""),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The questions, and beside them the library."""
    folder = tmp_path / "library"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_text(HEAD + text, encoding="utf-8")
    (folder / "library.yaml").write_text(LIBRARY, encoding="utf-8")
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join((f"q{number}", *row, "test")) for number, row in enumerate(QUESTIONS)]
    path = tmp_path / "library.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def cache(tmp_path: Path, prepared: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds the vectors of the built-in base already."""
    isolated_settings(tmp_path, monkeypatch, QIBAN_MODEL_DIR=str(MODEL_DIR))
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(measuring, "CACHE", folder)
    shutil.copytree(prepared / "index", folder / evaluation_library.digest(tmp_path / "library")[:16])
    return folder


def measured(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> dict[str, Any]:
    assert cli.run(["knowledge", "evaluate", *arguments, "--json"]) == 0
    value: dict[str, Any] = json.loads(capfdbinary.readouterr().out)
    return value


def test_every_way_of_ranking_and_the_whole_system_are_measured(
    file: Path, cache: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    result = measured(capfdbinary, str(file))
    assert result["documents"] == 6
    assert len(result["file_sha256"]) == len(result["library_sha256"]) == 64
    names = {row["name"] for row in result["ranking"]}
    assert {"BM25", "BM25 of words", "BM25, no typical questions"} <= names
    if result["model"] is not None:
        assert {"model", "fusion", "model, no typical questions", "fusion, no typical questions"} <= names
    assert all(row["questions"] == 14 and 0 <= row["r_at_1"] <= row["r_at_3"] <= 1 for row in result["ranking"])
    whole = next(row for row in result["system"] if row["name"] == "all")
    assert (whole["in_scope"], whole["out_of_scope"], whole["computed"]) == (14, 6, 2)
    assert whole["computed_right"] == 2
    assert whole["invented"] == 0
    (difference,) = result["difference"]
    assert difference["ranked"]["low"] <= difference["ranked"]["mean"] <= difference["ranked"]["high"]
    assert [path.name for path in cache.iterdir()] == [result["library_sha256"][:16]]


def test_a_file_about_the_base_alone_is_measured_on_the_base_as_it_is(
    tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    shutil.copytree(prepared, tmp_path / "var")
    isolated_settings(tmp_path, monkeypatch)
    path = tmp_path / "base.tsv"
    lines = ("question\tgold\tsplit", "资产负债率有要求吗\t四（一）2\ttest", "明天下雨吗\t-\ttest", "第几条\t一\tbuild")
    path.write_text("\n".join(lines), encoding="utf-8")
    figures = measured(capfdbinary, str(path), "--split", "test")["figures"]
    assert "lexical" in {item["mode"] for item in figures}
    for item in figures:
        assert (item["split"], item["in_scope"], item["out_of_scope"], item["r_at_1"]) == ("test", 1, 1, 1.0)


def test_fitting_begins_from_weights_of_older_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = {"weights": [1.5], "intercept": -1.0, "threshold": 0.5, "field_weights": [2.5], "field_intercept": 0.0}
    path = tmp_path / "decision.json"
    path.write_text(json.dumps({"features": ["dense"], "fusion": model, "lexical": model}), encoding="utf-8")
    monkeypatch.setattr(evaluate_cli, "_DECISION", path)
    evaluate_cli._write_decision({})
    judge = Judge.load(path)
    weights = dict(zip(FEATURE_NAMES, judge.fusion.weights, strict=True))
    assert weights.pop("dense") == 1.5
    assert set(weights.values()) == {0.0}


def test_only_the_build_split_is_fitted_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "decision.json"
    path.write_text(DECISION.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(evaluate_cli, "_DECISION", path)
    build = [outcome(number / 40, "build", stated=number >= 20) for number in range(40)]
    contrary = [outcome(number / 40, "test", stated=number < 20) for number in range(40)]
    evaluate_cli._write_decision({"fusion": [*build, *contrary]})
    judge = Judge.load(path)
    assert judge.fusion.probability(Features(dense=1.0)) > judge.fusion.threshold
    assert judge.fusion.probability(Features(dense=0.0)) < judge.fusion.threshold
    assert judge.lexical == Judge.load(DECISION).lexical


def outcome(dense: float, split: str, *, stated: bool) -> Outcome:
    golds = (Gold(Place("一")),) if stated else ()
    kind = "fact" if stated else ("near" if round(dense * 40) % 2 else "else")
    return Outcome(Question("问", golds, kind=kind, split=split), 1 if stated else None, Features(dense=dense))


def test_a_library_that_is_not_there_is_bad_input(
    tmp_path: Path, file: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["knowledge", "evaluate", str(file), "--library", str(tmp_path / "nowhere")]) == 2
    assert "--library" in capfd.readouterr().err


def test_a_split_that_is_not_there_is_bad_input(file: Path, cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["knowledge", "evaluate", str(file), "--split", "tset"]) == 2
    assert "tset" in capfd.readouterr().err
