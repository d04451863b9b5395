"""The domain of an enterprise, as people type it."""

from __future__ import annotations

import re

from koi.credentials.logins.events import LoginFailed

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def enterprise_domain(typed: str) -> str:
    """The domain that was typed, "" for the public GitHub. Raises LoginFailed when it is none."""
    text = typed.strip().lower()
    text = text.removeprefix("https://").removeprefix("http://").partition("/")[0].rstrip(".")
    if text in ("", "github.com", "www.github.com"):
        return ""
    if len(text) > 253 or not _DOMAIN.fullmatch(text) or text.rpartition(".")[2].isdecimal():
        raise LoginFailed(
            "this is not the domain of an enterprise",
            reason="refused",
            hint='Type it like "corp.ghe.com", or leave it empty for github.com.',
        )
    return text
