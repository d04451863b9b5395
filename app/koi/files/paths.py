"""Turns a path that a model wrote into an absolute one, and opens it without being led astray."""

from __future__ import annotations

import difflib
import errno
import os
import stat
from pathlib import Path

import msgspec

from koi.core.errors import ToolFailure

_KERNEL_FOLDERS = (Path("/proc"), Path("/sys"), Path("/dev"))
_LISTED_FOR_NAMES = 5_000


class WorkspacePath(msgspec.Struct, frozen=True):
    """`path` is absolute with every symlink resolved; `name` is how people read it."""

    path: Path
    inside: bool
    name: str


def resolve(given: str, workspace: Path) -> WorkspacePath:
    """Resolve a path relative to `workspace`, also one that does not exist yet.

    Raises ToolFailure for an empty path, NUL, a loop of symlinks, and the kernel's folders.
    """
    if not given.strip():
        raise ToolFailure("The path is empty.", hint="Use '.' for the workspace.")
    if "\0" in given:
        raise ToolFailure(f"The path {given!r} holds a NUL character.")
    expanded = Path.home() / given[2:] if given == "~" or given.startswith("~/") else Path(given)
    try:
        path = Path(os.path.realpath(workspace / expanded))
        path.stat()
    except UnicodeEncodeError:
        raise ToolFailure(f"The path {given!r} cannot be a file's name.") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ToolFailure(f"{given} is a symlink that leads to itself.") from None
        if error.errno == errno.ENAMETOOLONG:
            raise ToolFailure(f"The path is too long: {given[:80]}…") from None
        # Missing or unreadable: said when the file is used, with what was wanted of it.
    inside = path.is_relative_to(workspace)
    if not inside and any(path.is_relative_to(folder) for folder in _KERNEL_FOLDERS):
        raise ToolFailure(f"{path} belongs to the kernel; file tools do not open it.")
    name = str(path.relative_to(workspace)) if inside else str(path)
    return WorkspacePath(path, inside, readable_name(name))


def readable_name(name: str) -> str:
    """A name as valid Unicode: bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def stat_file(target: WorkspacePath) -> os.stat_result | None:
    """The state of a regular file, None when nothing is there.

    Raises ToolFailure for a folder, a device or FIFO, and for what may not be looked at.
    """
    try:
        status = target.path.stat()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise ToolFailure(f"{target.name}: a part of this path is a file, not a folder.") from None
    except OSError as error:
        raise ToolFailure(f"{target.name}: {error.strerror}.") from error
    if stat.S_ISDIR(status.st_mode):
        raise ToolFailure(f"{target.name} is a folder.", hint="List it with ls.")
    if not stat.S_ISREG(status.st_mode):
        raise ToolFailure(f"{target.name} is {_kind(status.st_mode)}; it is never opened.")
    return status


def open_file(target: WorkspacePath) -> int:
    """A descriptor for reading a regular file, walked folder by folder without any symlink.

    A path that changed after it was resolved is refused. Raises ToolFailure.
    """
    flags = os.O_NOFOLLOW | os.O_CLOEXEC
    walk = flags | os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)
    try:
        folder = os.open("/", walk)
        try:
            for part in target.path.parts[1:-1]:
                inner = os.open(part, walk, dir_fd=folder)
                os.close(folder)
                folder = inner
            # A FIFO without a writer would block for ever.
            descriptor = os.open(target.path.name, flags | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        raise missing(target) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ToolFailure(f"{target.name} changed into a symlink meanwhile.") from None
        raise ToolFailure(f"{target.name}: {error.strerror}.") from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise ToolFailure(f"{target.name} is {_kind(mode)}; it is never opened.")


def missing(target: WorkspacePath) -> ToolFailure:
    """The error for a path where nothing is, with the names that come close."""
    folder = target.path.parent
    wanted = target.path.name
    while not os.path.isdir(folder) and folder != folder.parent:
        wanted, folder = folder.name, folder.parent
    near = [str(folder / name) for name in _near(folder, wanted)]
    if folder != target.path.parent:
        title = f"{target.name} does not exist; neither does the folder {folder / wanted}."
    else:
        title = f"{target.name} does not exist."
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Look with ls or glob in {folder}."
    return ToolFailure(title, hint=hint)


def _near(folder: Path, wanted: str) -> list[str]:
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) >= _LISTED_FOR_NAMES:
                    break
    except OSError:
        return []
    by_folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(wanted.casefold(), by_folded, n=3, cutoff=0.6)
    return [readable_name(by_folded[name]) for name in close]


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"
