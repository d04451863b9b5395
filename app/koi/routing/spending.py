"""The seam between attempts and budgets: nothing is sent before it is granted."""

from __future__ import annotations

from typing import Protocol

import msgspec

from koi.core.budgets import BudgetUse, BudgetWarned
from koi.core.messages import ModelRequest
from koi.core.references import ModelReference
from koi.core.request_events import Estimate
from koi.core.usage import Usage
from koi.routing.candidates import Candidate


class Grant(msgspec.Struct, frozen=True):
    """A request may be sent. `max_tokens` is its output limit, None: the one it has already."""

    estimate: Estimate
    max_tokens: int | None = None
    warnings: tuple[BudgetWarned, ...] = ()


class Spending(Protocol):
    """What is spent and what may be, over the session and the day."""

    async def reserve(self, request_id: str, candidate: Candidate, request: ModelRequest) -> Grant:
        """Hold what the request may cost at most. Raises LimitReached, and StorageError."""
        ...

    def release(self, request_id: str) -> None:
        """The request cost nothing. Unknown ids are ignored."""
        ...

    async def settle(
        self, request_id: str, model: ModelReference, role: str, usage: Usage
    ) -> float | None:
        """Write what a request used to the ledger and free the rest of what was held.

        Returns its cost in USD, None when the price is unknown. Raises StorageError.
        """
        ...

    async def estimate(self, candidate: Candidate, request: ModelRequest) -> Estimate:
        """What a request would cost. Nothing is held."""
        ...

    def uses(self) -> tuple[BudgetUse, ...]:
        """The limits that are set, and how far they are used up as far as is known now."""
        ...
