"""Which model koi starts with when nobody named one."""

from __future__ import annotations

import msgspec

from koi.catalogue.registry import Registered, Registry
from koi.core.references import ModelReference
from koi.credentials.discovery import discover, look_closer
from koi.credentials.findings import LOCAL_PROBE, OS_KEYRING, Discovery, Finding, state_words
from koi.credentials.ollama import SUGGESTION, best_model

FIRST = ("anthropic", "openai", "gemini")
LAST = "ollama"


class DefaultModel(msgspec.Struct, frozen=True):
    """The model that was chosen (None: nothing was found), by what, and what was passed over."""

    reference: ModelReference | None
    finding: Finding | None = None
    notes: tuple[str, ...] = ()
    """One line for each provider that has a credential and was not taken, with the reason."""


async def find_default_model(
    registry: Registry, discovery: Discovery
) -> tuple[DefaultModel, Discovery]:
    """The default model, with a key that is really there, and what was found on the way.

    Keys that koi put into the OS keyring are known by name: one may be gone, or the keyring locked.
    Only when there is nothing is the keyring asked for keys that were put there by hand.
    """
    while True:
        chosen = choose_default_model(registry, discovery)
        finding = chosen.finding
        if finding is None or finding.source != OS_KEYRING or finding.secret is not None:
            break
        discovery = await look_closer(discovery, registry.get(finding.provider), registry)
        discovery = _noted(discovery, finding.provider)
    if chosen.reference is None:
        discovery = await discover(registry, thorough=True)
        chosen = choose_default_model(registry, discovery)
    return chosen, discovery


def _noted(discovery: Discovery, provider: str) -> Discovery:
    """With a note when the keyring does not give a key after all: it changes who is asked."""
    notes = tuple(
        passed_over(provider, finding)
        for finding in discovery.of(provider)
        if finding.source == OS_KEYRING and finding.state != "usable"
    )
    return msgspec.structs.replace(discovery, notes=(*discovery.notes, *notes))


def choose_default_model(registry: Registry, discovery: Discovery) -> DefaultModel:
    """Keys first: anthropic, openai, google, others alphabetically. Then subscriptions that are
    connected, then the best model of Ollama.

    Of several providers that read the same variable, the one that names it first is meant.
    """
    notes: list[str] = []
    providers = {provider.name: provider for provider in registry.all if provider.enabled}
    found = {
        name: discovery.usable(name)
        for name, provider in providers.items()
        if name != LAST and _can_be_used(provider, discovery)
    }
    for name in sorted(found, key=lambda name: _rank(name, found[name])):
        provider, finding = providers[name], found[name]
        if _borrowed(provider, finding, [providers[other] for other in found]):
            continue
        if provider.default_model is None:
            notes.append(f"{name}: has no default model; name one: -m {name}/MODEL")
        else:
            reference = ModelReference(name, provider.default_model)
            return DefaultModel(reference, finding, tuple(notes))
    for finding in discovery.of(LAST):
        if model := best_model(finding.models):
            return DefaultModel(ModelReference(LAST, model), finding, tuple(notes))
        if finding.source == LOCAL_PROBE and finding.state == "usable":
            notes.append(f"ollama: runs, but has no models; try: {SUGGESTION}")
    for name in providers:
        notes += [
            passed_over(name, finding)
            for finding in discovery.of(name)
            if finding.state not in ("usable", "shadowed", "unreachable") and finding.detail
        ]
    return DefaultModel(None, None, tuple(notes))


def passed_over(name: str, finding: Finding) -> str:
    """Why a provider was not taken, in a line."""
    return f"{name}: {finding.detail} ({state_words(finding)})"


def _can_be_used(provider: Registered, discovery: Discovery) -> bool:
    findings = discovery.of(provider.name)
    found = discovery.usable(provider.name)
    if found is not None and found.source != LOCAL_PROBE:
        return True
    return provider.wants_no_key and not findings


def _rank(name: str, finding: Finding | None) -> tuple[bool, int, str]:
    subscription = finding is not None and finding.subscription
    return (subscription, FIRST.index(name) if name in FIRST else len(FIRST), name)


def _borrowed(provider: Registered, finding: Finding | None, others: list[Registered]) -> bool:
    """True when the variable of `finding` is meant for another provider in the first place."""
    variables = provider.row.company.api_key_env
    if finding is None or finding.detail not in variables or provider.table_name is not None:
        return False
    mine = (variables.index(finding.detail), provider.name)
    theirs = (
        (other.row.company.api_key_env.index(finding.detail), other.name)
        for other in others
        if finding.detail in other.row.company.api_key_env
    )
    return min(theirs, default=mine) < mine
