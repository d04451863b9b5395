"""Everything of Ollama's protocol in one value for the runner."""

from __future__ import annotations

import msgspec

from koi.core.errors import ProviderError
from koi.core.seams import ModelInfo
from koi.net.framing import Framing
from koi.net.ndjson import NdjsonDecoder
from koi.providers.wire.format import WireFormat
from koi.providers.wire.model_detail import ModelDetail
from koi.providers.wire.model_list import ModelListing
from koi.providers.wire.ollama.build import build
from koi.providers.wire.ollama.embeddings import OLLAMA_EMBEDDINGS
from koi.providers.wire.ollama.models import in_the_cloud, read_model, read_tags, show
from koi.providers.wire.ollama.parse import OllamaParser
from koi.providers.wire.ollama.window import context_window
from koi.providers.wire.request import ModelAnswers


def _lines(first: bytes) -> Framing:
    return NdjsonDecoder()


def _wanted(model: str, host: str) -> bool:
    return not in_the_cloud(model, host)


def _detail(info: ModelInfo, answers: ModelAnswers) -> ModelInfo:
    model = read_model(info.reference.model, answers)
    if not answers.facts:
        return info
    embeds, chats = model.can("embedding"), model.can("completion")
    return msgspec.structs.replace(
        info,
        context_window=context_window(model, None),
        tools=model.can("tools"),
        vision=model.can("vision"),
        reasoning=model.can("thinking"),
        embeddings=None if embeds is None else embeds and not chats,
    )


def _advice(error: ProviderError, model: str) -> str:
    """What to do about an error, "" when the general advice is as good."""
    if "requires more system memory" in error.title:
        return "Set a smaller context_window for the provider, or use a smaller model."
    match error.kind:
        case "model_not_found":
            return f"Get it with: ollama pull {model}"
        case "context_overflow":
            return (
                "Set a larger context_window for the provider, if model and memory allow it, "
                "or start a new session."
            )
        case _:
            return ""


OLLAMA = WireFormat(
    build,
    OllamaParser,
    framing=_lines,
    version="",
    accept="application/x-ndjson",
    models=ModelListing("/api/tags", read_tags),
    embeddings=OLLAMA_EMBEDDINGS,
    detail=ModelDetail("/api/ps", show, _detail, _wanted),
    health="/",
    advice=_advice,
)
