"""Opens, swaps and closes the session behind the screen."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

import msgspec

from koi.agent.options import SessionOptions
from koi.core.errors import StorageError
from koi.core.references import ModelReference
from koi.core.usage import Usage
from koi.tui.bridge import AgentBridge
from koi.view.resume import restore
from koi.view.state import ScreenState

if TYPE_CHECKING:
    from koi.agent.session import Session


class SessionHost:
    """One session at a time; the screen's data follows it."""

    def __init__(self, options: SessionOptions, state: ScreenState, bridge: AgentBridge) -> None:
        self.options = options
        self._state = state
        self._bridge = bridge
        self._learning: asyncio.Future[tuple[str, ...]] | None = None

    @property
    def session(self) -> Session | None:
        """The open session, None before it is open."""
        return self._bridge.session

    async def open(self) -> Session:
        """Open the session that the options name and show what it holds. Raises KoiError."""
        from koi.wiring.session import open_session

        return self._show(await open_session(self.options, self._bridge))

    def _show(self, session: Session) -> Session:
        opened = session.state
        before = opened.resumed
        restore(
            self._state,
            before.messages,
            before.cut,
            before.finished,
            before.summaries,
            before.compactions,
        )
        account = session.state.account
        if account.models:
            window = self._state.context_window
            last = account.models[-1]
            self._state.costs = account.changed(last.model, last.role, Usage(), 0.0, window)
        self._state.choose_model(str(session.state.model))
        self._state.set_header(mode=session.state.mode)
        self._state.tool_mode = session.tool_mode
        with contextlib.suppress(StorageError):  # the first request says it
            self._state.requests.budgets = session.limits()
        self._bridge.attach(session)
        threading.Thread(target=_warm, name="koi-warm", daemon=True).start()
        return session

    async def replace(self, options: SessionOptions) -> Session:
        """Open another session and close this one. Raises KoiError; then this one goes on."""
        from koi.wiring.session import open_session

        old = self.session
        session = await open_session(options, self._bridge)
        self.options = options
        await self._bridge.interrupt()
        self._state.clear()
        self._show(session)
        if old is not None:
            await old.close()
        return session

    async def fresh(self) -> Session:
        """A new session with the model and the mode of this one."""
        options = msgspec.structs.replace(self.options, latest=False, resume=None)
        if self.session is not None:
            state = self.session.state
            options = msgspec.structs.replace(options, model_before=state.model, mode=state.mode)
        return await self.replace(options)

    async def resume(self, session_id: str) -> Session:
        """Another session, by its id or the beginning of it."""
        return await self.replace(
            msgspec.structs.replace(
                self.options, latest=False, resume=session_id, model_before=None
            )
        )

    async def use_model(self, text: str) -> ModelReference:
        """Send the next requests to this model. Raises KoiError when it cannot be used."""
        from koi.wiring.models import usable_model

        reference = await usable_model(text, self.options)
        if self.session is not None:
            self.session.renew()  # its provider may have been connected in another terminal
            self.session.state.model = reference
            self._state.tool_mode = self.session.tool_mode
        self._state.choose_model(str(reference))
        return reference

    def renew(self) -> None:
        """Use credentials and configuration as they are now. Raises ConfigurationError."""
        if self.session is not None:
            self.session.renew()
        self._learning = None

    def model_names(self) -> tuple[str, ...]:
        """The names of the usable models, as far as they are known; asking begins to learn them."""
        if self._learning is None:
            self._learning = asyncio.ensure_future(self._remembered())
        if not self._learning.done() or self._learning.cancelled():
            return ()
        if self._learning.exception() is not None:
            return ()
        return self._learning.result()

    async def _remembered(self) -> tuple[str, ...]:
        from koi.wiring.offers import remembered_offers

        offers = await remembered_offers(self.options)
        usable = [offer for offer in offers if not offer.reason]
        models = [model for offer in usable for model in offer.models if not model.embeddings]
        return tuple(str(model.reference) for model in models)

    async def close(self) -> None:
        """End the turn and put everything on the disk."""
        if self.session is not None:
            await self.session.close()


def _warm() -> None:
    """Load what the first answer needs while the person still reads or types."""
    from koi.net.tls import warm
    from koi.view.markdown.lexing import language

    warm()
    language("python")
