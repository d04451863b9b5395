"""/fallback: who answers when the model does not, and who of them rests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from koi.core.errors import KoiError
from koi.core.offers import EXECUTOR
from koi.core.request_events import ChainChanged
from koi.view.chains import ChainRow, chain_rows, chain_text
from koi.view.state import Changed

if TYPE_CHECKING:
    from koi.agent.options import SessionOptions
    from koi.agent.session import Session
    from koi.tui.actions import Actions

FORGET, NONE = "retry", "off"


async def change_fallbacks(session: Session, options: SessionOptions, argument: str) -> str:
    """Do what is written behind /fallback; what was done, in a line, "" without an argument.

    Raises KoiError; then nothing was changed.
    """
    if not argument:
        return ""
    if argument == FORGET:
        session.forget_rests()
        return "Every model and key may be asked again."
    from koi.wiring.fallback_lists import keep_fallbacks

    texts = () if argument == NONE else argument.replace(",", " ").split()
    done = await keep_fallbacks(EXECUTOR, texts, options, session.state.model)
    session.renew()
    return done


async def candidates(session: Session) -> tuple[ChainRow, ...]:
    """The executor's candidates as they are now. Raises KoiError."""
    found = await session.candidates(EXECUTOR)
    return chain_rows(ChainChanged(EXECUTOR, found), time.monotonic())


def chain_lines(chains: dict[str, tuple[ChainRow, ...]]) -> list[str]:
    """The chain of each role in lines, and how to change the executor's."""
    lines: list[str] = []
    for role, rows in chains.items():
        lines += [role, *chain_text(rows, time.monotonic())]
    return [*lines, "/fallback REF … sets who follows, off nobody; retry forgets rests."]


async def fallback(app: Actions, argument: str) -> None:
    """Do what is written behind /fallback, and show the chains in the chat."""
    session = app.host.session
    if session is None:
        return
    try:
        done = await change_fallbacks(session, app.host.options, argument)
        rows = await candidates(session)
    except KoiError as error:
        app.tell_error(error)
        return
    chains = app.state.requests.chains
    chains[EXECUTOR] = rows
    app.tell("info", "\n".join(filter(None, (done, *chain_lines(chains)))))
    app.regions.show(Changed.COST)
