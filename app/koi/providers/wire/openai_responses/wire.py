"""The Responses protocol as one value; models and embeddings are those of the chat protocol."""

from __future__ import annotations

from koi.providers.wire.format import WireFormat
from koi.providers.wire.model_list import ModelListing, read_models
from koi.providers.wire.openai_chat.embeddings import CHAT_EMBEDDINGS
from koi.providers.wire.openai_responses.build import build
from koi.providers.wire.openai_responses.parse import ResponsesParser

RESPONSES = WireFormat(
    build,
    ResponsesParser,
    models=ModelListing("/models", read_models),
    embeddings=CHAT_EMBEDDINGS,
)
