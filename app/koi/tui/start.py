"""Runs the full screen and leaves the terminal as it was, however koi ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from koi.agent.options import SessionOptions
from koi.tui.running import run_app
from koi.tui.terminal import kept_terminal
from koi.view.units import total

if TYPE_CHECKING:
    from koi.tui.app import KoiApp


def start(
    options: SessionOptions, prompt: str | None, *, mouse: bool, welcome: bool = False
) -> int:
    """Run the application; returns the exit code. Raises KoiError when it could not start.

    With `welcome` it begins with the first page, whatever was found.
    """
    with kept_terminal():
        app, code = _run_app(options, prompt, mouse=mouse, welcome=welcome)
    if app.failure is not None:
        raise app.failure
    _say_how_to_go_on(app)
    return code


def _run_app(
    options: SessionOptions, prompt: str | None, *, mouse: bool, welcome: bool
) -> tuple[KoiApp, int]:
    # Textual reads this when it is imported. koi gathers events itself; what it does show, a key
    # or an answer's first word, shall not wait for the 16 ms grid that Textual paints on.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    gc.disable()  # until the first frame: what is loaded now stays, and looking at it takes 30 ms
    from koi.config.paths import find_paths
    from koi.tui.app import KoiApp
    from koi.tui.keys import read_keys
    from koi.tui.narrow_updates import narrow_updates

    paths = find_paths(config_flag=options.config_flag)
    narrow_updates()
    app = KoiApp(options, prompt, read_keys(paths.config_file.parent))
    app.welcome = welcome
    return app, asyncio.run(_run(app, mouse=mouse))


async def _run(app: KoiApp, *, mouse: bool) -> int:
    ending = await run_app(app, mouse=mouse, closing=app.host.close)
    if ending.by_signal:
        from koi.safety.process import end_all

        end_all()
    return ending.code


def _say_how_to_go_on(app: KoiApp) -> None:
    session = app.host.session
    if session is None or not session.state.turns:
        return
    turns = f"{session.state.turns} {'turn' if session.state.turns == 1 else 'turns'}"
    cost = total(session.state.account.session_cost)
    line = f"{turns}, cost {cost}. Go on: koi -r {session.state.session_id}\n"
    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stdout.write(line)
        sys.stdout.flush()
