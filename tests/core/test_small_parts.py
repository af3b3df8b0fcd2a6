"""Clock, settings, text folding, regions, data files, log masking."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import log, regions
from core.clock import Clock, parse_pinned
from core.datafile import BadDataFile, Entry, read_yaml
from core.log import mask
from core.settings import Settings, async_url, secret_key
from core.text import clean, fold, squeeze
from tests.conftest import isolated_settings


def test_the_days_border_is_the_service_zones() -> None:
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
    assert Clock("Asia/Shanghai", machine=lambda: late).today() == date(2026, 11, 24)


def test_a_pinned_date_keeps_the_machines_time_of_day() -> None:
    now = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    clock = Clock("Asia/Shanghai", date(2025, 6, 30), machine=lambda: now)
    assert clock.today() == date(2025, 6, 30)
    assert (clock.now().hour, clock.now().minute) == (11, 4)


def test_a_pinned_date_time_ticks_on() -> None:
    times = iter([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=2)])
    clock = Clock("Asia/Shanghai", parse_pinned("2026-12-04T23:00"), machine=lambda: next(times))
    assert clock.now().isoformat() == "2026-12-05T01:00:00+08:00"


@pytest.mark.parametrize("value", ["tomorrow", "2026-13-01", "24.11.2026"])
def test_an_unreadable_today_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="QIBAN_TODAY"):
        parse_pinned(value)


def test_settings_take_a_date_or_a_date_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isolated_settings(tmp_path, monkeypatch, QIBAN_TODAY="2026-11-24").today == date(2026, 11, 24)
    assert isolated_settings(tmp_path, monkeypatch, QIBAN_TODAY="2026-11-24T08:00").today == datetime(2026, 11, 24, 8)


def test_a_database_password_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_url = "postgresql://u:geheim@127.0.0.1/x"
    settings: Settings = isolated_settings(tmp_path, monkeypatch, QIBAN_DATABASE_URL=given_url)
    assert "geheim" not in repr(settings)
    assert settings.database == "postgresql+psycopg://u:geheim@127.0.0.1/x"


def test_an_url_with_a_driver_is_left_alone() -> None:
    assert async_url("postgresql+psycopg://x") == "postgresql+psycopg://x"
    assert async_url("sqlite:////a/b.db") == "sqlite+aiosqlite:////a/b.db"


def test_the_secret_key_is_made_once_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = isolated_settings(tmp_path, monkeypatch)
    key = secret_key(settings)
    assert len(key) >= 43
    assert secret_key(settings) == key
    assert (settings.data_dir / "secret_key").stat().st_mode & 0o777 == 0o600
    (settings.data_dir / "secret_key").write_text("")  # a kill in the middle of the first writing
    assert len(secret_key(settings)) >= 43


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("２，０００．５万元", "2,000.5万元"),
        ("製造業去年營收", "制造业去年营收"),
        ("軟體企業", "软件企业"),
        ("  ISO９００１\u3000认证 ", "iso9001 认证"),
        ("Ａ\u200bＢ\x00C\ud800", "abc"),
        ("工业程序与质量信息", "工业程序与质量信息"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_clean_text_can_be_stored_and_sent(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned


@given(st.text())
def test_squeezed_text_has_no_white_space(text: str) -> None:
    assert squeeze(text) == "".join(text.split()) or any(char.isspace() for char in text)


@pytest.mark.parametrize(
    ("outer", "inner", "inside"),
    [
        ("100000", "430400", True),
        ("430000", "430400", True),
        ("430400", "430422", True),
        ("430422", "430422", True),
        ("430422", "430400", False),
        ("430100", "430422", False),
        ("430400", "430000", False),
        ("云岭市", "云岭市", True),
        ("云岭市", "430400", False),
        ("430000", "云岭市", False),
        ("100000", "云岭市", True),
        ("431000", "431081", True),
        ("431000", "431102", False),
        ("441900", "441900", True),
        ("440000", "441900", True),
        ("441000", "441900", False),
    ],
)
def test_which_region_lies_in_which(outer: str, inner: str, inside: bool) -> None:
    assert regions.covers(outer, inner) is inside


def test_regions_by_name_and_code() -> None:
    assert regions.find("衡阳市").code == "430400"
    assert regions.find("衡阳县").code == "430421"
    assert regions.find("430422").name == "衡南县"
    assert regions.find("云岭市").code == "云岭市"
    assert not regions.find("云岭市").known


def test_cities_in_a_question() -> None:
    (place,) = regions.mentioned("那长沙的小巨人条件？")
    assert (place.region.name, place.before, place.after) == ("长沙市", "那", "的小巨人条件?")
    assert [m.region.name for m in regions.mentioned("我们在衡阳")] == ["衡阳市"]
    assert {m.region.code for m in regions.mentioned("广东省深圳市和株洲")} == {"440000", "440300", "430200"}
    assert regions.mentioned("去年营业额够不够") == []


class _Sample(Entry):
    name: str
    counts: list[int]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: x\ncounts:\n  - 1\n  - two\n", "第 4 行"),
        ("name: x\n\nextra: 1\ncounts: []\n", "第 3 行"),
        ("name: [\n", "第 2 行"),
        ("name: x\n", "counts"),
    ],
)
def test_a_data_files_fault_is_named_with_its_line(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "sample.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataFile, match="sample.yaml") as caught:
        read_yaml(path, _Sample)
    assert place in caught.value.message


@pytest.mark.parametrize(
    "secret",
    ["bot123456789:AAF-abcdefghijklmnopqrstuvwx", "postgresql://u:geheim@h/d", "电话13812345678", "430421199001011234"],
)
def test_secrets_are_masked_in_logs(secret: str) -> None:
    masked = mask(f"before {secret} after")
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    for part in ("AAF-", "geheim", "13812345678", "19900101"):
        assert part not in masked


def test_a_logged_exception_tells_where_but_not_what_a_person_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO", json=True)
    try:
        raise ValueError("我的电话是 13812345678")
    except ValueError:
        log.get("test").exception("broken", record=7)
        logging.getLogger("library").exception("also broken")
    log.configure("WARNING")
    written = capsys.readouterr().err
    assert written.count("ValueError") == 2
    assert "test_small_parts.py" in written
    assert "13812345678" not in written
    assert "电话" not in written
