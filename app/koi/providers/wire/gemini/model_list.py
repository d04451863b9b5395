"""What Gemini's endpoint says of its models. https://ai.google.dev/api/models"""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.wire.fields import count, flag, objects, text
from koi.providers.wire.model_list import ModelListing


def read_models(provider: str, answer: object) -> tuple[ModelInfo, ...]:
    """The models that chat or make vectors, in the server's order."""
    if not isinstance(answer, dict):
        return ()
    entries = objects(answer, "models")
    return tuple(info for entry in entries if (info := _model(provider, entry)) is not None)


def _model(provider: str, entry: JsonObject) -> ModelInfo | None:
    name = text(entry, "name").removeprefix("models/")
    methods = entry.get("supportedGenerationMethods")
    if not name or not isinstance(methods, list):
        return None
    chats = "generateContent" in methods
    if not chats and "embedContent" not in methods:
        return None
    return ModelInfo(
        ModelReference(provider, name),
        context_window=count(entry, "inputTokenLimit"),
        max_output_tokens=count(entry, "outputTokenLimit") if chats else None,
        reasoning=flag(entry, "thinking"),
        embeddings=not chats,
    )


MODELS = ModelListing("/models?pageSize=1000", read_models)
