"""Where the list of models gets what it shows, and what it does with a choice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol

from koi.agent.options import SessionOptions
from koi.catalogue.model_choices import ModelChoices
from koi.config.paths import find_paths
from koi.core.offers import ProviderOffer, RoleModel
from koi.core.references import ModelReference
from koi.tui.desk import GivenKey


class ModelChoice(NamedTuple):
    """The model that the person chose for the session, and what was written about it."""

    reference: ModelReference
    kept: str = ""


class ModelSource(Protocol):
    """What the list needs of the rest of koi."""

    def offers(self, *, refresh: bool = False) -> AsyncGenerator[tuple[ProviderOffer, ...], None]:
        """What is known at once, then what changed; `refresh` asks everybody. Raises KoiError."""
        ...

    def choices(self) -> ModelChoices:
        """Favourites and recent models."""
        ...

    async def toggle_favourite(self, reference: ModelReference) -> ModelChoices:
        """Mark a model, or take the mark away. Raises StorageError."""
        ...

    def roles(self) -> Mapping[str, RoleModel]:
        """The configured model of every role. Raises ConfigurationError."""
        ...

    async def keep(self, role: str, reference: ModelReference) -> str:
        """Write the model of a role into the configuration; returns what was done, in a line.

        Raises KoiError; then nothing was changed.
        """
        ...

    async def connect(self, what: str | GivenKey) -> str | None:
        """Lead through the login of a provider, or take a key. The provider that is usable then,
        which may be a sibling; None when the person went back. Raises KoiError.
        """
        ...


Connect = Callable[[str | GivenKey], Awaitable[str | None]]


class SessionModels:
    """The models as the options of a session see them. `current` is shown whoever lists it."""

    def __init__(
        self, options: SessionOptions, current: ModelReference | None, connect: Connect
    ) -> None:
        self._options = options
        self._current = current
        self._connect = connect
        self._file = find_paths(config_flag=options.config_flag).model_choices

    def offers(self, *, refresh: bool = False) -> AsyncGenerator[tuple[ProviderOffer, ...], None]:
        """See ModelSource; the models that the person likes and uses are in them."""
        from koi.wiring.offers import offers

        known = self.choices()
        current = (self._current,) if self._current is not None else ()
        return offers(self._options, (*current, *known.favourites, *known.recent), refresh=refresh)

    def choices(self) -> ModelChoices:
        """See ModelSource."""
        from koi.catalogue.model_choices import read_choices

        return read_choices(self._file)

    async def toggle_favourite(self, reference: ModelReference) -> ModelChoices:
        """See ModelSource."""
        from koi.catalogue.model_choices import toggle_favourite

        return await asyncio.to_thread(toggle_favourite, self._file, reference)

    def roles(self) -> Mapping[str, RoleModel]:
        """See ModelSource."""
        from koi.wiring.role_models import configured_roles

        return configured_roles(self._options)

    async def keep(self, role: str, reference: ModelReference) -> str:
        """See ModelSource."""
        from koi.wiring.role_models import keep_model, parse_role

        return await asyncio.to_thread(keep_model, parse_role(role), reference, self._options)

    async def connect(self, what: str | GivenKey) -> str | None:
        """See ModelSource."""
        return await self._connect(what)
