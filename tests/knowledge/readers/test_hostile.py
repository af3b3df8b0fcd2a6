"""Files made to do damage: refused with a clear code, in bounded time and memory, and nothing of them is left.

Each goes through the process that reads; times are guards against hanging, not measurements.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.archive import Archive, EncryptedFile, Limits, TooManyMembers, TruncatedFile, ZipBomb, open_checked
from core.errors import QibanError
from core.settings import CHECKOUT
from core.text import clean
from knowledge.isolation import read_now
from knowledge.readers import read
from knowledge.readers.archive import MAX_XML, parse_xml, read_xml
from knowledge.readers.errors import UnsupportedFormat, XmlEntity

MIB = 2**20
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TYPES = f'<Types><Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>'.encode()
RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    b'Target="word/document.xml"/></Relationships>'
)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DOCUMENT = (
    f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>第一条 云岭市奖励20万元。</w:t></w:r></w:p>'
    f"<w:p><w:r><w:t>第二条 本办法自发布之日起施行。</w:t></w:r></w:p></w:body></w:document>"
).encode()
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9)
)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing may be left in the temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


Measure = Callable[[], Callable[[], int]]


@pytest.fixture
def measure() -> Measure:
    """Begins to measure; what it gives tells by how many bytes this process has grown at most since then."""
    peak = Path("/proc/self/clear_refs")
    if not peak.exists():
        pytest.skip("peak memory is measured on Linux only")

    def begin() -> Callable[[], int]:
        peak.write_text("5")
        before = _memory("VmRSS")
        return lambda: _memory("VmHWM") - before

    return begin


def _memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def docx(document: bytes = DOCUMENT, **more: bytes) -> bytes:
    return packed({"[Content_Types].xml": TYPES, "_rels/.rels": RELATIONS, "word/document.xml": document, **more})


def packed(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def bomb(size: int) -> bytes:
    """A Word file whose text unpacks to `size` bytes; written piece by piece, so that it costs this process nothing."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", RELATIONS)
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(DOCUMENT[: DOCUMENT.index(b"<w:p>")])
            for _ in range(size // MIB):
                part.write(b" " * MIB)
    return stream.getvalue()


def lying(data: bytes, declared: int) -> bytes:
    """The file with another size of its largest member in the directory and before the member."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        real = max(member.file_size for member in archive.infolist())
    return data.replace(real.to_bytes(4, "little"), declared.to_bytes(4, "little"))


def encrypted() -> bytes:
    data = bytearray(docx())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 1)
    return bytes(data)


def doubled() -> bytes:
    stream = io.BytesIO(docx())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("word/document.xml", DOCUMENT)
    return stream.getvalue()


HOSTILE = {
    "bomb": (lambda: bomb(270 * MIB), "zip_bomb"),
    "dense": (lambda: bomb(40 * MIB), "zip_bomb"),
    "lying bomb": (lambda: lying(docx(DOCUMENT + b" " * 30 * MIB), 5000), "truncated"),
    "many members": (lambda: packed({f"m{n}": b"" for n in range(20_000)}), "too_many_members"),
    "entities": (lambda: docx(ENTITIES + b"]><x>&j;</x>"), "xml_entity"),
    "outside": (lambda: docx(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'), "xml_entity"),
    "wide entities": (lambda: docx((ENTITIES + b"]><x>&j;</x>").decode().encode("utf-16")), "xml_entity"),
    "encrypted": (encrypted, "encrypted"),
    "cut": (lambda: docx()[:-60], "truncated"),
    "cut early": (lambda: docx()[:300], "truncated"),
    "part cut": (lambda: docx(DOCUMENT[:-40]), "truncated"),
    "twice": (doubled, "truncated"),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "no_text"),
    "gzip bomb": (lambda: zlib.compress(b"0" * 30 * MIB, wbits=31), "unsupported_format"),
}


@cache
def _made(case: str) -> bytes:
    return HOSTILE[case][0]()


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("name", ["通知.docx", "通知.txt"])
def test_a_hostile_file_is_refused_by_content_under_any_name(case: str, name: str, measure: Measure) -> None:
    data, code = _made(case), HOSTILE[case][1]
    growth = measure()
    begun = time.monotonic()
    with pytest.raises(QibanError) as caught:
        read_now(data, name)
    assert caught.value.code == code
    assert any("\u4e00" <= char <= "\u9fff" for char in caught.value.message)
    assert time.monotonic() - begun < 30
    assert growth() < 64 * MIB


@pytest.mark.parametrize("path", ["../../escape.xml", "/etc/escape.xml", "..\\escape.xml", "word/../../escape.xml"])
def test_path_names_inside_lead_nowhere(path: str, tmp_path: Path) -> None:
    assert read_now(docx(**{path: b"<x/>"}), "a.docx").text.startswith("第一条")
    assert not list(tmp_path.parent.rglob("escape.xml"))


def test_an_archive_inside_is_not_opened() -> None:
    with pytest.raises(UnsupportedFormat):
        read(packed({"inner.docx": docx()}))


LARGE = {
    "14 MB": "".join(f"第{n}条 企业上年度营业收入不低于{n}万元，由县级部门审核。\n" for n in range(200_000)).encode(),
    "one line": ("云岭市企业应当持续投入研发，" * 50_000).encode(),
    "tags": b"<html><body>" + b"<div>x</div>" * 900_000,
    "rules": b"<html><style>" + b"".join(b".a%d .b{display:none}" % n for n in range(900)) + b"</style><body>"
    + b"<p class='b'>x</p>" * 2_000,
    "spans": "<html><body><p>第一条 甲。</p><table>".encode() + b"<tr><td rowspan=60000 colspan=900>xy<td>x</tr>" * 900,
    "brackets": b"# t\n" + b"[a](" * 500_000,
    "stars": b"# t\n" + b"*a" * 1_000_000,
    "bars": b"# t\n|a|b|\n|-|-|\n" + b"|" * 1_000_000,
    "separators": b"," * 3_000_000 + b"\n" + b"," * 3_000_000,
    "quotes": b'"' * 3_000_000,
    "equals": b"=" * 3_000_000 + b"\n1",
    "blanks": b"<html><body><p>x" + b" \n" * 1_000_000 + b"y</p></body></html>",
    "angles": b"<html><body>" + b"<" * 2_000_000,
    "comments": b"# t\n" + b"<!--" * 500_000,
    "declarations": b"<html><style>" + b"{" * 1_000_000 + b"</style><p style='" + b";:" * 500_000 + b"'>x</p>",
}  # fmt: skip


def _outcome(data: bytes) -> str:
    try:
        read_now(data, "a.txt")
    except QibanError as error:
        return error.code
    return "read"


@pytest.mark.parametrize("case", LARGE)
def test_what_is_large_or_made_to_be_slow_ends_soon(case: str, measure: Measure) -> None:
    growth = measure()
    begun = time.monotonic()
    assert _outcome(LARGE[case]) in {"read", "text_too_long", "empty_file", "table_too_large", "unreadable_file"}
    assert time.monotonic() - begun < 50
    assert growth() < 192 * MIB


def test_a_text_over_the_limit_is_refused_with_the_limit_and_one_below_it_is_read() -> None:
    with pytest.raises(QibanError, match="500 万字") as caught:
        read_now(LARGE["14 MB"], "a.txt")
    assert caught.value.code == "text_too_long"
    assert len(read_now(LARGE["one line"], "a.txt").text) == 700_000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is measured on Linux only")
def test_a_child_stays_small_on_a_bomb() -> None:
    code = (
        "import sys; from core.errors import QibanError; from knowledge.readers import read\n"
        "try: read(sys.stdin.buffer.read())\n"
        "except QibanError as error: print(error.code, open('/proc/self/status').read())"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=_made("bomb"), cwd=CHECKOUT, capture_output=True, check=True)
    told = done.stdout.decode().split()
    assert told[0] == "zip_bomb"
    assert int(told[told.index("VmHWM:") + 1]) < 100 * 1024


def test_one_file_s_fault_leaves_the_next_alone() -> None:
    for case in ("entities", "cut"):
        with pytest.raises(QibanError):
            read_now(_made(case), "a.docx")
    assert read_now(docx(), "a.docx").text.startswith("第一条 云岭市奖励20万元。")


# --- the guards themselves ---


def _opened(data: bytes, limits: Limits) -> list[bytes]:
    with open_checked(data, limits) as archive:
        return [archive.read(name) for name in archive.names]


@pytest.mark.parametrize(
    ("members", "limits", "error"),
    [
        ({"a": b"x" * 100, "b": b"x" * 100}, Limits(unpacked=199), ZipBomb),
        ({"a": b"x" * 100, "b": b"x" * 100}, Limits(unpacked=200), None),
        ({"a": b"x", "b": b"x"}, Limits(members=1), TooManyMembers),
        ({"a": b"x", "b": b"x"}, Limits(members=2), None),
        ({"a": b"x" * 5000}, Limits(ratio=50, ratio_from=1000), ZipBomb),
        ({"a": b"x" * 5000}, Limits(ratio=50, ratio_from=5000), None),
    ],
)
def test_limits_hold_exactly(members: dict[str, bytes], limits: Limits, error: type[QibanError] | None) -> None:
    data = packed(members)
    if error is None:
        assert _opened(data, limits) == list(members.values())
    else:
        with pytest.raises(error):
            _opened(data, limits)


def test_what_is_unpacked_is_counted_over_all_readings() -> None:
    with open_checked(packed({"a": b"x" * 100}), Limits(unpacked=150)) as archive:
        assert isinstance(archive, Archive)
        archive.read("a")
        with pytest.raises(ZipBomb):
            archive.read("a")


def test_a_password_or_a_missing_end_is_told_apart() -> None:
    with pytest.raises(EncryptedFile):
        _opened(encrypted(), Limits())
    with pytest.raises(TruncatedFile):
        _opened(docx()[:-30], Limits())


def test_xml_is_read_without_comments_and_refused_when_it_could_explode() -> None:
    assert parse_xml(b"<a><!-- x --><?pi y?><b>1</b></a>").xpath("string()") == "1"
    with pytest.raises(XmlEntity):
        parse_xml(b"<!DOCTYPE a><a/>")
    with pytest.raises(ZipBomb):
        parse_xml(b" " * (MAX_XML + 1))
    with pytest.raises(TruncatedFile):
        parse_xml(b"<a>" * 300 + b"</a>" * 300)
    with open_checked(docx()) as archive, pytest.raises(KeyError):
        read_xml(archive, "word/absent.xml")


# --- anything at all (but RTF, for which every example would start LibreOffice) ---

_HEADS = [b"", b"%PDF-1.7\n", b"PK\x03\x04", docx()[:200], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html>",
          b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n", b"# t\n", b"a,b\n", b"\xff\xfe",
          b"<?xml version='1.0'?>", "第一条".encode("gb18030")]  # fmt: skip


@given(st.sampled_from(_HEADS), st.binary(max_size=300), st.text(max_size=12))
@settings(max_examples=150)
def test_any_bytes_under_any_name_are_read_or_refused(head: bytes, tail: bytes, name: str) -> None:
    try:
        reading = read(head + tail, name)
    except QibanError:
        return
    assert reading.text.strip()
    assert clean(reading.text) == reading.text


@given(st.data())
@settings(max_examples=80)
def test_a_damaged_word_file_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(docx())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(QibanError):
        assert read(bytes(whole[: data.draw(st.integers(1, len(whole)))])).text.strip()
