"""What Codex CLI keeps: an API key of the person's own, or a ChatGPT login, which needs a yes.

Its tokens are never renewed here: that would log the person out of Codex.
"""

from __future__ import annotations

import hashlib
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.core.messages import JsonObject
from koi.core.secret import Secret
from koi.credentials.consent import answer_of
from koi.credentials.findings import CODEX_CLI, Finding, TokenUse
from koi.credentials.oauth.claims import claims_of
from koi.credentials.sources import fields
from koi.credentials.sources.borrowed import Borrowed, BorrowedToken, gone
from koi.credentials.sources.claims import account_id, expiry, person
from koi.credentials.sources.foreign_file import (
    Unreadable,
    parse_object,
    read_file,
    stamp_of,
)
from koi.credentials.sources.judged import judged
from koi.credentials.sources.offer import has_ended, offered, place_of
from koi.credentials.sources.search import Search, home_of
from koi.credentials.stores.back_end import KeyringFailure
from koi.credentials.stores.keyring_store import os_keyring
from koi.files.home import short_path

TITLE = "Codex CLI's login"
RENEWAL = "it has ended; run `codex` once, or `koi connect chatgpt`"
WAY_OUT = "Log in with koi itself: koi connect chatgpt"
ACCOUNT_HEADER = "ChatGPT-Account-Id"
SERVICE = "Codex Auth"
HALF_WRITTEN_S = 0.05
"""Codex writes in place: a file that is cut off is read once more after so many seconds."""


class CodexLogin(msgspec.Struct, frozen=True):
    """What Codex says of its ChatGPT login, without the token."""

    expires_at: float | None
    account_id: str
    person: str


def find(search: Search) -> tuple[Finding, ...]:
    """An API key for `openai`, a login for `openai-codex`, as far as they are there."""
    openai, chatgpt = search.provider("openai"), search.provider("openai-codex")
    if openai is None and chatgpt is None:
        return ()
    config = search.config
    place = _place(config)
    try:
        content = _content(config, _may_ask_keyring(search))
        found = [] if openai is None else list(_key(openai, content, place, config))
        if chatgpt is not None:
            found += _login(chatgpt, content, place, config)
    except (Unreadable, KeyringFailure) as error:
        provider = chatgpt or openai
        name = provider.name if provider is not None else ""
        return (Finding(name, CODEX_CLI, "unreadable", detail=f"{place} {error}"),)
    return tuple(found)


def borrowed(config: Config) -> Borrowed:
    """The token of its ChatGPT login, as it is whenever it is needed."""
    place = _place(config)

    def read() -> BorrowedToken:
        try:
            content = _content(config, ask_keyring=True)
            login = login_in(content)
        except (Unreadable, KeyringFailure) as error:
            raise gone(TITLE, f"{place} {error}", WAY_OUT) from error
        if login is None:
            raise gone(TITLE, f"{place} holds none any more", WAY_OUT)
        if has_ended(login.expires_at):
            raise gone(TITLE, RENEWAL, WAY_OUT)
        secret = Secret(fields.token(fields.table(content, "tokens"), "access_token"))
        headers = {ACCOUNT_HEADER: login.account_id} if login.account_id else {}
        return BorrowedToken(secret, login.expires_at, headers)

    return Borrowed(TITLE, "codex-cli", read, WAY_OUT, lambda: stamp_of(auth_file(config)))


def login_in(content: JsonObject) -> CodexLogin | None:
    """The ChatGPT login in Codex's document, None when it holds none. Raises Unreadable."""
    tokens = fields.table(content, "tokens")
    access = fields.token(tokens, "access_token")
    if not access:
        return None
    own = claims_of(Secret(access))
    identity = claims_of(Secret(fields.token(tokens, "id_token")))
    account = fields.token(tokens, "account_id") or account_id(identity) or account_id(own)
    return CodexLogin(expiry(own), account, person(identity) or person(own))


def auth_file(config: Config) -> Path:
    """Where Codex keeps its login, unless it was told to use the keyring."""
    return _codex_home(config) / "auth.json"


def keyring_account(config: Config) -> str:
    """The name of its entry in the OS keyring."""
    digest = hashlib.sha256(str(_codex_home(config).resolve()).encode()).hexdigest()
    return f"cli|{digest[:16]}"


def _key(
    provider: Registered, content: JsonObject, place: str, config: Config
) -> Iterator[Finding]:
    value = fields.token(content, "OPENAI_API_KEY")
    if not value:
        return
    detail = f"API key in {place}"
    if elsewhere := place_of(provider, provider.row.company.base_url, config):
        detail = f"{detail}: {elsewhere}"
        yield Finding(provider.name, CODEX_CLI, "unreadable", Secret(value).label, detail)
        return
    yield judged(provider, CODEX_CLI, value, detail, config)


def _login(
    provider: Registered, content: JsonObject, place: str, config: Config
) -> Iterator[Finding]:
    login = login_in(content)
    if login is None:
        return
    found = Finding(
        provider.name,
        CODEX_CLI,
        "usable",
        detail=place,
        account=login.person,
        expires_at=login.expires_at,
        subscription=True,
        consent="codex-cli",
        use=TokenUse(auth="bearer"),
    )
    yield offered(found, provider, config, renewal=RENEWAL)


def _content(config: Config, ask_keyring: bool) -> JsonObject:
    """Codex's document, empty when there is none. Raises Unreadable, KeyringFailure."""
    mode = _store(config)
    if mode != "keyring":
        path = auth_file(config)
        content = read_file(path)
        if content is not None:
            try:
                return parse_object(content)
            except Unreadable:
                time.sleep(HALF_WRITTEN_S)
                return parse_object(read_file(path) or b"{}")
    if mode in ("keyring", "auto") and ask_keyring:
        kept = os_keyring().get(keyring_account(config), SERVICE)
        return {} if kept is None else parse_object(kept.reveal().encode())
    return {}


def _may_ask_keyring(search: Search) -> bool:
    """The keyring is asked after a yes, or when the person wants to know everything."""
    return search.depth == "everything" or answer_of(search.config, "codex-cli") == "yes"


def _store(config: Config) -> str:
    """Where Codex was told to keep its login: file, keyring, auto, ephemeral."""
    try:
        content = read_file(_codex_home(config) / "config.toml")
        settings = tomllib.loads((content or b"").decode())
    except (Unreadable, ValueError, RecursionError):
        return "file"
    return fields.words(settings, "cli_auth_credentials_store") or "file"


def _codex_home(config: Config) -> Path:
    named = config.environment.get("CODEX_HOME")
    return Path(named) if named else home_of(config) / ".codex"


def _place(config: Config) -> str:
    in_keyring = _store(config) == "keyring"
    return f"the keyring's {SERVICE}" if in_keyring else short_path(auth_file(config))
