"""The wire formats that this version speaks, by protocol."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from koi.catalogue.rows import Protocol
from koi.core.errors import UsageError
from koi.core.messages import ModelRequest
from koi.providers.wire.anthropic.build import VERSION
from koi.providers.wire.anthropic.build import build as build_messages
from koi.providers.wire.anthropic.parse import MessagesParser
from koi.providers.wire.openai_chat.build import build as build_chat
from koi.providers.wire.openai_chat.parse import ChatParser
from koi.providers.wire.parser import StreamParser
from koi.providers.wire.request import WireOptions, WireRequest


class WireFormat(msgspec.Struct, frozen=True):
    """How a protocol writes requests and reads answers."""

    build: Callable[[ModelRequest, WireOptions], WireRequest]
    parser: Callable[[WireOptions], StreamParser]
    models_path: str
    models_headers: dict[str, str] = {}


_FORMATS: dict[Protocol, WireFormat] = {
    "anthropic": WireFormat(
        build_messages,
        MessagesParser,
        "/v1/models?limit=1000",
        {"anthropic-version": VERSION},
    ),
    "openai-chat": WireFormat(build_chat, ChatParser, "/models"),
}


def wire_format(protocol: Protocol) -> WireFormat:
    """The format of a protocol. Raises UsageError for one that this version does not speak."""
    if protocol not in _FORMATS:
        known = ", ".join(sorted(_FORMATS))
        raise UsageError(
            f"The protocol {protocol} is not supported by this version",
            hint=f"Supported protocols: {known}.",
        )
    return _FORMATS[protocol]
