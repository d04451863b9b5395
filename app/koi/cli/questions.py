"""Questions on plain lines, and a key that is typed without being shown."""

from __future__ import annotations

import sys

import click

from koi.core.errors import Cancelled


def ask(question: str) -> str:
    """A line that the person types. Raises Cancelled at the end of the input."""
    click.echo(question, nl=False)
    line = sys.stdin.readline()
    if not line:
        raise Cancelled("Cancelled, nothing was kept")
    return line.strip()


def says_yes(question: str) -> bool:
    """True for a clear yes only."""
    return ask(f"{question} [y/N] ").lower() in ("y", "yes")


def read_secret() -> str:
    """A key, without echo on a terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    from getpass import getpass

    try:
        return getpass("Key (not shown): ")
    except EOFError as error:
        raise Cancelled("Cancelled, nothing was kept") from error
