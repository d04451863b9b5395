"""The `koi` command: finds the module of a command and runs it; a prompt goes to the chat."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from koi import __version__
from koi.files.umask import make_private


def main(arguments: Sequence[str] | None = None) -> None:
    """Run koi and exit with its code; docs/run-without-a-screen.md lists the codes."""
    make_private()
    _replace_closed_streams()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments == ["--version"]:
        sys.stdout.write(f"koi {__version__}\n")
        raise SystemExit(0)
    if sys.platform == "win32":
        sys.stderr.write("koi runs on Linux and macOS; on Windows, run it inside WSL.\n")
        raise SystemExit(2)
    try:
        from koi.cli.dispatch import run

        code = run(arguments)
    except KeyboardInterrupt:  # while koi was still being imported
        code = 130
    raise SystemExit(code)


def _replace_closed_streams() -> None:
    """Started with a closed stream, koi must not give its number to a journal or a socket."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
