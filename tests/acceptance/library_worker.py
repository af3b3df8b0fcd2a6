"""Run as a program until it is killed: adds documents to the library of QIBAN_DATA_DIR and removes them again.

    python -m tests.acceptance.library_worker SEED

Prints a line before each change and one after it: `adding 7`, `added 7 doc-…`, `removing doc-…`, `removed doc-…`.
"""

from __future__ import annotations

import asyncio
import random
import sys

from core.settings import Settings
from knowledge.ingestion import ingest
from knowledge.record import Metadata
from qiban.bootstrap import open_services

FEW, MANY = 3, 9
HOME = "430400"


def text_of(number: int) -> str:
    """The text of a document of the test: a number of its own in each clause."""
    clauses = [
        f"第{place}条 第{number}批名录第{place}类项目奖励{number * 10 + place}万元，由云岭市第{number}工作组受理。"
        for place in range(1, 2 + number % 5)
    ]
    return "\n".join([f"云岭市第{number}批示例措施", *clauses])


def main(seed: int) -> None:
    asyncio.run(work(random.Random(seed), seed * 1000))


async def work(chance: random.Random, number: int) -> None:
    async with open_services(Settings()) as services:
        say("ready")
        there = [d.id for d in await services.library.list() if d.title.endswith("示例措施")]
        while True:
            if len(there) < FEW or (len(there) < MANY and chance.random() < 0.6):
                number += 1
                say(f"adding {number}")
                report = await ingest(
                    services.library, text_of(number).encode(), f"{number}.txt", Metadata(region=HOME)
                )
                assert report.document_id is not None, report
                there.append(report.document_id)
                say(f"added {number} {report.document_id}")
            else:
                gone = there.pop(chance.randrange(len(there)))
                say(f"removing {gone}")
                await services.library.remove(gone)
                say(f"removed {gone}")
            await services.index.reconcile()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
