"""python -m tests.corpus --count 1000 --seed 7 --out DIR writes a corpus; --measure reads one and prints the scores."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.corpus import build, measure


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="number of documents")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="folder to write files and what is to be found in them to")
    parser.add_argument("--each", type=int, help="write only so many of each format, small ones with much in them")
    parser.add_argument("--measure", action="store_true", help="read the documents and print what came out right")
    parser.add_argument("--format", action="append", help="only these formats (pdf, docx-automatic ...)")
    parser.add_argument("--faults", type=int, default=20, help="how many faults to print")
    asked = parser.parse_args()
    samples = build.samples(asked.count, asked.seed, office=build.has_office())
    wanted = (one for one in samples if not asked.format or one.gold.format in asked.format)
    if asked.out is not None:
        chosen = build.for_the_tree(wanted, asked.each) if asked.each else wanted
        print(build.store(asked.out, chosen), "documents written")
    elif asked.measure:
        scores = measure.measure(wanted)
        print(measure.report(scores))
        for fault in [fault for score in scores.values() for fault in score.faults][: asked.faults]:
            print(fault)


main()
