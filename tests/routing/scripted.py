"""Scripted providers, a clock that moves by hand, and one step over a chain of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias, TypeVar

from koi.core.errors import ErrorKind, KoiError, ProviderError
from koi.core.messages import ModelRequest, Part, Text, ToolMode
from koi.core.provider_events import ProviderEvent, StreamEnded
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded, CandidateState, ChainChanged
from koi.core.seams import ModelInfo
from koi.routing.attempts import AttemptEvent, Attempts
from koi.routing.backoff import RetryPolicy
from koi.routing.candidates import Candidate, Chain, ChainModel
from koi.routing.cooldowns import Cooldowns
from koi.store.rests import RestFile
from tests.chains import Unlimited, chain_model

Step: TypeAlias = ProviderEvent | KoiError
MODEL = ModelReference("scripted", "one")
OTHER = ModelReference("other", "two")
END = StreamEnded("stop", "stop", (Text("Hello"),))
Event = TypeVar("Event", bound=AttemptEvent)


@dataclass
class HandClock:
    """Seconds that pass only when somebody sleeps, or when the test says so."""

    seconds: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


class Scripted:
    """One list of steps a request, the last one for all that follow."""

    name = "scripted"

    def __init__(
        self,
        *attempts: Sequence[Step],
        mode: ToolMode = "native",
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._attempts = list(attempts)
        self._mode: ToolMode = mode
        self._clock = clock
        self.requests: list[ModelRequest] = []
        self.times: list[float] = []
        self.closed = 0

    @property
    def asked(self) -> int:
        return len(self.requests)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        steps = self._attempts[min(self.asked, len(self._attempts) - 1)]
        self.requests.append(request)
        self.times.append(self._clock())
        try:
            for step in steps:
                if isinstance(step, KoiError):
                    raise step
                yield step
        finally:
            self.closed += 1

    def complete(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        return self.stream(request)

    def tool_mode(self, model: str) -> ToolMode:
        return self._mode

    def learn(self, request: ModelRequest, error: ProviderError) -> str:
        return ""

    async def list_models(self) -> tuple[ModelInfo, ...]:
        return ()

    async def model_info(self, model: str) -> ModelInfo:
        return ModelInfo(MODEL)

    async def embed(self, model: str, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        return ()

    async def is_available(self) -> bool:
        return True

    async def aclose(self) -> None:
        pass


@dataclass
class Ran:
    """What one step told, and how it failed."""

    events: list[AttemptEvent]
    error: KoiError | None

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def told(self) -> list[AttemptEvent]:
        """All events but those of every request."""
        return [e for e in self.events if not isinstance(e, AttemptEnded | ChainChanged)]

    @property
    def actions(self) -> list[str]:
        """What followed each attempt."""
        return [event.action for event in self.of(AttemptEnded)]

    @property
    def states(self) -> tuple[CandidateState, ...]:
        """The candidates as they were told last."""
        return self.of(ChainChanged)[-1].candidates

    @property
    def conditions(self) -> list[list[str]]:
        """The conditions of the candidates, each time that one changed."""
        return [[state.condition for state in e.candidates] for e in self.of(ChainChanged)]


class Sending:
    """Attempts over a clock that moves by hand."""

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        file: RestFile | None = None,
        spending: Unlimited | None = None,
    ) -> None:
        self.clock = HandClock()
        self.spending = spending or Unlimited()
        self.cooldowns = Cooldowns(file, self.clock)
        numbers = count(1)
        self.attempts = Attempts(
            policy or RetryPolicy(),
            self.spending,
            lambda: f"r{next(numbers)}",
            self.clock.sleep,
            cooldowns=self.cooldowns,
        )

    async def run(self, chain: Chain, request: ModelRequest | None = None) -> Ran:
        """One step to its end."""
        events: list[AttemptEvent] = []
        sending = self.attempts.stream(request or ModelRequest("", ()), chain)
        try:
            async with aclosing(sending):
                async for event in sending:
                    events.append(event)
        except KoiError as error:
            return Ran(events, error)
        return Ran(events, None)


def keys(reference: ModelReference, *providers: Scripted) -> ChainModel:
    """One model with a key for each provider: key1, key2, …"""
    return chain_model(
        *(
            Candidate(reference, provider, "executor", f"key{number}", f"id{number}")
            for number, provider in enumerate(providers, 1)
        )
    )


def failed(
    kind: ErrorKind,
    after_s: float | None = None,
    *,
    began: bool = False,
    kept: tuple[Part, ...] = (),
) -> ProviderError:
    """A failure of a provider."""
    error = ProviderError(f"{kind} trouble", kind=kind, status=None, retry_after_s=after_s)
    error.answer_began = began
    error.kept = kept
    return error
