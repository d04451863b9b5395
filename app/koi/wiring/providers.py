"""Opens providers: an endpoint with its key, a wire format, what was learnt about its models."""

from __future__ import annotations

import os

from koi.catalogue.registry import Registry
from koi.core.seams import Provider
from koi.providers.demo.reference import DEMO


def open_provider(name: str, registry: Registry, *, asks_about_models: bool = True) -> Provider:
    """The provider `name`, ready to be asked. No connection is made yet.

    `asks_about_models` may be false for a single request that is to be sent as it is.

    Raises UsageError for an unknown one, CredentialMissing when it needs a key, and
    ConfigurationError for a plugin that cannot be used.
    """
    if name == DEMO.provider:
        from koi.providers.demo.pacing import pace_from
        from koi.providers.demo.provider import DemoProvider

        return DemoProvider(pace_from(os.environ))
    from koi.catalogue.learnt import learnt_facts
    from koi.credentials.settings import provider_endpoint
    from koi.providers.http_provider import HttpProvider

    learnt = learnt_facts(registry.config.paths.cache)
    endpoint = provider_endpoint(name, registry)
    plugin = registry.get(name).plugin
    if plugin is None:
        return HttpProvider(endpoint, learnt, asks_about_models=asks_about_models)
    from koi.providers.wasm.wire import plugin_format

    return HttpProvider(endpoint, learnt, plugin_format(plugin))


class Providers:
    """Opens each provider once, and closes them all."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._open: dict[str, Provider] = {}
        self._former: list[Provider] = []
        """Those that a request may still be using, from before `renew`."""

    def get(self, name: str) -> Provider:
        """The provider `name`. Raises as `open_provider`."""
        if name not in self._open:
            self._open[name] = open_provider(name, self.registry)
        return self._open[name]

    def renew(self, registry: Registry) -> None:
        """Open everything anew from now on: credentials or the configuration have changed."""
        self.registry = registry
        self._former += self._open.values()
        self._open.clear()

    async def aclose(self) -> None:
        """Close all connections."""
        for provider in (*self._former, *self._open.values()):
            await provider.aclose()
        self._former.clear()
        self._open.clear()
