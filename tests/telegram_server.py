"""A Bot API server for the tests: real HTTP on loopback, with the checks, the offsets and the refusals of the real one.

In a test (its own thread, a free port):

    with TelegramServer() as server:
        bot = build_bot(SecretStr(server.token), server.base_url)
        server.send_text(7, "研发投入要多少？")
        server.wait_for(7, count=1, timeout=5)      # blocking; `await server.arrived(7, 1, 5)` inside an event loop

As a process that outlives a service under test (prints one line of JSON when it listens):

    python -m tests.telegram_server --port 8081
    POST /control/send_text {"chat_id": 7, "text": "你好"}      GET /control/sent?chat_id=7

Every public method of `Telegram` can be called that way; the answer is {"result": ...}. Addresses have the form
http://127.0.0.1:PORT/bot, to which the client appends the token.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

Json = dict[str, Any]

TOKEN = "123456789:TEST-token-of-the-loopback-server-00"
BOT: Json = {"id": 123456789, "is_bot": True, "first_name": "企伴", "username": "qiban_test_bot"}

# --------------------------------------------------------------------------------------------------- refusals


@dataclass
class Refusal(Exception):
    """An answer with "ok": false."""

    status: int
    description: str
    parameters: Json | None = None

    def __str__(self) -> str:
        return self.description

    def to_json(self) -> Json:
        body: Json = {"ok": False, "error_code": self.status, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad_request(words: str) -> Refusal:
    return Refusal(400, f"Bad Request: {words}")


# ------------------------------------------------------------------------------------------------------- text


def utf16(text: str) -> int:
    """The length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[^\s<>/]*)(?P<attributes>(?:\s[^<>]*)?)>")
_ATTRIBUTES = re.compile(r"""\s*(?P<name>[a-zA-Z0-9_-]+)(?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'))?\s*""")
_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def parse_html(markup: str) -> tuple[str, list[Json]]:
    """The visible text and the entities of parse mode HTML; refuses what Telegram refuses."""
    text = ""
    entities: list[Json] = []
    open_tags: list[tuple[str, int, Json]] = []
    at = 0
    while at < len(markup):
        if markup[at] != "<":
            end = markup.find("<", at)
            text += _dereference(markup[at : end if end >= 0 else len(markup)])
            at = end if end >= 0 else len(markup)
            continue
        offset = len(markup[:at].encode())
        tag = _TAG.match(markup, at)
        if tag is None:
            raise _unparsable(f"Unclosed start tag at byte offset {offset}")
        if tag["close"]:
            entities += _close_tag(tag["name"].lower(), offset, text, open_tags)
        else:
            open_tags.append((tag["name"].lower(), len(text), _open_tag(tag, offset)))
        at = tag.end()
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return text, sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _unparsable(words: str) -> Refusal:
    return bad_request(f"can't parse entities: {words}")


