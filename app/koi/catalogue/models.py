"""What is known of models: limits and abilities. None means unknown, never a guess."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

from koi.catalogue.model_cache import ModelCache
from koi.catalogue.prices import list_models, read_facts
from koi.catalogue.registry import Registered, Registry
from koi.config.schema import ModelTable
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo

DATA = Path(__file__).with_name("models.json")
_VERSION = re.compile(r"(?:-latest|-0|[-@]20\d{6}|-20\d\d-\d\d-\d\d)?\Z")
_BEDROCK_VERSION = re.compile(r"(?:-v\d+)?(?::\d+\w*)*\Z")


class ModelFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits in tokens, and abilities, of one model."""

    context_window: int | None = None
    max_output_tokens: int | None = None
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None


class _Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    providers: tuple[str, ...]
    source: str
    models: dict[str, ModelFacts]
    elsewhere: bool = False
    """True when the names mean the same models at endpoints that koi does not know."""


@cache
def _families() -> tuple[_Family, ...]:
    return msgspec.json.decode(DATA.read_bytes(), type=tuple[_Family, ...])


def _bundled_facts(provider: Registered, model: str) -> ModelFacts:
    """What the bundled table says. Names with a date or `-latest` mean the same model.

    Fast: reads one small file. All fields are None for a model that the table does not have.
    """
    elsewhere = provider.row.company.key_optional and not provider.row.company.local
    if provider.row.protocol == "bedrock":
        model, elsewhere = _makers_name(model), True
    for family in _families():
        if provider.name in family.providers or (family.elsewhere and elsewhere):
            for name, facts in family.models.items():
                if model.startswith(name) and _VERSION.match(model, len(name)):
                    return facts
    return ModelFacts()


def _makers_name(model: str) -> str:
    """What its maker calls a model of Bedrock: claude-… for us.anthropic.claude-…-v1:0, or an ARN.

    https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
    """
    return _BEDROCK_VERSION.sub("", model.rpartition("/")[2].rpartition(".")[2])


def _bundled_models(provider: str) -> tuple[str, ...]:
    """The models of a provider in the bundled table."""
    return tuple(
        name for family in _families() if provider in family.providers for name in family.models
    )


def fast_model_info(reference: ModelReference, registry: Registry) -> ModelInfo:
    """What is known of a model without its price in the price list.

    The configuration weighs more than what the provider said last, and that more than the
    bundled table. Fast: reads small files.
    """
    provider = registry.get(reference.provider)
    table = provider.table
    own = table.models.get(reference.model, ModelTable())
    listed = _listed(provider, reference, registry)
    facts = _bundled_facts(provider, reference.model)
    profile = provider.row.profile
    return ModelInfo(
        reference,
        context_window=(
            own.context_window
            or table.context_window
            or listed.context_window
            or facts.context_window
        ),
        max_output_tokens=(
            own.max_output_tokens
            or table.max_output_tokens
            or listed.max_output_tokens
            or facts.max_output_tokens
        ),
        tools=_tools(provider, own, _first(listed.tools, facts.tools)),
        vision=_first(own.vision, listed.vision, facts.vision, profile.vision),
        reasoning=_first(own.reasoning, listed.reasoning, facts.reasoning),
        price=listed.price,
        streaming=_first(own.streaming, listed.streaming),
        embeddings=_first(own.embeddings, listed.embeddings),
        size_bytes=listed.size_bytes,
    )


def _listed(provider: Registered, reference: ModelReference, registry: Registry) -> ModelInfo:
    known = ModelCache(registry.config.paths.cache).read(provider)
    found = None if known is None else known.get(reference.model)
    return found or ModelInfo(reference)


def _first(*values: bool | None) -> bool | None:
    """The first that says yes or no."""
    return next((value for value in values if value is not None), None)


def _tools(provider: Registered, own: ModelTable, known: bool | None) -> bool | None:
    match own.tools or provider.table.tools:
        case "native":
            return True
        case "off" | "prompt":
            return False
        case _:
            return known if provider.row.profile.native_tools else False


def model_info(reference: ModelReference, registry: Registry) -> ModelInfo:
    """Everything known of a model. Takes up to 0.2 s the first time: call it off the UI thread."""
    info = fast_model_info(reference, registry)
    facts = read_facts(reference, registry)
    return msgspec.structs.replace(
        info,
        context_window=info.context_window or facts.context_window,
        price=facts.price or info.price,
    )


def known_models(provider: Registered, registry: Registry) -> tuple[ModelInfo, ...]:
    """The models that koi knows a provider to have, sorted by name. As slow as `model_info`."""
    listed = set(list_models(provider))
    names = {
        name
        for name in _bundled_models(provider.name)
        if not listed & {f"{name}-latest", f"{name}-0"}
    } | listed
    if provider.default_model:
        names.add(provider.default_model)
    names.update(provider.table.models)
    return tuple(
        model_info(ModelReference(provider.name, name), registry) for name in sorted(names)
    )


def providers_of(model: str, registry: Registry) -> tuple[str, ...]:
    """Providers that are known to have exactly this model.

    First the bundled facts are asked, and only if they do not know the name, the slow price list.
    """
    candidates = [provider for provider in registry.all if provider.enabled]
    found = tuple(
        provider.name
        for provider in candidates
        if model == provider.default_model or model in _bundled_models(provider.name)
    )
    return found or tuple(
        provider.name for provider in candidates if model in list_models(provider)
    )
