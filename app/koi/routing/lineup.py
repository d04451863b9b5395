"""The candidates of one step: opened when it is their turn, and chosen by what they are now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import msgspec

from koi.core.errors import ErrorKind, KoiError
from koi.core.messages import ModelRequest
from koi.core.references import ModelReference
from koi.core.request_events import CandidateState, ChainChanged, Condition
from koi.routing.candidates import Candidate, Chain, ChainModel
from koi.routing.cooldowns import Cooldowns, Readiness
from koi.routing.fitness import unfit_for


class Resting(msgspec.Struct, frozen=True):
    """A candidate that may be asked again in `seconds`; `probing`: when another request is done."""

    candidate: Candidate
    seconds: float
    reason: str
    probing: bool
    kind: ErrorKind


class Lineup:
    """A chain as one step sees it. Without a request, nothing is known to be unfit."""

    def __init__(
        self,
        chain: Chain,
        cooldowns: Cooldowns,
        request: ModelRequest | None = None,
        unaffordable: Callable[[ModelReference], Awaitable[str]] | None = None,
    ) -> None:
        """`unaffordable` says why a model cannot be asked under the limits of the budget."""
        self._chain = chain
        self._request = request
        self._unaffordable = unaffordable
        self._cooldowns = cooldowns
        self._opened: dict[ModelReference, tuple[Candidate, ...]] = {}
        self._barred = {
            model.reference: CandidateState(model.reference, "unfit", reason=model.wrong)
            for model in chain.models
            if model.wrong
        }
        """Models that cannot be asked, with the reason."""
        self._given_up: set[ModelReference] = set()
        self._passed: set[tuple[ModelReference, str]] = set()
        """Keys that had their turn and made way for the next one of their model."""
        self._spent: set[tuple[ModelReference, str]] = set()
        """Keys that are not asked again in this step."""
        self._told: tuple[CandidateState, ...] = ()
        self._early = False
        """Nothing was ready at the last choice: rests that no server asked for do not count."""

    async def open_meant(self) -> None:
        """Look for the keys of the model that was meant. Raises what its `candidates` raises."""
        meant = self._chain.meant
        self._opened[meant.reference] = await meant.candidates()

    async def open_all(self) -> None:
        """Look for the keys of every model; the reasons of those without one are noted."""
        for model in self._chain.models:
            await self._open(model)

    @property
    def alone(self) -> bool:
        """True for one model with one key: there is nothing else to ask."""
        return len(self._chain.models) == 1 and len(self._opened[self._chain.first.reference]) == 1

    async def choose(self) -> Candidate | None:
        """The first candidate that is ready and fit; else the first that rests only because koi
        chose so, for what failed may have been mended since. None when there is none.
        """
        for self._early in (False, True):
            for model in self._chain.models:
                if model.reference in self._given_up:
                    continue
                if not self._may(self._cooldowns.model_readiness(model.reference)):
                    continue
                for candidate in await self._open(model):
                    if self._ready(candidate):
                        return candidate
        return None

    def other_key(self, candidate: Candidate) -> bool:
        """True when another key of the same model may be asked and did not have its turn yet."""
        return any(
            self._ready(other)
            for other in self._opened[candidate.reference]
            if other.key_id != candidate.key_id
        )

    def other_model(self, reference: ModelReference) -> bool:
        """True when there is a model that may still be asked in this step, now or later."""
        return any(
            model.reference != reference
            and model.reference not in self._given_up
            and model.reference not in self._barred
            for model in self._chain.models
        )

    def pass_on(self, candidate: Candidate, *, for_good: bool) -> None:
        """The next key of the same model has its turn; `for_good`: this one never again."""
        place = (candidate.reference, candidate.key_id)
        (self._spent if for_good else self._passed).add(place)

    def again(self, reference: ModelReference) -> None:
        """A model is asked once more: each of its keys that does not rest may be used."""
        self._passed = {place for place in self._passed if place[0] != reference}

    def give_up(self, reference: ModelReference) -> None:
        """A model is not asked again in this step."""
        self._given_up.add(reference)

    def bar(self, reference: ModelReference, reason: str) -> None:
        """A model cannot take the request over."""
        self._barred[reference] = CandidateState(reference, "unfit", reason=reason)

    async def earliest(self) -> Resting | None:
        """Of the candidates that this step may still ask, the one that is ready first."""
        for model in self._chain.models:
            if model.reference not in self._given_up:
                await self._open(model)
        return min(self._resting(self._given_up), key=lambda each: each.seconds, default=None)

    def first_back(self) -> Resting | None:
        """The candidate that is ready first; None when one may be asked at once, or none ever."""
        for reference, opened in self._opened.items():
            if reference not in self._barred and any(map(self._open_now, opened)):
                return None
        timed = [each for each in self._resting(set()) if not each.probing]
        return min(timed, key=lambda each: each.seconds, default=None)

    def _resting(self, without: set[ModelReference]) -> Iterator[Resting]:
        for reference, opened in self._opened.items():
            if reference in without or reference in self._barred:
                continue
            for candidate in opened:
                now = self._cooldowns.readiness(candidate)
                if now.condition in ("cooling", "probing"):
                    probing = now.condition == "probing"
                    yield Resting(candidate, now.seconds, now.reason, probing, now.kind)

    def states(self, active: Candidate | None = None) -> tuple[CandidateState, ...]:
        """All candidates as they are now. Keys that were not looked for are not."""
        return tuple(self._states(active))

    def changed(self, active: Candidate | None) -> ChainChanged | None:
        """The chain, when a condition in it is another than at the last call."""
        states = self.states(active)
        before, self._told = self._told, states
        quiet = len(states) == 1 and states[0].condition in ("active", "ready", "probing")
        if _conditions(states) == _conditions(before) or (quiet and not _rested(before)):
            return None
        return ChainChanged(self._chain.role, states)

    def rest_of_first(self) -> CandidateState | None:
        """Of the first model's keys that may not be asked now, the one that is back first."""
        first = [state for state in self.states() if state.model == self._chain.first.reference]
        resting = [each for each in first if each.condition in ("cooling", "probing", "refused")]
        return min(
            resting, key=lambda each: (each.condition == "refused", each.cooling_s), default=None
        )

    def not_asked(self, failed: set[tuple[str, str]]) -> list[CandidateState]:
        """The candidates that were not asked in this step, but for these."""
        return [state for state in self.states() if (str(state.model), state.key) not in failed]

    def _ready(self, candidate: Candidate) -> bool:
        place = (candidate.reference, candidate.key_id)
        if place in self._passed or place in self._spent:
            return False
        return self._may(self._cooldowns.readiness(candidate))

    def _open_now(self, candidate: Candidate) -> bool:
        return self._cooldowns.readiness(candidate).open

    def _may(self, now: Readiness) -> bool:
        return now.open if self._early else now.condition == "ready"

    async def _open(self, model: ChainModel) -> tuple[Candidate, ...]:
        """The candidates of a model that can take the request over; () when it cannot."""
        reference = model.reference
        if reference in self._barred:
            return ()
        if reference not in self._opened:
            try:
                self._opened[reference] = await model.candidates()
            except KoiError as error:
                lacks: Condition = "no_key" if error.kind == "auth" else "unfit"
                self._barred[reference] = CandidateState(reference, lacks, reason=error.title)
                return ()
            if why := await self._unfit(model):
                self._barred[reference] = CandidateState(reference, "unfit", reason=why)
                return ()
        return self._opened[reference]

    async def _unfit(self, model: ChainModel) -> str:
        why = ""
        if self._request is not None:
            provider = self._opened[model.reference][0].provider
            why = unfit_for(self._request, provider, model.info())
        if not why and self._unaffordable is not None:
            why = await self._unaffordable(model.reference)
        return why

    def _states(self, active: Candidate | None) -> Iterator[CandidateState]:
        for model in self._chain.models:
            reference = model.reference
            if reference in self._barred:
                yield self._barred[reference]
                continue
            if reference not in self._opened:
                rest = self._cooldowns.model_readiness(reference)
                condition: Condition = "unknown" if rest.condition == "ready" else rest.condition
                yield CandidateState(reference, condition, "", rest.seconds, rest.reason)
                continue
            for candidate in self._opened[reference]:
                now = self._cooldowns.readiness(candidate)
                key = candidate.key
                if candidate is active and now.condition == "ready":
                    yield CandidateState(reference, "active", key)
                else:
                    yield CandidateState(reference, now.condition, key, now.seconds, now.reason)


def _conditions(states: tuple[CandidateState, ...]) -> list[tuple[ModelReference, str, str]]:
    return [(state.model, state.key, state.condition) for state in states]


def _rested(states: tuple[CandidateState, ...]) -> bool:
    return any(state.condition not in ("ready", "active") for state in states)
