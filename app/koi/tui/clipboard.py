"""Copying: a local clipboard tool where there is one, else the terminal is asked to do it."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from koi.safety.environment import without_keys

if TYPE_CHECKING:
    from textual.app import App

LIMIT = 74_000
"""Terminals cap what OSC 52 may carry, commonly near this many bytes."""
_TOOLS: tuple[tuple[str, ...], ...] = (
    ("pbcopy",),
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("clip.exe",),
)


def copy(app: App[int], text: str, what: str) -> str:
    """Copy `text`; returns what to tell the person, no more than is known."""
    tool = find_tool(os.environ)
    if tool is not None:
        data = text.encode("utf-8", "replace")
        threading.Thread(target=_pipe, args=(tool, data), daemon=True).start()
        return f"copied {what}"
    if len(text.encode("utf-8", "replace")) > LIMIT:
        return f"{what} is too long for the terminal's clipboard"
    app.copy_to_clipboard(text)
    if os.environ.get("TMUX") and app._driver is not None:
        app._driver.write(_tmux_sequence(text))
    return f"sent {what} to the terminal's clipboard"


def _tmux_sequence(text: str) -> str:
    """OSC 52 wrapped so that tmux hands it on (needs `allow-passthrough on`)."""
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    return f"\x1bPtmux;\x1b\x1b]52;c;{encoded}\x07\x1b\\"


def find_tool(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The command that copies what it reads; None over SSH, where it would copy elsewhere."""
    if environment.get("SSH_CONNECTION"):
        return None
    display = sys.platform == "darwin" or environment.get("WSL_DISTRO_NAME")
    for tool in _TOOLS:
        if tool[0] == "wl-copy" and not environment.get("WAYLAND_DISPLAY"):
            continue
        if tool[0] == "xclip" and not environment.get("DISPLAY"):
            continue
        if tool[0] in ("pbcopy", "clip.exe") and not display:
            continue
        if path := shutil.which(tool[0]):
            return (path, *tool[1:])
    return None


def _pipe(tool: tuple[str, ...], data: bytes) -> None:
    try:
        subprocess.run(
            tool,
            input=data,
            timeout=1.0,
            check=False,
            capture_output=True,
            env=without_keys(os.environ),
        )
    except (OSError, subprocess.TimeoutExpired):
        return
