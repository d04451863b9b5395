"""`koi`: the chat, on the full screen or as plain lines."""

from __future__ import annotations

import os
import sys

import click

from koi.agent.options import SessionOptions
from koi.cli.options import current_options, global_options
from koi.cli.session_options import session_options
from koi.core.errors import UsageError


@click.command("chat")
@click.argument("prompt", nargs=-1)
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@global_options
@session_options
def command(options: SessionOptions, prompt: tuple[str, ...], no_mouse: bool) -> int:
    """Open the chat in this folder, with PROMPT as its first message."""
    first = " ".join(prompt).strip() or None
    if current_options().plain or os.environ.get("TERM") == "dumb":
        from koi.cli.plain import plain_chat

        return plain_chat(options, first)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the full screen needs a terminal",
            hint="Without one: koi run PROMPT (one turn), or koi --plain (a line chat).",
        )
    from koi.tui.start import start

    return start(options, first, mouse=not no_mouse)
