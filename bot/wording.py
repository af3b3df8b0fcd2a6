"""All Chinese copy of the Telegram channel."""

from __future__ import annotations

COMMANDS: tuple[tuple[str, str], ...] = (
    ("start", "开始"),
    ("ask", "问政策"),
    ("check", "条件自评"),
    ("match", "找合作"),
    ("mine", "我的进展"),
    ("link", "绑定企业"),
    ("inbox", "收件箱"),
    ("consent", "授权与订阅"),
    ("stop", "退订通知"),
    ("help", "帮助"),
    ("cancel", "取消"),
)
"""The command menu beside the input field: name, description."""

NOTICE_MARK = "⚠️ "
ATTACHMENT_MARK = "📎 "
ORIGINAL = "查看原文"
CHOOSE = "请选择："
UNNAMED_CHOICE = "选项"

BOT_REFUSED = "Telegram 不接受当前的机器人令牌，请检查 QIBAN_TELEGRAM_TOKEN（以及 QIBAN_TELEGRAM_BASE_URL）。"
PROXY_UNUSABLE = "QIBAN_TELEGRAM_PROXY 无法使用：请填写 http://主机:端口 或 socks5://主机:端口。"
