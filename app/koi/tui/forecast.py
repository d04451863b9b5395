"""Keeps up to date what the next request will cost, without a timer while nothing happens."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from textual.timer import Timer

from koi.core.errors import KoiError
from koi.view.state import Changed

if TYPE_CHECKING:
    from koi.tui.actions import Actions

log = logging.getLogger(__name__)

DEBOUNCE_S = 0.3
"""What is typed is counted at most so often."""


class Forecast:
    """Asks the session once for each turn, and counts what is typed on top by itself."""

    def __init__(self, app: Actions) -> None:
        self._app = app
        self._timer: Timer | None = None
        self._stale = True

    def renew(self) -> None:
        """The conversation or the model is another one: ask the session again."""
        self._stale = True
        self._app.run_worker(self._ask(), group="forecast", exclusive=True)

    def forget(self) -> None:
        """What was known is of another session; it is asked when something is typed."""
        self._stale = True
        self._app.state.requests.next = None

    def typed(self) -> None:
        """The draft is another one. Costs nothing at the key itself."""
        if self._timer is None:
            self._timer = self._app.set_timer(DEBOUNCE_S, self._count)

    def _count(self) -> None:
        self._timer = None
        text = self._app.editor.draft
        characters = 0 if text.startswith("/") else len(text)
        requests = self._app.state.requests
        if characters != requests.draft_characters:
            requests.draft_characters = characters
            self._app.regions.show(Changed.COST)
        if characters and self._stale:
            self.renew()

    async def _ask(self) -> None:
        session = self._app.host.session
        if session is None:
            return
        try:
            self._app.state.requests.next = await session.estimate()
        except KoiError as error:  # the request itself says it, with what to do
            log.debug("no estimate: %s", error)
            self._app.state.requests.next = None
        self._stale = False
        self._app.regions.show(Changed.COST)
