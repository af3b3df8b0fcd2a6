"""Run as a process: the sample directory, two members of staff and two claim codes for the service under test."""

from __future__ import annotations

import asyncio
import json
import sys

from core.settings import Settings
from firms import claims
from firms.staff import Staffs
from firms.store import Firms
from qiban import setup
from qiban.bootstrap import open_database

EDITOR, APPROVER = "示例小陈", "示例老李"
FIRM, PROVIDER = "示例锋锐精密刀具有限公司", "示例理工大学材料学院"


async def _prepare(settings: Settings) -> dict[str, dict[str, str]]:
    await setup.run(settings, lambda *_: None)
    async with open_database(settings) as database, database.transaction() as session:
        staffs = Staffs(database)
        firm = await Firms(database).find(FIRM, session)
        return {
            "links": {
                EDITOR: await staffs.add(session, EDITOR, "editor"),
                APPROVER: await staffs.add(session, APPROVER, "approver"),
            },
            "codes": {
                FIRM: await claims.make(session, "firm", firm.id, made_by="test"),
                PROVIDER: await claims.make(session, "provider", PROVIDER, made_by="test"),
            },
        }


if __name__ == "__main__":
    json.dump(asyncio.run(_prepare(Settings(_env_file=None))), sys.stdout)
