"""The routes of the configuration, with the providers that they lead to."""

from __future__ import annotations

from koi.catalogue.registry import Registry
from koi.config.schema import RouteTable
from koi.core.errors import KoiError
from koi.core.references import ModelReference
from koi.routing.routes import Route, route_of


def configured_routes(registry: Registry) -> tuple[Route, ...]:
    """The routes of the configuration; one whose provider is unknown keeps that name."""
    return tuple(
        Route(table, _name_of(table.provider, registry))
        for table in registry.config.tables.model_routes
    )


def key_route(reference: ModelReference, registry: Registry) -> RouteTable | None:
    """The route whose own key requests to a model go with; None: they go with the provider's."""
    route = route_of(reference, configured_routes(registry))
    return route.table if route is not None and route.has_key else None


def _name_of(provider: str, registry: Registry) -> str:
    try:
        found = registry.find(provider)
    except KoiError:
        return provider  # using the route says what is wrong with it
    return provider if found is None else found.name
