"""What can make Telegram unavailable as a whole, with what to do about it."""

from __future__ import annotations

from bot import wording
from core.errors import Unavailable


class TokenRefused(Unavailable):
    """Telegram does not know this bot token (or the address is not that of a Bot API server)."""

    code = "telegram_token_refused"
    default = wording.BOT_REFUSED


class ProxyUnusable(Unavailable):
    """The proxy's address cannot be used."""

    code = "telegram_proxy_unusable"
    default = wording.PROXY_UNUSABLE
