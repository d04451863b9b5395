"""Leads through giving a key: checked at its vendor, kept, and what the next request uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koi.core.secret import Secret
from koi.tui.desk import Connection, Desk

if TYPE_CHECKING:
    from koi.credentials.target_table import Target


async def enter_key(desk: Desk, target: Target, key: Secret | None = None) -> Connection | None:
    """Ask for the key of a target, or begin with one that was given; None: nothing is usable."""
    from koi.credentials.key_check import KeyCheck
    from koi.tui.screens.connect.key_entry import KeyEntry
    from koi.wiring.key_trial import check_key, keep_key
    from koi.wiring.precedence import NextRequest, next_request

    answer = KeyCheck("unproven")
    used = NextRequest(True)

    async def check(provider: str, key: Secret) -> KeyCheck:
        nonlocal answer
        answer = await check_key(provider, key, desk.registry())
        return answer

    def keep(provider: str, key: Secret) -> str:
        return keep_key(provider, key, desk.registry())

    async def next_one(provider: str) -> NextRequest:
        nonlocal used
        used = await next_request(provider, desk.registry())
        return used

    provider = await desk.ask(KeyEntry(target, desk.registry(), check, keep, next_one, key))
    if provider is None:
        return None
    models = () if used.words else answer.models
    return Connection(provider, models=models, said=used.words)
