"""Known lines of models, found by name wherever they are served. models.json has the facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import msgspec

DATA = Path(__file__).with_name("models.json")
_MAKER = re.compile(
    r"(?:[a-z-]+\.)+(?=[a-z])"
    r"|(?:zai-org|zai|meta|mistralai|openai|anthropic|google|cohere|amazon|microsoft|databricks)-"
)
"""What stands before a name at Bedrock (us.anthropic.), Venice (zai-org-), in files of weights."""
_BEDROCK_VERSION = re.compile(r"-v?\d+(?::\d+k?)+\Z")
_SIZE = re.compile(r"(\d+)\.\d+b\b")
_POINT = re.compile(r"(?<=\d)p(?=\d)")
_BEFORE_NUMBER = re.compile(r"(?<=[a-z])(?=\d)")
_VERSION_MARK = re.compile(r"(?<![a-z0-9])v(?=\d)")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_NEWER = re.compile(r"-(?!0\b|\d\d-20\d\d\b)\d{1,2}(?![0-9a-z])")
"""A number after the name of a line that is part of its version: no date, no size."""
_VECTORS = re.compile(r"(?<![a-z])(?:[a-z]*embed[a-z]*|bge|gte|e-?5|minilm|voyage)(?![a-z0-9])")


def is_cloud_name(model: str) -> bool:
    """True for a model that a local Ollama only passes on to its vendor's cloud."""
    return model.endswith((":cloud", "-cloud"))


class ModelFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits in tokens, and abilities. None: unknown."""

    context_window: int | None = None
    max_output_tokens: int | None = None
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None
    embeddings: bool | None = None


class _Lines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    models: dict[str, ModelFacts]
    offered_by: tuple[str, ...] = ()
    """Providers that know the models by exactly these names."""


class _Exceptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    providers: tuple[str, ...]
    models: dict[str, ModelFacts]
    """What is different there."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lines: tuple[_Lines, ...]
    exceptions: tuple[_Exceptions, ...]
    offered: dict[str, tuple[str, ...]]
    other_trades: frozenset[str]
    """Words in names of models that paint, speak, listen or judge, and hold no conversation."""


@lru_cache(maxsize=4096)
def known_facts(provider: str, model: str) -> ModelFacts:
    """What is known of a model by its name: the facts of the line with the longest matching name.

    What is different at this provider comes first. All fields are None for an unknown name.
    """
    name = line_name(model)
    facts = _longest(name, _lines())
    if (different := _longest(name, _exceptions().get(provider, {}))) is not None:
        facts = _merged(different, facts or ModelFacts())
    if facts is None:
        return ModelFacts(embeddings=True) if _VECTORS.search(name) else ModelFacts()
    return facts


def offered_models(provider: str) -> tuple[str, ...]:
    """Names of models that a provider is known to have."""
    table = _table()
    named = (name for lines in table.lines if provider in lines.offered_by for name in lines.models)
    return (*named, *table.offered.get(provider, ()))


def converses(model: str) -> bool:
    """False for models that paint, speak, listen or judge. Those that make vectors count here."""
    name = model.lower().rpartition("/")[2]
    if "rerank" in name:
        return False
    if _VECTORS.search(name):
        return True
    return _table().other_trades.isdisjoint(_SEPARATORS.split(name))


@lru_cache(maxsize=4096)
def line_name(model: str) -> str:
    """A name as it is compared: us.anthropic.claude-haiku-4-5-20251001-v1:0, claude-haiku-4.5 and
    claude-haiku-4-5 begin alike; llama-3.1-8b, llama3.1:8b and llama-v3p1-8b-instruct too.
    """
    path = model.lower().strip("/ ")
    name = path.rpartition("/")[2]
    maker = _MAKER.match(name)
    if maker is not None:
        rest = name[maker.end() :]
        bare = rest.startswith(("r1", "v3"))  # deepseek.r1-v1:0
        name = f"{maker[0][:-1].rpartition('.')[2]}-{rest}" if bare else rest
    name = _BEDROCK_VERSION.sub("", name)
    name = _SIZE.sub(r"\1b", name)
    name = _POINT.sub("-", name)
    name = _SEPARATORS.sub("-", name)
    name = _VERSION_MARK.sub("", name)
    name = _BEFORE_NUMBER.sub("-", name)
    return name.strip("-").removesuffix("-latest")


def _longest(name: str, lines: dict[str, ModelFacts]) -> ModelFacts | None:
    """The facts of the longest name with which `name` begins, None when there is none."""
    for begin in _beginnings(name):
        if (facts := lines.get(begin)) is not None:
            return None if _NEWER.match(name, len(begin)) else facts
    return None


def _beginnings(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition("-")[0]


def _merged(first: ModelFacts, second: ModelFacts) -> ModelFacts:
    """The facts of both, those of the first where both know something."""
    known = {
        field: value
        for field in ModelFacts.__struct_fields__
        if (value := getattr(first, field)) is not None
    }
    return msgspec.structs.replace(second, **known)


@cache
def _table() -> _Table:
    return msgspec.json.decode(DATA.read_bytes(), type=_Table)


@cache
def _lines() -> dict[str, ModelFacts]:
    return _by_line(*(lines.models for lines in _table().lines))


@cache
def _exceptions() -> dict[str, dict[str, ModelFacts]]:
    found: dict[str, dict[str, ModelFacts]] = {}
    for exceptions in _table().exceptions:
        for provider in exceptions.providers:
            found.setdefault(provider, {}).update(_by_line(exceptions.models))
    return found


def _by_line(*models: dict[str, ModelFacts]) -> dict[str, ModelFacts]:
    return {line_name(name): facts for each in models for name, facts in each.items()}
