"""The inbox in the chat: the desk's answers, and notices of the firms and providers that somebody speaks for."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from conversation import partner_wording as wording
from conversation.messages import Reply
from conversation.moves import LINK, Asker, Identities, Move, Who, button, say
from messaging.inbox import WEB, Inbox, InboxMessage, firm_inbox, provider_inbox

SHOWN, RECENT = 5, 3
_LOOKED_AT = 200


class InboxReading:
    """`zone` is the one in which times are written, `desk` whom to ask for a claim code."""

    def __init__(self, inbox: Inbox, identities: Identities, zone: ZoneInfo, desk: str) -> None:
        self._inbox = inbox
        self._identities = identities
        self._zone = zone
        self._desk = desk

    async def unread(self, who: Who, asker: Asker) -> int:
        """How many notices wait."""
        own = _addresses(who, asker)
        return await self._inbox.unread(own) if own else 0

    async def command(self, asker: Asker) -> Move:
        """The oldest notices that nobody has read, a few at a time; where there are none, the last ones again.

        They count as read once these replies are stored: a kill before that shows them once more, never not at all.
        """
        if asker.is_group:
            return say(wording.IN_PRIVATE)
        who = await self._identities.who(asker)
        addresses = _addresses(who, asker)
        newest = await self._inbox.messages(addresses, limit=_LOOKED_AT) if addresses else []
        if not newest and not who.is_linked:
            return say(wording.LINK_FIRST.format(desk=self._desk), button(LINK, wording.BUTTON_LINK))
        unread = [each for each in reversed(newest) if not each.read]
        if not unread:
            recent = tuple(self._reply(each) for each in reversed(newest[:RECENT]))
            return Move((Reply(wording.INBOX_RECENT if recent else wording.INBOX_EMPTY), *recent))
        shown, left = unread[:SHOWN], len(unread) - SHOWN
        replies = [Reply(wording.INBOX.format(count=len(unread))), *(self._reply(each) for each in shown)]
        if left > 0:
            replies.append(Reply(wording.INBOX_MORE.format(count=left)))

        async def mark() -> None:
            await self._inbox.mark_read(addresses, shown[-1].id)

        return Move(tuple(replies), afterwards=mark)

    def _reply(self, notice: InboxMessage) -> Reply:
        message, at = notice.message, wording.MOMENT.format(notice.at.astimezone(self._zone))
        reply = Reply(wording.INBOX_AT.format(at=at, text=message.text), notices=message.notices, cards=message.cards)
        return replace(reply, choices=message.choices, attachments=message.attachments)


def _addresses(who: Who, asker: Asker) -> tuple[str, ...]:
    """The inboxes of somebody: in the web chat that of the session, where the desk's answers go, and those of whom he
    speaks for."""
    own = (asker.address,) if asker.channel == WEB else ()
    return (*own, *(firm_inbox(firm.id) for firm in who.firms), *(provider_inbox(name) for name in who.providers))
