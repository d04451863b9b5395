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
    from koi.wiring.welcome import Surroundings


async def lead_on(app: Actions, reason: KoiError | None = None) -> bool:
    """Show what there is and the ways in, until there is a model; False: the person leaves.

    `reason`: why the session could not be opened.
    """
    from koi.credentials.targets import target_of
    from koi.tui.connecting import desk_of
    from koi.tui.screens.first_run import first_page

    desk = desk_of(app)
    failure: tuple[str, ...] = () if reason is None else (reason.title, reason.hint)
    while True:
        found = await _look_around(app)
        if reason is not None and (found.problem is not None or not found.model):
            failure, reason = (), None  # the page says it
        wanted = target_of(desk.registry().get(found.wanted)).title if found.wanted else ""
        page, steps = first_page((*failure, *found.lines), found.model, found.waiting, wanted)
        index = await app.push_screen_wait(page)
        step: NextStep = "quit" if index is None else steps[index]
        failure = ()
        try:
            done = await _do(app, desk, step, found)
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
    app.tell("info", "\n".join(found.said), "Ctrl+L chooses another model, /connect adds more.")
    try:
        await asyncio.to_thread(remember_welcome, registry)
    except StorageError as error:
        app.tell("warn", error.title, error.hint)


async def _look_around(app: Actions) -> Surroundings:
    """What a session with the options of this start would begin with."""
    from koi.wiring.session import registry_of
    from koi.wiring.welcome import look_around

    options = app.host.options
    return await look_around(registry_of(options), options.provider)


async def _do(app: Actions, desk: Desk, step: NextStep, found: Surroundings) -> bool | None:
    """One step; None: back to the first page. Raises KoiError."""
    from koi.tui.connecting import connect

    connection: Connection | None = None
    match step:
        case "start":
            if found.problem is not None:
                _use(app, found.model)
            return True
        case "quit":
            return False
        case "demo":
            app.host.options = msgspec.structs.replace(app.host.options, demo=True)
            return True
        case "again":
            now = await _look_around(app)
            return True if now.model and now.problem is None else None
        case "wanted":
            connection = await connect(desk, found.wanted)
            if connection is not None and connection.provider == found.wanted:
                return True
        case "login":
            connection = await connect(desk, None, ("login",))
        case "key":
            connection = await connect(desk, None, ("key", "aws"))
        case _:
            connection = await connect(desk, step)
    if connection is None:
        return None
    return await _begin_with(app, desk, connection)


async def _begin_with(app: Actions, desk: Desk, connection: Connection) -> bool | None:
    """Let the chat open with what was connected."""
    model = connection.model or await _choose(desk, connection)
    if not model:
        return None
    _use(app, f"{connection.provider}/{model}")
    return True


def _use(app: Actions, model: str) -> None:
    app.host.options = msgspec.structs.replace(
        app.host.options, model=model, provider=None, executor=None, model_before=None, demo=False
    )


async def _choose(desk: Desk, connection: Connection) -> str:
    """The default model of a provider; one of its list when it has none, or not that one."""
    from koi.tui.screens.connect.pick import Pick
    from koi.wiring.model_lists import has_model, provider_models

    default = desk.registry().get(connection.provider).default_model
    if default is not None and has_model(connection.models, default):
        return default
    models = connection.models or await provider_models(connection.provider, desk.registry())
    note = "" if default is None else f"{default}, its usual one, is not among them"
    return await desk.ask(Pick("a model to begin with", models, note)) or ""
