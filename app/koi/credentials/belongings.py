"""What koi itself keeps and can give up again: its logins, saved keys, and answers to questions."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.catalogue.registry import Registry
from koi.core.errors import ConfigurationError, UsageError
from koi.core.redaction import without_key
from koi.credentials.findings import (
    CONFIGURATION,
    ENVIRONMENT,
    KEY_FILE,
    OS_KEYRING,
    ConsentId,
    Discovery,
    Source,
)
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.saved_keys import saved_keys
from koi.credentials.stores.token_record import TokenRecord
from koi.credentials.targets import as_consent, known_target, near_names, target_of

Kind: TypeAlias = Literal["login", "key", "consent"]


_PLACES: dict[Source, str] = {OS_KEYRING: "the OS keyring", KEY_FILE: "a private file"}


class Belonging(msgspec.Struct, frozen=True):
    """One thing to give up."""

    kind: Kind
    provider: str
    name: str
    """What is written after `koi disconnect`."""
    title: str
    words: str
    """What it is, and whose."""
    consent: ConsentId | None = None


class Outside(msgspec.Struct, frozen=True):
    """A credential that was set outside koi, and stays."""

    provider: str
    place: str


def belongings(registry: Registry) -> tuple[Belonging, ...]:
    """Everything that koi keeps: logins, saved keys, answers. Raises StorageError."""
    config = registry.config
    logins = AuthFile(config.paths.auth_file).read().records
    found = [
        Belonging("login", name, *_names(name, registry), _login_words(record))
        for name, record in logins.items()
    ]
    found += [
        Belonging(
            "key", key.provider, *_names(key.provider, registry), f"key in {_PLACES[key.source]}"
        )
        for key in saved_keys(config.paths)
    ]
    for said in config.tables.credentials.allow:
        consent = as_consent(said)
        if consent is not None:
            words = "your yes to the login of another program"
            found.append(Belonging("consent", "", said, said, words, consent))
    return tuple(found)


def _login_words(record: TokenRecord) -> str:
    if not record.secrets:
        return "a login that was not finished"
    return f"login {record.account}".strip()


def _names(slug: str, registry: Registry) -> tuple[str, str]:
    """How a provider is named on the command line, and in words."""
    try:
        provider = registry.find(slug)
    except ConfigurationError:
        provider = None
    if provider is None:
        return slug, slug
    target = target_of(provider)
    return target.name, target.title


def meant(name: str, held: tuple[Belonging, ...], registry: Registry) -> tuple[Belonging, ...]:
    """Those that a name means: a target, a provider, another program, or all. Raises UsageError."""
    if name.strip().lower() == "all":
        return held
    consent = as_consent(name)
    if consent is not None:
        return tuple(each for each in held if each.consent == consent)
    target = known_target(name, registry)
    if target is None:
        near = near_names(name, registry, "all", *(each.name for each in held))
        meant_by = f"Did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(
            f"'{without_key(name)}' is no name of anything that koi could keep",
            hint=f"{meant_by}koi disconnect lists what it keeps.",
        )
    slugs = {target.provider, *target.login_providers}
    return tuple(
        each
        for each in held
        if (each.provider and each.provider in slugs) or each.consent in target.consents
    )


def set_outside(
    discovery: Discovery, providers: frozenset[str] | None = None
) -> tuple[Outside, ...]:
    """Credentials of the environment and the configuration; koi does not touch them."""
    return tuple(
        Outside(name, f"{finding.detail} ({finding.source})")
        for name, findings in discovery.findings.items()
        if providers is None or name in providers
        for finding in findings
        if finding.source in (ENVIRONMENT, CONFIGURATION)
        and finding.state in ("usable", "shadowed")
    )
