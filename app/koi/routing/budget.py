"""What requests cost, written down; and what they may cost, held before they are sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from koi.core.budgets import BudgetUse
from koi.core.messages import ModelRequest
from koi.core.references import ModelReference
from koi.core.request_events import Estimate
from koi.core.seams import ModelInfo, PriceLookup
from koi.core.usage import Usage
from koi.routing.candidates import Candidate
from koi.routing.spending import Grant
from koi.store.ledger import LedgerEntry, append_ledger


class Budget:
    """The Spending of one session."""

    def __init__(
        self,
        session_id: str,
        ledger: Path,
        price: PriceLookup,
        info: Callable[[ModelReference], ModelInfo],
    ) -> None:
        self._session_id = session_id
        self._ledger = ledger
        self._price = price
        self._info = info

    async def reserve(self, request_id: str, candidate: Candidate, request: ModelRequest) -> Grant:
        """Hold what the request may cost at most. Raises LimitReached, and StorageError."""
        return Grant(await self.estimate(candidate, request))

    def release(self, request_id: str) -> None:
        """The request cost nothing. Unknown ids are ignored."""

    async def settle(
        self, request_id: str, model: ModelReference, role: str, usage: Usage
    ) -> float | None:
        """Write what a request used to the ledger and free the rest of what was held.

        Returns its cost in USD, None when the price is unknown. Raises StorageError.
        """
        price = await self._price(model)
        cost = None if price is None else price.cost(usage)
        entry = LedgerEntry(time.time(), self._session_id, model, role, usage, cost)
        await asyncio.to_thread(append_ledger, self._ledger, entry)
        return cost

    async def estimate(self, candidate: Candidate, request: ModelRequest) -> Estimate:
        """What a request would cost. Nothing is held."""
        limit = request.max_tokens or self._info(candidate.reference).max_output_tokens
        return Estimate(input_tokens(request), limit)

    def uses(self) -> tuple[BudgetUse, ...]:
        """The limits that are set, and how far they are used up."""
        return ()


def input_tokens(request: ModelRequest) -> int:
    """Tokens by length, about four characters each."""
    characters = len(request.system) + sum(len(message.text) for message in request.messages)
    return (characters + len(msgspec.json.encode(request.tools))) // 4
