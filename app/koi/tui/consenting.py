"""Asks whether koi may use the login of another program, and says what that comes to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from koi.tui.desk import Connection, Desk

if TYPE_CHECKING:
    from koi.credentials.findings import ConsentId


async def ask_consent(desk: Desk, consent: ConsentId) -> Connection | None:
    """One question, with what the vendor says; its answer is kept."""
    from koi.credentials.consent import TERMS, allow, deny
    from koi.credentials.discovery import discover
    from koi.credentials.foreign_logins import check_is_there
    from koi.tui.screens.connect.choice import yes_or_no

    check_is_there(consent, await discover(desk.registry(), thorough=True))
    terms = TERMS[consent]
    question = f"May koi use {terms.title}?"
    answer = await desk.ask(yes_or_no(terms.title, question, terms.sentence, terms.link))
    if answer is None:
        return None
    paths = desk.registry().config.paths
    if answer == 0:
        await asyncio.to_thread(deny, paths, consent)
        return None
    await asyncio.to_thread(allow, paths, consent)
    taken_back = f"koi disconnect {consent} takes that back."
    provider = (await discover(desk.registry())).through(consent)
    if provider is not None:
        vendor = desk.registry().get(provider).row.company.display_name
        said = f"koi may use {terms.title} now."
        shown = f"Whether {vendor} accepts it shows at the first request."
        await desk.tell(terms.title, said, shown, taken_back)
        return Connection(provider, said=f"{said} {shown}")
    nothing = "koi may use it, but there is nothing usable in it now."
    await desk.tell(terms.title, nothing, taken_back)
    return None
