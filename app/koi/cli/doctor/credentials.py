"""The OS keyring, and every credential with its source and state."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from koi.cli.doctor.report import Check, Section, note, ok, problem
from koi.config.paths import Paths
from koi.core.secret import Secret

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.findings import Discovery
    from koi.credentials.status import CredentialLine, ProviderStatus
    from koi.credentials.stores.keyring_store import KeyringStore

PROBE = "koi-doctor-probe"
"""The entry that --live writes, reads back and removes."""


def keyring(paths: Paths, store: KeyringStore, *, live: bool) -> Section:
    """Whether keys can be kept there. May take 3 s for each question."""
    from koi.credentials.stores.back_end import KeyringFailure
    from koi.credentials.stores.keyring_names import names_in_keyring

    names = names_in_keyring(paths.keys)
    try:
        if live:
            store.put(PROBE, Secret("a harmless probe"))
            store.remove(PROBE)
        else:
            store.get(PROBE)
    except KeyringFailure as failure:
        if names:
            hint = f"Unlock or start it, or connect again: koi connect {names[0]}"
            text = f"{failure}; koi keeps keys there for {', '.join(names)}"
            return Section("Keyring", (problem(text, hint),))
        text = f"not used: {failure}"
        return Section("Keyring", (note(text, "Pasted keys go to files that only you can read."),))
    checks = [ok(f"{store.name} answers{': written, read back, removed' if live else ''}")]
    if names:
        checks.append(ok(f"it keeps the keys of {', '.join(names)}"))
    return Section("Keyring", tuple(checks))


def credentials(registry: Registry, discovery: Discovery) -> Section:
    """What was found, provider by provider."""
    from koi.credentials.status import statuses

    checks: list[Check] = []
    for row in statuses(registry, discovery, time.time()):
        denied = _denied_host(row.provider, registry, discovery) if row.usable else ""
        checks.append(_denied(row, denied) if denied else _check(row.provider, row.credential))
        checks += [_check(row.provider, other) for other in row.others]
    checks += [note(each) for each in discovery.notes]
    for name, error in registry.incomplete.items():
        checks.append(problem(f"{name}: {error.title}", error.hint))
    checks += _configured_model(registry, discovery)
    if not discovery.providers:
        hint = "Connect a login, a key or a server: koi connect. Or try koi --demo."
        checks.append(problem("nothing is connected", hint))
    return Section("Credentials", tuple(checks))


def _configured_model(registry: Registry, discovery: Discovery) -> list[Check]:
    """The model that the configuration names, when its provider has nothing to be used with."""
    from koi.core.errors import KoiError
    from koi.core.references import ModelReference
    from koi.credentials.reasons import why_not
    from koi.wiring.routes import key_route

    model = registry.config.role_model() or ""
    try:
        provider = registry.find(model.partition("/")[0])
    except KoiError:
        return []  # its table is told of already
    if "/" in model and provider is not None:
        reference = ModelReference(provider.name, model.partition("/")[2])
        if key_route(reference, registry) is not None:
            return []  # a route lends it a key
    why = "" if provider is None else why_not(provider, discovery.of(provider.name))
    if provider is None or not why or provider.row.company.local:
        return []
    text = f"{model} is the configured model, but {provider.name} cannot be used: {why}"
    return [problem(text, f"koi connect {provider.name}")]


def not_looked_for() -> Section:
    """What is said when there is no configuration to go by."""
    return Section("Credentials", (note("not looked for: the configuration must be mended first"),))


def _denied(row: ProviderStatus, host: str) -> Check:
    text = f"{row.provider}: {row.credential.said}, but network.default_deny forbids {host}"
    return note(text, f'To use it: add "{host}" to network.provider_allowed_hosts.')


def _denied_host(name: str, registry: Registry, discovery: Discovery) -> str:
    """The host of a provider that `default_deny` keeps koi from, "" when it does not."""
    from urllib.parse import urlsplit

    from koi.core.errors import KoiError
    from koi.credentials.base_urls import base_url_of
    from koi.credentials.host_sources import provider_policy

    try:
        provider, found = registry.get(name), discovery.usable(name)
        own = None if found is None else found.use.base_url
        url = own or base_url_of(provider, provider.protocol, registry)
    except KoiError:
        return ""  # using it says what is wrong
    parts = urlsplit(url)
    decision = provider_policy(provider, url, registry.config).judge(
        parts.scheme, parts.hostname or ""
    )
    return decision.host if decision.rule == "default_deny" else ""


_UNSET = (
    "Keys of the environment or the keyring do not take its place; others that you configured do."
)


def _check(provider: str, line: CredentialLine) -> Check:
    text = f"{provider}: {line.said}"
    if line.state in ("usable", "shadowed"):
        return ok(text)
    if line.state == "unreadable" and line.source == "configuration":
        return problem(text, _UNSET)
    return note(text)
