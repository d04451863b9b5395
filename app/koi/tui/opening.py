"""What happens when koi starts, before there is a session: found, not found, or wrong."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from koi.core.errors import CredentialMissing, KoiError

if TYPE_CHECKING:
    from koi.tui.app import KoiApp

NOT_CONNECTED = 3


def short_path(path: Path) -> str:
    """A path with ~ for the person's home."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except ValueError:
        return str(path)


async def open_first(app: KoiApp) -> None:
    """Open the session of the command line; lead on when nothing is connected."""
    await asyncio.to_thread(import_module, "koi.providers.http_provider")
    if app.host.options.resume == "":
        from koi.tui.dialogs import choose_session_id

        chosen = await choose_session_id(app)
        options = msgspec.structs.replace(app.host.options, resume=chosen)
        app.host.options = options
    while True:
        try:
            await app.host.open()
        except CredentialMissing as error:
            if not await _lead_on(app, error):
                app.failure = error
                app.exit(error.exit_code)
                return
            continue
        except KoiError as error:
            app.failure = error
            app.exit(error.exit_code)
            return
        break
    app.regions.show_all()
    _tell_of_instructions(app)


async def _lead_on(app: KoiApp, error: CredentialMissing) -> bool:
    """Show the ways in; False when the person leaves."""
    from koi.tui.screens.first_run import FirstRun
    from koi.wiring import NOTHING_FOUND

    notes = error.hint.removesuffix(NOTHING_FOUND).strip()
    match await app.push_screen_wait(FirstRun(notes)):
        case "demo":
            app.host.options = msgspec.structs.replace(app.host.options, demo=True)
        case "again":
            pass
        case _:
            return False
    return True


def _tell_of_instructions(app: KoiApp) -> None:
    from koi.agent.system_prompt import has_instructions

    session = app.host.session
    if session is None or session.state.instructions or session.state.turns:
        return
    if has_instructions(app.options.workspace):
        app.tell("info", "This folder has an AGENTS.md. It is not used until you say /trust.")
