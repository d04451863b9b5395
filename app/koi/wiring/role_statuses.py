"""What each role has now: its model, who said so, and whom its requests may go to."""

from __future__ import annotations

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
    return RoleStatus(role, executor, place, reason, effect, lineup.states())


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
