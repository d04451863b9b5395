"""What a name after `koi connect` means, the same on the screen and in lines."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from koi.catalogue.registry import Registry
from koi.core.errors import UsageError
from koi.credentials.findings import ConsentId, Discovery
from koi.credentials.logins.login import Login
from koi.credentials.target_table import Target
from koi.credentials.targets import Way, as_address, as_consent, find_target, ways


class Foreign(msgspec.Struct, frozen=True):
    """The login of another program, which needs a yes."""

    consent: ConsentId


class Address(msgspec.Struct, frozen=True):
    """An OpenAI-compatible address."""

    url: str


Meaning: TypeAlias = Foreign | Address | Target


def meaning(name: str, registry: Registry) -> Meaning:
    """What the person means. Raises UsageError with the nearest names."""
    consent = as_consent(name)
    if consent is not None:
        return Foreign(consent)
    url = as_address(name)
    return find_target(name, registry) if url is None else Address(url)


def open_ways(
    target: Target, logins: tuple[Login, ...], discovery: Discovery, method: str
) -> tuple[Way, ...]:
    """The ways that `--method` leaves open. Raises UsageError when there is none."""
    found = ways(target, logins, discovery)
    if not method:
        return found
    found = tuple(way for way in found if way.kind == "login")
    if not found:
        raise UsageError(
            f"{target.title} has no login", hint="Leave --method out to give it a key."
        )
    return found
