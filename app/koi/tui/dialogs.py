"""Opens the screens over the chat, and does what the person chose there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koi.core.errors import KoiError

if TYPE_CHECKING:
    from koi.tui.actions import Actions
    from koi.tui.desk import GivenKey
    from koi.tui.model_source import ModelChoice


async def choose_model(app: Actions, role: str | None = None) -> None:
    """Let the person choose the model of the next requests, or of another role."""
    chosen = await pick_model(app, role)
    if chosen is None:
        return
    await use_model(app, str(chosen.reference))
    if chosen.kept:
        app.tell("info", chosen.kept)


async def pick_model(app: Actions, role: str | None = None) -> ModelChoice | None:
    """The model that the person chose, None when they went back."""
    from koi.core.offers import EXECUTOR
    from koi.core.references import ModelReference
    from koi.tui.model_source import SessionModels
    from koi.tui.screens.model_list import ModelList

    session = app.host.session
    current = session.state.model if session is not None else None

    async def connect(what: str | GivenKey) -> str | None:
        from koi.tui.connecting import connect_provider

        return await connect_provider(app, what)

    source = SessionModels(app.host.options, current, connect)
    shown = current or ModelReference("", "")
    return await app.push_screen_wait(
        ModelList(source, shown, role=role or EXECUTOR, keys=app.keys)
    )


async def keep_role(app: Actions, role: str, text: str) -> None:
    """Keep a model that was named for a role."""
    from koi.wiring.role_models import keep_model, named_model, parse_role

    try:
        known = parse_role(role)
        reference = await named_model(text, app.host.options)
        app.tell("info", keep_model(known, reference, app.host.options))
    except KoiError as error:
        app.tell_error(error)


async def use_model(app: Actions, text: str) -> None:
    """Switch to a model that was named."""
    try:
        reference = await app.host.use_model(text)
    except KoiError as error:
        app.tell_error(error)
    else:
        app.tell("info", f"The next requests go to {reference}.")
        app.regions.show_all()
        app.forecast.renew()


async def choose_session_id(app: Actions) -> str | None:
    """The id of a session that the person chose."""
    from koi.config.paths import find_paths
    from koi.tui.screens.session_list import SessionList

    paths = find_paths(config_flag=app.options.config_flag)
    return await app.push_screen_wait(SessionList(paths.sessions, app.options.workspace))


async def resume(app: Actions, session_id: str | None) -> None:
    """Go on with another session."""
    session_id = session_id or await choose_session_id(app)
    session = app.host.session
    if session_id is None or (session is not None and session.state.session_id == session_id):
        return
    await _swap(app, session_id)


async def start_anew(app: Actions) -> None:
    """A new session."""
    await _swap(app, None)


async def _swap(app: Actions, session_id: str | None) -> None:
    app.take_back_queue()
    app.regions.limit.close()
    app.forecast.forget()
    try:
        if session_id is None:
            await app.host.fresh()
        else:
            await app.host.resume(session_id)
    except KoiError as error:
        app.tell_error(error)
    app.regions.show_all()


async def connect(app: Actions, name: str | GivenKey | None) -> None:
    """Connect what a name or a key means, or what is chosen; `status` shows what is connected."""
    from koi.tui.connecting import desk_of, in_chat, show_status

    if name == "status":
        try:
            await show_status(desk_of(app))
        except KoiError as error:
            app.tell_error(error)
        return
    connection = await in_chat(app, name)
    if connection is not None:
        from koi.credentials.targets import title_of

        title = title_of(desk_of(app).registry().get(connection.provider))
        said = connection.said or f"{title} is connected."
        app.tell("info", f"{said} Ctrl+L chooses its models.")


async def disconnect(app: Actions, name: str | None) -> None:
    """Give up what a name means, or what is chosen."""
    from koi.tui import disconnecting
    from koi.tui.connecting import desk_of

    try:
        if await disconnecting.disconnect(desk_of(app), name):
            app.host.renew()
    except KoiError as error:
        app.tell_error(error)


async def show_attempts(app: Actions) -> None:
    """The attempts of each turn."""
    from koi.tui.screens.attempt_log import AttemptLogScreen

    log, listeners = app.state.requests.log, app.regions.listeners
    await app.push_screen_wait(AttemptLogScreen(log, listeners, app.keys["attempts"]))


async def show_help(app: Actions) -> None:
    """Keys and commands."""
    from koi.tui.screens.help import HelpScreen

    await app.push_screen_wait(HelpScreen(app.keys))
