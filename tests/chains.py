"""Chains of candidates over scripted providers, and a budget without limits."""

from __future__ import annotations

from collections.abc import Callable

from koi.config.schema import RoleName
from koi.core.budgets import BudgetLimit, BudgetUse, BudgetWarned
from koi.core.errors import LimitReached
from koi.core.messages import ModelRequest
from koi.core.references import ModelReference
from koi.core.request_events import Estimate
from koi.core.seams import ModelInfo, Provider
from koi.core.usage import Usage
from koi.routing.candidates import Candidate, Chain, ChainModel
from koi.routing.spending import Grant


class Unlimited:
    """A Spending that grants everything but what is too dear, and remembers what was settled."""

    def __init__(self) -> None:
        self.too_dear: dict[ModelReference, LimitReached] = {}
        self.open: list[str] = []
        self.settled: list[tuple[ModelReference, Usage]] = []

    async def reserve(self, request_id: str, candidate: Candidate, request: ModelRequest) -> Grant:
        if candidate.reference in self.too_dear:
            raise self.too_dear[candidate.reference]
        self.open.append(request_id)
        return Grant(Estimate(0))

    async def wait(self, request_id: str, candidate: Candidate, request: ModelRequest) -> Grant:
        return await self.reserve(request_id, candidate, request)

    async def unfit(self, model: ModelReference) -> str:
        return ""

    def release(self, request_id: str) -> None:
        if request_id in self.open:
            self.open.remove(request_id)

    async def settle(
        self,
        request_id: str,
        model: ModelReference,
        role: str,
        usage: Usage,
        *,
        ok: bool = True,
    ) -> float | None:
        self.release(request_id)
        self.settled.append((model, usage))
        return None

    async def estimate(self, model: ModelReference, role: str, request: ModelRequest) -> Estimate:
        return Estimate(0)

    def uses(self) -> tuple[BudgetUse, ...]:
        return ()

    def warnings(self) -> tuple[BudgetWarned, ...]:
        return ()

    def set_limit(self, limit: BudgetLimit, value: float | None) -> None:
        pass


def chain_model(*candidates: Candidate, info: ModelInfo | None = None) -> ChainModel:
    """One model with these candidates, one for each key."""
    reference = candidates[0].reference

    async def found() -> tuple[Candidate, ...]:
        return candidates

    return ChainModel(reference, found, lambda: info or ModelInfo(reference))


def chain_of(*models: tuple[ModelReference, Provider], role: str = "executor") -> Chain:
    """A chain of models with a key each."""
    return Chain(
        role,
        tuple(chain_model(Candidate(reference, provider, role)) for reference, provider in models),
    )


class Chosen:
    """The Chains of a session whose model is the only candidate, with one for the role small."""

    def __init__(
        self, provider: Callable[[ModelReference], Provider], small: ModelReference | None = None
    ) -> None:
        self._provider = provider
        self._small = small

    def chain(self, role: str, requested: ModelReference, *, prompt: str | None = None) -> Chain:
        return chain_of((requested, self._provider(requested)), role=role)

    async def role_reference(self, role: RoleName, executor: ModelReference) -> ModelReference:
        return self._small or executor if role == "small" else executor
