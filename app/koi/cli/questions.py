"""Questions on plain lines, and a key that is typed without being shown."""

from __future__ import annotations

import sys

import click

from koi.cli.input_lines import forget_typed_ahead
from koi.core.errors import UsageError


def ask(question: str, *, without: str = "") -> str:
    """A line that the person types. Raises UsageError at the end of the input.

    `without` says what does it when nobody can be asked.
    """
    click.echo(question, nl=False)
    line = sys.stdin.readline()
    if not line:
        click.echo()
        raise _nobody(without)
    return line.strip()


def says_yes(question: str, *, without: str = "") -> bool:
    """True for a clear yes only, not typed before it was asked for. Raises UsageError at the end of
    the input.
    """
    forget_typed_ahead()
    return ask(f"{question} [y/N] ", without=without).lower() in ("y", "yes")


def choose(question: str, count: int, *, default: int | None = None) -> int | str:
    """A number from 1 to `count`, or another word; a number that is none of these is asked again.

    "" without a default when just Enter was pressed. Raises UsageError at the end of the input.
    """
    while True:
        answer = ask(question)
        if not answer and default is not None:
            return default
        if not answer.isdecimal():
            return answer
        if 1 <= int(answer) <= count:
            return int(answer)
        click.echo(f"There is no {answer}: type a number from 1 to {count}.")


def read_secret() -> str:
    """A key, without echo on a terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    from getpass import getpass

    try:
        return getpass("Key (not shown): ")
    except EOFError as error:
        click.echo()
        raise _nobody("") from error


def _nobody(without: str) -> UsageError:
    if sys.stdin.isatty():
        return UsageError("nothing was answered, so nothing was changed", hint=without)
    hint = without or "Run it on a terminal."
    return UsageError("nobody can be asked here: the input has ended", hint=hint)
