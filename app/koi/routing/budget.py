"""What requests cost, written down; and what they may cost, held before they are sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from koi.core.budgets import Amounts, BudgetHeld, BudgetLimit, BudgetUse, BudgetWarned
from koi.core.errors import UsageError
from koi.core.messages import ModelRequest
from koi.core.references import ModelReference
from koi.core.request_events import Estimate
from koi.core.seams import ModelInfo, PriceLookup
from koi.core.usage import Price, Usage
from koi.routing.appraisal import Appraisal
from koi.routing.budget_words import held_message, refusal, unpriced, warning
from koi.routing.candidates import Candidate
from koi.routing.estimates import RequestSize
from koi.routing.limits import (
    DAY_LIMITS,
    NAMES,
    SESSION_LIMITS,
    Ask,
    BudgetLimits,
    Decision,
    Full,
    Granted,
    decide,
    in_usd,
)
from koi.routing.spending import Grant
from koi.store.day_account import DayAccount
from koi.store.ledger import LedgerEntry, append_ledger


class Patience(msgspec.Struct, frozen=True):
    """How long a request waits for others, and how often it looks."""

    longest_s: float = 120.0
    poll_s: float = 0.25


class _Open(msgspec.Struct, frozen=True):
    """A request that was granted and is not settled."""

    size: RequestSize
    held: Amounts = Amounts()


class Budget:
    """The Spending of one session, for all its requests, also side by side.

    Without limits nothing is locked or read. Limits of the session are kept in memory, those of
    the day are shared with other processes through the folder of the ledger.
    """

    def __init__(
        self,
        session_id: str,
        ledger: Path,
        price: PriceLookup,
        info: Callable[[ModelReference], ModelInfo],
        limits: BudgetLimits | None = None,
        spent: Amounts | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`spent` is what the session has cost before, over all branches of its journal."""
        limits = limits or BudgetLimits()
        self._session_id = session_id
        self._ledger = ledger
        self._appraisal = Appraisal(price, info)
        self._limits = dict(limits.values)
        self._warn_at = tuple(sorted(limits.warn_at, reverse=True))
        self._told: set[tuple[BudgetLimit, float]] = set()
        self._spent = spent or Amounts()
        self._patience = patience or Patience()
        self._open: dict[str, _Open] = {}
        self._day = DayAccount(ledger)
        self._deciding = asyncio.Lock()

    async def reserve(
        self, request_id: str, candidate: Candidate, request: ModelRequest
    ) -> Grant | BudgetHeld:
        """Hold what the request may cost at most.

        BudgetHeld: nothing is held, because others hold what is left; `wait` waits for them.
        Raises LimitReached, and StorageError.
        """
        return await self._try(request_id, candidate, request, patient=True)

    async def wait(self, request_id: str, candidate: Candidate, request: ModelRequest) -> Grant:
        """As `reserve`, once others are done. Raises LimitReached when that takes too long."""
        deadline = time.monotonic() + self._patience.longest_s
        while True:
            await asyncio.sleep(self._patience.poll_s)
            patient = time.monotonic() < deadline
            grant = await self._try(request_id, candidate, request, patient=patient)
            if isinstance(grant, Grant):
                return grant
            if not patient:
                raise refusal(grant.use, None)

    async def unfit(self, model: ModelReference) -> str:
        """Why a model cannot be asked under the limits, however much is left; "" when it can."""
        limit = self._in_usd()
        if limit is None or await self._appraisal.price(model) is not None:
            return ""
        return f"its price is not known, and {NAMES[limit]} is set"

    def release(self, request_id: str) -> None:
        """The request cost nothing. Unknown ids are ignored."""
        self._open.pop(request_id, None)
        self._day.release(request_id)

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
        price = await self._appraisal.price(model)
        cost = None if price is None else price.cost(usage)
        opened = self._open.pop(request_id, None)
        self._spent += Amounts(cost or 0.0, usage.context_tokens)
        if opened is not None and ok:
            self._appraisal.estimates.learn(model, role, opened.size, usage)
        entry = LedgerEntry(
            time.time(), self._session_id, model, role, usage, cost, request_id=request_id, ok=ok
        )
        if self._of_day():
            await asyncio.to_thread(self._day.settle, request_id, entry)
        else:
            await asyncio.to_thread(append_ledger, self._ledger, entry)
            self._day.release(request_id)
        return cost

    async def estimate(self, model: ModelReference, role: str, request: ModelRequest) -> Estimate:
        """What a request will probably cost, for people. Nothing is held."""
        price, size = await self._appraisal.price(model), self._measure(request)
        return self._appraisal.likely(model, role, request, size, price)

    def uses(self) -> tuple[BudgetUse, ...]:
        """The limits that are set, and how far they are used up now. Raises StorageError."""
        day = self._day.look() if self._of_day() else (Amounts(), Amounts())
        return _uses(self._limits, self._session(), day)

    def warnings(self) -> tuple[BudgetWarned, ...]:
        """Warnings that are due and were not returned before. Raises StorageError."""
        return self._due(self.uses()) if self._limits else ()

    def set_limit(self, limit: BudgetLimit, value: float | None) -> None:
        """Set a limit in USD or tokens for this session, None: take it away. Raises UsageError."""
        if limit not in (*SESSION_LIMITS, *DAY_LIMITS):
            raise UsageError(f"{limit} is no limit of a budget", hint="See docs/cost.md.")
        if value is not None and not value >= 0:
            raise UsageError("a limit is 0 or more", hint="Write an amount, such as 5.")
        if value != self._limits.get(limit):
            self._told = {told for told in self._told if told[0] != limit}
        if value is None:
            self._limits.pop(limit, None)
        else:
            self._limits[limit] = value

    def close(self) -> None:
        """Free everything that is held, for other processes."""
        self._day.close()

    async def _try(
        self, request_id: str, candidate: Candidate, request: ModelRequest, *, patient: bool
    ) -> Grant | BudgetHeld:
        model, role, appraisal = candidate.reference, candidate.role, self._appraisal
        size, price = self._measure(request), None
        if self._in_usd() or appraisal.is_priced(model):
            price = await appraisal.price(model)
        if self._is_free(price):
            self._open[request_id] = _Open(size)
            return Grant(appraisal.likely(model, role, request, size, price))
        if price is None and (limit := self._in_usd()):
            raise unpriced(limit, self._limits[limit], model)
        ask = appraisal.ask(model, role, request, size, price)
        async with self._deciding:
            uses, decision = await self._hold(request_id, ask, patient)
            match decision:
                case Full(use, passing=True):
                    return BudgetHeld(use, self._patience.longest_s, held_message(use))
                case Full(use):
                    raise refusal(use, ask)
                case Granted(output):
                    self._open[request_id] = _Open(size, ask.amounts(output))
        clamped = None if output == ask.output_tokens else output
        sent = msgspec.structs.replace(request, max_tokens=clamped or request.max_tokens)
        estimate = appraisal.likely(model, role, sent, size, price)
        return Grant(estimate, clamped, self._due(uses))

    def _measure(self, request: ModelRequest) -> RequestSize:
        return self._appraisal.estimates.measure(request)

    async def _hold(
        self, request_id: str, ask: Ask, patient: bool
    ) -> tuple[tuple[BudgetUse, ...], Decision]:
        """Decide, and hold in the account of the day what was granted."""
        limits, session = dict(self._limits), self._session()
        if not self._of_day():
            uses = _uses(limits, session, (Amounts(), Amounts()))
            return uses, decide(ask, uses, patient=patient)
        found: list[tuple[tuple[BudgetUse, ...], Decision]] = []

        def within(spent: Amounts, held: Amounts) -> Amounts | None:
            """Runs in another thread, and so looks at nothing that others change."""
            uses = _uses(limits, session, (spent, held))
            decision = decide(ask, uses, patient=patient)
            found.append((uses, decision))
            return ask.amounts(decision.output_tokens) if isinstance(decision, Granted) else None

        def free(holding: asyncio.Task[None]) -> None:
            if holding.cancelled() or holding.exception() is None:
                self._day.release(request_id)

        holding = asyncio.create_task(asyncio.to_thread(self._day.hold, request_id, within))
        try:
            await asyncio.shield(holding)
        except asyncio.CancelledError:
            holding.add_done_callback(free)
            raise
        return found[0]

    def _in_usd(self) -> BudgetLimit | None:
        return next((limit for limit in self._limits if in_usd(limit)), None)

    def _of_day(self) -> bool:
        return any(limit in DAY_LIMITS for limit in self._limits)

    def _is_free(self, price: Price | None) -> bool:
        """No limit can be touched by a request at this price."""
        if not all(in_usd(limit) for limit in self._limits):
            return False
        return not self._limits or (price is not None and price.is_free)

    def _session(self) -> tuple[Amounts, Amounts]:
        """What the session has spent, and what its open requests hold."""
        return self._spent, sum((each.held for each in self._open.values()), Amounts())

    def _due(self, uses: tuple[BudgetUse, ...]) -> tuple[BudgetWarned, ...]:
        found: list[BudgetWarned] = []
        for use in uses:
            passed = [share for share in self._warn_at if use.value and use.share >= share]
            if passed and (use.limit, passed[0]) not in self._told:
                self._told |= {(use.limit, share) for share in passed}
                found.append(warning(use, passed[0]))
        return tuple(found)


def _uses(
    limits: Mapping[BudgetLimit, float],
    session: tuple[Amounts, Amounts],
    day: tuple[Amounts, Amounts],
) -> tuple[BudgetUse, ...]:
    """Each limit with what is spent of it and what is held, in its unit."""
    found: list[BudgetUse] = []
    for limit, value in limits.items():
        spent, held = day if limit in DAY_LIMITS else session
        if in_usd(limit):
            found.append(BudgetUse(limit, value, spent.usd, held.usd))
        else:
            found.append(BudgetUse(limit, value, spent.tokens, held.tokens))
    return tuple(found)
