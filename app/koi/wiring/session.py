"""A session from its options: journal, model, rules, gate and loop, joined."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from koi.agent.gate import Approver, Gate
from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.agent.state import SessionState
from koi.catalogue.prices import FREE
from koi.catalogue.registry import Registry
from koi.config.schema import NOT_IN_EFFECT, ROLE_NAMES, UNUSED_ROLES
from koi.core.errors import ConfigurationError, CredentialMissing, StorageError, UsageError
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.demo.reference import DEMO
from koi.safety.modes import Mode
from koi.safety.rules import Rule
from koi.store.journal import Journal
from koi.wiring.models import check_role_options, choose_model, learn, remember
from koi.wiring.providers import Providers
from koi.wiring.registry import open_registry
from koi.wiring.resuming import restore

if TYPE_CHECKING:
    from koi.wiring.fallbacks import FallbackLists

log = logging.getLogger(__name__)


async def open_session(options: SessionOptions, approver: Approver) -> Session:
    """A session as the options want it; with no model it is not opened.

    Raises UsageError, ConfigurationError, CredentialMissing, StorageError.
    """
    from koi.agent.system_prompt import read_instructions
    from koi.credentials.discovery import look_ahead
    from koi.credentials.stores.closing import close_to_others
    from koi.safety.privacy import close_memory
    from koi.store.log import start_log
    from koi.store.spills import remove_old_spills_aside
    from koi.wiring.fallbacks import FallbackLists
    from koi.wiring.usable_fallback import with_fallback

    registry = registry_of(options)
    close_memory()
    start_log(registry.config.paths.log, debug=options.debug)
    closed = close_to_others(registry.config.paths)
    rules = _rules(options, registry)
    journal = _resumed_journal(options, registry)
    resumed = journal.state.model if journal is not None else None
    try:
        check_role_options(options, registry)
        chosen = await choose_model(options, registry, resumed)
        model = chosen.reference
        providers = Providers(registry)
        fallbacks = FallbackLists(registry)
        if model != DEMO:
            ahead = look_ahead([registry.get(model.provider)], registry)
            await asyncio.gather(ahead, fallbacks.prepare())
        try:
            providers.get(model)  # fails now, not at the first prompt
        except (CredentialMissing, ConfigurationError) as error:
            raise await with_fallback(error, model, providers, fallbacks) from None
        await learn(model, registry)
        mode: Mode = options.mode or "ask"
        if journal is None:
            journal = _new_journal(options, registry, model, mode)
    except BaseException:
        if journal is not None:
            journal.close()
        raise
    remember(model, registry)
    state = SessionState(journal.session_id, options.workspace, model, mode)
    if options.trust:
        state.instructions = read_instructions(options.workspace)
    restore(state, journal)
    state.notes = (*closed, *chosen.notes, *_notes(registry, journal))
    remove_old_spills_aside(registry.config.paths.spill)
    spill = registry.config.paths.spill / journal.session_id
    gate = Gate(rules, options.workspace, approver, (spill,))
    log.debug("session %s: %s, mode %s", journal.session_id, model, mode)
    return _join(options, registry, providers, journal, state, gate, fallbacks)


def registry_of(options: SessionOptions) -> Registry:
    """Configuration and catalogue, as they are now. Raises ConfigurationError."""
    flags = {f"models.{role}": getattr(options, role) for role in ROLE_NAMES}
    flags["model"] = options.model
    return open_registry(
        options.config_flag, flags=flags, workspace=options.workspace, trusted=options.trust
    )


def _join(
    options: SessionOptions,
    registry: Registry,
    providers: Providers,
    journal: Journal,
    state: SessionState,
    gate: Gate,
    fallbacks: FallbackLists,
) -> Session:
    from koi.agent.loop import TurnLimits, TurnParts
    from koi.agent.recorder import Recorder
    from koi.agent.runner import ToolRunner
    from koi.catalogue.models import fast_model_info
    from koi.catalogue.prices import Prices
    from koi.core.budgets import Amounts
    from koi.core.usage import Price
    from koi.credentials.ollama import configured_window
    from koi.routing.attempts import Attempts
    from koi.routing.backoff import PROCESS_TOKENS, RetryPolicy
    from koi.routing.budget import Budget
    from koi.routing.cooldowns import Cooldowns
    from koi.routing.limits import BudgetLimits
    from koi.routing.tiers import activity_before
    from koi.store.rests import RestFile
    from koi.tools.registry import builtin_tools
    from koi.wiring.budgets import configured_limits, follow_limits
    from koi.wiring.chains import ConfiguredChains

    paths, reliability = registry.config.paths, registry.config.tables.reliability
    spill = paths.spill / journal.session_id
    prices = Prices(registry)
    windows: dict[ModelReference, int | None] = {}

    def info(model: ModelReference) -> ModelInfo:
        if model == DEMO:
            return ModelInfo(DEMO)
        found = fast_model_info(model, providers.registry)
        provider = providers.registry.get(model.provider)
        chosen = configured_window(provider, model.model, providers.registry.config)
        window = chosen or found.context_window or windows.get(model)
        return msgspec.structs.replace(found, context_window=window)

    async def price(reference: ModelReference) -> Price | None:
        if reference == DEMO:
            return FREE
        facts = await prices.facts(reference)
        windows[reference] = facts.context_window
        return facts.price

    def renew() -> None:
        nonlocal prices
        before = providers.registry
        providers.renew(registry_of(options))
        prices = Prices(providers.registry)
        follow_limits(spending, before.config, providers.registry.config)

    async def close() -> None:
        spending.close()
        await providers.aclose()

    recorder = Recorder(journal)
    table = registry.config.tables.budget
    spending = Budget(
        journal.session_id,
        paths.ledger,
        price,
        info,
        BudgetLimits(configured_limits(table, options), table.warn_at),
        Amounts(journal.state.cost.known_usd, journal.state.usage.context_tokens),
    )
    policy = RetryPolicy(
        reliability.retries,
        reliability.backoff_ms / 1000,
        cooldown_s=reliability.cooldown_s,
        fallback_on_auth=reliability.fallback_on_auth,
    )
    cooldowns = Cooldowns(RestFile(paths.rests))
    parts = TurnParts(
        chains=ConfiguredChains(providers, info, lambda: activity_before(state.history), fallbacks),
        attempts=Attempts(policy, spending, cooldowns=cooldowns, tokens=PROCESS_TOKENS),
        spending=spending,
        provider=providers.get,
        model_info=info,
        runner=ToolRunner(builtin_tools(), gate, recorder, spill),
        recorder=recorder,
        limits=TurnLimits(options.max_turns),
        use_tools=not options.no_tools,
    )
    return Session(state, parts, close, renew)


def _rules(options: SessionOptions, registry: Registry) -> list[Rule]:
    """The rules of the configuration and the flags. Raises ConfigurationError."""
    from koi.safety.rules import check_rules, parse_rule
    from koi.tools.registry import builtin_tools

    rules = [
        parse_rule(rule.rule, rule.action, str(registry.config.paths.config_file))
        for rule in registry.config.rules()
    ]
    rules += [parse_rule(text, "allow", "--allow") for text in options.allow]
    rules += [parse_rule(text, "deny", "--deny") for text in options.deny]
    check_rules(rules, [tool.name for tool in builtin_tools()])
    return rules


def _new_journal(
    options: SessionOptions, registry: Registry, model: ModelReference, mode: Mode
) -> Journal:
    from koi import __version__
    from koi.store.records import SessionRecord

    record = SessionRecord(model, str(options.workspace), __version__, mode)
    return Journal.create(registry.config.paths.sessions, record)


def _resumed_journal(options: SessionOptions, registry: Registry) -> Journal | None:
    from koi.store.sessions import find_session, latest_session

    folder = registry.config.paths.sessions
    if options.latest and options.resume is not None:
        raise UsageError("-c and -r exclude each other", hint="Give the one that you mean.")
    if options.resume:
        return Journal.open(find_session(folder, options.resume))
    if not options.latest:
        return None
    path = latest_session(folder, str(options.workspace))
    if path is None:
        raise UsageError(
            f"there is no session in {options.workspace} yet",
            hint="Start one with koi. koi sessions list shows those of other folders.",
        )
    return Journal.open(path)


def _notes(registry: Registry, journal: Journal) -> tuple[str, ...]:
    """What was skipped, of the session and of the configuration."""
    from koi.credentials.discovery import lost_logins

    notes = list(lost_logins(registry.config))
    if damage := journal.contents.damage:
        lines = ", ".join(str(each.line) for each in damage)
        notes.append(f"unreadable lines of {journal.path} were skipped: {lines}")
    if keys := _without_effect(registry):
        notes.append(f"settings without effect: {', '.join(keys)} (koi config check says why)")
    return tuple(notes)


def _without_effect(registry: Registry) -> list[str]:
    """Settings and options that do nothing. Models of roles, which koi itself can keep in its file,
    are named once only; an option, or a rule that somebody relies on, at every start.
    """
    from koi.files.atomic import create_private_folder, write_atomic

    warnings = registry.config.warnings
    keys = [
        each.where if each.where.startswith("--") else each.key or each.where for each in warnings
    ]
    roles = [key for key in keys if NOT_IN_EFFECT.get(key) == UNUSED_ROLES]
    if not roles:
        return keys
    folder = registry.config.paths.state
    told, words = folder / "told", "\n".join(roles)
    try:
        if told.exists() and told.read_text(encoding="utf-8") == words:
            return [key for key in keys if key not in roles]
        create_private_folder(folder)
        write_atomic(told, words.encode(), mode=0o600)
    except (OSError, ValueError, StorageError) as error:
        log.warning("what was told is not remembered: %s", error)
    return keys
