"""Runs the full screen and leaves the terminal as it was, however koi ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from koi.agent.options import SessionOptions
from koi.view.units import dollars

if TYPE_CHECKING:
    from koi.tui.app import KoiApp

RESET = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[0m"
)
"""Main screen, no mouse or focus reports, no bracketed paste, cursor, colours."""


def start(options: SessionOptions, prompt: str | None, *, mouse: bool) -> int:
    """Run the application; returns the exit code. Raises KoiError when it could not start."""
    from koi.config.paths import find_paths
    from koi.tui.app import KoiApp
    from koi.tui.keys import read_keys
    from koi.tui.narrow_updates import narrow_updates

    paths = find_paths(config_flag=options.config_flag)
    narrow_updates()
    app = KoiApp(options, prompt, read_keys(paths.config_file.parent))
    code = asyncio.run(_run(app, mouse=mouse))
    if app.failure is not None:
        raise app.failure
    _say_how_to_go_on(app)
    return code


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
        _reset_terminal()
        await app.host.close()
    if ended_by:
        from koi.safety.process import end_all

        end_all()
        return 128 + ended_by[0]
    if result is not None:
        return result
    return app.return_code or 0


def _reset_terminal() -> None:
    """Undo what the screen switched on, also when Textual could not."""
    if not sys.stdout.isatty():
        return
    try:
        sys.stdout.write(RESET)
        sys.stdout.flush()
    except OSError:
        return  # the terminal itself is gone


def _say_how_to_go_on(app: KoiApp) -> None:
    session = app.host.session
    if session is None or not session.state.turns:
        return
    turns = f"{session.state.turns} {'turn' if session.state.turns == 1 else 'turns'}"
    usd = session.state.account.session_cost.usd
    cost = "cost unknown" if usd is None else dollars(usd)
    line = f"{turns}, {cost}. Go on: koi -r {session.state.session_id}\n"
    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stdout.write(line)
        sys.stdout.flush()
