"""Chains of candidates as the configuration says: models in order, and the keys of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from koi.config.schema import RoleName
from koi.core.errors import CredentialMissing
from koi.core.references import ModelReference
from koi.core.request_events import Routed
from koi.core.seams import ModelInfo
from koi.providers.demo.reference import DEMO
from koi.routing.candidates import Candidate, Chain, ChainModel
from koi.routing.routes import reason, route_of
from koi.wiring.fallbacks import Fallback, fallbacks_of
from koi.wiring.named_models import meant_model
from koi.wiring.providers import Providers
from koi.wiring.role_references import role_reference
from koi.wiring.routes import configured_routes


class ConfiguredChains:
    """The Chains of one session."""

    def __init__(self, providers: Providers, info: Callable[[ModelReference], ModelInfo]) -> None:
        self._providers = providers
        self._info = info

    def chain(self, role: str, requested: ModelReference, *, prompt: str | None = None) -> Chain:
        """The chain of a role that has `requested` as its model.

        Its fallbacks follow, each model once. A fallback that means nothing is among them, and
        says why when it is its turn.
        """
        models = {requested: self._model(role, requested)}
        if requested == DEMO:  # works offline, and stays there
            return Chain(role, tuple(models.values()))
        for fallback in fallbacks_of(requested, role, self._providers.registry):
            if fallback.reference not in models:
                models[fallback.reference] = self._fallback(role, fallback)
        return Chain(role, tuple(models.values()), self._routed(requested))

    async def role_reference(self, role: RoleName, executor: ModelReference) -> ModelReference:
        """The model of a role while `executor` is the session's model."""
        found = await role_reference(role, executor, self._providers.registry)
        return found.reference

    def _model(self, role: str, reference: ModelReference) -> ChainModel:
        def candidates() -> Awaitable[tuple[Candidate, ...]]:
            return self._candidates(role, reference)

        return ChainModel(reference, candidates, lambda: self._info(reference))

    def _fallback(self, role: str, fallback: Fallback) -> ChainModel:
        error = fallback.error
        if error is None:
            return self._model(role, fallback.reference)

        async def candidates() -> tuple[Candidate, ...]:
            if not isinstance(error, CredentialMissing):
                raise error
            # A server on this machine says which of its models is the best only when it is asked.
            found, _ = await meant_model(fallback.written, self._providers.registry)
            if found is None:
                raise error
            return await self._candidates(role, found)

        return ChainModel(fallback.reference, candidates, lambda: ModelInfo(fallback.reference))

    async def _candidates(self, role: str, reference: ModelReference) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(reference, each.provider, role, each.key, each.key_id)
            for each in await self._providers.find_keys(reference)
        )

    def _routed(self, requested: ModelReference) -> Routed | None:
        route = route_of(requested, configured_routes(self._providers.registry))
        return None if route is None else Routed(requested, requested, "route", reason(route))
