"""The content of a file before and after a change: never a change of something unseen."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from koi.core.errors import StorageError, ToolFailure
from koi.core.seams import ToolContext, ToolPlan
from koi.files.atomic import write_atomic
from koi.files.paths import WorkspacePath, open_file, resolve, stat_file
from koi.files.umask import user_umask

ABSENT = "absent"
"""The precondition of a file that must not exist."""


def digest(data: bytes) -> str:
    """How a content is named: its SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def load(target: WorkspacePath, limit: int) -> bytes | None:
    """The bytes of a file, None when there is none. Raises ToolFailure beyond `limit` bytes."""
    status = stat_file(target)
    if status is None:
        return None
    with os.fdopen(open_file(target), "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ToolFailure(
            f"{target.name} has {status.st_size:,} bytes; the limit of this tool is {limit:,}.",
            hint="Change it with a command (sed, a script) through bash.",
        )
    return data


def require_seen(target: WorkspacePath, data: bytes, context: ToolContext) -> None:
    """Raises ToolFailure unless the model knows exactly this content, or it may not be written."""
    seen = context.seen_digest(target.path)
    if seen is None:
        raise ToolFailure(
            f"{target.name} exists and was not read in this session; nothing was changed.",
            hint="Read it first, then repeat the call.",
        )
    if seen != digest(data):
        raise ToolFailure(
            f"{target.name} was changed by something else since it was last read; "
            "nothing was changed.",
            hint="Read it again, then repeat the call with its present content in mind.",
        )
    if not os.access(target.path, os.W_OK):
        raise ToolFailure(f"{target.name} is read-only (Permission denied).")


def require_same(
    given: str, plan: ToolPlan, context: ToolContext, limit: int
) -> tuple[WorkspacePath, bytes | None]:
    """The target and its content. Raises ToolFailure when either is not what was approved."""
    target = resolve(given, context.workspace)
    data = load(target, limit)
    state = ABSENT if data is None else digest(data)
    if (target.path,) != plan.paths or state != plan.precondition:
        raise ToolFailure(
            f"{target.name} changed after this call was approved; nothing was written.",
            hint="Read it again, then repeat the call.",
        )
    return target, data


def store(target: WorkspacePath, data: bytes, context: ToolContext) -> None:
    """Write the file atomically, with missing folders above it. Raises ToolFailure."""
    exists = target.path.exists()
    try:
        _make_folders(target.path.parent)
        write_atomic(target.path, data, mode=None if exists else 0o666 & ~user_umask())
    except OSError as error:
        raise ToolFailure(f"{target.name} cannot be written: {error.strerror}.") from error
    except StorageError as error:
        raise ToolFailure(error.title, hint=error.hint) from error
    context.remember_read(target.path, digest(data))


def _make_folders(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        each.chmod(0o777 & ~user_umask())
