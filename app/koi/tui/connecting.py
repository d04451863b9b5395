"""Leads through connecting something: one screen after the other, in the chat or alone."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from koi.core.errors import KoiError
from koi.tui.desk import Connection, Desk, GivenKey

if TYPE_CHECKING:
    from koi.credentials.target_table import Target, WayKind
    from koi.credentials.targets import Way
    from koi.tui.actions import Actions


async def connect(
    desk: Desk, name: str | GivenKey | None, kinds: tuple[WayKind, ...] = ()
) -> Connection | None:
    """Connect what a name or a key means, or what is chosen; None when the person went back.

    Raises UsageError for a name that means nothing, and what the configuration has to say.
    """
    while True:
        chosen = name
        if chosen is None:
            chosen = await _choose_target(desk, kinds)
        if chosen is None:
            return None
        if isinstance(chosen, GivenKey):
            connection = await _take_key(desk, chosen)
        else:
            connection = await _connect_target(desk, chosen)
        if connection is not None or name is not None:
            return connection


async def connect_provider(app: Actions, what: str | GivenKey) -> str | None:
    """Lead through the login or the key of one provider; the provider that is usable then.

    A login may be that of another one: Qwen's is for qwen-code. None when the person went back.
    Raises KoiError.
    """
    connection = await _connect_and_renew(app, what)
    return None if connection is None else connection.provider


async def in_chat(app: Actions, name: str | GivenKey | None) -> Connection | None:
    """The same over the chat, which is also told what failed."""
    try:
        return await _connect_and_renew(app, name)
    except KoiError as error:
        app.tell_error(error)
        return None


async def _connect_and_renew(app: Actions, name: str | GivenKey | None) -> Connection | None:
    """Connect; what was connected works at once."""
    connection = await connect(desk_of(app), name)
    if connection is not None:
        app.host.renew()
    return connection


def desk_of(app: Actions) -> Desk:
    """The desk of the chat: the person's own configuration, projects have no say in credentials."""
    from koi.wiring.registry import open_registry

    return Desk(app, lambda: open_registry(app.options.config_flag))


async def _choose_target(
    desk: Desk, kinds: tuple[WayKind, ...], title: str = "connect"
) -> str | GivenKey | None:
    from koi.credentials.discovery import discover
    from koi.tui.screens.connect.target_list import TargetList

    registry = desk.registry()
    return await desk.ask(
        TargetList(registry, lambda: discover(registry, thorough=True), title=title, kinds=kinds)
    )


async def _take_key(desk: Desk, given: GivenKey) -> Connection | None:
    """A key that came without being asked for: enter it where it belongs."""
    from koi.credentials.targets import as_address, find_target
    from koi.tui.key_giving import enter_key

    registry = desk.registry()
    owner = given.owner or registry.catalogue.owner_of(given.key.reveal())
    if owner is None:
        chosen = await _choose_target(desk, ("key", "aws"), "whose key is it?")
        if isinstance(chosen, GivenKey):
            return await _take_key(desk, chosen)
        owner = chosen
    if owner is None:
        return None
    if as_address(owner) is not None:
        return await _connect_target(desk, owner)
    return await enter_key(desk, find_target(owner, registry), given.key)


async def _connect_target(desk: Desk, name: str) -> Connection | None:
    from koi.credentials.meanings import Address, Foreign, meaning
    from koi.tui.consenting import ask_consent

    match meaning(name, desk.registry()):
        case Foreign(consent=consent):
            return await ask_consent(desk, consent)
        case Address(url=url):
            return await _add_endpoint(desk, url)
        case target:
            return await _connect_one_way(desk, target)


async def _connect_one_way(desk: Desk, target: Target) -> Connection | None:
    from koi.credentials.targets import as_consent
    from koi.tui.consenting import ask_consent
    from koi.tui.key_giving import enter_key
    from koi.tui.logging_in import log_in

    way = await _choose_way(desk, target)
    match way.kind if way is not None else None:
        case "login" if way is not None:
            return await log_in(desk, way.name)
        case "key":
            return await enter_key(desk, target)
        case "consent" if way is not None:
            named = as_consent(way.name)
            return None if named is None else await ask_consent(desk, named)
        case "aws":
            return await _look_at_aws(desk, target)
        case "local":
            return await _look_at_server(desk, target)
        case "url":
            return await _add_endpoint(desk)
    return None


async def _choose_way(desk: Desk, target: Target) -> Way | None:
    from koi.credentials.discovery import SOURCES, discover
    from koi.credentials.meanings import open_ways
    from koi.tui.screens.connect.choice import Choice, Option

    quick = tuple(source for source in SOURCES if not source.slow)
    discovery = await discover(desk.registry(), sources=quick)
    found = open_ways(target, desk.logins, discovery, desk.method)
    if len(found) == 1:
        return found[0]
    options = [
        Option(way.title, address=way.hint)
        if way.hint.startswith("https://")
        else Option(way.title, explanation=way.hint)
        for way in found
    ]
    index = await desk.ask(Choice(target.title, options, before=("Which way?",)))
    return None if index is None else found[index]


async def _look_at_aws(desk: Desk, target: Target) -> Connection | None:
    from koi.tui.key_giving import enter_key
    from koi.tui.screens.connect.aws import AwsScreen
    from koi.wiring.model_lists import provider_models

    async def models() -> tuple[str, ...]:
        return await provider_models(target.provider, desk.registry())

    match await desk.ask(AwsScreen(target.title, models)):
        case "works":
            return Connection(target.provider)
        case "key":
            return await enter_key(desk, target)
        case _:
            return None


async def _look_at_server(desk: Desk, target: Target) -> Connection | None:
    from koi.tui.screens.connect.local import LocalScreen
    from koi.wiring.local_servers import LocalServer, local_server, other_servers, remember_server
    from koi.wiring.model_lists import first_model

    async def look() -> LocalServer:
        return await local_server(target.provider, desk.registry())

    async def others() -> tuple[LocalServer, ...]:
        return await other_servers(desk.registry())

    server = await desk.ask(LocalScreen(target.title, look, others))
    if server is None:
        return None
    provider = desk.registry().get(server.provider)
    await asyncio.to_thread(remember_server, server, desk.registry())
    return Connection(server.provider, first_model(provider, server.models) or "")


async def _add_endpoint(desk: Desk, address: str = "") -> Connection | None:
    from koi.tui.endpoint_adding import add_endpoint

    return await add_endpoint(desk, address)


async def show_status(desk: Desk) -> None:
    """What is connected."""
    from koi.credentials.discovery import discover
    from koi.credentials.status import ProviderStatus, statuses
    from koi.tui.screens.connect.status import StatusScreen

    async def look() -> tuple[tuple[ProviderStatus, ...], tuple[str, ...]]:
        registry = desk.registry()
        discovery = await discover(registry, thorough=True)
        return statuses(registry, discovery, time.time()), discovery.notes

    await desk.ask(StatusScreen(look))
