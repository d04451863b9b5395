"""What the streams of all protocols are made of.

Three parts of thinking, six of text and one of tool arguments, a word or so in each message, with
the fields that providers repeat in every message (names, counts, padding).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

COUNT = 20_000
SENTENCE = (
    "The fixture expires at midnight UTC, so the “daily” test fails once a day: "
    'assert clock.now() < limit, "too late"\nUse a margin of 5 s — or freeze time. '
)
CALLS = 8
PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567"
_WORDS = [f" {word}" for word in SENTENCE.split(" ") if word]
encode = msgspec.json.Encoder().encode

Messages: TypeAlias = list[bytes]
"""The body in whole messages: each is one event of the protocol, with its framing."""


def words(count: int) -> list[str]:
    """So many words, with a blank before each."""
    return [_WORDS[number % len(_WORDS)] for number in range(count)]


def fragments(count: int) -> list[str]:
    """The arguments of one call in `count` pieces."""
    pieces = [word.replace("\n", " ").replace('"', "'") for word in words(count - 2)]
    return ['{"content":"', *pieces, '"}']


def shares(count: int) -> tuple[int, int, int]:
    """Messages of thinking, of text, and of each call."""
    return 3 * count // 10, 6 * count // 10 + 1, max(3, count // (10 * CALLS) + 1)


def sse(data: object, name: str = "") -> bytes:
    """A server-sent event."""
    head = b"event: %s\n" % name.encode() if name else b""
    return b"%sdata: %s\n\n" % (head, encode(data))


def padding(number: int) -> str:
    """Letters, a few more or less each time: against guessing from sizes."""
    return PADDING[: 1 + number * 7 % 16]