def _dereference(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        named, decimal, hexadecimal = found.groups()
        return _NAMED[named] if named else chr(int(decimal) if decimal else int(hexadecimal, 16))

    return _REFERENCE.sub(character, text)


def _open_tag(tag: re.Match[str], offset: int) -> Json:
    name = tag["name"].lower()
    if name not in _TAGS:
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {offset}')
    attributes: dict[str, str] = {}
    at = 0
    while at < len(tag["attributes"].rstrip()):
        found = _ATTRIBUTES.match(tag["attributes"], at)
        if found is None:
            raise _unparsable(f"Unexpected end of name token at byte offset {offset}")
        attributes[found["name"].lower()] = _dereference(found["double"] or found["single"] or "")
        at = found.end()
    kind = "expandable_blockquote" if name == "blockquote" and "expandable" in attributes else _TAGS[name]
    return {"type": kind} | ({"url": attributes["href"]} if name == "a" and attributes.get("href") else {})


def _close_tag(name: str, offset: int, text: str, open_tags: list[tuple[str, int, Json]]) -> list[Json]:
    if not open_tags:
        raise _unparsable(f"Unexpected end tag at byte offset {offset}")
    opened, start, entity = open_tags.pop()
    if name not in ("", opened):
        raise _unparsable(f'Unmatched end tag at byte offset {offset}, expected "</{opened}>", found "</{name}>"')
    if start == len(text) or (entity["type"] == "text_link" and "url" not in entity):
        return []
    return [{**entity, "offset": utf16(text[:start]), "length": utf16(text[start:])}]


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """The text as Telegram keeps it: without white space around, the entities moved along."""
    lead = utf16(text) - utf16(text.lstrip())
    text = text.strip()
    kept = []
    for entity in entities:
        low = max(0, entity["offset"] - lead)
        high = min(utf16(text), entity["offset"] - lead + entity["length"])
        if low < high:
            kept.append({**entity, "offset": low, "length": high - low})
    return text, kept


def _read_text(params: Json, name: str = "text", *, limit: int = 4096) -> tuple[str, list[Json]]:
    raw = params.get(name, "")
    _refuse_surrogates(raw)
    mode = str(params.get("parse_mode", "")).lower()
    if mode not in ("", "html"):
        raise bad_request("unsupported parse_mode")
    text, entities = _trimmed(*(parse_html(raw) if mode else (raw, [])))
    if utf16(text) > limit:
        raise bad_request("message is too long" if name == "text" else f"message {name} is too long")
    return text, entities


def _refuse_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _read_markup(params: Json) -> Json | None:
    markup = _decoded(params.get("reply_markup"), "object expected as reply markup")
    if markup is None:
        return None
    _refuse_surrogates(markup)
    for button in (button for row in markup.get("inline_keyboard", []) for button in row):
        if not str(button.get("text", "")).strip():
            raise bad_request('can\'t parse inline keyboard button: Field "text" must be non-empty')
        data = button.get("callback_data")
        if data is None and "url" not in button:
            raise bad_request("inline keyboard button must have exactly one of the optional fields")
        if data is not None and not 1 <= len(str(data).encode()) <= 64:
            raise bad_request("BUTTON_DATA_INVALID")
    return dict(markup)


def _decoded(value: Any, words: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(words) from None


# ---------------------------------------------------------------------------------------------------- updates

_MEDIA: dict[str, Any] = {
    "sticker": {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular", "emoji": "👍"},
    "photo": None,
    "voice": {"duration": 3, "mime_type": "audio/ogg"},
    "audio": {"duration": 90, "title": "录音"},
    "video": {"width": 640, "height": 360, "duration": 5},
    "video_note": {"length": 240, "duration": 5},
    "animation": {"width": 320, "height": 240, "duration": 2},
    "document": {"file_name": "营业执照.pdf", "mime_type": "application/pdf", "file_size": 1024},
    "location": {"longitude": 112.57, "latitude": 26.89},
    "venue": {"location": {"longitude": 112.57, "latitude": 26.89}, "title": "政务中心", "address": "一号"},
    "contact": {"phone_number": "+10000000000", "first_name": "某"},
    "poll": {
        "id": "1",
        "question": "几点？",
        "options": [{"text": "九点", "voter_count": 0, "persistent_id": "a"}],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": True,
        "members_only": False,
    },
    "dice": {"emoji": "🎲", "value": 6},
    "story": {"chat": {"id": 5, "type": "private"}, "id": 1},
}
_WITHOUT_FILE = ("location", "venue", "contact", "poll", "dice", "story")


def _media(kind: str, number: int) -> Json:
    file = {"file_id": f"file-{number}", "file_unique_id": f"unique-{number}"}
    if kind == "photo":
        return {"photo": [{**file, "width": size, "height": size} for size in (90, 320, 800)]}
    content = dict(_MEDIA[kind]) if kind in _WITHOUT_FILE else {**file, **_MEDIA[kind]}
    media = {kind: content}
    if kind == "animation":
        media["document"] = {**file, "file_name": "a.mp4"}
    if kind == "venue":
        media["location"] = content["location"]
    return media


def _entities(text: str) -> list[Json]:
    found = [("bot_command", match) for match in re.finditer(r"(?<!\S)/[A-Za-z0-9_]+(?:@\w+)?(?![\w@/])", text)]
    found += [("mention", match) for match in re.finditer(r"(?<!\w)@[A-Za-z0-9_]{4,}", text)]
    return [
        {"type": kind, "offset": utf16(text[: match.start()]), "length": utf16(match.group())} for kind, match in found
    ]


# ------------------------------------------------------------------------------------------------ the service


@dataclass
class Fault:
    """Something that is to go wrong `times` times, after `skip` calls went well. `kind`: fail, hang_up, delay, drop."""

    kind: str
    method: str
    chat_id: int | None = None
    times: int = 1
    skip: int = 0
    status: int = 500
    body: Any = None
    seconds: float = 0.0


@dataclass
class Poll:
    """A getUpdates request that waits."""

    loop: asyncio.AbstractEventLoop
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended_by: str | None = None

    def wake(self) -> None:
        self.loop.call_soon_threadsafe(self.changed.set)


class Telegram:
    """What the server knows, and what a test may do to it. All of it may be called from any thread."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self._changed = threading.Condition(threading.RLock())
        self._next_update = 700_000_001
        self.reset()

    def reset(self) -> None:
        """As new, but update ids count on: a request still on its way must not confirm what comes now."""
        with self._changed:
            self._updates: deque[Json] = deque()
            self._next_update += 1000
            self._next_message = 1
            self._messages: list[Json] = []
            self._calls: list[Json] = []
            self._faults: list[Fault] = []
            self._allowed: list[str] | None = None
            self._poll: Poll | None = None
            self._webhook: Json = {"url": ""}
            self._commands: list[Json] = []
            self._queries: dict[str, bool] = {}
            self._blocked: set[int] = set()
            self._unknown: set[int] = set()
            self._moved: dict[int, int] = {}

    # What people do

    def send_text(
        self,
        chat_id: int,
        text: str,
        *,
        chat_type: str | None = None,
        from_id: int | None = None,
        reply_to_bot: bool = False,
        edited: bool = False,
        entities: list[Json] | None = None,
    ) -> int:
        """A person writes `text`; returns the update's id. Negative chat ids are supergroups."""
        message = self._message(chat_id, chat_type, from_id)
        message |= {"text": text, "entities": _entities(text) if entities is None else entities}
        if reply_to_bot:
            message["reply_to_message"] = self._last_of_bot(chat_id)
        return self.send_raw({"edited_message" if edited else "message": message})

    def send_media(self, chat_id: int, kind: str, caption: str | None = None, *, reply_to_bot: bool = False) -> int:
        """A person sends a sticker, photo, voice ...; returns the update's id."""
        message = self._message(chat_id, None, None)
        message |= _media(kind, message["message_id"])
        if caption is not None:
            message |= {"caption": caption, "caption_entities": _entities(caption)}
        if reply_to_bot:
            message["reply_to_message"] = self._last_of_bot(chat_id)
        return self.send_raw({"message": message})

    def press(self, chat_id: int, data: str, *, from_id: int | None = None) -> int:
        """A person presses the button with `data` under the bot's last message; returns the update's id."""
        with self._changed:
            query_id = f"{self._next_update}000"
            self._queries[query_id] = False
        query = {
            "id": query_id,
            "from": _person(chat_id, from_id),
            "chat_instance": str(chat_id),
            "message": self._last_of_bot(chat_id),
            "data": data,
        }
        return self.send_raw({"callback_query": query})

    def send_raw(self, update: Json) -> int:
        """Any update, valid or not; `update_id` is filled in when missing. Returns it."""
        with self._changed:
            update = {"update_id": self._next_update, **update}
            self._next_update = update["update_id"] + 1
            kind = next((key for key in update if key != "update_id"), "")
            if not self._allowed or kind in self._allowed:
                self._updates.append(update)
            if self._poll is not None:
                self._poll.wake()
            return int(update["update_id"])

    def skip_updates(self, by: int) -> None:
        """The next update's id is `by` further on (negative: as after a quiet week, a smaller one)."""
        with self._changed:
            self._next_update += by

    def block(self, chat_id: int) -> None:
        """The person blocks the bot."""
        self._blocked.add(chat_id)

    def unblock(self, chat_id: int) -> None:
        """The person lets the bot write again."""
        self._blocked.discard(chat_id)

    def delete_chat(self, chat_id: int) -> None:
        """There is no such chat any more."""
        self._unknown.add(chat_id)

    def migrate(self, chat_id: int, new_chat_id: int) -> None:
        """The group becomes a supergroup with another id."""
        self._moved[chat_id] = new_chat_id

    # What goes wrong

    def fail_next(
        self,
        method: str,
        *,
        chat_id: int | None = None,
        status: int = 500,
        body: Any = None,
        times: int = 1,
        skip: int = 0,
    ) -> None:
        """The next `times` calls (after `skip` good ones) are refused: a dict or text as `body`, or a usual one.

        For 429 a usual body asks for one second.
        """
        self._break(Fault("fail", method, chat_id, times, skip, status=status, body=body))

    def hang_up_next(self, method: str, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """The call is carried out, and the connection is closed without an answer."""
        self._break(Fault("hang_up", method, chat_id, times, skip))

    def drop_next(self, method: str, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """The connection is closed without an answer, and nothing was done."""
        self._break(Fault("drop", method, chat_id, times, skip))

    def delay(self, method: str, seconds: float, *, chat_id: int | None = None, times: int = 1, skip: int = 0) -> None:
        """The call is carried out at once, its answer comes `seconds` later: delivered, but the client times out."""
        self._break(Fault("delay", method, chat_id, times, skip, seconds=seconds))

    def heal(self) -> None:
        """Forget all faults that are still to come."""
        with self._changed:
            self._faults.clear()

    # What a test looks at

    def sent(self, chat_id: int | None = None) -> list[Json]:
        """The bot's messages, oldest first: method, chat_id, message_id, text (visible), raw, reply_markup ..."""
        with self._changed:
            return [dict(message) for message in self._messages if chat_id in (None, message["chat_id"])]

    def calls(self, method: str | None = None) -> list[Json]:
        """All requests: method, params, status (0: no answer was given), at (monotonic seconds)."""
        with self._changed:
            return [dict(call) for call in self._calls if method in (None, call["method"])]

    def pending(self) -> list[int]:
        """The ids of the updates that were not confirmed yet."""
        with self._changed:
            return [update["update_id"] for update in self._updates]

    def answered(self) -> list[str]:
        """The callback queries that were answered."""
        with self._changed:
            return [query for query, answered in self._queries.items() if answered]

    def commands(self) -> list[Json]:
        """The command menu."""
        return list(self._commands)

    def webhook(self) -> Json:
        """The webhook's url and secret; url "" when there is none."""
        return dict(self._webhook)

    def polling(self) -> bool:
        """Whether a getUpdates request waits at this moment."""
        return self._poll is not None

    def wait_for(self, chat_id: int | None, count: int, timeout: float = 10.0) -> list[Json]:
        """Block until the chat has `count` messages of the bot; TimeoutError otherwise. Not inside an event loop."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.sent(chat_id)) >= count, timeout):
                raise TimeoutError(f"{len(self.sent(chat_id))} of {count} messages in chat {chat_id}")
            return self.sent(chat_id)

    def wait_until(self, true: Callable[[], object], timeout: float = 10.0) -> None:
        """Block until `true()` of this object's state; TimeoutError otherwise. Not inside an event loop."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(true()), timeout):
                raise TimeoutError("it did not come true")

    async def arrived(self, chat_id: int | None, count: int, timeout: float = 10.0) -> list[Json]:
        """`wait_for` for use inside an event loop."""
        return await asyncio.to_thread(self.wait_for, chat_id, count, timeout)

    async def until(self, true: Callable[[], object], timeout: float = 10.0) -> None:
        """`wait_until` for use inside an event loop."""
        await asyncio.to_thread(self.wait_until, true, timeout)

    # The methods of the Bot API

    def get_me(self, _: Json) -> Json:
        return BOT | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    def send_message(self, params: Json) -> Json:
        chat = self._chat(params)
        text, entities = _read_text(params)
        if not text:
            raise bad_request("message text is empty")
        content = {"text": text, "entities": entities, "reply_markup": _read_markup(params)}
        return self._deliver("sendMessage", chat, params, content)

    def edit_message_text(self, params: Json) -> Json:
        chat = self._chat(params)
        text, entities = _read_text(params)
        if not text:
            raise bad_request("message text is empty")
        content = {"text": text, "entities": entities, "reply_markup": _read_markup(params)}
        with self._changed:
            wanted = _integer(params, "message_id")
            for message in self._messages:
                if (message["chat_id"], message["message_id"]) == (chat, wanted):
                    if all(message[key] == value for key, value in content.items()):
                        raise bad_request(
                            "message is not modified: specified new message content and reply markup are exactly the "
                            "same as a current content and reply markup of the message"
                        )
                    message.update(content)
                    self._changed.notify_all()
                    return _shown(message)
        raise bad_request("message to edit not found")

    def send_document(self, params: Json) -> Json:
        chat = self._chat(params)
        document = params.get("document")
        if not document:
            raise bad_request("there is no document in the request")
        caption, entities = _read_text(params, "caption", limit=1024)
        name, size = (document["name"], document["size"]) if isinstance(document, dict) else (str(document), 0)
        file = {"file_id": f"file-{name}", "file_unique_id": name, "file_name": name, "file_size": size}
        content = {"text": caption, "entities": entities, "reply_markup": _read_markup(params), "document": file}
        return self._deliver("sendDocument", chat, params, content)

    def send_chat_action(self, params: Json) -> bool:
        self._chat(params)
        return True

    def answer_callback_query(self, params: Json) -> bool:
        query = str(params.get("callback_query_id", ""))
        with self._changed:
            if query not in self._queries:
                raise bad_request("query is too old and response timeout expired or query ID is invalid")
            self._queries[query] = True
            self._changed.notify_all()
        return True

    def set_my_commands(self, params: Json) -> bool:
        commands = _decoded(params.get("commands", "[]"), "can't parse commands JSON object")
        for command in commands:
            if not re.fullmatch(r"/?[a-z0-9_]{1,32}", command["command"]):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self._commands = commands
        return True

    def set_webhook(self, params: Json) -> bool:
        with self._changed:
            self._webhook = {"url": params.get("url", ""), "secret_token": params.get("secret_token", "")}
            self._end_poll("terminated by setWebhook request")
        return True

    def delete_webhook(self, params: Json) -> bool:
        with self._changed:
            self._webhook = {"url": ""}
            if str(params.get("drop_pending_updates", "")).lower() == "true":
                self._updates.clear()
        return True

    def get_webhook_info(self, _: Json) -> Json:
        with self._changed:
            return {
                "url": self._webhook["url"],
                "has_custom_certificate": False,
                "pending_update_count": len(self._updates),
            }

    async def get_updates(self, params: Json, gone: Callable[[], Awaitable[None]]) -> list[Json]:
        """Long polling: confirms what is before `offset`, ends an older request that still waits."""
        limit = min(max(_integer(params, "limit", 100), 1), 100)
        deadline = time.monotonic() + _integer(params, "timeout", 0)
        with self._changed:
            if self._webhook["url"]:
                words = (
                    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
                )
                raise Refusal(409, f"Conflict: {words}")
            self._end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
            if "allowed_updates" in params:
                self._allowed = _decoded(params["allowed_updates"], "can't parse allowed updates")
            self._confirm(_integer(params, "offset", 0))
            poll = self._poll = Poll(asyncio.get_running_loop())
            self._changed.notify_all()
        leaving = asyncio.ensure_future(gone())
        try:
            return await self._poll_until(poll, limit, deadline, leaving)
        finally:
            leaving.cancel()
            with self._changed:
                if self._poll is poll:
                    self._poll = None
                self._changed.notify_all()

    async def _poll_until(self, poll: Poll, limit: int, deadline: float, leaving: asyncio.Future[None]) -> list[Json]:
        while True:
            with self._changed:
                if poll.ended_by is not None:
                    raise Refusal(409, f"Conflict: {poll.ended_by}")
                batch = list(self._updates)[:limit]
                poll.changed.clear()
            left = deadline - time.monotonic()
            if batch or left <= 0 or leaving.done():
                return batch
            waiting = asyncio.ensure_future(poll.changed.wait())
            await asyncio.wait((waiting, leaving), timeout=left, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    # Within

    def _end_poll(self, words: str) -> None:
        if self._poll is not None:
            self._poll.ended_by = words
            self._poll.wake()
            self._poll = None

    def end_polls(self) -> None:
        """Refuse the request that waits, so that the server can close."""
        with self._changed:
            self._end_poll("the server closes")

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self._updates) > -offset:
                self._updates.popleft()
        elif offset > 0:
            self._updates = deque(update for update in self._updates if update["update_id"] >= offset)

    def _break(self, fault: Fault) -> None:
        with self._changed:
            self._faults.append(fault)

    def take_fault(self, method: str, params: Json) -> Fault | None:
        """The fault that this call meets, used up by one."""
        with self._changed:
            for fault in self._faults:
                if fault.method != method or fault.chat_id not in (None, _integer(params, "chat_id", 0)):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
            return None

    def note_call(self, method: str, params: Json) -> Json:
        """Write the request down; its status follows."""
        call = {"method": method, "params": params, "status": 0, "at": time.monotonic()}
        with self._changed:
            self._calls.append(call)
        return call

    def note_status(self, call: Json, status: int) -> None:
        """The answer to a request that was written down."""
        with self._changed:
            call["status"] = status
            self._changed.notify_all()

    def _message(self, chat_id: int, chat_type: str | None, from_id: int | None) -> Json:
        with self._changed:
            number = self._next_message
            self._next_message += 1
        kind = chat_type or ("private" if chat_id > 0 else "supergroup")
        name = {"first_name": "测试"} if kind == "private" else {"title": "园区群"}
        return {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": chat_id, "type": kind, **name},
            "from": _person(chat_id, from_id),
        }

    def _last_of_bot(self, chat_id: int) -> Json:
        mine = self.sent(chat_id)
        if mine:
            return _shown(mine[-1])
        return {**self._message(chat_id, None, None), "from": BOT, "text": "…"}

    def _chat(self, params: Json) -> int:
        chat = _integer(params, "chat_id", 0)
        if chat == 0 or chat in self._unknown:
            raise bad_request("chat not found")
        if chat in self._moved:
            raise Refusal(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": self._moved[chat]},
            )
        if chat in self._blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return chat

    def _deliver(self, method: str, chat: int, params: Json, content: Json) -> Json:
        with self._changed:
            message = {
                "method": method,
                "chat_id": chat,
                "message_id": self._next_message,
                "raw": params.get("text", params.get("caption", "")),
                "parse_mode": params.get("parse_mode"),
                "at": time.time(),
                **content,
            }
            self._next_message += 1
            self._messages.append(message)
            self._changed.notify_all()
            return _shown(message)


def _shown(message: Json) -> Json:
    """The bot's own message as the Bot API shows it."""
    shown = {key: message[key] for key in ("message_id", "reply_markup", "document") if message.get(key)}
    chat = {"id": message["chat_id"], "type": "private" if message["chat_id"] > 0 else "supergroup"}
    text = {"caption": message["text"]} if "document" in message else {"text": message["text"]}
    return {**shown, **text, "date": int(message["at"]), "chat": chat, "from": BOT, "entities": message["entities"]}


def _person(chat_id: int, from_id: int | None) -> Json:
    return {"id": from_id or abs(chat_id), "is_bot": False, "first_name": "测试", "language_code": "zh-hans"}


def _integer(params: Json, name: str, default: int | None = None) -> int:
    try:
        return int(params[name])
    except KeyError:
        if default is None:
            raise bad_request(f"parameter {name} is missing") from None
        return default
    except (TypeError, ValueError):
        return 0


# ------------------------------------------------------------------------------------------------------- HTTP

_METHODS = {
    "getMe": Telegram.get_me,
    "sendMessage": Telegram.send_message,
    "editMessageText": Telegram.edit_message_text,
    "sendDocument": Telegram.send_document,
    "sendChatAction": Telegram.send_chat_action,
    "answerCallbackQuery": Telegram.answer_callback_query,
    "setMyCommands": Telegram.set_my_commands,
    "setWebhook": Telegram.set_webhook,
    "deleteWebhook": Telegram.delete_webhook,
    "getWebhookInfo": Telegram.get_webhook_info,
}
_BY_NAME = {name.lower(): name for name in (*_METHODS, "getUpdates")}
_CONTROLS = (
    "send_text",
    "send_media",
    "send_raw",
    "press",
    "skip_updates",
    "block",
    "unblock",
    "delete_chat",
    "migrate",
    "fail_next",
    "hang_up_next",
    "drop_next",
    "delay",
    "heal",
    "reset",
    "sent",
    "calls",
    "pending",
    "answered",
    "commands",
    "webhook",
    "polling",
)
_PATH = re.compile(r"/bot(?P<token>[^/]*)/(?P<method>\w+)")


class Application:
    """The ASGI application: the Bot API under /bot<token>/, the tests' own interface under /control/."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        if request.url.path.startswith("/control/"):
            await (await self._control(request))(scope, receive, send)
            return
        body, status = await self._call(request)
        if body is None:
            send.__self__.transport.abort()  # uvicorn's: the one way to close without an answer
            return
        response = _answer_with(body, status) if isinstance(body, dict) else HTMLResponse(str(body), status)
        await response(scope, receive, send)

    async def _control(self, request: Request) -> Response:
        name = request.url.path.removeprefix("/control/")
        if name not in _CONTROLS:
            return _answer_with({"error": f"no control {name!r}"}, 404)
        raw = await request.body()
        arguments = json.loads(raw) if raw else {}
        arguments |= {
            key: int(value) if value.lstrip("-").isdigit() else value for key, value in request.query_params.items()
        }
        try:
            return _answer_with({"result": getattr(self._telegram, name)(**arguments)})
        except (TypeError, KeyError) as error:
            return _answer_with({"error": str(error)}, 400)

    async def _call(self, request: Request) -> tuple[Any, int]:
        """The body and the status; None for the body when the connection is to be closed without an answer."""
        path = _PATH.fullmatch(request.url.path)
        if path is None or not re.fullmatch(r"\d+:[\w-]+", path["token"]):
            return Refusal(404, "Not Found").to_json(), 404
        if path["token"] != self._telegram.token:
            return Refusal(401, "Unauthorized").to_json(), 401
        name = _BY_NAME.get(path["method"].lower())
        if name is None:
            return Refusal(404, "Not Found: method not found").to_json(), 404
        try:
            params = await _params(request)
        except Refusal as refusal:
            return refusal.to_json(), refusal.status
        call = self._telegram.note_call(name, params)
        body, status = await self._answer(name, params, request)
        self._telegram.note_status(call, status)
        return body, status

    async def _answer(self, name: str, params: Json, request: Request) -> tuple[Any, int]:
        fault = self._telegram.take_fault(name, params)
        if fault is not None and fault.kind == "fail":
            return _failure(fault), fault.status
        if fault is not None and fault.kind == "drop":
            return None, 0
        try:
            result = await self._result(name, params, request)
        except Refusal as refusal:
            return refusal.to_json(), refusal.status
        if fault is not None and fault.kind == "hang_up":
            return None, 0
        if fault is not None:
            await asyncio.sleep(fault.seconds)
        return {"ok": True, "result": result}, 200

    async def _result(self, name: str, params: Json, request: Request) -> Any:
        if name == "getUpdates":
            return await self._telegram.get_updates(params, lambda: _gone(request))
        return _METHODS[name](self._telegram, params)


async def _gone(request: Request) -> None:
    """Returns when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _params(request: Request) -> Json:
    params: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form() as form:
            for key, value in form.items():
                params[key] = value if isinstance(value, str) else {"name": value.filename, "size": value.size}
        return params
    raw = await request.body()
    try:
        if kind == "application/json":
            params |= json.loads(raw)
        elif kind == "application/x-www-form-urlencoded":
            params |= parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise bad_request("strings must be encoded in UTF-8") from None
    return params


def _failure(fault: Fault) -> Any:
    if fault.body is not None:
        return fault.body
    parameters = {"retry_after": 1} if fault.status == 429 else None
    words = {
        403: "Forbidden: bot was blocked by the user",
        409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        429: "Too Many Requests: retry after 1",
    }
    return Refusal(fault.status, words.get(fault.status, "Internal Server Error"), parameters).to_json()


def _answer_with(body: Json, status: int = 200) -> Response:
    """JSON in ASCII, so that a test can put a lone surrogate into an update."""
    return Response(json.dumps(body), status, media_type="application/json")


class TelegramServer(Telegram):
    """The server in a thread of its own. A context manager; `start` and `stop` by hand are fine too."""

    def __init__(self, token: str = TOKEN, port: int = 0) -> None:
        super().__init__(token)
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(128)  # from here on connections wait instead of being refused
        self.port = int(self._socket.getsockname()[1])
        self._server = uvicorn.Server(
            uvicorn.Config(
                Application(self), http="h11", lifespan="off", log_level="critical", timeout_graceful_shutdown=1
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """To which a client appends the token."""
        return f"http://127.0.0.1:{self.port}/bot"

    def start(self) -> Self:
        """Listen; returns when requests are taken."""
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the test server did not start")
            time.sleep(0.005)
        return self

    def run(self) -> None:
        """Serve in this thread until a signal comes."""
        self._server.run([self._socket])

    def stop(self) -> None:
        """Close the port and all connections."""
        self.end_polls()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def main() -> None:
    """Serve as a process of its own."""
    parser = argparse.ArgumentParser(prog="tests.telegram_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    options = parser.parse_args()
    server = TelegramServer(options.token, options.port)
    ready = {"port": server.port, "base_url": server.base_url, "token": server.token}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main()
