"""Chains of candidates as the configuration says: models in order, and the keys of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from koi.config.schema import ROLE_NAMES, RoleName
from koi.core.errors import CredentialMissing, KoiError
from koi.core.references import ModelReference
from koi.core.request_events import Routed
from koi.core.seams import ModelInfo
from koi.providers.demo.reference import DEMO
from koi.routing.candidates import Candidate, Chain, ChainModel
from koi.routing.routes import reason, route_of
from koi.routing.tiers import PRIMARY, Activity, choose_tier
from koi.wiring.fallbacks import Fallback, FallbackLists
from koi.wiring.named_models import routed_model
from koi.wiring.providers import Providers
from koi.wiring.role_references import role_reference
from koi.wiring.routes import configured_routes


class ConfiguredChains:
    """The Chains of one session."""

    def __init__(
        self,
        providers: Providers,
        info: Callable[[ModelReference], ModelInfo],
        activity: Callable[[], Activity] = Activity,
        fallbacks: FallbackLists | None = None,
    ) -> None:
        self._providers = providers
        self._info = info
        self._activity = activity
        self._fallbacks = fallbacks or FallbackLists(providers.registry)
        self._tier = PRIMARY
        """Of the turn that runs."""

    def chain(self, role: str, requested: ModelReference, *, prompt: str | None = None) -> Chain:
        """The chain of a role that has `requested` as its model.

        The model of the turn's tier comes first, `requested` behind its fallbacks. Fallbacks follow
        each, and every model comes once. A fallback that means nothing is among them, and says why
        when it is its turn.
        """
        if requested == DEMO:  # works offline, and stays there
            return Chain(role, (self._model(role, DEMO),))
        registry = self._providers.registry
        if role == "executor" and prompt is not None:
            self._tier = PRIMARY
            if registry.config.tables.routing.tiers:
                self._tier = choose_tier(prompt, self._activity())
        first = self._of_tier(requested) if role == "executor" else requested
        lists, models = self._lists(), dict[ModelReference, ChainModel]()
        for each in dict.fromkeys((first, requested)):
            models.setdefault(each, self._model(role, each))
            for fallback in lists.own(each):
                self._add(models, role, fallback)
        for fallback in lists.of_role(role):
            self._add(models, role, fallback)
        return Chain(role, tuple(models.values()), self._routed(role, requested, first))

    async def role_reference(self, role: RoleName, executor: ModelReference) -> ModelReference:
        """The model of a role while `executor` is the session's model."""
        found = await role_reference(role, executor, self._providers.registry)
        return found.reference

    def _model(self, role: str, reference: ModelReference) -> ChainModel:
        def candidates() -> Awaitable[tuple[Candidate, ...]]:
            return self._candidates(role, reference)

        return ChainModel(reference, candidates, lambda: self._info(reference))

    def _lists(self) -> FallbackLists:
        """Those of the configuration as it is now."""
        if self._fallbacks.registry is not self._providers.registry:
            self._fallbacks = FallbackLists(self._providers.registry)
        return self._fallbacks

    def _add(self, models: dict[ModelReference, ChainModel], role: str, fallback: Fallback) -> None:
        reference, error = fallback.reference, fallback.error
        if reference in models:
            return
        if error is None:
            models[reference] = self._model(role, reference)
            return
        why = error

        async def nobody() -> tuple[Candidate, ...]:
            if isinstance(why, CredentialMissing):  # from the next step on its model is known
                await self._fallbacks.ask(fallback.key, fallback.written)
            raise why

        wrong = "" if isinstance(why, CredentialMissing) else why.title
        models[reference] = ChainModel(reference, nobody, lambda: ModelInfo(reference), wrong)

    async def _candidates(self, role: str, reference: ModelReference) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(reference, each.provider, role, each.key, each.key_id)
            for each in await self._providers.find_keys(reference)
        )

    def _of_tier(self, requested: ModelReference) -> ModelReference:
        """The model that the provider of `requested` has for the turn's tier, else `requested`."""
        registry = self._providers.registry
        provider = registry.get(requested.provider)
        match self._tier.tier:
            case "fast":
                field, written = "fast_model", provider.table.fast_model
            case "premium":
                field, written = "premium_model", provider.table.premium_model
            case "primary":
                return requested
        if written is None:
            return requested
        model = registry.config.text(written, provider.key(field))
        return ModelReference(requested.provider, model)

    def _routed(self, role: str, requested: ModelReference, first: ModelReference) -> Routed | None:
        """What chose another provider, model or key than the one that was named."""
        if first != requested:
            tier, why = self._tier
            return Routed(requested, first, "tier", f"{tier}: {why}")
        route = route_of(requested, configured_routes(self._providers.registry))
        if route is None or not (route.has_key or self._led(role, requested)):
            return None
        return Routed(requested, requested, "route", reason(route))

    def _led(self, role: str, requested: ModelReference) -> bool:
        """True when a route made `requested` of the name that stands for the role's model."""
        registry = self._providers.registry
        try:
            said = (registry.config.role_model(each) for each in ROLE_NAMES if each == role)
            written = next(said, None)
            return written is not None and routed_model(written, registry) == requested
        except KoiError:
            return False  # what is written means nothing: no route was taken
