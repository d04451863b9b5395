"""Which route a requested model name takes: `[[model_routes]]` of the configuration."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from koi.config.schema import RouteTable
from koi.core.references import ModelReference

HINT = "hint:"
"""What a request begins with that names a route and not a model."""


class Route(msgspec.Struct, frozen=True):
    """One entry, and its provider's name as it stands in references."""

    table: RouteTable
    provider: str

    @property
    def hint(self) -> str:
        """The beginning of the names that it is for, or `hint:NAME`."""
        return self.table.hint

    @property
    def name(self) -> str:
        """What stands after `hint:` in a request that means it."""
        return self.hint.removeprefix(HINT)

    @property
    def has_key(self) -> bool:
        """True when requests on it go with a key of its own."""
        return self.table.api_key is not None or self.table.api_key_env is not None


def named_route(text: str, routes: Sequence[Route]) -> Route | None:
    """The route of a name: `hint:NAME` means the one of exactly that name, everything else the one
    whose hint is the longest beginning of it. Of equal ones the first.
    """
    if text.startswith(HINT):
        wanted = text.removeprefix(HINT)
        return next((route for route in routes if route.name == wanted), None)
    fitting = [
        route
        for route in routes
        if route.hint and not route.hint.startswith(HINT) and text.startswith(route.hint)
    ]
    return max(fitting, key=lambda route: len(route.hint), default=None)


def route_of(reference: ModelReference, routes: Sequence[Route]) -> Route | None:
    """The route that a full reference is on: it has its provider, and its name is what the route
    sends or fits its hint. It says which key the request goes with, and changes no name.
    """
    own = [route for route in routes if route.provider == reference.provider]
    exact = next((route for route in own if route.table.model == reference.model), None)
    return exact or named_route(reference.model, own)


def reason(route: Route) -> str:
    """Why a request goes where it does, in words."""
    key = " with a key of its own" if route.has_key else ""
    return f"the route '{route.hint}' leads to {route.provider}{key}"
