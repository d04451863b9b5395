"""Opens a page in the person's browser, without letting it write over the screen."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from urllib.parse import urlsplit

from koi.net.hosts import is_loopback
from koi.safety.environment import without_keys


def open_page(url: str) -> str:
    """Open `url`, and say so: only https, or this machine. BROWSER is honoured."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        return "this address is not opened: it is not https"
    threading.Thread(target=_open, args=(url,), name="koi-browser", daemon=True).start()
    return "asked for a browser; if none opens, use the address"


def _open(url: str) -> None:
    # A process of its own: a browser on the terminal, or its messages, would ruin the screen.
    try:
        subprocess.Popen(
            [sys.executable, "-m", "webbrowser", url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=without_keys(os.environ),
        ).wait()
    except OSError:
        return  # the address is on the screen
