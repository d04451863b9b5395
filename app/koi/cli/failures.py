"""What a person sees of an error: two plain lines. koi's own failures are also in its log."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable

import click

from koi.core.errors import KoiError


def inside_koi(error: Exception) -> KoiError:
    """An exception that nobody expected, as an error that can be shown and reported."""
    from koi.config.paths import find_paths
    from koi.core.redaction import redact

    said = redact(f"{type(error).__name__}: {error}").strip().removesuffix(":")
    return KoiError(
        f"koi itself failed: {said}",
        hint=f"The details are in {find_paths().log}; --debug shows them here.",
    )


def open_log() -> None:
    """Make sure that koi's log is written, also when nothing has opened it yet."""
    if logging.getLogger("koi").handlers:
        return
    from koi.config.paths import find_paths
    from koi.store.log import start_log

    start_log(find_paths().log)


def print_error(error: KoiError) -> None:
    """An error as plain lines on stderr: what happened, and what to do."""
    from koi.view.safe_text import safe

    click.echo(f"koi: {safe(error.title)}", err=True)
    for line in safe(error.hint).splitlines():
        click.echo(f"     {line}", err=True)


def print_notes(notes: Iterable[str]) -> None:
    """What is no error but should be known, one line each, on stderr."""
    from koi.view.safe_text import safe

    for note in notes:
        click.echo(f"koi: {safe(note, keep_newlines=False)}", err=True)


def print_traceback(error: Exception) -> None:
    """Where an exception came from, without keys, on stderr."""
    from koi.core.redaction import redact
    from koi.view.safe_text import safe

    click.echo(safe(redact("".join(traceback.format_exception(error)))), err=True)
