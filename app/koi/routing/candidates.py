"""Who may answer a request: models in order, each with the keys that reach it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from koi.config.schema import RoleName
from koi.core.references import ModelReference
from koi.core.request_events import Routed
from koi.core.seams import ModelInfo, Provider


class Candidate(msgspec.Struct, frozen=True):
    """One model with one key: what a single HTTP exchange goes to."""

    reference: ModelReference
    provider: Provider
    role: str = "executor"
    key: str = ""
    """The last four characters of the key, for people; "" without one."""
    key_id: str = ""
    """Tells keys apart in files without being one: never the key itself."""


class ChainModel(msgspec.Struct, frozen=True):
    """One model of a chain. Its keys are looked for only when it is its turn."""

    reference: ModelReference
    candidates: Callable[[], Awaitable[tuple[Candidate, ...]]]
    """One for each key, in the order in which they are used; at least one.

    Raises UsageError, ConfigurationError, CredentialMissing, ProviderError: it cannot be asked.
    """
    info: Callable[[], ModelInfo]
    """What is known of the model now. Never asks anybody."""
    wrong: str = ""
    """Why it can never be asked as the configuration names it; its `candidates` raises then."""


class Chain(msgspec.Struct, frozen=True):
    """The models that a request of a role may go to; the first is the one that was meant."""

    role: str
    models: tuple[ChainModel, ...]
    routed: Routed | None = None

    @property
    def first(self) -> ChainModel:
        """The model that is asked unless it fails."""
        return self.models[0]

    @property
    def meant(self) -> ChainModel:
        """The model that the person chose; the first, unless a tier put another before it."""
        requested = None if self.routed is None else self.routed.requested
        return next((each for each in self.models if each.reference == requested), self.first)


class Chains(Protocol):
    """Makes chains from the configuration as it is now."""

    def chain(self, role: str, requested: ModelReference, *, prompt: str | None = None) -> Chain:
        """The chain of a role that has `requested` as its model.

        `prompt` is the person's prompt that begins a turn, for tiers; None keeps the tier that the
        turn has. Raises UsageError, ConfigurationError.
        """
        ...

    async def role_reference(self, role: RoleName, executor: ModelReference) -> ModelReference:
        """The model of a role while `executor` is the session's model: configured, or its default.

        Raises UsageError, ConfigurationError, and CredentialMissing when the role has none.
        """
        ...
