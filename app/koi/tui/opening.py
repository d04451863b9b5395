"""What happens when koi starts, before there is a session: found, not found, or wrong."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from koi.core.errors import CredentialMissing, KoiError
from koi.tui.welcoming import lead_on, say_what_was_found

if TYPE_CHECKING:
    from koi.tui.actions import Actions

CHOOSE = "?"
"""As a model's name it opens the list."""


async def open_first(app: Actions) -> None:
    """Open the session of the command line; lead on when nothing is connected."""
    await asyncio.to_thread(import_module, "koi.providers.http_provider")
    await _let_choose(app)
    if app.welcome and not await lead_on(app):
        app.exit(0)
        return
    while True:
        try:
            await app.host.open()
        except CredentialMissing as error:
            if not await lead_on(app, error):
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
    for note in app.host.session.state.notes if app.host.session is not None else ():
        app.tell("warn", note)
    _tell_of_instructions(app)
    await say_what_was_found(app)


async def _let_choose(app: Actions) -> None:
    """`-r` without an id and `-m ?` ask; who goes back gets what there is without them."""
    from koi.tui.dialogs import choose_session_id, pick_model

    options = app.host.options
    if options.resume == "":
        options = msgspec.structs.replace(options, resume=await choose_session_id(app))
    if options.model == CHOOSE:
        chosen = await pick_model(app)
        demo = options.demo and chosen is None
        model = None if chosen is None else str(chosen.reference)
        options = msgspec.structs.replace(options, model=model, demo=demo)
    app.host.options = options


def _tell_of_instructions(app: Actions) -> None:
    from koi.agent.system_prompt import has_instructions

    session = app.host.session
    if session is None or session.state.instructions or session.state.turns:
        return
    if has_instructions(app.options.workspace):
        app.tell("info", "This folder has an AGENTS.md. It is not used until you say /trust.")
