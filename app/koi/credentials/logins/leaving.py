"""Gives a login up: its tokens are revoked where the vendor lets koi, and removed in any case."""

from __future__ import annotations

import asyncio

from koi.catalogue.registry import Registry
from koi.core.errors import KoiError
from koi.credentials.logins import chatgpt, chatgpt_sign_in, copilot
from koi.credentials.logins.keeping import auth_file
from koi.credentials.logins.login import Login
from koi.credentials.oauth.application import Application, network_policy, origin_of
from koi.credentials.oauth.id_token import DISCOVERY
from koi.credentials.oauth.server_text import page_address
from koi.credentials.oauth.token_server import Reply, TokenServer
from koi.credentials.stores.token_record import TokenRecord
from koi.net.hosts import host_of

LIMIT_S = 10.0


class _Refused(Exception):
    """The server did not revoke; the text says why."""


async def disconnect(login: Login, registry: Registry) -> tuple[str, ...]:
    """Revoke, best effort and within 10 s, and remove koi's copy; what should be known of it.

    Raises StorageError when it cannot be removed.
    """
    store = auth_file(registry)
    record = store.get(login.provider)
    notes: list[str] = []
    if record is not None and record.secrets:
        notes = await _revoke(login, record, registry)
    await asyncio.to_thread(store.remove, login.provider)
    return tuple(notes)


async def _revoke(login: Login, record: TokenRecord, registry: Registry) -> list[str]:
    if login.provider == copilot.PROVIDER:
        web = record.text("domain") or "github.com"
        return [f"GitHub lets koi in until you remove it at https://{web}/settings/applications"]
    if login.provider != chatgpt.PROVIDER:
        return [f"{login.title} has no way to revoke a login: its tokens end by themselves"]
    try:
        async with asyncio.timeout(LIMIT_S):
            await _revoke_chatgpt(record, registry)
    except (KoiError, TimeoutError, _Refused) as error:
        why = error.title if isinstance(error, KoiError) else str(error) or "no answer in time"
        return [f"{login.title} did not confirm that the login is over: {why}"]
    return []


async def _revoke_chatgpt(record: TokenRecord, registry: Registry) -> None:
    """Raises KoiError, _Refused."""
    config = registry.config
    application = chatgpt.application_for(record, config)
    token = record.refresh_token or record.access_token
    assert token is not None, "only what has tokens is revoked"
    fields = {
        "token": token.reveal(),
        "token_type_hint": "refresh_token" if record.refresh_token else "access_token",
        "client_id": record.text("client_id") or application.client_id,
    }
    async with TokenServer(network_policy(application, config), limit_s=LIMIT_S) as server:
        if record.text("method") == chatgpt_sign_in.METHOD:
            reply = await server.form(await _revocation_place(server, application), fields)
        else:
            place = f"{application.token_url.rpartition('/')[0]}/revoke"
            reply = await server.json(place, fields)
    _check(reply)


async def _revocation_place(server: TokenServer, application: Application) -> str:
    discovered = await server.get(f"{origin_of(application.authorize_url)}{DISCOVERY}")
    domains, own = application.page_domains, application.own_hosts
    place = page_address(discovered.fields.get("revocation_endpoint"), domains, own)
    if not place:
        raise _Refused("its server names no place for that")
    server.allow(host_of(place))
    return place


def _check(reply: Reply) -> None:
    if not reply.good:
        raise _Refused(f"status {reply.status}")
