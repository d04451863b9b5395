"""The first steps: leads to a model when none is found, and says once what was found."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from koi.core.errors import KoiError, StorageError

if TYPE_CHECKING:
    from koi.tui.actions import Actions
    from koi.tui.desk import Connection, Desk
    from koi.tui.screens.first_run import NextStep


async def lead_on(app: Actions) -> bool:
    """Show what there is and the ways in, until there is a model; False: the person leaves."""
    from koi.tui.connecting import desk_of
    from koi.tui.screens.first_run import first_page
    from koi.wiring.welcome import look_around

    desk = desk_of(app)
    failure: tuple[str, ...] = ()
    while True:
        found = await look_around(desk.registry())
        page, steps = first_page((*failure, *found.lines), found.model, found.waiting)
        index = await app.push_screen_wait(page)
        step: NextStep = "quit" if index is None else steps[index]
        failure = ()
        try:
            done = await _do(app, desk, step)
        except KoiError as error:
            failure = (error.title, error.hint)
            continue
        if done is not None:
            return done


async def say_what_was_found(app: Actions) -> None:
    """Once in a life: which model koi chose by itself, and because of what."""
    from koi.wiring.registry import open_registry
    from koi.wiring.welcome import look_around, remember_welcome, was_welcomed

    options = app.host.options
    said = options.demo or options.model or options.executor or options.provider or options.resume
    if said or options.latest:
        return
    registry = open_registry(options.config_flag)
    if was_welcomed(registry) or registry.config.role_model() is not None:
        return
    found = await look_around(registry)
    app.tell("info", "\n".join(found.lines), "Ctrl+L chooses another model, /connect adds more.")
    try:
        await asyncio.to_thread(remember_welcome, registry)
    except StorageError as error:
        app.tell("warn", error.title, error.hint)


async def _do(app: Actions, desk: Desk, step: NextStep) -> bool | None:
    """One step; None: back to the first page. Raises KoiError."""
    from koi.tui.connecting import connect

    connection: Connection | None = None
    match step:
        case "start":
            return True
        case "quit":
            return False
        case "demo":
            app.host.options = msgspec.structs.replace(app.host.options, demo=True)
            return True
        case "again":
            found = await _has_model(desk)
            return True if found else None
        case "login":
            connection = await connect(desk, None, ("login",))
        case "key":
            connection = await connect(desk, None, ("key", "aws"))
        case _:
            connection = await connect(desk, step)
    if connection is None:
        return None
    return await _begin_with(app, desk, connection)


async def _has_model(desk: Desk) -> bool:
    from koi.wiring.welcome import look_around

    return bool((await look_around(desk.registry())).model)


async def _begin_with(app: Actions, desk: Desk, connection: Connection) -> bool | None:
    """Let the chat open with what was connected."""
    model = connection.model or await _choose(desk, connection.provider)
    if not model:
        return None
    app.host.options = msgspec.structs.replace(
        app.host.options, model=f"{connection.provider}/{model}", executor=None, demo=False
    )
    return True


async def _choose(desk: Desk, provider: str) -> str:
    """The default model of a provider; one of its list when it has none."""
    from koi.tui.screens.connect.pick import Pick
    from koi.wiring.connecting import provider_models

    default = desk.registry().get(provider).default_model
    if default is not None:
        return default
    models = await provider_models(provider, desk.registry())
    return await desk.ask(Pick("a model to begin with", models)) or ""
