"""The only place where koi's parts are constructed and joined."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from koi.agent.gate import Approver, Gate
from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.agent.state import SessionState
from koi.catalogue.prices import FREE
from koi.catalogue.registry import Registry
from koi.core.errors import CredentialMissing, UsageError
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo, Provider
from koi.credentials.findings import Discovery
from koi.providers.demo.reference import DEMO
from koi.safety.modes import Mode
from koi.safety.rules import Rule
from koi.store.journal import Journal

if TYPE_CHECKING:
    from koi.providers.live_models import ProviderModels

log = logging.getLogger(__name__)

NOTHING_FOUND = (
    "Three ways in: set a key, such as ANTHROPIC_API_KEY or OPENAI_API_KEY; start Ollama; or try "
    "koi --demo, which works offline."
)


def open_registry(
    config_flag: str | None = None,
    *,
    flags: Mapping[str, object] | None = None,
    workspace: Path | None = None,
    trusted: bool = False,
) -> Registry:
    """Configuration and catalogue, joined. Raises ConfigurationError."""
    from koi.catalogue.catalogue import load_catalogue
    from koi.config.load import load
    from koi.config.paths import find_paths

    config = load(
        paths=find_paths(os.environ, config_flag),
        environment=os.environ,
        flags=flags,
        project_folder=workspace,
        trusted=trusted,
    )
    return Registry(config, load_catalogue())


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
        self._registry = registry
        self._open: dict[str, Provider] = {}

    def get(self, name: str) -> Provider:
        """The provider `name`. Raises as `open_provider`."""
        if name not in self._open:
            self._open[name] = open_provider(name, self._registry)
        return self._open[name]

    async def aclose(self) -> None:
        """Close all connections."""
        for provider in self._open.values():
            await provider.aclose()
        self._open.clear()


async def choose_model(
    options: SessionOptions, registry: Registry, resumed: ModelReference | None = None
) -> ModelReference:
    """The model of a new session: said, resumed, configured, or the best one that was found.

    Raises UsageError for a name that means nothing, CredentialMissing when nothing was found.
    """
    from koi.credentials.default_model import choose_default_model
    from koi.credentials.discovery import discover
    from koi.credentials.model_names import resolve_model

    if options.demo:
        return DEMO
    said = options.executor or options.model
    if said == str(DEMO):
        return DEMO
    if resumed is not None and not said and not options.provider:
        return resumed
    text = registry.config.role_model() if said or not options.provider else None
    discovery: Discovery | None = None
    if not text or "/" not in text:
        discovery = await discover(registry)
    reference = resolve_model(text, registry, provider=options.provider, discovery=discovery)
    if reference is None:
        chosen = choose_default_model(registry, discovery or await discover(registry))
        reference = chosen.reference
        if reference is None:
            raise CredentialMissing(
                "no credential and no local model was found",
                hint="\n".join((NOTHING_FOUND, *chosen.notes)),
            )
    return reference


async def open_session(options: SessionOptions, approver: Approver) -> Session:
    """A session as the options want it; with no model it is not opened.

    Raises UsageError, ConfigurationError, CredentialMissing, StorageError.
    """
    from koi.agent.system_prompt import read_instructions
    from koi.safety.environment import withhold
    from koi.safety.privacy import close_memory
    from koi.store.log import start_log
    from koi.store.spills import remove_old_spills_aside

    flags = {"models.executor": options.executor, "model": options.model}
    registry = open_registry(
        options.config_flag, flags=flags, workspace=options.workspace, trusted=options.trust
    )
    close_memory()
    start_log(registry.config.paths.log, debug=options.debug)
    withhold(registry.config.key_variables())
    rules = _rules(options, registry)
    journal = _resumed_journal(options, registry)
    resumed = journal.state.model if journal is not None else None
    try:
        model = await choose_model(options, registry, resumed)
        providers = Providers(registry)
        providers.get(model.provider)  # fails now, not at the first prompt
        await _learn(model, registry)
        mode: Mode = options.mode or "ask"
        if journal is None:
            journal = _new_journal(options, registry, model, mode)
    except BaseException:
        if journal is not None:
            journal.close()
        raise
    state = SessionState(journal.session_id, options.workspace, model, mode)
    if options.trust:
        state.instructions = read_instructions(options.workspace)
    _restore(state, journal)
    state.notes = _notes(registry, journal)
    remove_old_spills_aside(registry.config.paths.spill)
    spill = registry.config.paths.spill / journal.session_id
    gate = Gate(rules, options.workspace, approver, (spill,))
    log.debug("session %s: %s, mode %s", journal.session_id, model, mode)
    return _join(options, registry, providers, journal, state, gate)


async def usable_model(text: str, options: SessionOptions) -> ModelReference:
    """The reference that `text` means, once it is sure that its provider can be asked.

    Raises UsageError, ConfigurationError, CredentialMissing.
    """
    from koi.credentials.discovery import discover
    from koi.credentials.model_names import resolve_model

    if text == str(DEMO):
        return DEMO
    registry = open_registry(
        options.config_flag, workspace=options.workspace, trusted=options.trust
    )
    discovery = None if "/" in text else await discover(registry)
    reference = resolve_model(text, registry, discovery=discovery)
    if reference is None:
        raise UsageError("no model was named", hint="Write it as provider/model.")
    await open_provider(reference.provider, registry).aclose()
    await _learn(reference, registry)
    return reference


async def _learn(model: ModelReference, registry: Registry) -> None:
    """Have a local server say what its model can do, the first time that it is used."""
    if model == DEMO or not registry.get(model.provider).row.company.local:
        return
    from koi.providers.live_models import learn_local

    await learn_local(model, registry, lambda name: open_provider(name, registry))


async def usable_models(
    options: SessionOptions, current: ModelReference | None = None
) -> AsyncGenerator[tuple[ModelInfo, ...], None]:
    """The models of every usable provider, and the demo: first what is remembered, then asked.

    `current` is in every list, with what is known of it, also when its provider does not name it.

    Raises ConfigurationError; after the last list ListsFailed, when some gave none.
    """
    from koi.credentials.discovery import discover, usable_providers
    from koi.providers.live_models import failed_lists, live_models, remembered_models, with_model

    registry = open_registry(
        options.config_flag, workspace=options.workspace, trusted=options.trust
    )
    providers = usable_providers(registry, await discover(registry))
    demo = ModelInfo(DEMO, tools=True, price=FREE)
    remembered = await remembered_models(providers, registry)
    yield await with_model(current, (*_infos(remembered), demo), registry)
    live = await live_models(providers, registry, lambda name: open_provider(name, registry))
    yield await with_model(current, (*_infos(live), demo), registry)
    if (failure := failed_lists(live)) is not None:
        raise failure


def _infos(lists: Iterable[ProviderModels]) -> Iterator[ModelInfo]:
    return (info for found in lists for info in found.models)


def _join(
    options: SessionOptions,
    registry: Registry,
    providers: Providers,
    journal: Journal,
    state: SessionState,
    gate: Gate,
) -> Session:
    from koi.agent.loop import TurnLimits, TurnParts
    from koi.agent.recorder import Recorder
    from koi.agent.runner import ToolRunner
    from koi.catalogue.models import fast_model_info
    from koi.catalogue.prices import Prices
    from koi.core.usage import Price
    from koi.credentials.ollama import configured_window
    from koi.routing.attempts import Candidate
    from koi.routing.backoff import RetryPolicy
    from koi.tools.registry import builtin_tools

    paths, reliability = registry.config.paths, registry.config.tables.reliability
    spill = paths.spill / journal.session_id
    prices = Prices(registry)
    windows: dict[ModelReference, int | None] = {}

    def info(state: SessionState) -> ModelInfo:
        if state.model == DEMO:
            return ModelInfo(DEMO)
        found = fast_model_info(state.model, registry)
        provider = registry.get(state.model.provider)
        chosen = configured_window(provider, state.model.model, registry.config)
        window = chosen or found.context_window or windows.get(state.model)
        return msgspec.structs.replace(found, context_window=window)

    async def price(reference: ModelReference) -> Price | None:
        if reference == DEMO:
            return FREE
        facts = await prices.facts(reference)
        windows[reference] = facts.context_window
        return facts.price

    recorder = Recorder(journal, paths.ledger)
    parts = TurnParts(
        candidate=lambda state: Candidate(state.model, providers.get(state.model.provider)),
        model_info=info,
        price=price,
        runner=ToolRunner(builtin_tools(), gate, recorder, spill),
        recorder=recorder,
        retry=RetryPolicy(reliability.retries, reliability.backoff_ms / 1000),
        limits=TurnLimits(options.max_turns, options.max_cost),
        use_tools=not options.no_tools,
    )
    return Session(state, parts, providers.aclose)


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
    notes: list[str] = []
    if damage := journal.contents.damage:
        lines = ", ".join(str(each.line) for each in damage)
        notes.append(f"unreadable lines of {journal.path} were skipped: {lines}")
    if warnings := registry.config.warnings:
        keys = ", ".join(warning.key or warning.where for warning in warnings)
        notes.append(f"settings without effect: {keys} (koi config check says why)")
    return tuple(notes)


def _restore(state: SessionState, journal: Journal) -> None:
    """Give a resumed session its conversation, its sums and its turns."""
    from koi.store.conversation import branch, conversation
    from koi.store.records import (
        AssistantRecord,
        ToolIntentRecord,
        ToolResultRecord,
        UsageRecord,
    )

    entries = branch(journal.contents.entries)
    state.history.extend(conversation(entries))
    records = [entry.record for entry in entries if isinstance(entry.record, AssistantRecord)]
    cut = {id(record.message) for record in records if not record.complete}
    state.cut = frozenset(at for at, each in enumerate(state.history) if id(each) in cut)
    state.turns = journal.state.turns
    for entry in entries:
        match entry.record:
            case UsageRecord() as record:
                state.account.count(record.model, record.role, record.usage, record.cost_usd)
            case ToolIntentRecord(call=call, summary=summary):
                state.summaries[call.id] = summary
            case ToolResultRecord() as record:
                state.finished[record.result.call_id] = record.finished
            case _:
                pass
    state.account.begin_turn()
