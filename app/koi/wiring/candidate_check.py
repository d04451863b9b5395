"""Mistakes in what names models: fallbacks, routes, roles, tiers. Nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from koi.catalogue.registry import Registry
from koi.config.mistakes import Mistake, dotted
from koi.config.schema import ROLE_NAMES, RouteTable
from koi.core.errors import ConfigurationError, CredentialMissing, KoiError
from koi.credentials.provider_keys import route_key
from koi.routing.routes import HINT
from koi.wiring.fallbacks import FallbackLists
from koi.wiring.named_models import model_at_once

Severity = Literal["error", "warning"]


def candidate_mistakes(registry: Registry) -> tuple[Mistake, ...]:
    """Names that mean nothing (errors), and what may be meant otherwise (warnings)."""
    return (
        *_routes(registry),
        *_roles(registry),
        *_fallbacks(registry),
        *_fallback_names(registry),
        *_tiers(registry),
    )


def _routes(registry: Registry) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for index, route in enumerate(registry.config.tables.model_routes):
        key = f"model_routes[{index}]"
        name = route.hint.removeprefix(HINT)
        if not name:
            said = "is empty: it would be for every name" if not route.hint else "names no route"
            yield mistake_at(registry, f"{key}.hint", said, "Write the beginning of names.")
        elif route.hint in seen:
            said = f"is the hint of {seen[route.hint]} already, which is taken"
            yield mistake_at(registry, f"{key}.hint", said, severity="warning")
        seen.setdefault(route.hint, key)
        yield from _route(route, key, registry)


def _route(route: RouteTable, key: str, registry: Registry) -> Iterator[Mistake]:
    try:
        provider = registry.get(route.provider)
    except KoiError as error:
        yield mistake_at(registry, f"{key}.provider", error.title, error.hint)
        return
    if route.hint.startswith(HINT) and route.model is None and provider.default_model is None:
        said = f"{provider.name} has no default model"
        yield mistake_at(registry, key, said, 'Name one here: model = "…".', "warning")
    try:
        route_key(route, registry)
    except ConfigurationError as error:
        unset = "is not set" in error.title
        severity: Severity = "warning" if unset else "error"
        yield mistake_at(registry, key, error.title, severity=severity)


def _roles(registry: Registry) -> Iterator[Mistake]:
    """Names without a slash; what a provider in front of one is, is checked for every layer."""
    for role in ROLE_NAMES:
        key = registry.config.role_key(role)
        if key is None or (key == "model" and role != "executor"):
            continue
        try:
            written = registry.config.role_model(role) or ""
        except ConfigurationError:
            continue  # a variable that is not set is told of already
        if "/" in written:
            continue
        try:
            model_at_once(written, registry)
        except CredentialMissing:
            continue
        except KoiError as error:
            severity: Severity = "error" if written.startswith(HINT) else "warning"
            yield mistake_at(registry, key, error.title, error.hint, severity)


def _fallbacks(registry: Registry) -> Iterator[Mistake]:
    for key, fallback in FallbackLists(registry).all():
        error = fallback.error
        if error is None or isinstance(error, CredentialMissing) or "is not set" in error.title:
            continue
        where = getattr(error, "where", "")
        title = error.title.removeprefix(f"{where}: ")
        bare = "/" not in fallback.written and not fallback.written.startswith(HINT)
        yield mistake_at(registry, key, title, error.hint, "warning" if bare else "error")


def _fallback_names(registry: Registry) -> Iterator[Mistake]:
    for name in registry.config.tables.reliability.model_fallbacks:
        provider, slash, _ = name.partition("/")
        try:
            known = not slash or registry.find(provider) is not None
        except KoiError:
            known = True  # its table is told of already
        if not known:
            key = dotted(("reliability", "model_fallbacks", name))
            said = f"there is no provider '{provider}': it is for models of this whole name only"
            near = registry.catalogue.nearest(provider, registry.configured)
            hint = f"Did you mean {near[0]}?" if near else ""
            yield mistake_at(registry, key, said, hint, "warning")


def _tiers(registry: Registry) -> Iterator[Mistake]:
    tables = registry.config.tables
    named = any(each.fast_model or each.premium_model for each in tables.providers.values())
    if tables.routing.tiers and not named:
        said = "no provider has a fast_model or a premium_model, so nothing changes"
        hint = 'Name one: [providers.NAME] with fast_model = "…".'
        yield mistake_at(registry, "routing.tiers", said, hint, "warning")


def mistake_at(
    registry: Registry, key: str, message: str, hint: str = "", severity: Severity = "error"
) -> Mistake:
    """A finding under the key that the person wrote."""
    origin = registry.config.origin(key.partition("[")[0] if "[" in key else key)
    where = origin.place or str(registry.config.paths.config_file)
    return Mistake(where, origin.original or key, message, hint, severity)
