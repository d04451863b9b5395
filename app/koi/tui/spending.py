"""/budget, and what happens when a limit has stopped a turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koi.core.budgets import BudgetLimit
from koi.core.errors import KoiError, UsageError
from koi.tui.bridge import Work
from koi.tui.limit_argument import LimitChange, parse_limit
from koi.view.budgets import budget_lines, limit_amount, limit_name, proposed_limit
from koi.view.state import Changed

if TYPE_CHECKING:
    from koi.agent.options import SessionOptions
    from koi.agent.session import Session
    from koi.tui.actions import Actions


def budget(app: Actions, argument: str) -> None:
    """Show the limits, or change one. Raises KoiError."""
    session = app.host.session
    if session is None:
        raise UsageError("no session is open yet", hint="Wait a moment.")
    if argument:
        change = parse_limit(argument)
        app.tell("info", change_limit(session, change, app.host.options))
        app.regions.limit.follow(change.limit, change.value)
    else:
        app.tell("info", "\n".join(budget_lines(session.limits())))
    _show_limits(app, session)


def change_limit(session: Session, change: LimitChange, options: SessionOptions) -> str:
    """Set a limit for the session, and keep it if that is wanted; what was done, in a line.

    Raises UsageError, ConfigurationError, StorageError.
    """
    session.set_limit(change.limit, change.value)
    name = limit_name(change.limit)
    if change.value is None:
        said = f"{name}: no limit in this session"
    else:
        said = f"{name}: {limit_amount(change.limit, change.value)}, in this session"
    if not change.keep:
        return f"{said}."
    from koi.wiring.budgets import keep_limit
    from koi.wiring.session import registry_of

    config = registry_of(options).config
    keep_limit(config, change.limit, change.value)
    return f"{said} and in new ones ({config.paths.config_file})."


def after_limit(app: Actions) -> None:
    """After a turn that a limit has stopped: what waits goes back into the prompt, and the person
    is asked whether to raise it.
    """
    if app.state.requests.reached is not None:
        app.take_back_queue()
        app.run_worker(_offer(app), group="limit", exclusive=True)


async def _offer(app: Actions) -> None:
    session, reached = app.host.session, app.state.requests.reached
    if session is None or reached is None or not reached.raisable:
        return
    try:
        estimate = await session.estimate()
        spent = {use.limit: use.spent + use.reserved for use in session.limits()}
    except KoiError:
        return  # the model cannot be asked at all
    if app.state.requests.reached is reached:
        used = spent.get(reached.limit, 0.0)
        proposed = proposed_limit(reached.limit, reached.value, used, estimate)
        app.regions.limit.offer(reached.limit, reached.value, proposed, reached.message)


def raise_limit(app: Actions, limit: BudgetLimit, value: float) -> None:
    """Set another limit and go on with the turn."""
    session = app.host.session
    if session is None:
        return
    try:
        session.set_limit(limit, value)
        app.tell("info", f"{limit_name(limit)}: {limit_amount(limit, value)}, in this session.")
        _show_limits(app, session)
        go_on(app)
    except KoiError as error:
        app.tell_error(error)


def go_on(app: Actions) -> None:
    """Go on with the turn that stopped. Raises UsageError while one runs."""
    app.bridge.perform(Work(lambda session: session.go_on()))
    app.regions.to_end()


def _show_limits(app: Actions, session: Session) -> None:
    app.state.requests.budgets = session.limits()
    app.regions.show(Changed.COST)
