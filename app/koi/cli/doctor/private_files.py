"""koi's files and folders: each belongs to the person, and to nobody else."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from koi.cli.doctor.configuration import keys_in
from koi.cli.doctor.report import Check, Section, note, ok, problem
from koi.config.paths import Paths
from koi.files.home import short_path

_OPEN = stat.S_IRWXG | stat.S_IRWXO
_SHOWN = 5


def private_files(paths: Paths) -> Section:
    """Modes and owners of everything that koi keeps; looked at before anything closes them."""
    checks = _configuration(paths.config_file)
    count = 0
    opened: list[Path] = []
    foreign: list[Path] = []
    for folder in (paths.data, paths.state, paths.cache):
        for path, status in _everything(folder):
            count += 1
            if status.st_uid != os.geteuid():
                foreign.append(path)
            elif status.st_mode & _OPEN:
                opened.append(path)
    for path in opened[:_SHOWN]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        command = f"chmod go= {shlex.quote(str(path))}"
        checks.append(problem(f"{short_path(path)} is open to others ({mode:04o})", command))
    if len(opened) > _SHOWN:
        folders = " ".join(shlex.quote(str(each)) for each in (paths.data, paths.state))
        checks.append(problem(f"and {len(opened) - _SHOWN} more", f"chmod -R go= {folders}"))
    for path in foreign[:_SHOWN]:
        hint = f"sudo chown -R $USER {shlex.quote(str(path))}"
        checks.append(problem(f"{short_path(path)} belongs to somebody else", hint))
    checks.append(Check("note" if opened else "ok", _summary(count, len(opened))))
    return Section("Files", tuple(checks))


def _summary(count: int, opened: int) -> str:
    return f"{count} files and folders, {opened} with group or other bits"


def _configuration(path: Path) -> list[Check]:
    """The person's own file, which may be part of their dotfiles."""
    name = short_path(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        return [ok(f"{name}: no such file, so all is default")]
    except OSError as error:
        return [problem(f"{name} cannot be looked at: {error.strerror}", "Check its folder.")]
    mode = stat.S_IMODE(status.st_mode)
    command = f"chmod go= {shlex.quote(str(path))}"
    if status.st_uid not in (os.geteuid(), 0):
        return [
            problem(f"{name} belongs to somebody else", f"chown $USER {shlex.quote(str(path))}")
        ]
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return [problem(f"{name} can be changed by others ({mode:04o})", command)]
    if not mode & _OPEN:
        return [ok(f"{name} ({mode:04o})")]
    if keys_in(path):
        return [problem(f"{name} has keys in it and can be read by others ({mode:04o})", command)]
    return [note(f"{name} can be read by others ({mode:04o})", command)]


def _everything(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """A folder and all that is in it, without following links."""
    try:
        yield folder, folder.lstat()
    except OSError:
        return
    for place, names, files in os.walk(folder):
        for name in (*names, *files):
            path = Path(place, name)
            try:
                status = path.lstat()
            except OSError:
                continue  # gone meanwhile
            if not stat.S_ISLNK(status.st_mode):
                yield path, status
