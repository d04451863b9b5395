"""What is known of models: limits and abilities. None means unknown, never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Set

import msgspec

from koi.catalogue.families import converses, known_facts, offered_models
from koi.catalogue.learnt import learnt_facts
from koi.catalogue.model_cache import ModelCache
from koi.catalogue.nearest import nearest_names
from koi.catalogue.prices import list_models, read_facts
from koi.catalogue.registry import Registered, Registry
from koi.config.schema import ModelTable
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo


def fast_model_info(reference: ModelReference, registry: Registry) -> ModelInfo:
    """What is known of a model without its price in the price list.

    The configuration weighs more than what the provider said last, and that more than the known
    lines of models. Fast: reads small files once.
    """
    provider = registry.get(reference.provider)
    table = provider.table
    own = table.models.get(reference.model, ModelTable())
    listed = _listed(provider, reference, registry)
    facts = known_facts(provider.name, reference.model)
    # That most models of a provider see is no fact about this one; that none does, is.
    blind = False if provider.row.profile.vision is False else None
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
        vision=_first(own.vision, listed.vision, facts.vision, blind),
        reasoning=_first(own.reasoning, listed.reasoning, facts.reasoning),
        price=listed.price,
        streaming=_first(own.streaming, listed.streaming),
        embeddings=_first(own.embeddings, listed.embeddings, facts.embeddings),
        size_bytes=listed.size_bytes,
    )


def _listed(provider: Registered, reference: ModelReference, registry: Registry) -> ModelInfo:
    known = ModelCache(registry.config).read(provider)
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
        price=facts.price,
    )


def known_models(provider: Registered, registry: Registry) -> tuple[ModelInfo, ...]:
    """The models that koi knows a provider to have, sorted by name. As slow as `model_info`."""
    listed = set(list_models(provider))
    names = {
        name
        for name in offered_models(provider.name)
        if not listed & {f"{name}-latest", f"{name}-0"}
    } | listed
    if provider.default_model:
        names.add(provider.default_model)
    return described(provider, sorted(names), registry)


def described(
    provider: Registered, names: Iterable[str], registry: Registry
) -> tuple[ModelInfo, ...]:
    """What is known of these models of a provider, and of those that the configuration names.

    Models that hold no conversation and make no vectors are left out. As slow as `model_info`.
    """
    kept = dict.fromkeys(name for name in names if converses(name))
    kept |= dict.fromkeys(provider.table.models)
    learnt = learnt_facts(registry.config.paths.cache)
    references = [ModelReference(provider.name, name) for name in kept]
    return tuple(
        _as_learnt(model_info(each, registry), learnt.refused(each), provider)
        for each in references
    )


def _as_learnt(info: ModelInfo, refused: Set[str], provider: Registered) -> ModelInfo:
    """What refusals taught weighs more than what a provider says, and less than configuration."""
    own = provider.table.models.get(info.reference.model, ModelTable())
    if "tools" in refused and (own.tools or provider.table.tools) == "auto":
        info = msgspec.structs.replace(info, tools=False)
    if "stream" in refused:
        info = msgspec.structs.replace(info, streaming=False)
    return info


def nearest_models(reference: ModelReference, registry: Registry) -> tuple[str, ...]:
    """Models of the same provider that were probably meant, by what it listed last. Fast."""
    provider = registry.get(reference.provider)
    listed = ModelCache(registry.config).read(provider)
    names = (
        offered_models(provider.name)
        if listed is None
        else [info.reference.model for info in listed.models]
    )
    own = [*provider.table.models, *([provider.default_model] if provider.default_model else [])]
    candidates = [name for name in dict.fromkeys((*own, *names)) if converses(name)]
    return nearest_names(reference.model, candidates)


def providers_of(
    model: str, registry: Registry, *, told: Set[str] = frozenset(), usable: Set[str] = frozenset()
) -> tuple[str, ...]:
    """Providers that are known to have exactly this model; only the `usable` ones, if any is.

    It is known of those that were `told` to have it, and by the bundled names and what providers
    listed last; only if that names none, the slow price list is asked.
    """
    candidates = [provider for provider in registry.all if provider.enabled]
    found = tuple(
        provider.name
        for provider in candidates
        if provider.name in told
        or model == provider.default_model
        or model in offered_models(provider.name)
        or _lists(provider, model, registry)
    )
    preferred = tuple(name for name in found if name in usable)
    if preferred or (found and not usable):
        return preferred or found
    priced = tuple(provider.name for provider in candidates if model in list_models(provider))
    return tuple(name for name in priced if name in usable) or found or priced


def _lists(provider: Registered, model: str, registry: Registry) -> bool:
    known = ModelCache(registry.config).read(provider)
    return known is not None and known.get(model) is not None
