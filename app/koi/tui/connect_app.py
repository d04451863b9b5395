"""`koi connect`, `koi disconnect` on the full screen: the screens of the chat, without the chat."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from koi.core.errors import Cancelled, KoiError
from koi.tui.connecting import connect
from koi.tui.desk import Connection, Desk
from koi.tui.running import run_app
from koi.tui.stopping import stop
from koi.tui.terminal import kept_terminal
from koi.tui.theme import THEME

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.logins.login import Login

log = logging.getLogger(__name__)


WENT_BACK = 1
"""The exit code when nothing was done, by the person's choice."""


class EmptyScreen(Screen[None], inherit_bindings=False):
    """What is behind the screens of connecting."""


class ConnectApp(App[int], inherit_bindings=False):
    """Does one thing on the full screen. Its result is the exit code."""

    TITLE = "koi connect"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True),
        Binding("ctrl+z", "suspend", "Stop", show=False, priority=True),
    ]

    def __init__(self, work: Callable[[App[int]], Awaitable[int]]) -> None:
        super().__init__(ansi_color=True)
        self.register_theme(THEME)
        self.theme = THEME.name
        self._work = work
        self.failure: KoiError | None = None
        """Told when the terminal is back as it was."""
        self.last_key = ""

    def get_default_screen(self) -> Screen[None]:
        """A screen without Textual's own keys."""
        return EmptyScreen(id="_default")

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._do())

    async def on_event(self, event: events.Event) -> None:
        """Remember the key: leaving by Esc is no interrupt, leaving by Ctrl+C is one."""
        if isinstance(event, events.Key):
            self.last_key = event.key
        await super().on_event(event)

    def action_leave(self) -> None:
        """Ctrl+Q."""
        self.exit(Cancelled.exit_code)

    def action_suspend(self) -> None:
        """Ctrl+Z."""
        stop(self)

    async def _do(self) -> None:
        try:
            self.exit(await self._work(self))
        except KoiError as error:
            self.failure = error
            self.exit(error.exit_code)

    def _fatal_error(self) -> None:
        """A bug: told in a line, kept in the log. Textual would print all local variables."""
        log.exception("the screen failed")
        self.panic("koi failed. The details are in koi.log.")

    def _watch_app_focus(self, focus: bool) -> None:
        """Textual would style every widget anew when the terminal loses or gets the focus."""


def connect_on_screen(
    config_flag: str | None,
    name: str | None,
    method: str = "",
    domain: str = "",
    logins: tuple[Login, ...] | None = None,
) -> int:
    """Lead through connecting `name`, or what is chosen; returns the exit code. Raises KoiError."""
    from koi.credentials.meanings import meaning
    from koi.credentials.targets import title_of
    from koi.wiring.registry import open_registry

    if name is not None:
        meaning(name, open_registry(config_flag))  # fails before the screen opens
    connected: list[Connection] = []

    async def work(app: App[int]) -> int:
        def registry_now() -> Registry:
            return open_registry(config_flag)

        desk = Desk(app, registry_now, logins, method=method, domain=domain)
        connection = await connect(desk, name)
        if connection is None:
            return _left(app)
        connected.append(connection)
        return 0

    code = run(work, config_flag)
    for connection in connected:
        registry = open_registry(config_flag)
        title = title_of(registry.get(connection.provider))
        said = connection.said or f"{title} is connected."
        _say(f"{said} {_start(connection, registry)}")
    if not connected and code == WENT_BACK:
        _say("Nothing was connected.")
    return code


def _left(app: App[int]) -> int:
    """The exit code of somebody who went back, or pressed Ctrl+C."""
    interrupted = isinstance(app, ConnectApp) and app.last_key == "ctrl+c"
    return Cancelled.exit_code if interrupted else WENT_BACK


def _start(connection: Connection, registry: Registry) -> str:
    """How to go on with what was connected."""
    from koi.wiring.model_lists import has_model

    name = connection.provider
    if connection.model:
        return f"Start with: koi -m {name}/{connection.model}"
    default = registry.get(name).default_model
    if default is not None and has_model(connection.models, default):
        return f"Start with: koi -p {name}"
    return f"Choose a model: koi models {name}"


def disconnect_on_screen(config_flag: str | None) -> int:
    """Lead through disconnecting; returns the exit code. Raises KoiError."""
    from koi.tui.disconnecting import disconnect
    from koi.wiring.registry import open_registry

    async def work(app: App[int]) -> int:
        done = await disconnect(Desk(app, lambda: open_registry(config_flag)))
        return 0 if done else _left(app)

    code = run(work, config_flag)
    if code == WENT_BACK:
        _say("Nothing was removed.")
    return code


def run(work: Callable[[App[int]], Awaitable[int]], config_flag: str | None) -> int:
    """Run `work` on the full screen, leaving the terminal as it was. Raises KoiError."""
    from koi.config.paths import find_paths
    from koi.safety.privacy import close_memory
    from koi.store.log import start_log

    close_memory()
    start_log(find_paths(config_flag=config_flag).log, debug=False)
    os.environ.setdefault("TEXTUAL_FPS", "60")
    with kept_terminal():
        app = ConnectApp(work)
        code = asyncio.run(run_app(app)).code
    if app.failure is not None:
        raise app.failure
    return code


def _say(line: str) -> None:
    from koi.view.safe_text import safe

    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stdout.write(f"{safe(line, keep_newlines=False)}\n")
        sys.stdout.flush()
