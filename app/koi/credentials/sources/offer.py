"""What becomes of a token that was made for another program: the person and its vendor decide."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import msgspec

from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.core.errors import ConfigurationError
from koi.credentials.consent import answer_of
from koi.credentials.findings import Finding, State
from koi.credentials.refusals import refusal_of

SKEW_S = 300.0
"""A token that ended less than so many seconds ago is tried once: clocks differ."""


def offered(found: Finding, provider: Registered, config: Config, *, renewal: str = "") -> Finding:
    """`found` with the state that it really has; without its secret unless it may be used.

    `renewal` says how the person gets a fresh one when it has ended.
    """
    state, why = _state(found, provider, config, renewal)
    if state == "usable":
        return found
    detail = f"{found.detail}: {why}" if why else found.detail
    return msgspec.structs.replace(found, state=state, detail=detail, secret=None)


def has_ended(expires_at: float | None) -> bool:
    """True for a token that is over, also by a clock that is some minutes wrong."""
    return expires_at is not None and time.time() > expires_at + SKEW_S


def place_of(provider: Registered, home: str, config: Config) -> str:
    """Why a token that is valid at the address `home` is not sent to the configured one.

    "" when the two are one place, or nothing is configured.
    """
    written = provider.table.base_url
    if written is None:
        return ""
    key = provider.key("base_url")
    own = _origin(home)
    try:
        place = _origin(config.text(written, key))
    except (ConfigurationError, ValueError):
        place = ""
    if place == own:
        return ""
    return f"it is valid at {own} only, and {key} names {place or 'another place'}"


def _origin(url: str) -> str:
    """Where a token would go, with how and at which port when these are not the usual ones."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    how = "" if parts.scheme == "https" else f"{parts.scheme}://"
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{how}{parts.hostname or ''}{port}"


def _state(found: Finding, provider: Registered, config: Config, renewal: str) -> tuple[State, str]:
    home = found.use.base_url or provider.row.company.base_url
    if elsewhere := place_of(provider, home, config):
        return "unreadable", elsewhere
    if found.consent is None:
        return found.state, ""
    answer = answer_of(config, found.consent)
    if answer == "no":
        return "declined", ""
    if words := refusal_of(config.paths, found.consent):
        return "refused", f"the server said: {words}"
    if has_ended(found.expires_at):
        return "expired", renewal
    return ("usable", "") if answer == "yes" else ("needs_yes", "")
