"""The `koi` command: finds the module of a command and runs it; a prompt goes to the chat."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from koi import __version__
from koi.files.umask import make_private


def main(arguments: Sequence[str] | None = None) -> None:
    """Run koi and exit with its code (see the exit codes in docs/machine-output.md)."""
    make_private()
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
