"""What Ollama says of its models: the list, one model's facts, and how it is loaded now.

https://docs.ollama.com/api/tags, https://docs.ollama.com/api-reference/show-model-details and
https://docs.ollama.com/api/ps
"""

from __future__ import annotations

import re

import msgspec

from koi.catalogue.families import is_cloud_name
from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.wire.fields import count, mapping, objects, text
from koi.providers.wire.request import ModelAnswers, WireRequest

CLOUD_HOST = "ollama.com"
_NUMBER = re.compile(r"[0-9]{1,9}")
_EMBEDDING_FAMILIES = {"bert", "nomic-bert", "nomic-bert-moe"}


class OllamaModel(msgspec.Struct, frozen=True):
    """What a server said of a model. None: it did not say."""

    known: bool = False
    """False for a server that does not answer such questions."""
    capabilities: frozenset[str] | None = None
    context_length: int | None = None
    """Tokens that it was made for."""
    num_ctx: int | None = None
    """Tokens that its modelfile asks for."""
    loaded_context: int | None = None
    """Tokens that it is loaded with now."""
    must_ask_to_think: bool = False
    """True where thinking arrives apart from the answer only when it is asked for."""

    def can(self, capability: str) -> bool | None:
        """Whether it has a capability, None when the server does not say."""
        return None if self.capabilities is None else capability in self.capabilities


def in_the_cloud(model: str, host: str) -> bool:
    """True for a model that runs at ollama.com, where the context is always the longest one."""
    remote = host == CLOUD_HOST or host.endswith(f".{CLOUD_HOST}")
    return remote or is_cloud_name(model)


def show(model: str) -> WireRequest:
    """The request for the facts of a model."""
    return WireRequest("/api/show", {}, {"model": model})


def read_model(name: str, answers: ModelAnswers) -> OllamaModel:
    """What the server said of one model."""
    facts = answers.facts
    capabilities = facts.get("capabilities")
    abilities = (
        frozenset(item for item in capabilities if isinstance(item, str))
        if isinstance(capabilities, list)
        else None
    )
    return OllamaModel(
        known=bool(answers.state),
        capabilities=abilities,
        context_length=_context_length(mapping(facts, "model_info")),
        num_ctx=_parameter(text(facts, "parameters"), "num_ctx"),
        loaded_context=_loaded(name, answers.state),
        # A server that names the values of `think` thinks by itself; so do all of the last year.
        must_ask_to_think="thinking" not in facts and "thinking" in (abilities or ()),
    )


def read_tags(provider: str, answer: object) -> tuple[ModelInfo, ...]:
    """The models of /api/tags, in the server's order."""
    entries = objects(answer, "models") if isinstance(answer, dict) else []
    return tuple(
        ModelInfo(
            ModelReference(provider, name),
            embeddings=_embeds(mapping(entry, "details")),
            # A model in the cloud has the size of its description here.
            size_bytes=None if entry.get("remote_model") else count(entry, "size"),
        )
        for entry in entries
        if (name := text(entry, "name") or text(entry, "model"))
    )


def same_model(name: str, other: str) -> bool:
    """Whether two names mean one model: the tag `latest` may be left out."""
    return _tagged(name) == _tagged(other)


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _context_length(model_info: JsonObject) -> int | None:
    """`ARCHITECTURE.context_length` of the model itself, not of its projector for pictures."""
    architecture = text(model_info, "general.architecture")
    if length := count(model_info, f"{architecture}.context_length"):
        return length
    lengths = [
        length
        for key in model_info
        if key.count(".") == 1
        and key.endswith(".context_length")
        and (length := count(model_info, key))
    ]
    return max(lengths, default=None)


def _parameter(parameters: str, name: str) -> int | None:
    """A number among the lines `name    value` of a modelfile."""
    for line in parameters.splitlines():
        words = line.split()
        if words[:1] == [name] and len(words) == 2 and _NUMBER.fullmatch(words[1]):
            return int(words[1]) or None
    return None


def _loaded(name: str, state: JsonObject) -> int | None:
    for entry in objects(state, "models"):
        if same_model(name, text(entry, "name")) or same_model(name, text(entry, "model")):
            return count(entry, "context_length") or None
    return None


def _embeds(details: JsonObject) -> bool | None:
    """True for families that only make vectors. Others may or may not."""
    return True if text(details, "family") in _EMBEDDING_FAMILIES else None
