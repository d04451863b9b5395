"""Claude Code's login, in its own file. Used after a yes only, never renewed, never copied."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import msgspec

from koi.config.config import Config
from koi.core.messages import JsonObject
from koi.core.secret import Secret
from koi.credentials.findings import CLAUDE_CODE, Finding, TokenUse
from koi.credentials.sources import fields
from koi.credentials.sources.borrowed import Borrowed, BorrowedToken, gone
from koi.credentials.sources.foreign_file import Unreadable, read_object, stamp_of
from koi.credentials.sources.judged import OAUTH_BETA
from koi.credentials.sources.offer import has_ended, offered
from koi.credentials.sources.search import Search, home_of
from koi.files.home import short_path

TITLE = "Claude Code's login"
WAY_OUT = "Set ANTHROPIC_API_KEY to a key of Anthropic, or: koi connect anthropic"
RENEWAL = "it has ended; Claude Code renews it when it runs"
USE = TokenUse(auth="bearer", headers=OAUTH_BETA)
_VARIABLE = "CLAUDE_CONFIG_DIR"
_OWN, _TOKEN = "claudeAiOauth", "accessToken"


class ClaudeLogin(msgspec.Struct, frozen=True):
    """What Claude Code says of its login, without the token."""

    expires_at: float | None
    plan: str


def find(search: Search) -> tuple[Finding, ...]:
    """The login in the file, with its state. A file with other things only is no login."""
    provider = search.provider("anthropic")
    if provider is None:
        return ()
    path = credential_file(search.config)
    shown = short_path(path)
    try:
        login = login_in(read_object(path) or {})
    except Unreadable as error:
        detail = f"{shown} {error}"
        return (Finding(provider.name, CLAUDE_CODE, "unreadable", detail=detail),)
    if login is None:
        return ()
    found = Finding(
        provider.name,
        CLAUDE_CODE,
        "usable",
        detail=shown,
        account=login.plan,
        expires_at=login.expires_at,
        subscription=True,
        consent="claude-cli",
        use=USE,
    )
    return (offered(found, provider, search.config, renewal=RENEWAL),)


def borrowed(config: Config) -> Borrowed:
    """Its token, as the file has it whenever it is needed."""
    path = credential_file(config)

    def read() -> BorrowedToken:
        try:
            return token_in(read_object(path) or {}, short_path(path))
        except Unreadable as error:
            raise gone(TITLE, f"{short_path(path)} {error}", WAY_OUT) from error

    return Borrowed(TITLE, "claude-cli", read, WAY_OUT, lambda: stamp_of(path))


def token_in(content: JsonObject, place: str) -> BorrowedToken:
    """The token of a document as it is sent.

    Raises CredentialMissing when there is none, or it is over; Unreadable.
    """
    login = login_in(content)
    if login is None:
        raise gone(TITLE, f"{place} holds none any more", WAY_OUT)
    if has_ended(login.expires_at):
        raise gone(TITLE, RENEWAL, WAY_OUT)
    secret = Secret(fields.token(fields.table(content, _OWN), _TOKEN))
    return BorrowedToken(secret, login.expires_at, OAUTH_BETA)


def login_in(content: JsonObject) -> ClaudeLogin | None:
    """The login in Claude Code's document, None when it holds none. Raises Unreadable."""
    own = fields.table(content, _OWN)
    if not fields.token(own, _TOKEN):
        return None
    plan = fields.words(own, "subscriptionType")
    expires_at = fields.milliseconds(own, "expiresAt")
    return ClaudeLogin(expires_at, f"{plan} plan" if plan else "")


def credential_file(config: Config) -> Path:
    """Where Claude Code keeps its login on systems without a Keychain."""
    folder = config.environment.get(_VARIABLE)
    return (Path(folder) if folder else home_of(config) / ".claude") / ".credentials.json"


def keychain_service(config: Config) -> str:
    """The name of its entry in the macOS Keychain: an own folder has an entry of its own."""
    folder = config.environment.get(_VARIABLE)
    if not folder:
        return "Claude Code-credentials"
    digest = hashlib.sha256(unicodedata.normalize("NFC", folder).encode()).hexdigest()
    return f"Claude Code-credentials-{digest[:8]}"
