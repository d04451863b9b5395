"""Chains of candidates as the configuration says: models in order, and the keys of each."""

from __future__ import annotations

from collections.abc import Callable

from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.routing.candidates import Candidate, Chain, ChainModel
from koi.wiring.providers import Providers


class ConfiguredChains:
    """The Chains of one session."""

    def __init__(self, providers: Providers, info: Callable[[ModelReference], ModelInfo]) -> None:
        self._providers = providers
        self._info = info

    def chain(self, role: str, requested: ModelReference, *, prompt: str | None = None) -> Chain:
        """The chain of a role that has `requested` as its model."""
        return Chain(role, (self._model(role, requested),))

    def _model(self, role: str, reference: ModelReference) -> ChainModel:
        async def candidates() -> tuple[Candidate, ...]:
            return (Candidate(reference, self._providers.get(reference.provider), role),)

        return ChainModel(reference, candidates, lambda: self._info(reference))
