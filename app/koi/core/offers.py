"""What providers offer and what roles have, as a list on the screen shows it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from koi.core.seams import ModelInfo

ListSource: TypeAlias = Literal["live", "cached", "known"]
"""Asked just now; remembered from an earlier answer; koi's own table, nobody was asked."""

EXECUTOR: Final = "executor"
"""The role that works; the session's model is its model."""


class ProviderOffer(msgspec.Struct, frozen=True):
    """One provider, whether it can be used, and its models. Texts are as they came: not safe."""

    provider: str
    """Its name in model references."""
    title: str
    """Its name for people."""
    aliases: tuple[str, ...] = ()
    models: tuple[ModelInfo, ...] = ()
    """Of one that cannot be used: those that koi knows it to have."""
    default_model: str | None = None
    """What its bare name means."""
    reason: str = ""
    """Why it cannot be used, in a few words; empty when it can."""
    looking: bool = False
    """True while nobody knows yet whether it can be used."""
    can_connect: bool = True
    """False when only the configuration can mend it: a key or a login would not help."""
    credential: str = ""
    """What it is used with: "key …abcd from OPENAI_API_KEY"."""
    source: ListSource = "known"
    asked_at: float | None = None
    """When the provider gave the list, in seconds since 1970."""
    failure: str = ""
    """Why it gave no list now."""


class RoleModel(msgspec.Struct, frozen=True):
    """The configured model of a role; `reference` is empty when there is none."""

    role: str
    reference: str = ""
    place: str = ""
    """The file, variable or option that says so."""
    in_effect: bool = True
    """False for a role that this version keeps and does nothing with."""
