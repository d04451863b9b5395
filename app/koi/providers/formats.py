"""The wire formats by protocol. A new format is one folder in wire/ and one entry here."""

from __future__ import annotations

from koi.catalogue.rows import Protocol
from koi.core.errors import UsageError
from koi.providers.wire.anthropic.build import VERSION
from koi.providers.wire.anthropic.build import build as build_messages
from koi.providers.wire.anthropic.parse import MessagesParser
from koi.providers.wire.bedrock.wire import BEDROCK
from koi.providers.wire.copilot.wire import COPILOT
from koi.providers.wire.format import WireFormat
from koi.providers.wire.gemini.wire import GEMINI
from koi.providers.wire.model_list import ModelListing, read_models
from koi.providers.wire.ollama.wire import OLLAMA
from koi.providers.wire.openai_chat.build import build as build_chat
from koi.providers.wire.openai_chat.embeddings import CHAT_EMBEDDINGS
from koi.providers.wire.openai_chat.parse import ChatParser
from koi.providers.wire.openai_responses.wire import RESPONSES

FORMATS: dict[Protocol, WireFormat] = {
    "anthropic": WireFormat(
        build_messages,
        MessagesParser,
        models=ModelListing("/v1/models?limit=1000", read_models, {"anthropic-version": VERSION}),
    ),
    "openai-chat": WireFormat(
        build_chat,
        ChatParser,
        models=ModelListing("/models", read_models),
        embeddings=CHAT_EMBEDDINGS,
    ),
    "openai-responses": RESPONSES,
    "ollama": OLLAMA,
    "gemini": GEMINI,
    "bedrock": BEDROCK,
    "copilot": COPILOT,
}


def wire_format(protocol: Protocol) -> WireFormat:
    """The format of a protocol. Raises UsageError for one that this version does not speak."""
    if protocol not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise UsageError(
            f"The protocol {protocol} is not supported by this version",
            hint=f"Supported protocols: {known}.",
        )
    return FORMATS[protocol]
