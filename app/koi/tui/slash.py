"""What a line of the prompt means: a request to the model, or a command to koi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koi.core.errors import KoiError, UsageError
from koi.safety.modes import MODES, parse_mode
from koi.tui import compacting, dialogs, fallbacks, spending
from koi.tui.commands import Command, given_key, parse_command
from koi.view.units import tokens, total

if TYPE_CHECKING:
    from koi.tui.actions import Actions


def take(app: Actions, text: str) -> None:
    """Send a prompt or do a command."""
    try:
        found = parse_command(text)
        if found is None:
            app.regions.to_end()
            app.bridge.submit(text)
        else:
            _perform(app, *found)
    except KoiError as error:
        app.tell_error(error)


def _perform(app: Actions, command: Command, argument: str) -> None:
    """Do one command. Raises UsageError for an argument that it cannot take."""
    match command.name:
        case "model" if argument:
            _model(app, argument)
        case "resume" if argument:
            app.run_worker(dialogs.resume(app, argument), group="dialog")
        case "connect" if argument:
            what = given_key(argument) or argument
            app.run_worker(dialogs.connect(app, what), group="dialog")
        case "disconnect" if argument:
            app.run_worker(dialogs.disconnect(app, argument), group="dialog")
        case "mode":
            _mode(app, argument)
        case "roles" if argument:
            _model_of_role(app, argument)
        case "budget":
            spending.budget(app, argument)
        case "compact":
            compacting.compact(app, argument)
        case "retry":
            spending.go_on(app)
        case "fallback":
            app.run_worker(fallbacks.fallback(app, argument), group="dialog")
        case "cost":
            app.tell("info", _cost(app))
        case "tokens":
            app.tell("info", _tokens(app))
        case "trust":
            _trust(app)
        case _:
            app.run_worker(app.run_action(command.action), group="command")


def _model(app: Actions, argument: str) -> None:
    """`REF` for the session, `ROLE REF` for a role, `ROLE` alone opens the list for it.

    Raises UsageError for what can be no name.
    """
    from koi.config.schema import ROLE_NAMES
    from koi.core.offers import EXECUTOR

    first, _, text = argument.partition(" ")
    if " " in (text.strip() if first in ROLE_NAMES else argument):
        from difflib import get_close_matches

        near = get_close_matches(first, ROLE_NAMES, n=1)
        meant = f"Did you mean the role {near[0]}? " if near else ""
        roles = ", ".join(ROLE_NAMES)
        raise UsageError("a model's name has no spaces", hint=f"{meant}Roles: {roles}.")
    if first not in ROLE_NAMES:
        work = dialogs.use_model(app, argument)
    elif not text:
        work = dialogs.choose_model(app, first)
    elif first == EXECUTOR:
        work = dialogs.use_model(app, text.strip())
    else:
        work = dialogs.keep_role(app, first, text.strip())
    app.run_worker(work, group="dialog")


def _model_of_role(app: Actions, role: str) -> None:
    """Open the list of models for a role. Raises UsageError for an unknown one."""
    from koi.wiring.role_models import parse_role

    app.run_worker(dialogs.choose_model(app, parse_role(role)), group="dialog")


def set_mode(app: Actions, mode: str) -> None:
    """Change the mode. Raises UsageError for an unknown one."""
    session = app.host.session
    if session is None:
        return
    known = parse_mode(mode)
    session.state.mode = known
    app.state.set_header(mode=known)


def _mode(app: Actions, argument: str) -> None:
    if argument:
        set_mode(app, argument)
        app.regions.show_all()
    app.tell("info", f"Mode {app.state.mode}. Modes: {', '.join(MODES)} (Shift+Tab).")


def _cost(app: Actions) -> str:
    session = app.host.session
    if session is None or not session.state.account.models:
        return "Nothing was spent yet."
    account = session.state.account
    lines = [f"This session: {total(account.session_cost)}"]
    lines += [f"{each.role} {each.model}: {total(each.cost)}" for each in account.models]
    return "\n".join(lines)


def _tokens(app: Actions) -> str:
    session = app.host.session
    if session is None:
        return "No session is open yet."
    usage = session.state.account.session_usage
    window = app.state.context_window
    used = app.state.context_tokens or 0
    return "\n".join(
        (
            f"Fresh input {tokens(usage.input_tokens)}, cached {tokens(usage.cache_read_tokens)}, "
            f"written to the cache {tokens(usage.cache_write_tokens)}, "
            f"output {tokens(usage.output_tokens)} "
            f"(of it reasoning {tokens(usage.reasoning_tokens)}).",
            f"The context holds {tokens(used)} of "
            f"{tokens(window) if window else 'an unknown number of'} tokens.",
        )
    )


def _trust(app: Actions) -> None:
    from koi.agent.system_prompt import has_instructions, read_instructions

    session = app.host.session
    if session is None:
        return
    if not has_instructions(app.options.workspace):
        raise UsageError(
            "there is no AGENTS.md in this folder",
            hint="koi reads instructions from a file of this name at the top of the folder.",
        )
    session.state.instructions = read_instructions(app.options.workspace)
    size = len(session.state.instructions.encode())
    app.tell("info", f"AGENTS.md ({size:,} bytes) is part of the requests of this session now.")
