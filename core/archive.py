"""Guards for ZIP based files: refused is what would unpack to too much, asks for a password, or is not whole.

Nothing is ever written to disk, so the names of members are only names.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from core.errors import BadInput, QibanError

_CHUNK = 2**16
_DIRECTORY_ENTRY = b"PK\x01\x02"
_NESTED = 4  # archives stored inside count with their entries when only signatures are counted


class ZipBomb(BadInput):
    """The members would unpack to more than is read, or from next to nothing."""

    code = "zip_bomb"
    default = "文件解压后过大（疑似压缩炸弹），没有读取。请换一份正常另存的文件。"


class TooManyMembers(BadInput):
    """The archive holds more members than any document has."""

    code = "too_many_members"
    default = "文件内部的组成部分过多，没有读取。请用 Word 或 WPS 打开后另存一份再上传。"


class EncryptedFile(BadInput):
    """The file asks for a password."""

    code = "encrypted"
    default = "文件设有打开密码，请去掉密码后再上传。"


class TruncatedFile(BadInput):
    """The file ends too early or is damaged inside."""

    code = "truncated"
    default = "文件已损坏或没有下载完整，请重新获取后再上传。"


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: members, bytes of all members unpacked, and how far one may be packed.

    `ratio` is unpacked by packed; it counts for members of more than `ratio_from` bytes unpacked.
    """

    members: int = 2000
    unpacked: int = 100 * 2**20
    ratio: int = 250
    ratio_from: int = 10 * 2**20


DEFAULT = Limits()


def check(archive: zipfile.ZipFile, limits: Limits = DEFAULT) -> None:
    """Refuse by the directory, before anything is unpacked. Raises ZipBomb, TooManyMembers, EncryptedFile."""
    members = archive.infolist()
    if len(members) > limits.members:
        raise TooManyMembers()
    if any(member.flag_bits & 1 for member in members):
        raise EncryptedFile()
    if sum(member.file_size for member in members) > limits.unpacked:
        raise ZipBomb()
    if any(_too_dense(member, limits) for member in members):
        raise ZipBomb()


def _too_dense(member: zipfile.ZipInfo, limits: Limits) -> bool:
    return member.file_size > limits.ratio_from and member.file_size > limits.ratio * max(1, member.compress_size)


class Archive:
    """A checked archive. What it gives out is counted as it is unpacked: the directory is not trusted."""

    def __init__(self, opened: zipfile.ZipFile, limits: Limits) -> None:
        self._zip = opened
        self._left = limits.unpacked
        self.names: tuple[str, ...] = tuple(opened.namelist())

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def chunks(self, name: str) -> Iterator[bytes]:
        """A member, unpacked piece by piece. Raises KeyError, ZipBomb, TruncatedFile."""
        member = self._zip.getinfo(name)
        with _damage(), self._zip.open(member) as source:
            while chunk := source.read(_CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise ZipBomb()
                yield chunk

    def read(self, name: str) -> bytes:
        """A member whole. Raises KeyError, ZipBomb, TruncatedFile."""
        return b"".join(self.chunks(name))


@contextmanager
def open_checked(data: bytes, limits: Limits = DEFAULT) -> Iterator[Archive]:
    """The archive in `data`. Raises ZipBomb, TooManyMembers, EncryptedFile, TruncatedFile."""
    if data.count(_DIRECTORY_ENTRY) > limits.members * _NESTED:
        raise TooManyMembers()
    with _damage():
        opened = zipfile.ZipFile(BytesIO(data))
    with opened:
        check(opened, limits)
        yield Archive(opened, limits)


@contextmanager
def _damage() -> Iterator[None]:
    """Whatever a damaged archive brings about in zipfile and the decompressors is TruncatedFile."""
    try:
        yield
    except (QibanError, MemoryError):
        raise
    except Exception as error:  # struct.error, zlib.error, a seek before the start ...: there is no end to them
        raise TruncatedFile() from error
