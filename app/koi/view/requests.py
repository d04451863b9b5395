"""What the screen knows of requests: candidates, attempts, limits, what the next one costs."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from koi.core.agent_events import BudgetReached
from koi.core.budgets import BudgetUse
from koi.core.offers import EXECUTOR
from koi.core.request_events import Estimate
from koi.view.attempt_log import AttemptLog
from koi.view.chains import ChainRow, no_longer_asked
from koi.view.items.answer import Answer
from koi.view.items.reasoning import Reasoning
from koi.view.stand_in import StandIn

CHARACTERS_PER_TOKEN = 4


@dataclass(slots=True)
class Requests:
    """Part of the screen's data."""

    chains: dict[str, tuple[ChainRow, ...]] = field(default_factory=dict)
    """The candidates of each role, as far as they were told."""
    log: AttemptLog = field(default_factory=AttemptLog)
    budgets: tuple[BudgetUse, ...] = ()
    """The limits that the person set."""
    reached: BudgetReached | None = None
    """The limit that stopped the last turn."""
    running: Estimate | None = None
    """What the request that runs, or that ran last, costs; None while nothing is known."""
    next: Estimate | None = None
    """What the next request will cost with an empty prompt, None while that is not known."""
    draft_characters: int = 0
    """What is typed for the next request."""
    stand_in: StandIn = field(default_factory=StandIn)

    # What the reducer has to remember of the attempt that runs.
    pieces: list[tuple[int, Answer | Reasoning]] = field(default_factory=list)
    """What it has said, with the places in the transcript."""
    whole_calls: dict[str, int] = field(default_factory=dict)
    """The calls that it has completed, with the count of pieces before each."""

    @property
    def next_estimate(self) -> Estimate | None:
        """What the next request will cost with what is typed."""
        return with_draft(self.next, self.draft_characters)

    def cools(self, now: float) -> bool:
        """True while a candidate of the executor rests."""
        return any(row.cools(now) for row in self.chains.get(EXECUTOR, ()))

    def clear(self) -> None:
        """Another session."""
        self.chains.clear()
        self.log.clear()
        self.begin_attempt()
        self.stand_in.forget()
        self.budgets = ()
        self.running = self.next = self.reached = None

    def interrupt(self) -> None:
        """Nobody is asked any more."""
        self.chains = {role: no_longer_asked(rows) for role, rows in self.chains.items()}

    def begin_turn(self, prompt: str) -> None:
        """Another turn begins."""
        self.reached = None
        self.stand_in.begin_turn()
        self.log.begin_turn(prompt)

    def begin_attempt(self) -> None:
        """Nothing is said yet."""
        self.pieces.clear()
        self.whole_calls.clear()


def with_draft(estimate: Estimate | None, characters: int) -> Estimate | None:
    """An estimate for a prompt that is so much longer, at the same price for a token."""
    if estimate is None or not characters or not estimate.input_tokens:
        return estimate
    more = characters // CHARACTERS_PER_TOKEN
    usd = None
    if estimate.input_usd is not None:
        usd = estimate.input_usd / estimate.input_tokens * more
    return msgspec.structs.replace(
        estimate,
        input_tokens=estimate.input_tokens + more,
        input_usd=_sum(estimate.input_usd, usd),
        max_usd=_sum(estimate.max_usd, usd),
    )


def _sum(amount: float | None, more: float | None) -> float | None:
    return None if amount is None or more is None else amount + more
