"""Copilot's protocol in one value for the runner: an existing format for each of its endpoints."""

from __future__ import annotations

import msgspec

from koi.core.messages import JsonObject, ModelRequest
from koi.providers.wire.anthropic.build import build as build_messages
from koi.providers.wire.anthropic.parse import MessagesParser
from koi.providers.wire.copilot.headers import request_headers
from koi.providers.wire.copilot.models import PATH, endpoints, read_models
from koi.providers.wire.format import FormatChoice, WireFormat
from koi.providers.wire.model_list import ModelListing
from koi.providers.wire.openai_chat.build import build as build_chat
from koi.providers.wire.openai_chat.parse import ChatParser
from koi.providers.wire.openai_responses.wire import RESPONSES
from koi.providers.wire.parser import StreamParser
from koi.providers.wire.request import WireOptions, WireRequest


def _at_copilot(source: WireFormat, name: str) -> WireFormat:
    """A format as Copilot speaks it: with its headers, its paths without /v1.

    Signatures of one endpoint are not those of another, though the model be the same: each has
    a family of its own.
    """

    def own(options: WireOptions) -> WireOptions:
        return msgspec.structs.replace(options, family=f"{options.family}/{name}")

    def build(request: ModelRequest, options: WireOptions) -> WireRequest:
        wire = source.build(request, own(options))
        return msgspec.structs.replace(wire, headers={**wire.headers, **request_headers(request)})

    def parser(options: WireOptions) -> StreamParser:
        return source.parser(own(options))

    return msgspec.structs.replace(
        source, build=build, parser=parser, version="", models=None, embeddings=None
    )


_CHAT = _at_copilot(WireFormat(build_chat, ChatParser), "chat")
_BY_ENDPOINT = {
    "/v1/messages": _at_copilot(WireFormat(build_messages, MessagesParser), "messages"),
    "/responses": _at_copilot(RESPONSES, "responses"),
    "/chat/completions": _CHAT,
}
"""Best first: the formats that bring more of a model's reasoning back to it."""


def _choose(answer: JsonObject, model: str) -> WireFormat:
    offered = endpoints(answer, model)
    return next((found for path, found in _BY_ENDPOINT.items() if path in offered), _CHAT)


COPILOT = msgspec.structs.replace(
    _CHAT, models=ModelListing(PATH, read_models), choice=FormatChoice(PATH, _choose)
)
