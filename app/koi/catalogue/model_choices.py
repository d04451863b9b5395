"""Remembers which models a person likes and which were used last, for all koi processes at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec

from koi.core.errors import KoiError, StorageError
from koi.core.references import ModelReference
from koi.files.atomic import create_private_folder, write_atomic
from koi.files.lock import FileLock

VERSION = 1
MOST_RECENT = 8
LOCK_S = 3.0
"""Seconds to wait for another process that writes its choice."""

log = logging.getLogger(__name__)


class ModelChoices(msgspec.Struct, frozen=True):
    """Favourites in the order in which they were marked; recent ones, the last one first."""

    favourites: tuple[ModelReference, ...] = ()
    recent: tuple[ModelReference, ...] = ()
    note: str = ""
    """What is wrong with the file, in a sentence; empty when nothing is."""


def read_choices(path: Path) -> ModelChoices:
    """What is remembered. Never raises: a file that cannot be read is no reason not to choose."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ModelChoices()
    except OSError as error:
        return ModelChoices(note=f"{path} cannot be read: {error.strerror}")
    table = _parse(content)
    if table is not None:
        return _choices(table)
    return ModelChoices(note=f"{path} is damaged; the next choice sets it aside")


def toggle_favourite(path: Path, reference: ModelReference) -> ModelChoices:
    """Mark a model, or take the mark away. Raises StorageError when it cannot be kept."""

    def toggled(choices: ModelChoices) -> ModelChoices:
        kept = tuple(each for each in choices.favourites if each != reference)
        if len(kept) == len(choices.favourites):
            kept = (*kept, reference)
        return msgspec.structs.replace(choices, favourites=kept)

    return _change(path, toggled)


def remember_used(path: Path, reference: ModelReference) -> ModelChoices:
    """Put a model before the other recent ones. Raises StorageError when it cannot be kept."""
    known = read_choices(path)
    if known.recent[:1] == (reference,):
        return known

    def used(choices: ModelChoices) -> ModelChoices:
        others = [each for each in choices.recent if each != reference]
        return msgspec.structs.replace(choices, recent=(reference, *others)[:MOST_RECENT])

    return _change(path, used)


def remember_used_aside(path: Path, reference: ModelReference) -> threading.Thread:
    """As `remember_used`, in a thread of its own; what fails is logged. A start need not wait."""

    def remember() -> None:
        try:
            remember_used(path, reference)
        except KoiError as error:
            log.warning("%s is not remembered as used: %s", reference, error)

    thread = threading.Thread(target=remember, name="koi-used-model")
    thread.start()
    return thread


def _change(path: Path, change: Callable[[ModelChoices], ModelChoices]) -> ModelChoices:
    """Read, change and write under the lock, so that no process undoes what another one chose."""
    create_private_folder(path.parent)
    with FileLock(path.with_suffix(".lock"), timeout_s=LOCK_S):
        table, note = _read_for_change(path)
        before = _choices(table)
        after = change(before)
        if after != before:
            table["version"] = VERSION
            table["favourites"] = _merged(table.get("favourites"), after.favourites)
            table["recent"] = after.recent
            write_atomic(path, msgspec.json.encode(table), mode=0o600)
    return msgspec.structs.replace(after, note=note)


def _read_for_change(path: Path) -> tuple[dict[str, object], str]:
    """The table in the file, and a note when a damaged file had to make room for a new one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        raise StorageError(
            f"cannot read {path}: {error.strerror}", hint="Check its permissions."
        ) from error
    table = _parse(content)
    if table is not None:
        version = table.get("version", VERSION)
        if not isinstance(version, int) or version > VERSION:
            raise StorageError(
                f"{path} was written by a newer koi",
                hint="This version reads it and leaves it as it is.",
            )
        return table, ""
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
    except OSError as error:
        raise StorageError(
            f"{path} is damaged and cannot be set aside: {error.strerror}", hint="Remove it."
        ) from error
    log.warning("%s was damaged and is set aside as %s", path, aside)
    return {}, f"the damaged {path.name} was set aside as {aside}"


def _parse(content: bytes) -> dict[str, object] | None:
    """The table, None for what is none."""
    try:
        table = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return None
    return cast(dict[str, object], table) if isinstance(table, dict) else None


def _choices(table: dict[str, object]) -> ModelChoices:
    recent = _references(table.get("recent"))[:MOST_RECENT]
    return ModelChoices(_references(table.get("favourites")), recent)


def _references(value: object) -> tuple[ModelReference, ...]:
    """The references in a list, each once; what is none is passed over."""
    entries = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(each for entry in entries if (each := _reference(entry))))


def _reference(entry: object) -> ModelReference | None:
    match entry:
        case {"provider": str(provider), "model": str(model)} if provider and model:
            return ModelReference(provider, model)
        case _:
            return None


def _merged(written: object, favourites: tuple[ModelReference, ...]) -> list[object]:
    """The list of favourites, with entries of the file that this version does not understand."""
    entries: list[object] = written if isinstance(written, list) else []
    foreign = [each for each in entries if _reference(each) is None]
    return [*favourites, *foreign]
