"""The seam between attempts and budgets: nothing is sent before it is granted."""

from __future__ import annotations

from typing import Protocol

import msgspec

from koi.core.budgets import BudgetHeld, BudgetLimit, BudgetUse, BudgetWarned
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

    async def reserve(
        self, request_id: str, candidate: Candidate, request: ModelRequest
    ) -> Grant | BudgetHeld:
        """Hold what the request may cost at most.

        BudgetHeld: nothing is held, because others hold what is left; `wait` waits for them.
        Raises LimitReached, and StorageError.
        """
        ...

    async def wait(self, request_id: str, candidate: Candidate, request: ModelRequest) -> Grant:
        """As `reserve`, once others are done. Raises LimitReached when that takes too long."""
        ...

    async def unfit(self, model: ModelReference) -> str:
        """Why a model cannot be asked under the limits, however much is left; "" when it can."""
        ...

    def release(self, request_id: str) -> None:
        """The request cost nothing. Unknown ids are ignored."""
        ...

    async def settle(
        self,
        request_id: str,
        model: ModelReference,
        role: str,
        usage: Usage,
        *,
        ok: bool = True,
    ) -> float | None:
        """Write what a request used to the ledger and free the rest of what was held.

        `ok` is False for an attempt that failed. Returns its cost in USD, None when the price is
        unknown. Raises StorageError; it is counted in the session nevertheless.
        """
        ...

    async def estimate(self, model: ModelReference, role: str, request: ModelRequest) -> Estimate:
        """What a request will probably cost, for people. Nothing is held."""
        ...

    def uses(self) -> tuple[BudgetUse, ...]:
        """The limits that are set, and how far they are used up now. Raises StorageError."""
        ...

    def warnings(self) -> tuple[BudgetWarned, ...]:
        """Warnings that are due and were not returned before. Raises StorageError."""
        ...

    def set_limit(self, limit: BudgetLimit, value: float | None) -> None:
        """Set a limit in USD or tokens for this session, None: take it away. Raises UsageError."""
        ...
