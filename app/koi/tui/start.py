"""Runs the full screen and leaves the terminal as it was, however koi ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

from koi.agent.options import SessionOptions
from koi.tui.terminal import kept_terminal, reset_terminal
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
    loop = asyncio.get_running_loop()
    ended_by: list[int] = []

    def end(number: int) -> None:
        ended_by.append(number)
        app.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    try:
        result = await app.run_async(mouse=mouse)
    finally:
        reset_terminal()
        await app.host.close()
    if ended_by:
        from koi.safety.process import end_all

        end_all()
        return 128 + ended_by[0]
    if result is not None:
        return result
    return app.return_code or 0


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
