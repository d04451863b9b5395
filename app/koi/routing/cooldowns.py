"""Which models and keys rest after a failure, until when, and who may try them again first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from koi.core.errors import ErrorKind, ProviderError
from koi.core.references import ModelReference
from koi.core.request_events import Condition
from koi.routing.backoff import is_transient
from koi.routing.candidates import Candidate
from koi.routing.outcomes import Outcome, Rest
from koi.store.rests import RestFile, SharedRest

WHOLE_MODEL = ""
"""The key id under which a model rests with all its keys; also that of a model without a key."""
_Place = tuple[ModelReference, str]


class Readiness(msgspec.Struct, frozen=True):
    """Whether a candidate may be asked now: `ready`, `cooling`, `probing` or `refused`."""

    condition: Condition = "ready"
    seconds: float = 0.0
    """How long it still rests."""
    reason: str = ""
    kind: ErrorKind = "rate_limit"
    """Of the failure for which it rests."""
    own: bool = False
    """It cools because koi chose so: no server named a time that still runs."""

    @property
    def open(self) -> bool:
        """True when nothing but preference speaks against asking it now."""
        return self.condition == "ready" or self.own


@dataclass(slots=True)
class _Open:
    """A rest. Once it is over, the first request probes; until that succeeds, it is not closed."""

    until: float
    """On the monotonic clock."""
    reason: str
    kind: ErrorKind
    named: float = 0.0
    """The end of the part of it that a server asked for, on the monotonic clock."""
    probing: bool = False


class Cooldowns:
    """The rests of one process. With a file, times that servers named hold for all processes."""

    def __init__(
        self,
        file: RestFile | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.clock = clock
        self._file = file
        self._now = now
        self._open: dict[_Place, _Open] = {}
        self._refused: dict[_Place, str] = {}
        self._changed = asyncio.Event()
        self._forgotten = asyncio.Event()

    def refresh(self) -> None:
        """Take over what other processes were told. Costs a look at the file's date."""
        news = None if self._file is None else self._file.news()
        for rest in news or ():
            try:
                reference = ModelReference.parse(rest.model)
                kind = msgspec.convert(rest.kind, ErrorKind)
            except (ValueError, msgspec.ValidationError):
                continue
            until = self.clock() + rest.seconds_left(self._now())
            known = self._open.get((reference, rest.key))
            if known is None or known.until < until:
                reason = _REASONS.get(kind, kind)
                if known is not None and known.kind == kind:
                    reason = known.reason
                self._open[reference, rest.key] = _Open(until, reason, kind, until)

    def readiness(self, candidate: Candidate) -> Readiness:
        """Whether a candidate may be asked now."""
        if (reason := self._refused.get((candidate.reference, candidate.key_id))) is not None:
            return Readiness("refused", reason=reason, kind="auth")
        return self._resting(_places(candidate))

    def model_readiness(self, reference: ModelReference) -> Readiness:
        """Whether a model whose keys are not known yet rests as a whole."""
        return self._resting([(reference, WHOLE_MODEL)])

    def begin(self, candidate: Candidate) -> bool:
        """A request goes to a candidate that is open. True when it probes after, or in, a rest."""
        opened = self._opened(candidate)
        for each in opened:
            each.probing = True
        return bool(opened)

    def abandon(self, candidate: Candidate) -> None:
        """The request was given up without an answer: the next one may probe."""
        for each in self._opened(candidate):
            each.probing = False
        self._tell()

    def succeed(self, candidate: Candidate) -> None:
        """The candidate answers: it rests no more."""
        for place in _places(candidate):
            self._open.pop(place, None)
        self._tell()

    async def rest(self, candidate: Candidate, rest: Rest, reason: str, kind: ErrorKind) -> None:
        """Nothing is sent to the candidate (or its model) for some time, never less than before."""
        key = candidate.key_id if rest.scope == "key" else WHOLE_MODEL
        place = candidate.reference, key
        known = self._open.get(place)
        until = named = self.clock() + rest.seconds
        if not rest.hinted:
            named = 0.0
        if known is not None:
            until, named = max(until, known.until), max(named, known.named)
        self._open[place] = _Open(until, reason, kind, named)
        self.abandon(candidate)
        if rest.hinted and self._file is not None:
            now = self._now()
            shared = SharedRest(str(candidate.reference), key, kind, now, now + rest.seconds)
            await asyncio.to_thread(self._file.add, shared)

    async def take(self, candidate: Candidate, error: ProviderError, outcome: Outcome) -> None:
        """Put a candidate to rest where the outcome says so; an answer of any kind ends a rest."""
        if outcome.refused:
            self.refuse(candidate, error.title)
        elif outcome.rest is not None:
            await self.rest(candidate, outcome.rest, error.title, error.kind)
        elif is_transient(error):
            self.abandon(candidate)
        else:
            self.succeed(candidate)

    def refuse(self, candidate: Candidate, reason: str) -> None:
        """The key was refused: it is not sent to this model again."""
        self._refused[candidate.reference, candidate.key_id] = reason
        self.abandon(candidate)

    def forget_refusals(self) -> None:
        """No key counts as refused any more."""
        self._refused.clear()
        self._tell()

    def forget(self) -> None:
        """Nothing rests any more and no key counts as refused; in all processes."""
        self._open.clear()
        self._refused.clear()
        if self._file is not None:
            self._file.clear()
        self._forgotten.set()
        self._forgotten = asyncio.Event()
        self._tell()

    async def pause(self, seconds: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Wait, never shorter than asked, unless somebody has everything forgotten meanwhile.

        Timers of the event loop may come a moment early.
        """
        until = self.clock() + seconds
        forgotten = asyncio.ensure_future(self._forgotten.wait())
        try:
            while (left := until - self.clock()) > 0 and not forgotten.done():
                nap = asyncio.ensure_future(sleep(left))
                try:
                    await asyncio.wait((nap, forgotten), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    nap.cancel()
        finally:
            forgotten.cancel()

    async def change(self) -> None:
        """Wait until something about a candidate may be different."""
        await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _opened(self, candidate: Candidate) -> list[_Open]:
        return [self._open[place] for place in _places(candidate) if place in self._open]

    def _resting(self, places: list[_Place]) -> Readiness:
        opened = [self._open[place] for place in places if place in self._open]
        if not opened:
            return Readiness()
        last, now = max(opened, key=lambda each: each.until), self.clock()
        left, named = last.until - now, max(each.named for each in opened) - now
        if any(each.probing for each in opened) and named <= 0:
            return Readiness("probing", reason=last.reason, kind=last.kind)
        if left > 0:
            return Readiness("cooling", left, last.reason, last.kind, own=named <= 0)
        return Readiness(reason=last.reason, kind=last.kind)


def _places(candidate: Candidate) -> list[_Place]:
    whole = (candidate.reference, WHOLE_MODEL)
    return [whole, (candidate.reference, candidate.key_id)] if candidate.key_id else [whole]


_REASONS: dict[ErrorKind, str] = {
    "rate_limit": "the provider's limit is reached",
    "billing": "the account has no credit left",
    "overloaded": "the provider has trouble",
    "timeout": "the provider took too long",
    "network": "the connection failed",
    "protocol": "the answer was damaged",
}
"""In words, for rests that another process was told of."""
