"""Steps over two models with two keys each, whose servers fail and recover as they like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from koi.core.agent_events import RequestStarted
from koi.core.errors import ErrorKind
from koi.core.messages import ModelRequest
from koi.core.provider_events import ProviderEvent, TextDelta
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded
from koi.routing.candidates import Chain
from koi.routing.step_log import MOST_REQUESTS, MOST_WAITING_S
from tests.routing.scripted import END, MODEL, OTHER, HandClock, Scripted, Sending, failed, keys

MODELS = (MODEL, OTHER)
HINTS = st.sampled_from([None, 0.5, 5.0, 30.0, 59.0, 61.0, 900.0])
Trouble = tuple[ErrorKind, float | None, bool]
KEYS = (1, 2, 3)
KEY_TROUBLES: st.SearchStrategy[Trouble | None] = st.none() | st.tuples(
    st.sampled_from(["rate_limit", "billing"]), HINTS, st.booleans()
)
MODEL_TROUBLES: st.SearchStrategy[Trouble | None] = st.none() | st.tuples(
    st.sampled_from(["overloaded", "timeout", "network"]), HINTS, st.booleans()
)


class World:
    """The servers: what is wrong with each model and key, and until when nobody may ask."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.model_trouble: dict[ModelReference, Trouble | None] = {}
        self.key_trouble: dict[tuple[ModelReference, int], Trouble | None] = {}
        self.not_before: dict[tuple[ModelReference, int | None], float] = {}


class Server(Scripted):
    """One key of one model."""

    def __init__(self, world: World, model: ModelReference, key: int) -> None:
        super().__init__([END])
        self._world = world
        self._model = model
        self._key = key

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        self.requests.append(request)
        world, now = self._world, self._world.clock()
        for place in ((self._model, None), (self._model, self._key)):
            assert now >= world.not_before.get(place, 0), "asked before the time that was named"
        whole = world.model_trouble.get(self._model)
        trouble = whole or world.key_trouble.get((self._model, self._key))
        if trouble is None:
            yield END
            return
        kind, hint, begins = trouble
        if hint is not None:
            world.not_before[self._model, None if whole else self._key] = now + hint
        if begins:
            yield TextDelta("half")
        raise failed(kind, hint, began=begins)


class Steps(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.sending = Sending()
        self.world = World(self.sending.clock)
        self.servers = {
            (model, key): Server(self.world, model, key) for model in MODELS for key in KEYS
        }
        self.chain = Chain(
            "executor",
            tuple(keys(model, *(self.servers[model, key] for key in KEYS)) for model in MODELS),
        )

    @rule(model=st.sampled_from(MODELS), trouble=MODEL_TROUBLES)
    def change_model(self, model: ModelReference, trouble: Trouble | None) -> None:
        self.world.model_trouble[model] = trouble

    @rule(model=st.sampled_from(MODELS), key=st.sampled_from(KEYS), trouble=KEY_TROUBLES)
    def change_key(self, model: ModelReference, key: int, trouble: Trouble | None) -> None:
        self.world.key_trouble[model, key] = trouble

    @rule(seconds=st.sampled_from([1.0, 31.0, 61.0, 901.0]))
    def time_passes(self, seconds: float) -> None:
        self.sending.clock.seconds += seconds

    @rule()
    def step(self) -> None:
        asyncio.run(self._step())

    async def _step(self) -> None:
        states = await self.sending.attempts.states(self.chain)
        ready = {
            (state.model, int(state.key[-1])) for state in states if state.condition == "ready"
        }
        well = {
            place
            for place in ready
            if not self.world.model_trouble.get(place[0]) and not self.world.key_trouble.get(place)
        }
        before = {place: server.asked for place, server in self.servers.items()}
        self.sending.clock.waits.clear()
        ran = await self.sending.run(self.chain)
        started, ended = ran.of(RequestStarted), ran.of(AttemptEnded)
        assert [event.request_id for event in started] == [event.request_id for event in ended]
        assert len(started) <= MOST_REQUESTS
        assert sum(self.sending.clock.waits) <= MOST_WAITING_S
        for (model, key), server in self.servers.items():
            sent = [e for e in started if (e.model, e.key) == (model, f"key{key}")]
            assert server.asked - before[model, key] == len(sent)
        if well:
            assert ran.error is None, "somebody could have answered"

    @rule()
    def everything_is_well_again_and_the_first_key_answers(self) -> None:
        self.world.model_trouble.clear()
        self.world.key_trouble.clear()
        self.sending.clock.seconds += 3601
        ran = asyncio.run(self.sending.run(self.chain))
        assert [(event.model, event.key) for event in ran.of(RequestStarted)] == [(MODEL, "key1")]
        assert ran.error is None


TestSteps = Steps.TestCase
TestSteps.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
