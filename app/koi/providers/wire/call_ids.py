"""Ids of tool calls from any provider, in the form that the one being asked accepts.

A session may have begun elsewhere: ids that do not fit become digests, which never collide.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable, Mapping

import msgspec

from koi.core.messages import Message, ToolCall, ToolResult

_ALPHABET = string.ascii_letters + string.digits


class CallIdForm(msgspec.Struct, frozen=True):
    """Which ids a protocol accepts. Digests of `digest_length` letters and digits must match."""

    pattern: str
    digest_length: int = 24


WORDS = CallIdForm(r"[a-zA-Z0-9_-]{1,64}")
"""Anthropic, Bedrock, Responses.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html"""
SHORT = CallIdForm(r"[!-~]{1,40}")
"""Chat completions: OpenAI refuses ids of more than 40 characters."""
NINE = CallIdForm(r"[a-zA-Z0-9]{9}", 9)
"""Mistral: exactly nine letters and digits."""


def call_ids(messages: Iterable[Message], form: CallIdForm) -> Mapping[str, str]:
    """The id to send for each id of the calls and results in `messages`.

    Ids that fit stay as they are, all others get a digest of their own. A call and its result are
    sent with the same id, two different ids never become one, and more messages do not change
    what came before (unless a new id equals a digest, which only malice brings about).
    """
    identities = dict.fromkeys(_identities(messages))
    accepted = re.compile(form.pattern)
    mapped = {identity: identity for identity in identities if accepted.fullmatch(identity)}
    taken = set(mapped)
    for identity in identities:
        if identity in mapped:
            continue
        attempt = 0
        while (short := _digest(identity, attempt, form.digest_length)) in taken:
            attempt += 1
        mapped[identity] = short
        taken.add(short)
    return mapped


def _identities(messages: Iterable[Message]) -> Iterable[str]:
    for message in messages:
        for part in message.parts:
            match part:
                case ToolCall():
                    yield part.id
                case ToolResult():
                    yield part.call_id
                case _:
                    pass


def _digest(identity: str, attempt: int, length: int) -> str:
    source = f"{attempt}:{identity}".encode(errors="surrogatepass")
    number = int.from_bytes(hashlib.sha256(source).digest())
    letters: list[str] = []
    for _ in range(length):
        number, remainder = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[remainder])
    return "".join(letters)
