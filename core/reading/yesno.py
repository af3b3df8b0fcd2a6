"""Reader of yes and no. 可能 and 不一定 are neither, 不知道有没有 is no answer, and a double negative is asked back."""

from __future__ import annotations

import re

from core.reading import words
from core.reading.answers import folded
from core.reading.outcome import Declined, Doubt, Known, NoValue, Outcome

_PARTICLES = r"(?:的|了|啊|呀|呢|哦|噢|哈|嘛|吧|呗|哟|喔|滴|~| )*"
_FILLERS = (
    r"(?:嗯+|恩+|哦+|啊|呃|额|那个|这个|我们|咱们|咱|我|公司|企业|这边|单位|本公司|本企业|目前|现在|暂时|当前|其实|真的?"
    r"|都|也|就|确实|当然|肯定|绝对|一直|已经|早就|一般来说|据我所知|报告|您好|你好|,| )*"
)
_YES = re.compile(
    rf"^{_FILLERS}(?:是|对|对头|有|有过|做过|做了|上了|用了|办过|办了|拿过|拿到|已?建立|已有|全有|具备|符合|满足|可以|行|好|好的|嗯+|恩+|中|"
    rf"没错|当然|肯定|确实|必须|通过|建了|建立了|属于|在|会|能|要|可|yes|yeah|yep|y|ok|okay|true|sure|"
    rf"[✓✔√☑✅👌👍]|正确|同意){_PARTICLES}$"
)
_NO = re.compile(
    rf"^{_FILLERS}(?:还|从来|从|压根|根本|完全|并|都|一直|真)*(?:否|不|不是|没|没有|没有过|没过|没得|冇|冒得|无|"
    rf"暂无|未|未曾|不曾|没做|没办|没拿到?|没建|没通过|没出过?|没发生过?|没有发生过?|不存在|没存在|没做过|没办过|"
    rf"没搞过?|没参加过?|不具备|不符合|不满足|不属于|不在|不会|不能|不可以|不行|不对|不要|no|nope|not|n|false|"
    rf"[×✗✘❌✖]){_PARTICLES}$"
)
_SOFT_YES = re.compile(
    r"(?:应该|应当|算|基本上?|差不多|大概|大致)(?:都|算|也)?(?:是|有|算是|算有|对|算|可以|符合|具备)|算吧"
)
_SOFT_NO = re.compile(r"(?:应该|应当|基本上?|几乎|大概)(?:都|也|是|算|还)?(?:没有?|不是|不算|不会|没|无|不)|不算是?吧?")
_UNSURE = re.compile(
    r"可能|也许|或许|大概率|不一定|未必|看情况|两说|难说|说不定|好像|似乎|貌似|一半一半|部分|有的有.{0,12}有的没|有些|"
    r"一般|差一点|差点|还行|马马虎虎|半是|或者|(.)是\1|(?:应该|大概|差不多|基本)吧"
)
_DOUBLE = re.compile(
    r"不是没|并非没|不是不|不能说没|不能说不|没有不|不会没|不可能没|不可能不|没说没|没说不|无不|谁说没|怎么会没|"
    r"不得不|未尝不|非没|不无|哪能没|不是说没"
)
_TURNED = re.compile(
    r"但|不过|可是|只是|然而|正在|在办|申请中|办理中|申报中|准备|计划|打算|快要?|将要?|马上|过期|到期|失效|注销|"
    r"以前|曾经|原来|如果|假如|要是|除了|除非|本来|差(?!不多)|才|申请|还在|受理|公示"
)
_PIECES = re.compile(r"[,。;!、.\n]+| {1,}")
_NEGATOR = re.compile(r"[不没无未否非别]")
_STARTS_YES = re.compile(
    rf"^{_FILLERS}(?:有|具备|通过了|建了|拿到了?|取得了?|获得了?|办了|做了|上了|用了|是有|确实有)(?![没])"
)
_STARTS_NO = re.compile(rf"^{_FILLERS}(?:还|从来|从|都|一直|根本)*(?:没有?|无|暂无|未|从未)(?![有错问事])")
_HARMLESS = re.compile(r"没问题|没错|不错|不好意思|没事(?!故)|不客气|无锡|非常")
_FINE = re.compile(r"没(?:有)?(?:问题|毛病|关系|意见|得说|话说)|没事(?!故)")
_REPEATED = re.compile(r"(.{1,4}?)\1+")
_LONGEST = 16


def read_yes_no(text: str) -> Outcome:
    """True, False, and about for 算是吧 and 应该有. Anything that is not plainly one of them is asked back."""
    plain = _REPEATED.sub(r"\1", folded(text).strip(" ,.。!~;、"))
    if not plain:
        return NoValue()
    if words.QUESTION.search(plain):
        return NoValue()
    if _DOUBLE.search(plain):
        return Doubt("ambiguous")
    if words.DECLINED.search(plain):
        return Declined()
    if words.CHOICE_QUESTION.search(plain):
        return NoValue()
    if _UNSURE.search(plain):
        return Doubt("ambiguous")
    return _together([_piece(piece) for piece in _PIECES.split(plain) if piece])


def _together(pieces: list[Outcome]) -> Outcome:
    """One answer said several times, or an answer with an explanation that does not change it."""
    values = list(dict.fromkeys(piece for piece in pieces if not isinstance(piece, NoValue)))
    if not values:
        return NoValue()
    if len({piece.value for piece in values if isinstance(piece, Known)}) > 1 or any(
        isinstance(piece, Doubt) for piece in values
    ):
        return Doubt("ambiguous")
    return next((piece for piece in values if isinstance(piece, Known) and piece.about), values[0])


def _piece(once: str) -> Outcome:
    if _YES.match(once):
        return Known(value=True)
    if _NO.match(once):
        return Known(value=False)
    if _SOFT_NO.match(_bare(once)):
        return Known(value=False, about=True) if len(once) <= _LONGEST else Doubt("ambiguous", (False,))
    if _SOFT_YES.match(_bare(once)):
        negated = (
            _NEGATOR.search(once.replace("差不多", "")) is not None or len(once) > _LONGEST or _TURNED.search(once)
        )
        return Doubt("ambiguous", (True,)) if negated else Known(value=True, about=True)
    return _longer(once)


def _bare(text: str) -> str:
    found = re.match(_FILLERS, text)
    return text[found.end() :] if found else text


def _longer(text: str) -> Outcome:
    """有一个省级品牌 is yes, 没有自己的品牌 is no; what turns the sentence round is asked back."""
    if _FINE.search(text) or (text.startswith("没") and any(char.isdigit() for char in text)):
        return Doubt("ambiguous", (True,))
    calm = _HARMLESS.sub("", text)
    negations = len(_NEGATOR.findall(calm))
    if _TURNED.search(text):
        return Doubt("ambiguous")
    if _STARTS_NO.match(text):
        return Known(value=False) if negations == 1 and len(text) <= _LONGEST else Doubt("ambiguous", (False,))
    if _STARTS_YES.match(text):
        return Known(value=True) if negations == 0 and len(text) <= _LONGEST else Doubt("ambiguous", (True,))
    if negations and len(text) <= _LONGEST:
        return Doubt("ambiguous", (False,))
    return Doubt("ambiguous", (True,)) if re.match(rf"^{_FILLERS}(?:是|对)", text) else NoValue()
