"""What every source of credentials gets: for whom to look, and how far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from koi.catalogue.registry import Registered
from koi.config.config import Config

Depth: TypeAlias = Literal["names", "keys", "everything"]
"""How far to go into the OS keyring: only say what koi knows to be there; read that; or also look
for keys that the person put there by hand.
"""


@dataclass(frozen=True, slots=True)
class Search:
    """The providers to look for, all of them switched on, and the configuration."""

    providers: tuple[Registered, ...]
    config: Config
    depth: Depth = "names"
    notes: list[str] = field(default_factory=list, compare=False)
    """What a source has to say beside its findings."""

    @property
    def keyed(self) -> tuple[Registered, ...]:
        """The providers that are not told to go without a key."""
        return tuple(each for each in self.providers if each.table.auth != "none")

    def provider(self, slug: str) -> Registered | None:
        """The provider of the catalogue with this slug, if it is looked for and takes keys."""
        return next(
            (each for each in self.keyed if each.name == slug and each.plugin is None), None
        )


def home_of(config: Config) -> Path:
    """The person's home folder, as the environment of the configuration names it."""
    named = config.environment.get("HOME")
    return Path(named) if named else Path.home()
