"""What the agent lends to one running tool call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class CallContext:
    """The ToolContext of one call; `seen` is shared by all calls of a session."""

    workspace: Path
    spill_folder: Path
    seen: dict[Path, str]
    write_output: Callable[[str], None]

    def output(self, chunk: str) -> None:
        """Show more live output."""
        self.write_output(chunk)

    def remember_read(self, path: Path, digest: str) -> None:
        """Note which content of a file the model has seen."""
        self.seen[path] = digest

    def seen_digest(self, path: Path) -> str | None:
        """The digest noted last, or None."""
        return self.seen.get(path)
