"""Texts that were read without fault and yet are hardly the document: an error page, a shell without its annex."""

from __future__ import annotations

import re
from typing import Literal

from core.text import simplify, squeeze
from knowledge.reading import Reading

_SHORT = 400
"""Visible characters up to which a text may be an error page."""
_SHELL = 800
_LONGEST = 20_000
_LABEL = 40
_ERROR = re.compile(
    r"\b(?:40[0134]|50[0234])\b.{0,20}(?:错误|页面|不存在|无法|error|not found|forbidden|unavailable)|"
    r"页面(?:不存在|没有找到|未找到|找不到|已删除|无法访问|出错)|(?:找不到|未找到|没有找到)(?:该|此|您|相关|所需)?.{0,8}(?:页面|网页|文件)|"
    r"访问(?:被拒绝|被拦截|受限|过于频繁|异常)|拒绝访问|无权访问|没有权限访问|请求(?:被拦截|已被拒绝|过于频繁)|"
    r"(?:完成|进行|通过|点击).{0,6}(?:安全|人机|滑块|滑动|身份)?验证|输入.{0,6}验证码|人机验证|安全验证|滑块验证|"
    r"系统(?:繁忙|维护|升级|异常|错误)|服务器(?:内部)?(?:错误|繁忙|异常)|网站(?:维护|升级|正在建设|暂停服务)|"
    r"(?:启用|开启|支持).{0,6}javascript|javascript.{0,10}(?:启用|开启|禁用|disabled)|enable javascript|"
    r"登录(?:后|已过期|超时)|会话(?:已)?(?:过期|超时)|正在(?:跳转|检测|验证)|"
    r"access denied|not found|forbidden|bad gateway|service unavailable|too many requests|captcha|just a moment",
    re.IGNORECASE,
)
_FORWARDS = re.compile(
    r"(?:见|请查看|下载|查阅|点击).{0,8}附件|附件(?:下载)?[ 0-9]*[:：]|现(?:予以?|将.{1,80})?印发|"
    r"现.{0,30}(?:转发|公布|公告)给?|印发给你们|请遵照执行|请认真(?:贯彻|组织)"
)
_ANSWERED = re.compile(r"^[ \t\u3000]*(?:答|A)[ ]?[:：]", re.MULTILINE)


def suspicion(reading: Reading) -> Literal["error_page", "body_in_attachment"] | None:
    """The code of the warning that a reading deserves: `error_page`, `body_in_attachment`, or None.

    Only a short text without any clause of its own, without a table or an answered question, is suspected.
    """
    visible = len(squeeze(reading.text)) if len(reading.text) <= _LONGEST else _LONGEST
    if reading.tables or visible > _SHELL or _ANSWERED.search(reading.text):
        return None
    if visible <= _SHORT and reading.format in ("html", "text") and _ERROR.search(reading.text):
        suspected: Literal["error_page", "body_in_attachment"] = "error_page"
    elif _FORWARDS.search(simplify(reading.text)):
        suspected = "body_in_attachment"
    else:
        return None
    return None if _has_clauses(reading.text) else suspected


def _has_clauses(text: str) -> bool:
    """Whether a line begins with a clause's label; the name of an annex, or its number in a list, is none."""
    from knowledge.clauses import read_label  # its patterns take longer to load than most files to read

    labels = [read_label(simplify(line.strip()[:_LABEL])) for line in text.splitlines() if line.strip()]
    named = next((place for place, label in enumerate(labels) if label and label.kind == "annex"), len(labels))
    return any(label and label.kind != "annex" for label in labels[:named]) or any(
        label and label.kind in ("article", "chapter", "part", "section", "cn", "cn_paren") for label in labels[named:]
    )
