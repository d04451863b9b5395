"""What the screens of connecting work with, in the chat or alone, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec
from textual.app import App
from textual.screen import Screen

from koi.core.secret import Secret

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.logins.login import Login

Result = TypeVar("Result")


class GivenKey(msgspec.Struct, frozen=True):
    """A key that the person gave where a name belongs."""

    key: Secret
    owner: str = ""
    """The name that was given along with it."""


class Connection(msgspec.Struct, frozen=True):
    """What was connected."""

    provider: str
    model: str = ""
    """The model to begin with, when one was chosen on the way."""
    models: tuple[str, ...] = ()
    """What its server said that it has, when it was asked."""
    said: str = ""
    """What is true of it, when that is not just that it is connected."""


class Desk:
    """What the screens of connecting work with. The configuration is read anew each time."""

    def __init__(
        self,
        app: App[int],
        open_registry: Callable[[], Registry],
        logins: tuple[Login, ...] | None = None,
        *,
        method: str = "",
        domain: str = "",
    ) -> None:
        from koi.credentials.logins.table import LOGINS

        self.app = app
        self.registry = open_registry
        self.logins = LOGINS if logins is None else logins
        self.method = method
        self.domain = domain

    async def ask(self, screen: Screen[Result]) -> Result | None:
        """Show a screen and wait for its result. Only in a worker."""
        return await self.app.push_screen_wait(screen)

    async def tell(self, title: str, *said: str) -> None:
        """Say something that must be read."""
        from koi.tui.screens.connect.told import Told

        await self.ask(Told(title, said))
