"""From what a person typed to a model reference: full references, bare names, URL forms."""

from __future__ import annotations

import re

from koi.catalogue.catalogue import FORMS_HINT, URL_FORMS
from koi.catalogue.models import providers_of
from koi.catalogue.registry import Registered, Registry
from koi.core.errors import CredentialMissing, UsageError
from koi.core.redaction import redact, without_key
from koi.core.references import ModelReference
from koi.credentials.discovery import usable_providers
from koi.credentials.findings import Discovery
from koi.credentials.ollama import SUGGESTION, best_model

_URL_REFERENCE = re.compile(r"((?:anthropic-)?custom:https?://[^/]+(?:/.*?)?/v\d+[a-z0-9]*)/(.+)\Z")


def resolve_model(
    text: str | None,
    registry: Registry,
    *,
    provider: str | None = None,
    discovery: Discovery | None = None,
) -> ModelReference | None:
    """The reference that `text` (of -m, a variable or the configuration) and -p mean.

    None when neither says anything: then the default model is chosen. A bare name belongs to
    `provider`, else to the provider of the configured default, else to the only one that is known
    to have it; those that `discovery` found usable come before others. Raises UsageError for an
    unknown provider, or a name that fits none or several, and CredentialMissing for Ollama without
    a model.
    """
    text = (text or "").strip()
    if "/" not in text and redact(text) != text:
        raise UsageError(
            "this looks like a key, not like the name of a model",
            hint="A key is given to koi connect; models are named as provider/model.",
        )
    if provider:
        return _with_provider(text, registry.get(provider), registry, discovery)
    if not text:
        return None
    if text.startswith(tuple(URL_FORMS)):
        return _url_reference(text)
    name, slash, model = text.partition("/")
    if slash:
        if not (name and model):
            return ModelReference.parse(text)
        return ModelReference(registry.get(name).name, model)
    if (found := registry.find(text)) is not None:
        return _default_of(found, discovery)
    if (default := _configured_provider(registry)) is not None:
        return ModelReference(default.name, text)
    return _known_to_one(text, registry, discovery)


def _with_provider(
    text: str, provider: Registered, registry: Registry, discovery: Discovery | None
) -> ModelReference:
    if not text:
        return _configured_model(provider, registry) or _default_of(provider, discovery)
    prefix, slash, rest = text.partition("/")
    if slash and rest and prefix in (provider.name, *provider.row.company.aliases):
        return ModelReference(provider.name, rest)
    return ModelReference(provider.name, text)


def _default_of(provider: Registered, discovery: Discovery | None) -> ModelReference:
    if provider.default_model is not None:
        return ModelReference(provider.name, provider.default_model)
    if discovery is not None:
        for finding in discovery.of(provider.name):
            if model := best_model(finding.models):
                return ModelReference(provider.name, model)
    if provider.row.protocol == "ollama":
        raise CredentialMissing(
            f"no model of {provider.row.company.display_name} was found",
            hint=f"Is Ollama running, and does it have a model? Try: {SUGGESTION}",
        )
    hint = f"Name one: {provider.name}/MODEL. To see them: koi models {provider.name}"
    raise UsageError(f"{provider.name} has no default model", hint=hint)


def _url_reference(text: str) -> ModelReference:
    match = _URL_REFERENCE.match(text)
    if match is None:
        raise UsageError(
            f"'{text}' does not show where the URL ends and the model begins",
            hint="End the URL with /v1, as in custom:https://HOST/v1/MODEL.",
        )
    return ModelReference(match[1], match[2])


def _configured_model(provider: Registered, registry: Registry) -> ModelReference | None:
    for written in registry.config.configured_models:
        model = registry.config.text(written, "model")
        name, slash, rest = model.partition("/")
        if slash and (found := registry.find(name)) is not None and found.name == provider.name:
            return ModelReference(provider.name, rest)
    return None


def _configured_provider(registry: Registry) -> Registered | None:
    for written in registry.config.configured_models:
        model = registry.config.text(written, "model")
        found = registry.find(model.partition("/")[0])
        if found is not None:
            return found
    return None


def _known_to_one(model: str, registry: Registry, discovery: Discovery | None) -> ModelReference:
    told, usable = frozenset[str](), frozenset[str]()
    if discovery is not None:
        told = frozenset(discovery.having(model))
        usable = frozenset(each.name for each in usable_providers(registry, discovery))
        usable |= _local(registry, discovery)
    names = providers_of(model, registry, told=told, usable=usable)
    match names:
        case (only,):
            return ModelReference(only, model)
        case ():
            shown = without_key(model)
            raise UsageError(
                f"no provider is known to have the model '{shown}'",
                hint=f"Name the provider: PROVIDER/{shown}. {FORMS_HINT}",
            )
        case _:
            choices = ", ".join(f"{name}/{model}" for name in names)
            raise UsageError(f"'{model}' fits several providers", hint=f"Choose one: {choices}")


def _local(registry: Registry, discovery: Discovery) -> frozenset[str]:
    """Servers on this machine that nothing speaks against: they need no key."""
    return frozenset(
        provider.name
        for provider in registry.all
        if provider.row.company.local and not discovery.of(provider.name)
    )
