"""The system prompt: koi's own instructions, the place, and the project's when it is trusted."""

from __future__ import annotations

import platform
from datetime import date
from functools import cache
from pathlib import Path

INSTRUCTIONS_LIMIT = 32 * 1024
"""Bytes of AGENTS.md that are sent; the rest is left out, and that is said."""


@cache
def _own_instructions() -> str:
    return Path(__file__).with_name("system_prompt.md").read_text(encoding="utf-8")


def system_prompt(workspace: Path, today: date, mode: str, instructions: str = "") -> str:
    """The whole system prompt. It changes only with its arguments, so that it stays cached."""
    text = _own_instructions()
    place = [
        "# Where you are",
        f"Workspace: {workspace}",
        f"System: {platform.system()}. Date: {today.isoformat()}.",
    ]
    if mode == "plan":
        place.append(
            "Plan mode: only read. Finish with a plan; calls that change anything are denied."
        )
    sections = [text.strip(), "\n".join(place)]
    if instructions:
        sections.append(f"# The project's instructions (AGENTS.md)\n{instructions}")
    return "\n\n".join(sections)


def read_instructions(workspace: Path) -> str:
    """The text of the workspace's AGENTS.md, "" when there is none or it cannot be read.

    Call it only for a trusted workspace. Only a regular file inside the workspace is read.
    """
    path = workspace / "AGENTS.md"
    try:
        resolved = path.resolve(strict=True)
        if not resolved.is_file() or not resolved.is_relative_to(workspace):
            return ""
        with resolved.open("rb") as file:
            data = file.read(INSTRUCTIONS_LIMIT + 1)
    except OSError:
        return ""
    text = data[:INSTRUCTIONS_LIMIT].decode("utf-8", errors="replace")
    if len(data) > INSTRUCTIONS_LIMIT:
        text += "\n[The rest of AGENTS.md was left out: it is over 32 kB.]"
    return text


def has_instructions(workspace: Path) -> bool:
    """True when the workspace has an AGENTS.md that trust would let koi read."""
    return (workspace / "AGENTS.md").is_file()
