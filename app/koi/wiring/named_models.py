"""From what a person wrote to a model reference: routes first, then references and names."""

from __future__ import annotations

from koi.catalogue.catalogue import URL_FORMS
from koi.catalogue.registry import Registry
from koi.core.errors import UsageError
from koi.core.references import ModelReference
from koi.credentials.discovery import discover, known_at_once
from koi.credentials.findings import Discovery
from koi.credentials.model_names import resolve_model
from koi.routing.routes import HINT, Route, named_route
from koi.wiring.routes import configured_routes


async def meant_model(
    text: str | None,
    registry: Registry,
    *,
    provider: str | None = None,
    discovery: Discovery | None = None,
) -> tuple[ModelReference | None, Discovery | None]:
    """The reference that a text of -m, a variable or the configuration means, and -p.

    None when neither says anything. With it, what was discovered for that when `discovery` is not
    given; None when nothing had to be. Raises UsageError, ConfigurationError, CredentialMissing.
    """
    routed = routed_model(text or "", registry)
    if routed is not None:
        return routed, discovery
    if provider:
        registry.get(provider)  # an unknown one fails before anything is looked for
    if discovery is None and not (text and "/" in text):
        discovery = await discover(registry)
    return resolve_model(text, registry, provider=provider, discovery=discovery), discovery


def model_at_once(
    text: str, registry: Registry, discovery: Discovery | None = None
) -> ModelReference:
    """The reference that a text of the configuration means, without asking anybody.

    `discovery` is what is known of credentials, when the caller has it already. Raises UsageError,
    ConfigurationError, CredentialMissing.
    """
    routed = routed_model(text, registry)
    if routed is not None:
        return routed
    if discovery is None and "/" not in text and registry.find(text) is None:
        discovery = known_at_once(registry)
    reference = resolve_model(text, registry, discovery=discovery)
    if reference is None:
        raise UsageError("no model is named", hint="Write it as provider/model.")
    return reference


def routed_model(text: str, registry: Registry) -> ModelReference | None:
    """The model that a route has for a name; None when no route is meant.

    Full references and names of providers mean themselves. Raises UsageError for a `hint:` that no
    route has, ConfigurationError.
    """
    text = text.strip()
    routes = configured_routes(registry)
    if not text or (not routes and not text.startswith(HINT)) or text.startswith(tuple(URL_FORMS)):
        return None
    route = named_route(text, routes)
    if text.startswith(HINT):
        if route is None:
            raise _no_route(text, routes)
        if route.table.model is None:
            return resolve_model(route.table.provider, registry)
    elif route is None or _is_provider(text, route, registry):
        return None
    name = registry.get(route.table.provider).name
    return ModelReference(name, route.table.model or text)


def _is_provider(text: str, route: Route, registry: Registry) -> bool:
    """True for a reference, or a provider's name that is not exactly the hint of a route."""
    name, slash, _ = text.partition("/")
    if not slash and route.hint == text:
        return False
    return registry.find(name) is not None


def _no_route(text: str, routes: tuple[Route, ...]) -> UsageError:
    known = ", ".join(dict.fromkeys(f"{HINT}{route.name}" for route in routes if route.name))
    hint = f"Routes: {known}." if known else "Add one: [[model_routes]] with hint and provider."
    return UsageError(f"no route is named '{text}'", hint=hint)
