"""Leads through disconnecting: what koi keeps, a yes, and what remains afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from koi.credentials.belongings import Belonging, Outside
    from koi.tui.desk import Desk

TITLE = "disconnect"


async def disconnect(desk: Desk, name: str | None = None) -> bool:
    """Give up what `name` means, or what is chosen; False when the person went back.

    Raises UsageError for a name that means nothing.
    """
    from koi.credentials.belongings import belongings, meant, set_outside
    from koi.credentials.discovery import discover
    from koi.tui.screens.connect.choice import yes_or_no
    from koi.tui.screens.connect.held_list import HeldList
    from koi.wiring.disconnecting import give_up_all, what_remains

    async def look() -> tuple[tuple[Belonging, ...], tuple[Outside, ...]]:
        registry = desk.registry()
        discovery = await discover(registry, thorough=True)
        held = await asyncio.to_thread(belongings, registry)
        return held, set_outside(discovery)

    if name is None:
        chosen = await desk.ask(HeldList(look))
    else:
        chosen = meant(name, (await look())[0], desk.registry())
        if not chosen:
            await desk.tell(TITLE, f"koi keeps nothing for {name}.")
            return True
    if not chosen:
        return False
    listed = "\n".join(f"{each.title}: {each.words}" for each in chosen)
    question = "Remove it?" if len(chosen) == 1 else "Remove all of this?"
    answer = await desk.ask(yes_or_no(TITLE, question, listed, yes="Yes, remove"))
    if answer == 0:
        await desk.tell(TITLE, "Nothing was removed.")
    if answer != 1:
        return False
    said = await give_up_all(chosen, desk.registry())
    still = await what_remains(chosen, desk.registry())
    await desk.tell(TITLE, *said, *still)
    return True
