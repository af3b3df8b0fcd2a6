"""The sample directory: goes in without an error, is invented throughout, and never overwrites a bureau's changes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date
from pathlib import Path

from core.clock import Clock
from core.database import Database
from firms import audit, credit_codes
from firms.actors import OPERATOR
from firms.catalogue import catalogue
from firms.importing import FirmImport, Report
from firms.store import Firms
from matching import samples
from matching.importing import OfferImport
from matching.offer import KINDS
from matching.offers import Offers

CLOCK = Clock(pinned=date(2026, 11, 24))
HOME = "430400"


def rows(name: str) -> list[dict[str, str]]:
    with (samples.FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def load(database: Database) -> samples.Loaded:
    return await samples.load(database, catalogue(), CLOCK, HOME)


async def test_both_files_go_in_without_errors_duplicates_or_notices_and_once(database: Database) -> None:
    firms = FirmImport(database, catalogue(), today=CLOCK.today(), home=HOME)
    offers = OfferImport(database, catalogue(), clock=CLOCK, home=HOME)
    for importer, name in ((firms, "firms.csv"), (offers, "offers.csv")):
        data, count = (samples.FOLDER / name).read_bytes(), len(rows(name))
        assert await importer.run(data) == Report(count, count, 0, 0, (), (), ())
        assert await importer.run(data) == Report(count, 0, 0, count, (), (), ())


async def test_samples_are_loaded_once_and_leave_alone_what_was_changed(database: Database) -> None:
    firms, offers = Firms(database), Offers(database)
    header = ["编号", "类别", "标题", "提供方", "服务地区"]
    changed = ",".join(header) + "\n" + "示例-G01,高校,本地改过的标题,示例大学,全国\n"
    await OfferImport(database, catalogue(), clock=CLOCK, home=HOME).run(changed.encode())
    assert await load(database) == samples.Loaded(20, len(rows("offers.csv")) - 1)
    assert (await offers.get("示例-G01")).title == "本地改过的标题"

    async with database.transaction() as session:
        await offers.withdraw(session, "示例-R01", OPERATOR)
        await firms.delete(session, (await firms.find("示例恒铸阀门股份有限公司", session)).id, actor="test")
    assert await load(database) == samples.Loaded()
    assert (await offers.get("示例-R01")).state == "withdrawn"
    assert len(await firms.list()) == 19
    async with database.reading() as session:
        assert len(await audit.about(session, "table", "samples")) == 1


async def test_every_sample_offer_is_open_and_all_kinds_regions_and_events_are_there(database: Database) -> None:
    await load(database)
    now = CLOCK.now()
    offers = await Offers(database).all_open(now)
    assert len(offers) == len(rows("offers.csv")) >= 30
    assert all(count >= 6 for count in Counter(offer.kind for offer in offers).values())
    assert {offer.kind for offer in offers} == set(KINDS)
    assert {"100000", "430000", "430400"} <= {region for offer in offers for region in offer.regions}
    assert any(region[4:] != "00" for offer in offers for region in offer.regions)
    starts = [offer.starts_at for offer in offers if offer.starts_at is not None]
    assert len(starts) >= 6
    assert all(start.year >= 2027 for start in starts)
    assert sum(offer.rule is not None for offer in offers) >= 15
    assert sum(offer.capacity is not None for offer in offers) >= 10


def test_everybody_in_the_samples_is_invented() -> None:
    firms, offers = rows("firms.csv"), rows("offers.csv")
    assert all("示例" in row["企业名称"] and "示例" in row["联系人"] for row in firms)
    assert all("示例" in row["提供方"] and "示例" in row["联系人"] for row in offers)
    assert all(credit_codes.is_valid(row["统一社会信用代码"]) for row in firms)
    assert all(row["统一社会信用代码"].startswith("91000099") for row in firms)
    for row in [*firms, *offers]:
        assert re.fullmatch(r"0734-0000[0-9]{3}", row["联系电话"])
        assert re.search(r"@example\.(com|org)$", row["电子邮箱"])
    assert "Telegram编号" not in {*firms[0], *offers[0]}


def test_the_sample_files_are_utf_8_with_plain_line_ends() -> None:
    for path in sorted(Path(samples.FOLDER).glob("*.csv")):
        data = path.read_bytes()
        assert b"\r" not in data
        assert not data.startswith(b"\xef\xbb\xbf")
        data.decode()
