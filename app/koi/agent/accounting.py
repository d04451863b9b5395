"""What a session has used and what that cost, kept exact while it runs."""

from __future__ import annotations

from koi.core.agent_events import CostChanged, ModelCost
from koi.core.budgets import BudgetUse
from koi.core.references import ModelReference
from koi.core.usage import Cost, Usage


class Account:
    """Running sums over a session and over its current turn."""

    def __init__(self) -> None:
        self.turn_usage = Usage()
        self.turn_cost = Cost()
        self.session_usage = Usage()
        self.session_cost = Cost()
        self._models: dict[tuple[ModelReference, str], ModelCost] = {}

    def begin_turn(self) -> None:
        """Forget the sums of the turn before."""
        self.turn_usage = Usage()
        self.turn_cost = Cost()

    def count(self, model: ModelReference, role: str, usage: Usage, cost_usd: float | None) -> None:
        """Add one request; `cost_usd` is None when the price is unknown."""
        self.turn_usage += usage
        self.turn_cost = self.turn_cost.add(cost_usd)
        self.session_usage += usage
        self.session_cost = self.session_cost.add(cost_usd)
        before = self._models.get((model, role), ModelCost(model, role, Usage(), Cost()))
        self._models[model, role] = ModelCost(
            model, role, before.usage + usage, before.cost.add(cost_usd)
        )

    @property
    def models(self) -> tuple[ModelCost, ...]:
        """The sums of each model in each role."""
        return tuple(self._models.values())

    def changed(
        self,
        model: ModelReference,
        role: str,
        usage: Usage,
        cost_usd: float | None,
        context_window: int | None,
        budgets: tuple[BudgetUse, ...] = (),
    ) -> CostChanged:
        """The event that tells of the request counted last."""
        return CostChanged(
            model=model,
            role=role,
            usage=usage,
            cost_usd=cost_usd,
            turn_usage=self.turn_usage,
            turn_cost=self.turn_cost,
            session_usage=self.session_usage,
            session_cost=self.session_cost,
            models=self.models,
            context_window=context_window,
            budgets=budgets,
        )
