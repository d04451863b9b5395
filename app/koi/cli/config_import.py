"""`koi config import`: shows what another program's configuration means here, and takes it over."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from koi.cli.toml_text import toml_text
from koi.core.errors import UsageError

if TYPE_CHECKING:
    from koi.config.importing import ImportPlan, Setting
    from koi.config.paths import Paths

STDIN = "-"


def import_file(file: str, paths: Paths, *, replace: bool) -> None:
    """Import `file` (`-`: stdin) and say what happened; different values need `replace` or a yes.

    Raises UsageError, ConfigurationError, StorageError; then nothing was written.
    """
    from koi.catalogue.catalogue import load_catalogue
    from koi.catalogue.consistency import find_inconsistencies
    from koi.config.importing import apply_import, plan_import

    catalogue = load_catalogue()
    where = "stdin" if file == STDIN else file
    plan = plan_import(_read(file), where, paths, catalogue.slug)
    _say(f"{where}: {plan.shape}")
    for setting in plan.settings:
        _say(f"  {setting.key} = {_shown(setting)}  # {setting.source}")
    notes = [*plan.notes, *find_inconsistencies(plan.table, where, catalogue, os.environ)]
    for note in notes:
        hint = f" {note.hint}" if note.hint else ""
        _say(f"note: {note.key}: {note.message}.{hint}")
    if not plan.settings:
        _say(f"{paths.config_file} has all of it already; nothing was written")
        return
    _confirm(plan, paths, file, replace=replace)
    apply_import(plan, paths)
    there = f", {plan.unchanged} were there already" if plan.unchanged else ""
    _say(f"{_count(len(plan.settings))} written to {paths.config_file}{there}")


def _read(file: str) -> bytes:
    from koi.config.documents import MAXIMUM_BYTES

    try:
        if file == STDIN:
            return sys.stdin.buffer.read(MAXIMUM_BYTES + 1)
        with Path(file).expanduser().open("rb") as opened:
            return opened.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror}", hint="Name a file that you may read, or - for stdin."
        ) from error


def _confirm(plan: ImportPlan, paths: Paths, file: str, *, replace: bool) -> None:
    if not plan.conflicts or replace:
        return
    differing = [
        f"{_present_key(setting)} is {_shown(setting, present=True)}" for setting in plan.conflicts
    ]
    asked = file != STDIN and sys.stdin.isatty() and sys.stdout.isatty()
    if not asked:
        raise UsageError(
            f"{paths.config_file} has other values: {'; '.join(differing)}",
            hint="Nothing was written. --yes replaces them.",
        )
    _say(f"{paths.config_file} has other values:")
    for line in differing:
        _say(f"  {line}")
    if not click.confirm("Replace them?", default=False):
        raise UsageError("nothing was written", hint="You said no.")


def _present_key(setting: Setting) -> str:
    from koi.config.mistakes import dotted

    return setting.key if setting.replaces is None else dotted(setting.replaces)


def _shown(setting: Setting, *, present: bool = False) -> str:
    from koi.config.keys import SECRET_FIELDS, masked

    value = setting.present if present else setting.value
    secret = any(part in SECRET_FIELDS for part in setting.path)
    return toml_text(masked(value, secret=secret))


def _count(settings: int) -> str:
    return f"{settings} setting" if settings == 1 else f"{settings} settings"


def _say(text: str) -> None:
    from koi.view.safe_text import safe

    click.echo(safe(text, keep_newlines=False))
