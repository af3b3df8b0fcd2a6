"""Messages survive the outbox unchanged; choices fit every channel and refuse what nobody made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from messaging.messages import CHOICE_BYTES, Attachment, Choice, OutMessage, Quote, decode_choice, encode_choice

_texts = st.text(max_size=20)
_messages = st.builds(
    OutMessage,
    text=_texts,
    notices=st.lists(_texts, max_size=2).map(tuple),
    quotes=st.lists(st.builds(Quote, _texts, _texts, st.none() | _texts), max_size=2).map(tuple),
    choices=st.lists(st.builds(Choice, _texts, _texts), max_size=2).map(tuple),
    attachments=st.lists(st.builds(Attachment, _texts, _texts, _texts), max_size=2).map(tuple),
)


@given(_messages)
def test_a_message_comes_back_from_json_equal(message: OutMessage) -> None:
    assert OutMessage.from_json(message.to_json()) == message


@given(
    st.from_regex(r"[a-z]{1,12}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_.-]{0,30}", fullmatch=True),
    st.integers(0, 10**9),
)
def test_a_choice_comes_back_equal_and_short(action: str, ref: str, version: int) -> None:
    encoded = encode_choice(action, ref, version)
    assert len(encoded.encode()) <= CHOICE_BYTES
    choice = decode_choice(encoded)
    assert (choice.action, choice.ref, choice.version) == (action, ref, version)


@pytest.mark.parametrize("ref", ["小巨人", "a:b", "x" * 70, "a b"])
def test_a_choice_that_does_not_fit_cannot_be_made(ref: str) -> None:
    with pytest.raises(ValueError, match="choice"):
        encode_choice("say", ref)


@given(st.text())
def test_any_other_text_is_refused_or_read_exactly(text: str) -> None:
    try:
        choice = decode_choice(text)
    except BadInput:
        return
    assert text.startswith(f"{choice.action}:{choice.ref}:")
