"""Opens providers: an endpoint with its key, a wire format, what was learnt about its models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from koi.catalogue.registry import Registry
from koi.core.references import ModelReference
from koi.core.seams import Provider
from koi.providers.demo.reference import DEMO
from koi.wiring.routes import key_route

if TYPE_CHECKING:
    from koi.catalogue.learnt import LearntFacts
    from koi.config.schema import RouteTable
    from koi.credentials.findings import Finding


class OpenKey(msgspec.Struct, frozen=True):
    """A provider with one of its keys."""

    provider: Provider
    key: str = ""
    """The last four characters of the key, for people; "" without one."""
    key_id: str = ""
    """Tells the keys of a host apart without being one."""


def open_provider(name: str, registry: Registry, *, asks_about_models: bool = True) -> Provider:
    """The provider `name` with its first key, ready to be asked. No connection is made yet.

    `asks_about_models` may be false for a single request that is to be sent as it is.

    Raises UsageError for an unknown one, CredentialMissing when it needs a key, and
    ConfigurationError for a plugin that cannot be used.
    """
    if name == DEMO.provider:
        return _demo()
    from koi.catalogue.learnt import learnt_facts

    learnt = learnt_facts(registry.config.paths.cache)
    return _open(name, registry, None, learnt, asks_about_models=asks_about_models).provider


def open_keys(
    reference: ModelReference, registry: Registry, *, asks_about_models: bool = True
) -> tuple[OpenKey, ...]:
    """The provider of a model with each of its keys, in the order in which they are used.

    At least one. A `[[model_routes]]` entry that leads to the model and has a key of its own is
    reached with that alone. Raises as `open_provider`.
    """
    route = key_route(reference, registry)
    return open_provider_keys(
        reference.provider, registry, route, asks_about_models=asks_about_models
    )


def open_provider_keys(
    name: str,
    registry: Registry,
    route: RouteTable | None = None,
    *,
    asks_about_models: bool = True,
) -> tuple[OpenKey, ...]:
    """The provider `name` with each of its keys, or with the one of a `route` that has its own.

    Raises as `open_provider`.
    """
    if name == DEMO.provider:
        return (OpenKey(_demo()),)
    from koi.catalogue.learnt import learnt_facts
    from koi.credentials.provider_keys import provider_keys, route_key

    learnt = learnt_facts(registry.config.paths.cache)
    own = None if route is None else route_key(route, registry)
    found: tuple[Finding | None, ...]
    found = (own,) if own is not None else provider_keys(name, registry) or (None,)
    return tuple(
        _open(name, registry, each, learnt, asks_about_models=asks_about_models) for each in found
    )


async def close_keys(keys: tuple[OpenKey, ...]) -> None:
    """Close the connections of all of them."""
    for each in keys:
        await each.provider.aclose()


class Providers:
    """Opens each provider once with each of its keys, and closes them all."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._open: dict[tuple[str, RouteTable | None], tuple[OpenKey, ...]] = {}
        self._former: list[tuple[OpenKey, ...]] = []
        """Those that a request may still be using, from before `renew`."""

    def get(self, reference: ModelReference) -> Provider:
        """The provider of a model with the first key. Raises as `open_provider`."""
        return self.keys(reference)[0].provider

    def keys(self, reference: ModelReference) -> tuple[OpenKey, ...]:
        """The provider of a model with each of its keys. Raises as `open_provider`."""
        at = self._at(reference)
        if at not in self._open:
            self._open[at] = open_provider_keys(reference.provider, self.registry, at[1])
        return self._open[at]

    async def find_keys(self, reference: ModelReference) -> tuple[OpenKey, ...]:
        """As `keys`, but those that are not known yet are looked for in a thread."""
        if reference != DEMO and self._at(reference) not in self._open:
            from koi.credentials.discovery import look_ahead

            await look_ahead([self.registry.get(reference.provider)], self.registry)
        return self.keys(reference)

    def _at(self, reference: ModelReference) -> tuple[str, RouteTable | None]:
        return reference.provider, key_route(reference, self.registry)

    def renew(self, registry: Registry) -> None:
        """Open everything anew from now on: credentials or the configuration have changed."""
        self.registry = registry
        self._former += self._open.values()
        self._open.clear()

    async def aclose(self) -> None:
        """Close all connections."""
        for keys in (*self._former, *self._open.values()):
            await close_keys(keys)
        self._former.clear()
        self._open.clear()


def _demo() -> Provider:
    from koi.providers.demo.pacing import pace_from
    from koi.providers.demo.provider import DemoProvider

    return DemoProvider(pace_from(os.environ))


def _open(
    name: str,
    registry: Registry,
    found: Finding | None,
    learnt: LearntFacts,
    *,
    asks_about_models: bool,
) -> OpenKey:
    from koi.credentials.provider_keys import key_id
    from koi.credentials.settings import provider_endpoint
    from koi.providers.http_provider import HttpProvider

    endpoint = provider_endpoint(name, registry, found)
    plugin = registry.get(name).plugin
    provider: Provider
    if plugin is None:
        provider = HttpProvider(endpoint, learnt, asks_about_models=asks_about_models)
    else:
        from koi.providers.wasm.wire import plugin_format

        provider = HttpProvider(endpoint, learnt, plugin_format(plugin))
    label = "" if found is None else found.label.lstrip("…")
    return OpenKey(provider, label, key_id(urlsplit(endpoint.base_url).hostname or "", found))
