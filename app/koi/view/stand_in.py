"""Follows who answers: the model that is meant to, or another one in its place."""

from __future__ import annotations

from koi.core.agent_events import FellBack, RequestStarted
from koi.core.offers import EXECUTOR
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded, CandidateState, ChainChanged


class StandIn:
    """`primary` is the model that another one stands in for, "" while it answers itself."""

    def __init__(self) -> None:
        self.primary = ""
        self.role = EXECUTOR
        """Whose request is on its way. Only the executor's have a stand-in that is told."""
        self._first = ""
        self._told: set[ModelReference] = set()
        """Who took over in this turn."""
        self._named: set[tuple[ModelReference, str]] = set()
        """Who cannot answer, with the reason."""

    def forget(self) -> None:
        """Another model is meant from now on."""
        self.primary = self._first = ""

    def chain(self, event: ChainChanged) -> None:
        """The first of the executor's candidates is the one that is meant."""
        self.role = event.role
        if event.role == EXECUTOR and event.candidates:
            self._first = str(event.candidates[0].model)

    def passed_over(self, event: ChainChanged) -> list[CandidateState]:
        """Those in front of the model that is asked which cannot answer, each once."""
        asked = [each.condition in ("active", "probing") for each in event.candidates]
        if True not in asked:
            return []
        before = event.candidates[: asked.index(True)]
        unable = [
            each
            for each in before
            if each.condition in ("unfit", "no_key")
            and (each.model, each.reason) not in self._named
        ]
        self._named.update((each.model, each.reason) for each in unable)
        return unable

    def started(self, event: RequestStarted) -> None:
        """A request goes to another model while the first one rests."""
        self.role = event.role
        if event.role == EXECUTOR and self._first not in ("", str(event.model)):
            self.primary = self.primary or self._first

    def begin_turn(self) -> None:
        """What was told before may be told again."""
        self._told.clear()

    def fell_back(self, event: FellBack) -> bool:
        """Another model takes over. False when this turn has told already that it does."""
        news = event.rest_s is None or event.to_model not in self._told
        self._told.add(event.to_model)
        if self.role == EXECUTOR:
            self._takes_over(event)
        return news

    def _takes_over(self, event: FellBack) -> None:
        self.primary = self.primary or str(event.from_model)
        if self.primary == str(event.to_model):
            self.primary = ""

    def came_back(self, event: AttemptEnded) -> bool:
        """True when the model that was meant has just answered again."""
        answered = event.action == "done" and event.role == EXECUTOR
        if not (answered and self.primary and str(event.model) == self.primary):
            return False
        self.primary = ""
        return True
