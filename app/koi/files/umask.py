"""koi's own files are private from its first line; what it makes for the user is not its own."""

from __future__ import annotations

import os

_PRIVATE = 0o077
_users: list[int] = []


def make_private() -> None:
    """Give files that koi makes to this user only, and remember what the user's umask was."""
    previous = os.umask(_PRIVATE)
    if not _users:
        _users.append(previous)


def user_umask() -> int:
    """The umask that koi was started with: for commands, and for files in a workspace."""
    if _users:
        return _users[0]
    current = os.umask(_PRIVATE)
    os.umask(current)
    return current
