"""What a person can connect: the well-known targets, and every other row of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from koi.catalogue.registry import Registered, Registry
from koi.core.errors import UsageError
from koi.core.redaction import without_key
from koi.credentials.findings import ConsentId, Discovery
from koi.credentials.logins.login import Login
from koi.credentials.target_table import FURTHER, KEY_PAGES, TARGETS, Target, WayKind
from koi.net.hosts import is_loopback

CONSENT_TARGETS: tuple[ConsentId, ...] = (
    "claude-cli",
    "claude-keychain",
    "claude-token",
    "codex-cli",
    "qwen-cli",
)
"""Logins of other programs, which are connected by a yes."""


_BARE_ADDRESS = re.compile(
    r"""(?P<host>localhost(?=[:/])|\d+(?:\.\d+){3}|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}
    |[a-z0-9-]+(?=:\d))(?::\d{1,5})?(?:/\S*)?""",
    re.IGNORECASE | re.VERBOSE,
)


class Way(msgspec.Struct, frozen=True):
    """One way to connect a target."""

    kind: WayKind
    title: str
    hint: str = ""
    name: str = ""
    """Which login, or which source needs the yes."""


def all_targets(registry: Registry) -> tuple[Target, ...]:
    """The well-known ones, then every other provider that is switched on."""
    known = {target.provider for target in TARGETS}
    rest = (
        target_of(provider)
        for provider in registry.all
        if provider.enabled and provider.name not in known
    )
    return (*TARGETS, *rest)


def target_of(provider: Registered) -> Target:
    """How a provider is connected: the entry of the table, else what its row says."""
    for target in (*TARGETS, *FURTHER):
        if target.provider == provider.name:
            return target
    company = provider.row.company
    kind: WayKind = "local" if company.local else "aws" if company.auth == "sigv4" else "key"
    hint = "a server on this machine" if company.local else "an API key"
    return Target(
        provider.name,
        provider.name,
        company.display_name,
        kind,
        hint,
        KEY_PAGES.get(provider.name, ""),
        company.aliases,
        login_providers=(provider.name,),
    )


def title_of(provider: Registered) -> str:
    """What people call it, before and after it is connected."""
    return target_of(provider).title


def find_target(name: str, registry: Registry) -> Target:
    """The target that a person means. Raises UsageError with the nearest names.

    A key that is given in the place of a name is never repeated.
    """
    plain = _plain(name)
    if plain.startswith("anthropic-custom:"):
        raise UsageError(
            "only OpenAI-compatible addresses can be connected",
            hint='Write a table [providers.NAME] with protocol = "anthropic" and its base_url.',
        )
    found = known_target(name, registry)
    if found is not None:
        return found
    shown = without_key(name)
    if shown != name:
        owner = registry.catalogue.owner_of(name.strip())
        raise UsageError(
            "this looks like a key, not like the name of something to connect",
            hint="A key is not given on the command line: it stands in the shell's history then. "
            f"koi connect {owner or 'NAME'} asks for it, or reads it from standard input.",
        )
    near = near_names(name, registry, "status")
    meant = f"Did you mean {' or '.join(near)}? " if near else "koi connect lists them. "
    raise UsageError(
        f"'{name}' is nothing that koi can connect",
        hint=f"{meant}An address works too, as https://llm.example.com/v1.",
    )


def known_target(name: str, registry: Registry) -> Target | None:
    """The target of exactly this name or alias, None when there is none."""
    plain = _plain(name)
    for target in (*TARGETS, *FURTHER):
        if plain in (target.name, *target.aliases):
            return target
    provider = registry.find(name)
    return None if provider is None else target_of(provider)


def near_names(name: str, registry: Registry, *more: str) -> list[str]:
    """Up to three names that were probably meant; `more` are words beside those of targets."""
    from difflib import get_close_matches

    names = [word for target in TARGETS for word in (target.name, *target.aliases)]
    names += [*CONSENT_TARGETS, *more, *(each.name for each in registry.all)]
    return get_close_matches(_plain(name), dict.fromkeys(names), n=3, cutoff=0.6)


def as_address(name: str) -> str | None:
    """The address that a name is, None when it is none.

    https://…, custom:https://…, or a host with a dot or a port: then https, http on this machine.
    """
    address = name.strip().removeprefix("custom:")
    if address.startswith(("http://", "https://")):
        return address
    match = _BARE_ADDRESS.fullmatch(address)
    if match is None or without_key(address) != address:
        return None
    return f"{'http' if is_loopback(match['host']) else 'https'}://{address}"


def as_consent(name: str) -> ConsentId | None:
    """The source of another program that a name means, None for every other name."""
    plain = _plain(name)
    return next((each for each in CONSENT_TARGETS if each == plain), None)


def ways(target: Target, logins: Sequence[Login], discovery: Discovery) -> tuple[Way, ...]:
    """The ways to connect a target, the usual one first. Other programs' logins only if found."""
    found = [
        Way("login", f"sign in with {login.title}", login.methods[0].title, login.name)
        for slug in target.login_providers
        for login in logins
        if login.provider == slug
    ]
    match target.kind:
        case "login":
            if target.key_page:
                found.append(_key_way(target))
        case "key":
            found.insert(0, _key_way(target))
        case "aws":
            found.append(Way("aws", "credentials of AWS", "from the environment or a profile"))
            found.append(_key_way(target))
        case "local" | "url":
            found.append(Way(target.kind, target.title, target.hint))
    own = (finding.consent for finding in discovery.of(target.provider))
    consents = tuple(dict.fromkeys((*target.consents, *(each for each in own if each))))
    return (*found, *foreign_ways(discovery, consents))


def foreign_ways(
    discovery: Discovery, wanted: Sequence[ConsentId] = CONSENT_TARGETS
) -> tuple[Way, ...]:
    """The logins of other programs that were found and are not used yet."""
    found = {
        finding.consent: finding
        for findings in discovery.findings.values()
        for finding in findings
        if finding.consent in wanted and finding.state in ("needs_yes", "declined")
    }
    return tuple(
        Way(
            "consent",
            f"use the login of {finding.source}",
            "needs your yes" if finding.state == "needs_yes" else "you said no to it",
            consent,
        )
        for consent, finding in found.items()
        if consent is not None
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _key_way(target: Target) -> Way:
    return Way("key", "paste an API key", target.key_page)
