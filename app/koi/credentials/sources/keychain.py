"""Claude Code's login in the macOS Keychain: only whether it is there, until it is needed.

Reading the secret shows a dialog, so that happens at the first request and never at start.
"""

from __future__ import annotations

import subprocess
import sys

from koi.config.config import Config
from koi.credentials.findings import KEYCHAIN, Finding
from koi.credentials.sources.borrowed import Borrowed, BorrowedToken, gone
from koi.credentials.sources.claude import (
    TITLE,
    USE,
    WAY_OUT,
    keychain_service,
    token_in,
)
from koi.credentials.sources.foreign_file import LARGEST, Unreadable, parse_object
from koi.credentials.sources.offer import offered
from koi.credentials.sources.search import Search

ON_MAC = sys.platform == "darwin"
COMMAND = "/usr/bin/security"
_NEEDED = ("HOME", "PATH", "USER", "LANG", "TMPDIR")
"""All that `security` gets of the environment: keys in it are none of its business."""
EXISTS_S = 2.0
"""Seconds to say whether an entry is there."""
DIALOG_S = 120.0
"""Seconds for the person to answer the system's question."""


def find(search: Search) -> tuple[Finding, ...]:
    """The entry, if there is one. Its secret is not read, and nobody is asked for a password."""
    provider = search.provider("anthropic")
    if not ON_MAC or provider is None:
        return ()
    service = keychain_service(search.config)
    if _security(search.config, service, (), EXISTS_S) is None:
        return ()
    found = Finding(
        provider.name,
        KEYCHAIN,
        "usable",
        detail=service,
        subscription=True,
        consent="claude-keychain",
        use=USE,
    )
    return (offered(found, provider, search.config),)


def borrowed(config: Config) -> Borrowed:
    """Its token, read when it is needed; macOS asks the person whether koi may have it."""
    service = keychain_service(config)

    def read() -> BorrowedToken:
        content = _security(config, service, ("-w",), DIALOG_S)
        if content is None:
            raise gone(TITLE, "the Keychain did not give it", WAY_OUT)
        try:
            return token_in(parse_object(content), f"the entry {service}")
        except Unreadable as error:
            raise gone(TITLE, f"the entry {service} {error}", WAY_OUT) from error

    return Borrowed(TITLE, "claude-keychain", read, WAY_OUT, patience_s=DIALOG_S + 1)


def _security(config: Config, service: str, more: tuple[str, ...], limit_s: float) -> bytes | None:
    """What `security` prints for an entry, None when it is not there or not in time."""
    user = config.environment.get("USER", "")
    environment = {name: config.environment[name] for name in _NEEDED if name in config.environment}
    words = [COMMAND, "find-generic-password", "-s", service, "-a", user, *more]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
            env=environment,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout[:LARGEST] if done.returncode == 0 else None
