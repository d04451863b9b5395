"""koi's own logins, from auth.json. A login that has ended is shown with the way back."""

from __future__ import annotations

import time

import msgspec

from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.credentials.findings import KOI_LOGIN, Finding
from koi.credentials.logins.login import Login
from koi.credentials.logins.table import LOGINS
from koi.credentials.logins.upkeep import misplaced, use_at
from koi.credentials.sources.search import Search
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord


def find(search: Search) -> tuple[Finding, ...]:
    """The logins of the providers looked for. Raises StorageError when the file is unreadable."""
    contents = AuthFile(search.config.paths.auth_file).read()
    search.notes.extend(contents.notes)
    return tuple(
        _finding(provider, login, record, search.config)
        for login in LOGINS
        if (record := contents.records.get(login.provider)) is not None
        and (record.access_token is not None or record.needs_login)
        and (provider := search.provider(login.provider)) is not None
    )


def _finding(provider: Registered, login: Login, record: TokenRecord, config: Config) -> Finding:
    again = f"connect again: {login.command}"
    found = Finding(
        provider.name,
        KOI_LOGIN,
        "usable",
        label="" if record.access_token is None else record.access_token.label,
        detail=login.command,
        account=record.account,
        expires_at=record.ends_at(),
        renewed=record.refresh_token is not None,
        subscription=True,
    )
    if record.access_token is None:
        detail = f"the login has ended ({record.needs_login}), {again}"
        return msgspec.structs.replace(found, state="expired", detail=detail)
    if record.expires_at and record.refresh_token is None and time.time() >= record.expires_at:
        return msgspec.structs.replace(found, state="expired", detail=f"its time is over, {again}")
    if why := misplaced(provider, record, config):
        return msgspec.structs.replace(found, state="unreadable", detail=why)
    return msgspec.structs.replace(found, use=use_at(provider, record))
