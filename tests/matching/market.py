"""An invented market for the tests of matching: firms and offers by short names, and a Matchmaker over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.database import Database
from firms import consents
from firms.catalogue import catalogue
from firms.consents import VISIBLE
from firms.facts import Facts, read_facts
from firms.store import Firm, Firms, Profile, Statement, new_firm
from matching.matchmaker import Matchmaker
from matching.offer import Offer
from matching.offers import Offers
from matching.source import FirmSource, OfferSource
from search import Embedder, SearchIndex

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
CITY, COUNTY, OTHER_COUNTY, OTHER_CITY = "430400", "430422", "430424", "430100"
PROVINCE, NATION = "430000", "100000"
CATALOGUE = catalogue()


def offer(offer_id: str, kind: str, title: str = "", **given: Any) -> Offer:
    """An offer open to everybody; what is not a field of `Offer` is a detail."""
    own = {name: value for name, value in given.items() if name in Offer.__dataclass_fields__}
    details = {name: value for name, value in given.items() if name not in own}
    fields = {"number": 0, "provider": f"示例提供方{offer_id}", "regions": (NATION,), **own}
    return Offer(id=offer_id, kind=kind, title=title or f"示例{offer_id}", details=details, **fields)


def firm(name: str, *, region: str = COUNTY, credit_code: str | None = None, **profile: Any) -> Firm:
    return new_firm(name, region=region, source="示例", credit_code=credit_code, profile=Profile(**profile))


def facts(given: Mapping[str, Any] | None = None) -> Facts:
    return read_facts(dict(given or {}), CATALOGUE)


@dataclass(frozen=True)
class Market:
    """A Matchmaker with what it stands on."""

    database: Database
    firms: Firms
    offers: Offers
    index: SearchIndex
    firm_index: SearchIndex
    maker: Matchmaker

    async def reindex(self) -> None:
        await self.index.reconcile()
        await self.firm_index.reconcile()

    async def add_offers(self, *given: Offer, reindex: bool = True) -> tuple[Offer, ...]:
        async with self.database.transaction() as session:
            stored = await self.offers.add(session, [(one, None) for one in given])
        if reindex:
            await self.index.reconcile()
        return stored

    async def add_firm(
        self, given: Firm, known: Mapping[str, Any] | None = None, *, visible: bool = False, reindex: bool = False
    ) -> Firm:
        async with self.database.transaction() as session:
            await self.firms.add(session, [given])
            stated = [
                Statement(given.id, fact, year or (TODAY.year - 1 if CATALOGUE.fact(fact).yearly else None), value,
                          None, "示例", TODAY)
                for fact, year, value in facts(known)
            ]  # fmt: skip
            await self.firms.record_all(session, stated)
            if visible:
                await consents.grant(session, given.id, VISIBLE, source="示例", via="table")
        if reindex:
            await self.firm_index.reconcile()
        return await self.firms.get(given.id)

    async def found(self, given: Firm, **options: Any) -> list[str]:
        """The ids of the offers that fit a firm, best first."""
        return [match.offer.id for match in (await self.maker.match(given, **options)).matches]


@asynccontextmanager
async def open_market(
    database: Database, folder: Path, embedder: Embedder | None, *, now: datetime | date = TODAY
) -> AsyncIterator[Market]:
    """A market over an empty database, with indexes of its own in `folder`."""
    firms, offers = Firms(database), Offers(database)
    index = SearchIndex(folder / "offers", OfferSource(offers), embedder)
    firm_index = SearchIndex(folder / "firms", FirmSource(database), embedder)
    await index.open()
    await firm_index.open()
    executor = ThreadPoolExecutor(1)
    clock = Clock(pinned=now)
    maker = Matchmaker(database, firms, offers, index, firm_index, CATALOGUE, clock, executor, CITY)
    try:
        yield Market(database, firms, offers, index, firm_index, maker)
    finally:
        executor.shutdown(wait=True)


OFFERS: tuple[Offer, ...] = (
    offer("G1", "university", "刀具涂层团队", research="物理气相沉积硬质涂层、膜基结合力", trl="7",
          start_cost="20", cooperation=["委托开发"], regions=(PROVINCE,)),
    offer("G2", "university", "锂电材料课题组", research="锂离子电池正极材料改性、循环寿命", trl="6"),
    offer("G3", "university", "动物营养与饲料团队", research="猪饲料配方、发酵饲料", trl="8"),
    offer("G4", "university", "水处理技术中心", research="工业废水膜法处理与回用", trl="7"),
    offer("G5", "university", "机器视觉实验室", research="表面缺陷在线检测、图像识别", trl="6"),
    offer("G6", "university", "油茶加工工程中心", research="茶油精炼、副产物综合利用", trl="7"),
    offer("R1", "financing", "信用快贷", amount_min="100", amount_max="500", term_max="12",
          rate={"min": "3.6", "max": "3.6"}, security=["信用"], uses=["流动资金"], regions=(CITY,),
          rule="资产负债率 <= 60; 主营业务收入 >= 1000"),
    offer("R2", "financing", "设备更新贷", amount_min="50", amount_max="1000", term_max="36",
          rate={"min": "3.2", "max": "4.1"}, security=["抵押", "设备"], uses=["设备采购", "技术改造"]),
    offer("R3", "financing", "知识产权质押贷", amount_max="800", term_max="24", rate={"min": "3.9", "max": "3.9"},
          security=["知识产权质押"], uses=["研发投入"], rule="发明专利 >= 1"),
    offer("S1", "service", "精益管理诊断", services="现场管理、精益生产诊断", fee="免费", location=CITY),
    offer("S2", "service", "数字化转型辅导", services="数字化转型诊断、上云上平台方案", fee="补贴", location=CITY),
    offer("S3", "service", "专利布局服务", services="专利挖掘、知识产权布局", fee="收费", location=PROVINCE),
    offer("E1", "event", "知识产权质押融资对接会", topics=["融资", "知识产权"], place="示例会议中心",
          starts_at=datetime(2026, 12, 5, 14, 30, tzinfo=ZONE), closes_at=datetime(2026, 12, 4, tzinfo=ZONE)),
    offer("E2", "event", "数字化车间现场会", topics=["智能制造", "数字化转型"],
          starts_at=datetime(2026, 12, 12, 9, 0, tzinfo=ZONE)),
    offer("P1", "partner", "阀体铸件采购", products="球墨铸铁阀体、5-80kg、精加工", certificates=["ISO9001"]),
    offer("P2", "partner", "线束加工外协", products="汽车线束压接、端子组装", certificates=["IATF16949"]),
    offer("P3", "partner", "钣金机箱采购", products="机箱钣金折弯、焊接、喷塑"),
)  # fmt: skip
