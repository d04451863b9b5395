"""The person's home folder in paths that are shown."""

from __future__ import annotations

from pathlib import Path


def short_path(path: Path) -> str:
    """A path with ~ for the person's home."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except ValueError:
        return str(path)
