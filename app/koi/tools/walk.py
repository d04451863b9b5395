"""Files below a folder in a stable order, without what .gitignore names and without symlinks."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pathspec

_IGNORE_FILE_BYTES = 1_000_000
_Rules = tuple[tuple[str, pathspec.GitIgnoreSpec], ...]


def walk(start: Path, top: Path, cancelled: Callable[[], bool]) -> Iterator[str]:
    """Paths relative to `start`, with slashes, in the order of their names.

    The .gitignore files from `top` down to `start` count as well as those below; .git is left
    out. Folders that cannot be read are left out. Symlinks are given when they lead to a file,
    and never followed. Stops early once `cancelled()` is true.
    """
    base = f"{str(start).rstrip('/')}/"
    for path in _walk(base, _rules_above(start, top), cancelled):
        yield path[len(base) :]


def _read_ignore_file(path: str) -> pathspec.GitIgnoreSpec | None:
    """The rules of a .gitignore file, None when there is none; wrong lines are left out."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        lines = file.read(_IGNORE_FILE_BYTES).decode("utf-8", "replace").splitlines()
    try:
        return pathspec.GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return pathspec.GitIgnoreSpec.from_lines([line for line in lines if _valid(line)])


def _valid(line: str) -> bool:
    try:
        pathspec.GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _rules_above(start: Path, top: Path) -> _Rules:
    if not start.is_relative_to(top):
        return ()
    rules: _Rules = ()
    folder = top
    for part in start.relative_to(top).parts:
        rules = _extended(rules, f"{str(folder).rstrip('/')}/")
        folder = folder / part
        if _ignored(rules, f"{folder}/"):
            # Someone asks for an ignored folder by name: only its own rules count.
            return ()
    return rules


def _extended(rules: _Rules, folder: str) -> _Rules:
    found = _read_ignore_file(f"{folder}.gitignore")
    return rules if found is None else (*rules, (folder, found))


def _ignored(rules: _Rules, path: str) -> bool:
    for base, spec in reversed(rules):
        include = spec.check_file(path[len(base) :]).include
        if include is not None:
            return include
    return False


def _walk(folder: str, rules: _Rules, cancelled: Callable[[], bool]) -> Iterator[str]:
    """A stack of folders instead of recursion: a tree may be deeper than Python's stack."""
    stack = [_listing(folder, _extended(rules, folder))]
    while stack and not cancelled():
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
            continue
        path, is_folder, inner_rules = entry
        if is_folder:
            stack.append(_listing(path, _extended(inner_rules, path)))
        else:
            yield path


def _listing(folder: str, rules: _Rules) -> Iterator[tuple[str, bool, _Rules]]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    except OSError:
        return
    for entry in listed:
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name == ".git" or not (is_folder or entry.is_file()):
                continue
        except OSError:
            continue
        path = f"{folder}{entry.name}{'/' if is_folder else ''}"
        if not _ignored(rules, path):
            yield path, is_folder, rules
