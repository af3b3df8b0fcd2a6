"""From when until when a document says that it applies. Pure; what stands in quotation marks is not said by it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from core.reading.days import number_of
from core.text import squeeze
from knowledge.calendar import DAY, narrow, read_day
from knowledge.snapshot import years_on

COUNT = r"[0-9]{1,3}|[一二两三四五六七八九十]{1,3}"
_IN_USE = r"(?:起|开始)?(?:正式)?(?:施行|实施|执行|生效|试行|实行)"
_FROM_DAY = re.compile(rf"自(?P<day>{DAY}){_IN_USE}")
_FROM_ISSUE = re.compile(
    rf"自?(?:发布|公布|印发|发文|下发|颁布)之?日起?(?:(?P<days>{COUNT})个?(?:日|天)(?:之?后|以后))?{_IN_USE}"
)
_OWN = re.compile(
    r"本(?:办法|通知|方案|规定|决定|措施|细则|政策|意见|公告|指南|条例|计划|规则|制度|通告|文件|标准|指引)"
)
_FOREIGN = re.compile(r"企业|称号|证书|资格|认定|证明|合同|专利|协议|牌匾|质押|信用|名单|执照|许可")
_LASTS = r"(?:有效期|施行期|实施期|执行期|试行期|试行)"
_UNTIL = re.compile(rf"(?:{_LASTS}限?|执行|施行|实施)[^。；《至]{{0,24}}至(?P<day>{DAY})")
_BETWEEN = re.compile(rf"(?:自|从|为|:|：){DAY}起?(?:至|到|—|-|–|~)+(?P<day>{DAY})")
_FOR_YEARS = re.compile(rf"{_LASTS}限?(?:为|:|：)?(?P<years>{COUNT})年")
_TITLE_YEARS = re.compile(r"20[0-9]{2}年?[—–\-~至－―]+(?P<last>20[0-9]{2})年")
_QUOTE = re.compile(r"“[^“”]*”")
_SENTENCE = re.compile(r"[^。；;\n]+")

PROLONGS = re.compile(
    rf"(?:延长|延续|顺延|续期|延期|继续(?:有效|执行|施行|实施))[^。；《]{{0,16}}?"
    rf"(?:(?:至|到)(?P<day>{DAY})|(?P<years>{COUNT})年)"
)
"""That something goes on until a day, or for some years more."""


@dataclass(frozen=True)
class Period:
    """The first and the last day; None: it does not say."""

    valid_from: date | None
    valid_to: date | None


def masked(text: str) -> str:
    """The text with what stands in quotation marks blotted out; every character keeps its place."""
    return _QUOTE.sub(lambda found: "“" + "〓" * (len(found[0]) - 2) + "”", text)


def sentences(text: str) -> list[str]:
    """The sentences of a text in one width of digits, quoted words blotted out."""
    return [found[0] for found in _SENTENCE.finditer(masked(narrow(text)))]


def read_period(text: str, heading: str | None, issued: date | None) -> Period:
    """By its own words, else by the years in its title; it begins on its day of issue where it says nothing else."""
    said = sentences(text)
    begins = _begins(said, issued) or issued
    return Period(begins, _ends(said, begins) or _title_period_end(heading))


def _begins(said: Sequence[str], issued: date | None) -> date | None:
    """The first day; sentences that speak of this document itself come first."""
    about_itself = [sentence for sentence in said if _OWN.search(sentence)]
    for sentence in chain(about_itself, said):
        for found in _FROM_DAY.finditer(sentence):
            if (day := read_day(found["day"])) is not None and not _is_of_another(sentence[: found.start()]):
                return day
        if issued and (since_issue := _FROM_ISSUE.search(sentence)):
            later = since_issue["days"]
            return issued + timedelta(days=number_of(later) if later else 0)
    return None


def _is_of_another(before: str) -> bool:
    """Whether what follows is said of a document named just before (《…》自…起施行)."""
    return "》" in before and not _OWN.search(before[before.rindex("》") :])


def _ends(said: Sequence[str], begins: date | None) -> date | None:
    """The last day, where a sentence speaks of this document's own period."""
    for before, sentence in zip(("", *said), said, strict=False):
        if not _is_about_itself(sentence, before):
            continue
        if found := _UNTIL.search(sentence) or _BETWEEN.search(sentence):
            return read_day(found["day"])
        if begins and (found := _FOR_YEARS.search(sentence)):
            return years_on(begins, number_of(found["years"])) - timedelta(days=1)
    return None


def _is_about_itself(sentence: str, before: str) -> bool:
    """Whether a sentence speaks of the document's own period: it says when it begins, follows one that does, or names
    the document and nothing else that may have a period (a title, a certificate)."""
    if "《" in sentence or PROLONGS.search(sentence):
        return False
    if _says_begin(sentence) or (_OWN.search(sentence) and not _FOREIGN.search(sentence)):
        return True
    bare = squeeze(sentence)
    alone = _FOR_YEARS.fullmatch(bare) or _UNTIL.fullmatch(bare)
    return bool(alone and (_says_begin(before) or _OWN.search(before)))


def _says_begin(sentence: str) -> bool:
    return bool(_FROM_DAY.search(sentence) or _FROM_ISSUE.search(sentence))


def _title_period_end(heading: str | None) -> date | None:
    found = _TITLE_YEARS.search(narrow(heading or ""))
    return date(int(found["last"]), 12, 31) if found else None
