"""Gives up what koi keeps: tokens are revoked if that works, and removed in any case."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from koi.catalogue.registry import Registry
from koi.core.errors import KoiError
from koi.credentials.belongings import Belonging
from koi.credentials.consent import revoke
from koi.credentials.discovery import damaged_logins, discover
from koi.credentials.status import remaining


async def give_up(belonging: Belonging, registry: Registry) -> tuple[str, ...]:
    """Remove one thing; what should be known about it. Raises StorageError, ConfigurationError."""
    from koi.credentials.logins.leaving import disconnect
    from koi.credentials.logins.table import login_of
    from koi.credentials.stores.auth_file import AuthFile
    from koi.credentials.stores.saved_keys import remove_key

    paths = registry.config.paths
    if belonging.consent is not None:
        await asyncio.to_thread(revoke, paths, belonging.consent)
        return ()
    if belonging.kind == "key":
        removed = await asyncio.to_thread(remove_key, paths, belonging.provider)
        return (removed.left,) if removed.left else ()
    login = login_of(belonging.provider)
    if login is not None:
        return await disconnect(login, registry)
    await asyncio.to_thread(AuthFile(paths.auth_file).remove, belonging.provider)
    return ()


async def give_up_all(held: Sequence[Belonging], registry: Registry) -> tuple[str, ...]:
    """Remove several, one failing not keeping the others; the outcome of each, in words."""
    said: list[str] = []
    for belonging in held:
        try:
            notes = await give_up(belonging, registry)
        except KoiError as error:
            said.append(f"{belonging.title}: not removed: {error.title}. {error.hint}".rstrip())
            continue
        said.append(f"{belonging.title}: removed ({belonging.words})")
        said += [f"  {note}" for note in notes]
    return tuple(said)


async def what_remains(held: Sequence[Belonging], registry: Registry) -> tuple[str, ...]:
    """What is still usable of the providers concerned, and why; and what may hold old tokens.

    `registry` is read anew.
    """
    discovery = await discover(registry, thorough=True)
    providers = dict.fromkeys(each.provider for each in held if each.provider)
    usable = tuple(
        f"{provider}: {still}"
        for provider in providers
        if (still := remaining(discovery, provider))
    )
    damaged = damaged_logins(registry.config) if any(each.kind == "login" for each in held) else ()
    return usable + tuple(f"{path} may hold old tokens: remove it by hand" for path in damaged)
