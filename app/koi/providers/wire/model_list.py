"""What endpoints say of their models, in the spellings of OpenAI, Anthropic, OpenRouter, vLLM."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from koi.providers.wire.fields import count, flag, mapping, objects, text

_WINDOWS = (
    "context_length",
    "context_window",
    "max_context_length",
    "max_model_len",
    "max_input_tokens",
)
_OUTPUTS = ("max_output_tokens", "max_completion_tokens", "max_tokens")
_NOT_OFFERED = frozenset({"hide", "none"})
"""What ChatGPT's back end says of models that are not for people to choose."""
_PER_MTOK = 1_000_000
_EMBEDS = frozenset({"embedding", "embeddings"})
_OTHER_KINDS = frozenset(
    {"audio", "image", "moderation", "rerank", "reranking", "speech", "transcribe", "video"}
)
"""What Together, Vercel and others call models that neither chat nor make vectors."""


class ModelListing(msgspec.Struct, frozen=True):
    """How a protocol is asked for its models, and how the answer is read."""

    path: str
    read: Callable[[str, object], tuple[ModelInfo, ...]]
    headers: dict[str, str] = {}
    more: str | None = None
    """The path of a second list at the same host; `read` gets the fields of both."""


def read_models(provider: str, answer: object) -> tuple[ModelInfo, ...]:
    """The models of a list, in the server's order.

    Left out are entries without a name, and those that the server says are for something else
    than conversations and vectors.
    """
    if isinstance(answer, list):
        answer = {"data": answer}
    if not isinstance(answer, dict):
        return ()
    entries = objects(answer, "data") or objects(answer, "models")
    return tuple(info for entry in entries if (info := _model(provider, entry)) is not None)


def _model(provider: str, entry: JsonObject) -> ModelInfo | None:
    name = text(entry, "id") or text(entry, "slug") or text(entry, "name")
    embeds = _embeds(entry, name)
    if not name or (not embeds and _is_of_another_kind(entry)):
        return None
    top = mapping(entry, "top_provider")
    meta = mapping(entry, "meta")
    return ModelInfo(
        ModelReference(provider, name),
        context_window=_first(entry, _WINDOWS)
        or _first(top, _WINDOWS)
        or _first(meta, ("n_ctx", "n_ctx_train")),
        max_output_tokens=_first(entry, _OUTPUTS) or _first(top, _OUTPUTS),
        tools=_tools(entry),
        vision=_vision(entry),
        price=_price(mapping(entry, "pricing")),
        embeddings=embeds or None,
    )


def _embeds(entry: JsonObject, name: str) -> bool:
    if text(entry, "type") in _EMBEDS:
        return True
    if mapping(entry, "capabilities").get("completion_chat") is False:
        return "embed" in name
    return bool(_EMBEDS & _made(entry))


def _is_of_another_kind(entry: JsonObject) -> bool:
    made = _made(entry)
    return (
        text(entry, "type") in _OTHER_KINDS
        or text(entry, "visibility") in _NOT_OFFERED
        or mapping(entry, "capabilities").get("completion_chat") is False
        or bool(made and "text" not in made)
    )


def _made(entry: JsonObject) -> frozenset[str]:
    """What a model answers with (OpenRouter), empty when the server does not say."""
    modalities = mapping(entry, "architecture").get("output_modalities")
    given = modalities if isinstance(modalities, list) else []
    return frozenset(kind for kind in given if isinstance(kind, str))


def _first(source: JsonObject, names: tuple[str, ...]) -> int | None:
    return next((value for name in names if (value := count(source, name))), None)


def _tools(entry: JsonObject) -> bool | None:
    parameters = entry.get("supported_parameters")
    if isinstance(parameters, list):
        return "tools" in parameters
    return flag(mapping(entry, "capabilities"), "function_calling")


def _vision(entry: JsonObject) -> bool | None:
    modalities = mapping(entry, "architecture").get("input_modalities")
    if isinstance(modalities, list):
        return "image" in modalities
    return flag(mapping(entry, "capabilities"), "vision")


def _price(pricing: JsonObject) -> Price | None:
    """OpenRouter's form: USD for one token, as text."""
    fresh, output = _usd(pricing, "prompt"), _usd(pricing, "completion")
    if fresh is None or output is None:
        return None
    return Price(
        fresh, output, _usd(pricing, "input_cache_read"), _usd(pricing, "input_cache_write")
    )


def _usd(pricing: JsonObject, name: str) -> float | None:
    try:
        price = float(text(pricing, name))
    except ValueError:
        return None
    return price * _PER_MTOK if price >= 0 else None
