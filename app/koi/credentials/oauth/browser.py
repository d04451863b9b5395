"""A sign-in in the browser: opens an address, and waits for the answer, which may be pasted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlencode

from koi.credentials.logins.events import LoginFailed, SignInOpened, Waiting
from koi.credentials.logins.login import LoginContext
from koi.credentials.oauth.callback import Callback, NotOurs, query_of, read_callback
from koi.credentials.oauth.loopback import Loopback
from koi.credentials.oauth.pkce import Proof, random_text

LIFE_S = 900.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The person has signed in; the code is bound to the address it was sent to."""

    callback: Callback
    redirect_url: str


Step: TypeAlias = SignInOpened | Waiting | Answered


@dataclass(slots=True)
class BrowserFlow:
    """One sign-in at one server."""

    authorize_url: str
    fields: Mapping[str, str]
    """What the address carries beside state, proof and the way back."""
    path: str = "/callback"
    proof: Proof = field(default_factory=Proof)
    _state: str = field(default_factory=random_text, repr=False)
    _outcome: asyncio.Future[Callback] | None = None

    async def sign_in(self, context: LoginContext) -> AsyncGenerator[Step, None]:
        """The address, notes on what was pasted, at last the answer. Raises LoginFailed."""
        outcome: asyncio.Future[Callback] = asyncio.get_running_loop().create_future()
        self._outcome = outcome
        try:
            async with Loopback(self.path, self._accept) as loopback:
                yield SignInOpened(self._address(loopback.url), loopback.url, LIFE_S)
                async for note in self._pasted(context, outcome):
                    yield Waiting("pending", 0.0, note)
                yield Answered(outcome.result(), loopback.url)
        except OSError as error:
            raise LoginFailed(
                f"no port on this machine can be listened at: {error.strerror}",
                reason="protocol",
                hint="Log in with a code instead.",
            ) from error
        finally:
            outcome.cancel()

    def _address(self, redirect_url: str) -> str:
        fields = {
            "response_type": "code",
            **self.fields,
            "redirect_uri": redirect_url,
            "state": self._state,
            **self.proof.fields(),
        }
        return f"{self.authorize_url}?{urlencode(fields)}"

    async def _pasted(
        self, context: LoginContext, outcome: asyncio.Future[Callback]
    ) -> AsyncGenerator[str, None]:
        """What is wrong with each address that was pasted, until there is an answer."""
        end: asyncio.Future[None] = asyncio.ensure_future(context.clock.sleep(LIFE_S))
        paste: asyncio.Task[str] | None = None
        try:
            while not outcome.done():
                paste = paste or asyncio.ensure_future(context.pasted.get())
                waiting: set[asyncio.Future[Callback] | asyncio.Future[str] | asyncio.Future[None]]
                waiting = {outcome, paste, end}
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if outcome.done():
                    return
                if paste.done():
                    text, paste = paste.result(), None
                    if note := self._take(query_of(text)):
                        yield f"{note}: copy all of it from the browser's address bar"
                elif end.done():
                    raise LoginFailed(
                        "nobody signed in in time", reason="expired", hint="Start again."
                    )
        finally:
            end.cancel()
            if paste is not None:
                paste.cancel()

    def _accept(self, query: str) -> bool:
        return not self._take(query)

    def _take(self, query: str) -> str:
        """Take an answer; in words what is wrong with it, "" when it ends the wait."""
        outcome = self._outcome
        if outcome is None or outcome.done():
            return "there was an answer before"
        try:
            outcome.set_result(read_callback(query, self._state))
        except NotOurs as error:
            return str(error)
        except LoginFailed as error:
            outcome.set_exception(error)
        return ""
