"""Builds the corpus: documents of all genres in turn, each in one of the formats in turn, with what is to be found."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.corpus import genres
from tests.corpus.blocks import with_even_labels, without_merged_cells, without_notes, without_tables
from tests.corpus.gold import Gold, gold, paths
from tests.corpus.pdf_writer import pdf
from tests.corpus.sheet_writers import comma_separated, workbook
from tests.corpus.text_writers import markdown, plain, web_page
from tests.corpus.tree import Document
from tests.corpus.word_writer import counts_through, word

FORMATS = ("txt-utf8", "docx-automatic", "pdf", "html", "txt-gb18030", "docx-typed", "pdf", "md", "txt-utf16")
TABLE_FORMATS = ("xlsx", "csv")
OFFICE_FORMATS = ("doc", "rtf")
_ENDINGS = {"txt-utf8": "txt", "txt-gb18030": "txt", "txt-utf16": "txt", "docx-automatic": "docx", "docx-typed": "docx"}
_TABLES_ONLY = {"目录", "名单"}


@dataclass(frozen=True)
class Sample:
    """A file and what is to be found in it."""

    name: str
    data: bytes
    gold: Gold


def has_office() -> bool:
    """Whether LibreOffice is there to write .doc and .rtf."""
    return shutil.which("soffice") is not None


def samples(count: int, seed: int, *, office: bool = False) -> Iterator[Sample]:
    """`count` files, the same ones for the same seed; with `office` some of Word's are in its old formats."""
    for index in range(count):
        random = Random(f"{seed}/{index}")
        document = genres.GENRES[index % len(genres.GENRES)](random)
        form = FORMATS[(index + index // len(genres.GENRES)) % len(FORMATS)]
        if document.genre in _TABLES_ONLY and (form.startswith("txt") or random.random() < 0.4):
            form = random.choice(TABLE_FORMATS)
        old = random.choice(OFFICE_FORMATS)
        if random.random() < 0.1 and office and form == "docx-automatic":
            form = old
        yield sample(document, form, f"{index:04d}", random)


def sample(document: Document, form: str, name: str, random: Random) -> Sample:
    """A document written in a format."""
    file = f"{name}.{_ENDINGS.get(form, form)}"
    match form:
        case "txt-utf8" | "txt-gb18030" | "txt-utf16":
            shown = without_notes(without_tables(document))
            encodings = {
                "txt-utf8": random.choice(("utf-8", "utf-8-sig")),
                "txt-gb18030": "gb18030",
                "txt-utf16": "utf-16",
            }
            return Sample(file, plain(shown, random, encodings[form]), gold(shown, file, form))
        case "md":
            shown = without_notes(without_merged_cells(document))
            return Sample(file, markdown(shown, random), gold(shown, file, form))
        case "html":
            shown = without_notes(document)
            return Sample(file, web_page(shown, random), gold(shown, file, form))
        case "xlsx":
            return Sample(file, workbook(document, random), _tables_only(document, file, form))
        case "csv":
            shown = without_merged_cells(document)
            shown.tables = shown.tables[:1]
            return Sample(file, comma_separated(shown, random), _tables_only(shown, file, form))
        case "pdf":
            return _pdf_sample(document, file, random)
        case "doc" | "rtf":
            # LibreOffice does not write Chinese marks of automatic labels into .rtf, nor numbers that run through.
            shown = with_even_labels(document)
            data = _converted(word(shown, random, automatic=form == "doc" and not counts_through(document)), form)
            return Sample(file, data, gold(shown, file, form))
        case "docx-automatic":
            shown = with_even_labels(document)
            return Sample(file, word(shown, random, automatic=True), gold(shown, file, form))
        case _:
            return Sample(file, word(document, random, automatic=False), gold(document, file, form))


def _pdf_sample(document: Document, file: str, random: Random) -> Sample:
    written = pdf(document, random)
    wanted = gold(document, file, "pdf")
    wanted.pages = {place: written.pages[id(node)] for node, place in paths(document) if id(node) in written.pages}
    return Sample(file, written.data, wanted)


def _tables_only(document: Document, file: str, form: str) -> Gold:
    wanted = gold(document, file, form)
    wanted.front = []
    if form == "csv":
        for table in wanted.tables:
            table["caption"] = table["unit"] = ""
    return wanted


def _converted(data: bytes, ending: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.docx"
        source.write_bytes(data)
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = ["soffice", profile, "--headless", "--convert-to", ending, "--outdir", folder, str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return source.with_suffix(f".{ending}").read_bytes()


def store(folder: Path, chosen: Iterable[Sample]) -> int:
    """Write some samples; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for one in chosen:
        (folder / one.name).write_bytes(one.data)
        text = json.dumps(one.gold.as_json(), ensure_ascii=False, indent=1)
        (folder / f"{one.name}.gold.json").write_text(text + "\n", encoding="utf-8")
        written += 1
    return written


def stored(folder: Path) -> Iterator[Sample]:
    """The files of a folder that was written."""
    for path in sorted(folder.glob("*.gold.json")):
        wanted = Gold.from_json(json.loads(path.read_text(encoding="utf-8")))
        yield Sample(wanted.file, (folder / wanted.file).read_bytes(), wanted)


def for_the_tree(chosen: Iterator[Sample], each: int) -> list[Sample]:
    """Of each format the small files (48 kB, 50 clauses and rows) that have most to be found in them."""
    formats: dict[str, list[Sample]] = {}
    for one in chosen:
        if len(one.data) < 48_000 and _asked(one) <= 50:
            formats.setdefault(one.gold.format, []).append(one)
    return [one for group in formats.values() for one in sorted(group, key=_asked)[-each:]]


def _asked(one: Sample) -> int:
    return len(one.gold.clauses) + len(one.gold.passages) + sum(len(table["rows"]) for table in one.gold.tables)
