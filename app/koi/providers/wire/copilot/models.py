"""Copilot's list of models: what they can, and at which of its endpoints they are asked."""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.wire.fields import count, flag, mapping, objects, text

PATH = "/models"
_REASONING = ("reasoning_effort", "adaptive_thinking", "max_thinking_budget")


def endpoints(answer: JsonObject, model: str) -> frozenset[str]:
    """The paths at which a model answers, empty when the list does not say."""
    for entry in objects(answer, "data"):
        if text(entry, "id") == model:
            offered = entry.get("supported_endpoints")
            paths = offered if isinstance(offered, list) else []
            return frozenset(path for path in paths if isinstance(path, str))
    return frozenset()


def read_models(provider: str, answer: object) -> tuple[ModelInfo, ...]:
    """The models for conversations that are open to this account, in the server's order."""
    entries = objects(answer, "data") if isinstance(answer, dict) else []
    return tuple(_model(provider, entry) for entry in entries if _offered(entry))


def _offered(entry: JsonObject) -> bool:
    """Others are for the editor's own use, or the account has not agreed to their terms."""
    return (
        bool(text(entry, "id"))
        and entry.get("model_picker_enabled") is not False
        and text(mapping(entry, "capabilities"), "type") in ("chat", "")
        and text(mapping(entry, "policy"), "state") in ("enabled", "")
    )


def _model(provider: str, entry: JsonObject) -> ModelInfo:
    capabilities = mapping(entry, "capabilities")
    limits, can = mapping(capabilities, "limits"), mapping(capabilities, "supports")
    return ModelInfo(
        ModelReference(provider, text(entry, "id")),
        context_window=count(limits, "max_context_window_tokens")
        or count(limits, "max_prompt_tokens"),
        max_output_tokens=count(limits, "max_output_tokens"),
        tools=flag(can, "tool_calls"),
        vision=flag(can, "vision"),
        streaming=flag(can, "streaming"),
        reasoning=True if any(can.get(key) for key in _REASONING) else None,
    )
