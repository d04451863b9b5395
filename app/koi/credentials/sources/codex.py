"""What Codex CLI keeps: an API key of the person's own, or a ChatGPT login, which needs a yes.

Its tokens are never renewed here: that would log the person out of Codex.
"""

from __future__ import annotations

import hashlib
import time
import tomllib
from collections.abc import Callable, Iterator
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
PLACE = f"the entry {SERVICE} of the OS keyring"
HALF_WRITTEN_S = 0.05
"""Codex writes in place: a file that is cut off is read once more after so many seconds."""


class CodexLogin(msgspec.Struct, frozen=True):
    """What Codex says of its ChatGPT login, without the token."""

    expires_at: float | None
    account_id: str
    person: str


def find(search: Search) -> tuple[Finding, ...]:
    """An API key for `openai`, a login for `openai-codex`, as far as they are in its file."""
    if not _looked_for(search):
        return ()
    return _found(search, _in_file, short_path(auth_file(search.config)))


def find_in_keyring(search: Search) -> tuple[Finding, ...]:
    """The same from the OS keyring, if Codex keeps them there: looked into after a yes only."""
    config = search.config
    if not _looked_for(search) or not _uses_keyring(config):
        return ()
    if answer_of(config, "codex-cli") == "yes":
        return _found(search, _in_keyring, PLACE)
    chatgpt = search.provider("openai-codex")
    if chatgpt is None or search.depth != "everything":
        return ()
    return (_offered(chatgpt, CodexLogin(None, "", ""), f"{PLACE} (not looked into)", config),)


def borrowed(config: Config) -> Borrowed:
    """The token of its ChatGPT login, as it is whenever it is needed."""
    in_keyring = _uses_keyring(config)
    place = PLACE if in_keyring else short_path(auth_file(config))

    def read() -> BorrowedToken:
        try:
            content = _in_keyring(config) if in_keyring else _in_file(config)
            login = login_in(content)
        except (Unreadable, KeyringFailure) as error:
            raise gone(TITLE, f"{place} {error}", WAY_OUT) from error
        if login is None:
            raise gone(TITLE, f"{place} holds none any more", WAY_OUT)
        if has_ended(login.expires_at):
            raise gone(TITLE, RENEWAL, WAY_OUT)
        secret = Secret(fields.token(fields.table(content, "tokens"), "access_token"))
        account = {ACCOUNT_HEADER: login.account_id} if login.account_id else {}
        return BorrowedToken(secret, login.expires_at, {**account, "originator": "koi"})

    return Borrowed(TITLE, "codex-cli", read, WAY_OUT, lambda: stamp_of(auth_file(config)))


def login_in(content: JsonObject) -> CodexLogin | None:
    """The ChatGPT login in Codex's document, None when it holds none. Raises Unreadable."""
    tokens = fields.table(content, "tokens")
    access = fields.token(tokens, "access_token")
    if not access:
        return None
    # Late: only who has such a login needs the code of koi's own one.
    from koi.credentials.logins.chatgpt_account import facts_of

    identity, own = Secret(fields.token(tokens, "id_token")), Secret(access)
    facts = facts_of(identity, own)
    account = fields.token(tokens, "account_id") or fields.words(facts, "account_id")
    mail, plan = fields.words(facts, "account"), fields.words(facts, "plan")
    person = f"{mail} ({plan})" if mail and plan else mail or plan
    return CodexLogin(fields.seconds(claims_of(own), "exp"), account, person)


def auth_file(config: Config) -> Path:
    """Where Codex keeps its login, unless it was told to use the keyring."""
    return _codex_home(config) / "auth.json"


def keyring_account(config: Config) -> str:
    """The name of its entry in the OS keyring."""
    digest = hashlib.sha256(str(_codex_home(config).resolve()).encode()).hexdigest()
    return f"cli|{digest[:16]}"


def _looked_for(search: Search) -> bool:
    return any(search.provider(name) is not None for name in ("openai", "openai-codex"))


def _found(search: Search, read: Callable[[Config], JsonObject], place: str) -> tuple[Finding, ...]:
    openai, chatgpt = search.provider("openai"), search.provider("openai-codex")
    try:
        content = read(search.config)
        found = [] if openai is None else list(_key(openai, content, place, search.config))
        login = None if chatgpt is None else login_in(content)
    except (Unreadable, KeyringFailure) as error:
        if chatgpt is None:
            return ()
        return (Finding(chatgpt.name, CODEX_CLI, "unreadable", detail=f"{place} {error}"),)
    if chatgpt is not None and login is not None:
        found.append(_offered(chatgpt, login, place, search.config))
    return tuple(found)


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


def _offered(provider: Registered, login: CodexLogin, place: str, config: Config) -> Finding:
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
    return offered(found, provider, config, renewal=RENEWAL)


def _in_file(config: Config) -> JsonObject:
    """Codex's document, empty when there is no file. Raises Unreadable."""
    if _store(config) == "keyring":
        return {}
    path = auth_file(config)
    content = read_file(path)
    if content is None:
        return {}
    try:
        return parse_object(content)
    except Unreadable:
        time.sleep(HALF_WRITTEN_S)
        return parse_object(read_file(path) or b"{}")


def _in_keyring(config: Config) -> JsonObject:
    """Codex's document, empty when there is no entry. Raises Unreadable, KeyringFailure."""
    account = keyring_account(config)
    os_keyring().forget(account, SERVICE)  # Codex renews its login there
    kept = os_keyring().get(account, SERVICE)
    return {} if kept is None else parse_object(kept.reveal().encode())


def _uses_keyring(config: Config) -> bool:
    """True when its login is in the keyring; in its mode `auto`, when there is no file."""
    mode = _store(config)
    return mode == "keyring" or (mode == "auto" and not auth_file(config).exists())


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
