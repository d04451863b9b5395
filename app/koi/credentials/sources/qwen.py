"""Qwen Code's login, in its own file. Used after a yes only, never renewed, never copied."""

from __future__ import annotations

from pathlib import Path

import msgspec

from koi.config.config import Config
from koi.core.messages import JsonObject
from koi.core.secret import Secret
from koi.credentials.findings import QWEN_CLI, Finding, TokenUse
from koi.credentials.oauth.server_text import vendors_url
from koi.credentials.sources import fields
from koi.credentials.sources.borrowed import Borrowed, BorrowedToken, gone
from koi.credentials.sources.foreign_file import Unreadable, read_object, stamp_of
from koi.credentials.sources.offer import has_ended, offered
from koi.credentials.sources.search import Search, home_of
from koi.files.home import short_path

TITLE = "Qwen Code's login"
WAY_OUT = "Set DASHSCOPE_API_KEY, or use another provider: Qwen's free login ended in April 2026."
RENEWAL = "it has ended, as Qwen's free login has; set DASHSCOPE_API_KEY"
PLACES = ("qwen.ai", "aliyuncs.com")
"""Domains where its tokens may be valid; a file that names another place is not believed."""


class QwenLogin(msgspec.Struct, frozen=True):
    """What Qwen Code says of its login, without the token."""

    expires_at: float | None
    base_url: str
    """"" for the provider's own place."""


def find(search: Search) -> tuple[Finding, ...]:
    """The login in the file, with its state."""
    provider = search.provider("qwen-code")
    if provider is None:
        return ()
    path = credential_file(search.config)
    shown = short_path(path)
    try:
        login = login_in(read_object(path) or {})
    except Unreadable as error:
        return (Finding(provider.name, QWEN_CLI, "unreadable", detail=f"{shown} {error}"),)
    if login is None:
        return ()
    # Its usual place when the file names none: a variable that names one is for keys.
    usual = provider.row.company.base_url if provider.table.base_url is None else ""
    found = Finding(
        provider.name,
        QWEN_CLI,
        "usable",
        detail=shown,
        expires_at=login.expires_at,
        subscription=True,
        consent="qwen-cli",
        use=TokenUse(login.base_url or usual, "bearer"),
    )
    return (offered(found, provider, search.config, renewal=RENEWAL),)


def borrowed(config: Config) -> Borrowed:
    """Its token, as the file has it whenever it is needed."""
    path = credential_file(config)

    def read() -> BorrowedToken:
        try:
            content = read_object(path) or {}
            login = login_in(content)
        except Unreadable as error:
            raise gone(TITLE, f"{short_path(path)} {error}", WAY_OUT) from error
        if login is None:
            raise gone(TITLE, f"{short_path(path)} holds none any more", WAY_OUT)
        if has_ended(login.expires_at):
            raise gone(TITLE, RENEWAL, WAY_OUT)
        secret = Secret(fields.token(content, "access_token"))
        return BorrowedToken(secret, login.expires_at, base_url=login.base_url)

    return Borrowed(TITLE, "qwen-cli", read, WAY_OUT, lambda: stamp_of(path))


def login_in(content: JsonObject) -> QwenLogin | None:
    """The login in Qwen Code's document, None when it holds none. Raises Unreadable."""
    if not fields.token(content, "access_token"):
        return None
    place = _checked_place(fields.words(content, "resource_url"))
    return QwenLogin(fields.milliseconds(content, "expiry_date"), place)


def credential_file(config: Config) -> Path:
    """Where Qwen Code keeps its login."""
    return home_of(config) / ".qwen" / "oauth_creds.json"


def _checked_place(written: str) -> str:
    """The base URL that `resource_url` means, "" for none. Raises Unreadable for another's."""
    if not written:
        return ""
    url = vendors_url(written, PLACES)
    if not url:
        raise Unreadable("names a place that is not Qwen's")
    return url if url.endswith("/v1") else f"{url}/v1"
