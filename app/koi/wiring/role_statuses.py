"""What each role has now: its model, who said so, and whom its requests may go to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec

from koi.agent.options import SessionOptions
from koi.catalogue.models import fast_model_info
from koi.catalogue.prices import FREE, Prices
from koi.catalogue.registry import Registry
from koi.config.schema import NOT_IN_EFFECT, ROLE_NAMES, RoleName
from koi.core.errors import KoiError
from koi.core.references import ModelReference
from koi.core.request_events import CandidateState
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from koi.credentials.aside import finished
from koi.credentials.discovery import find_credentials
from koi.credentials.findings import CONFIGURATION
from koi.providers.demo.reference import DEMO
from koi.routing.budget import Budget
from koi.routing.cooldowns import Cooldowns
from koi.routing.limits import BudgetLimits
from koi.routing.lineup import Lineup
from koi.store.rests import RestFile
from koi.wiring.budgets import configured_limits
from koi.wiring.chains import ConfiguredChains
from koi.wiring.fallbacks import FallbackLists
from koi.wiring.models import choose_model
from koi.wiring.providers import Providers
from koi.wiring.role_models import place_of
from koi.wiring.role_references import role_reference
from koi.wiring.routes import key_route


class RoleStatus(msgspec.Struct, frozen=True):
    """One role. `reference` is None when it has no model; `reason` says why it has this one."""

    role: RoleName
    reference: ModelReference | None = None
    place: str = ""
    """The file, variable or option that names it; "" when nothing does."""
    reason: str = ""
    in_effect: bool = True
    """False for a role that nothing asks for in this version."""
    candidates: tuple[CandidateState, ...] = ()


async def role_statuses(
    options: SessionOptions, registry: Registry, executor: ModelReference | None = None
) -> tuple[RoleStatus, ...]:
    """Every role as a session with `executor`, or a new one, has it. Only a server on this machine
    may be asked.

    Raises UsageError, ConfigurationError, CredentialMissing: there is no model to begin with.
    """
    if executor is None:
        executor = (await choose_model(options, registry)).reference
    providers = Providers(registry)
    lists = FallbackLists(registry)
    await lists.prepare()
    chains = ConfiguredChains(providers, lambda model: _info(model, registry), fallbacks=lists)
    cooldowns = Cooldowns(RestFile(registry.config.paths.rests))
    cooldowns.refresh()
    budget = _budget(registry)
    try:
        return tuple(
            [
                await _status(role, executor, registry, chains, cooldowns, budget)
                for role in ROLE_NAMES
            ]
        )
    finally:
        await providers.aclose()


async def _status(
    role: RoleName,
    executor: ModelReference,
    registry: Registry,
    chains: ConfiguredChains,
    cooldowns: Cooldowns,
    budget: Budget,
) -> RoleStatus:
    config, effect = registry.config, f"models.{role}" not in NOT_IN_EFFECT
    key = None if executor == DEMO else config.role_key(role)
    place = "" if key is None else place_of(key, config)
    reason = "" if role != "executor" or place else "the best one found"
    try:
        if role != "executor":
            executor, reason = msgspec.structs.astuple(
                await role_reference(role, executor, registry)
            )
        lineup = Lineup(chains.chain(role, executor), cooldowns, unaffordable=budget.unfit)
        await lineup.open_all()
    except KoiError as error:
        return RoleStatus(role, None, place, error.title, effect)
    states = await finished("unusable keys", lambda: _with_unusable(lineup.states(), registry))
    return RoleStatus(role, executor, place, reason, effect, states)


def _with_unusable(
    states: tuple[CandidateState, ...], registry: Registry
) -> tuple[CandidateState, ...]:
    """The states, and behind each model's the keys that are configured and cannot be used."""
    every: list[CandidateState] = []
    for model, own in itertools.groupby(states, key=lambda state: state.model):
        known = tuple(own)
        every += known
        if model != DEMO and all(each.condition not in ("no_key", "unfit") for each in known):
            every += _unusable(model, registry)
    return tuple(every)


def _unusable(model: ModelReference, registry: Registry) -> Iterator[CandidateState]:
    if key_route(model, registry) is not None:
        return  # the route's own key is the only one
    for found in find_credentials(registry.get(model.provider), registry).of(model.provider):
        if found.source == CONFIGURATION and found.state != "usable":
            yield CandidateState(model, "no_key", reason=found.detail)


def _budget(registry: Registry) -> Budget:
    """The limits of the configuration, which nothing is spent under."""
    prices = Prices(registry)

    async def price(model: ModelReference) -> Price | None:
        return FREE if model == DEMO else await prices.price(model)

    limits = BudgetLimits(configured_limits(registry.config.tables.budget))
    ledger = registry.config.paths.ledger
    return Budget("", ledger, price, lambda model: _info(model, registry), limits)


def _info(model: ModelReference, registry: Registry) -> ModelInfo:
    return ModelInfo(DEMO) if model == DEMO else fast_model_info(model, registry)
