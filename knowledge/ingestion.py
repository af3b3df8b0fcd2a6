"""Taking a file in: read apart from this process, stored in one transaction, reported whatever happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from core import log
from core.errors import QibanError
from core.text import clean
from knowledge import isolation
from knowledge.library import Library
from knowledge.record import Ingestion, Metadata

_LONGEST_NAME = 200


class IngestionFailed(QibanError):
    """Taking the file in ended in a fault of the service."""

    code = "ingestion_failed"
    default = "读取这份文件时程序出错，没有入库。请把文件发给系统管理员查看。"


async def take_in(
    library: Library, data: bytes, name: str, metadata: Metadata, *, actor: str | None = None
) -> Ingestion:
    """The report of taking a file in; `name` serves staff, and as a title of last resort. Raises what the readers and
    the library raise; nothing is stored then."""
    reading = await isolation.read_file(data, name)
    return await library.add(reading, replace(metadata, file_name=_shown(name)), actor=actor)


async def ingest(
    library: Library, data: bytes, name: str, metadata: Metadata, *, actor: str | None = None
) -> Ingestion:
    """As `take_in`, but whatever goes wrong is reported as `failed` with the error's code, so that one bad file never
    stops the others."""
    try:
        return await take_in(library, data, name, metadata, actor=actor)
    except QibanError as error:
        return failed(_shown(name), error)
    except Exception:
        log.get(__name__).exception("ingestion_failed")
        return failed(_shown(name), IngestionFailed())


def _shown(name: str) -> str:
    """The file's name without the folders it came from."""
    return clean(PurePath(name.replace("\\", "/")).name)[:_LONGEST_NAME]


def failed(name: str, error: QibanError) -> Ingestion:
    """The report of a file that was not taken in."""
    return Ingestion(None, name, "failed", 0.0, 0, warnings=({"code": error.code, "message": error.message},))
